#include "bench_orders.h"

#include <string.h>

#include "check.h"

psd_meter_row bench_meter(const bench *at) {
  psd_meter_row row;
  uint8_t device[8];
  paper_device(&at->card, device);
  CU_ASSERT_EQUAL_FATAL(psd_db_meter_find(at->db, device, &row), PSD_DB_DONE);
  return row;
}

void bench_put_order(const bench *at, unsigned action, const void *content, size_t length) {
  psd_order_row order = {.action = action, .length = length, .time = at->time};
  paper_device(&at->card, order.device);
  memcpy(order.content, content, length);
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(at->db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_order_put(at->db, &order), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(at->db), PSD_DB_DONE);
}

void bench_change_meter(const bench *at, const psd_meter_row *row) {
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(at->db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_meter_update(at->db, row), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(at->db), PSD_DB_DONE);
}

void bench_open_registered(bench *at, bool pair) {
  bench_open(at);
  bench_give_to(at, "anna");
  if (!pair)
    return;
  at->card.own = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(at->card.own);
}

paper_order bench_take_order(bench *at) {
  paper_order order;
  const bench_frame *got = bench_expect(at, PSD_FRAME_CARD_DATA);
  CU_ASSERT_TRUE_FATAL(paper_take_order(&at->card, got->body, got->length, &order));
  return order;
}

void bench_card_says(bench *at, uint16_t status) {
  uint8_t record[PAPER_RECORD];
  bench_send(at, PSD_FRAME_CARD_DATA, record, paper_status(&at->card, status, record));
  bench_pump(at);
}
