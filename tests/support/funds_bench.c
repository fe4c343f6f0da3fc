#include "funds_bench.h"

#include <string.h>

#include "check.h"
#include "datacenter/datacenter.h"
#include "psd/spec/lifecycle.h"

static void device_of(const funds_bench *on, uint8_t device[8]) {
  paper_device(&on->at.card, device);
}

void funds_sign_on(funds_bench *on) {
  paper_funds_tell(&on->card);
  bench_open_session(&on->at, PSD_SUITE_SHARED);
}

void funds_open_as(funds_bench *on, psd_funds_mode mode, uint64_t ascending) {
  memset(on, 0, sizeof *on);
  bench_open(&on->at);
  bench_give_to(&on->at, "anna");
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(on->at.db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_dc_deposit(on->at.db, on->at.account, FUNDS_DEPOSIT, "first", on->at.time), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(on->at.db), PSD_DB_DONE);
  paper_funds_create(&on->card, &on->at.card);
  on->at.card.audit.state = PSD_STATE_OPERATIONAL;
  on->at.card.audit.mode = mode;
  on->card.ascending[PSD_GROUP_POSTAGE] = ascending;
  funds_sign_on(on);
}

void funds_open(funds_bench *on) {
  funds_open_as(on, PSD_FUNDS_SEPARATE, 0);
}

void funds_close(funds_bench *on) {
  bench_close(&on->at);
}

void funds_lose(funds_bench *on) {
  bench_hang_up(&on->at);
  bench_call(&on->at);
}

int funds_again(funds_bench *on) {
  uint8_t record[PAPER_RECORD];
  funds_sign_on(on);
  if (on->at.card.result.actions == 0)
    return 0;
  size_t length = paper_request(&on->at.card, PSD_HOST_DONE, NULL, 0, record);
  bench_send(&on->at, PSD_FRAME_HOST_DATA, record, length);
  funds_run(on);
  return funds_answer(on, PSD_HOST_DONE);
}

void funds_ask(funds_bench *on, psd_host_operation operation, psd_group group, uint64_t amount, bool final) {
  uint8_t content[PSD_SIZE_FUNDS_WISH], record[PAPER_RECORD];
  psd_buffer buffer = psd_buffer_over(content, sizeof content);
  psd_funds_wish wish = {.group = group, .amount = amount, .final = final};
  psd_put_message(&buffer, PSD_MESSAGE_FUNDS_WISH, &wish);
  size_t length = paper_request(&on->at.card, operation, content, sizeof content, record);
  bench_send(&on->at, PSD_FRAME_HOST_DATA, record, length);
}

/* The command that waits for the card; NULL for none. */
static const bench_frame *next_command(const funds_bench *on) {
  const bench *at = &on->at;
  if (at->taken == at->sent_count || at->sent[at->taken].type != PSD_FRAME_CARD_DATA)
    return NULL;
  return &at->sent[at->taken];
}

/* The card carries it out; `record` gets its answer. */
static size_t run_card(funds_bench *on, uint8_t record[PAPER_RECORD]) {
  uint8_t command[PAPER_RECORD], answer[PAPER_RECORD];
  const bench_frame *order = bench_expect(&on->at, PSD_FRAME_CARD_DATA);
  size_t length = paper_command(&on->at.card, order->body, order->length, command);
  CU_ASSERT_TRUE_FATAL(length > 0);
  size_t answered = paper_funds_command(&on->card, command, length, answer);
  return paper_funds_seal(&on->card, answer, answered, record);
}

bool funds_step(funds_bench *on) {
  uint8_t record[PAPER_RECORD];
  if (bench_answer_call(&on->at) || bench_do_job(&on->at))
    return true;
  if (next_command(on) == NULL)
    return false;
  size_t length = run_card(on, record);
  bench_send(&on->at, PSD_FRAME_CARD_DATA, record, length);
  return true;
}

void funds_run(funds_bench *on) {
  while (funds_step(on))
    continue;
}

/* The database does it, but nobody hears of it. */
static void do_unheard(funds_bench *on) {
  psd_meter_session_free(on->at.session);
  on->at.session = NULL;
  CU_ASSERT_TRUE(bench_do_job(&on->at));
}

bool funds_run_cut(funds_bench *on, unsigned cut) {
  uint8_t record[PAPER_RECORD];
  bench *at = &on->at;
  for (unsigned place = 0;; place++) {
    bool job = at->call_count == 0 && at->job != NULL, card = !job && next_command(on) != NULL;
    if (at->call_count == 0 && !job && !card)
      return false;
    if (place == cut)
      return true;
    if ((job || card) && ++place == cut) {
      if (job)
        do_unheard(on);
      else
        (void)run_card(on, record);
      return true;
    }
    CU_ASSERT_TRUE(funds_step(on));
  }
}

bool funds_run_to(funds_bench *on, uint8_t ins) {
  for (;;) {
    const bench_frame *order = next_command(on);
    if (order != NULL && on->at.call_count == 0 && on->at.job == NULL) {
      /* Only looked at: the record stays where it is. */
      uint8_t command[PAPER_RECORD];
      psd_meter_traffic before = on->at.card.keys.to_card;
      size_t length = paper_command(&on->at.card, order->body, order->length, command);
      on->at.card.keys.to_card = before;
      CU_ASSERT_TRUE_FATAL(length >= 4);
      if (command[1] == ins)
        return true;
    }
    if (!funds_step(on))
      return false;
  }
}

int funds_answer(funds_bench *on, psd_host_operation operation) {
  const bench_frame *got = bench_expect(&on->at, PSD_FRAME_HOST_DATA);
  return paper_funds_answer(&on->at.card, operation, got->body, got->length, &on->result);
}

int funds_move(funds_bench *on, psd_host_operation operation, psd_group group, uint64_t amount, bool final) {
  funds_ask(on, operation, group, amount, final);
  funds_run(on);
  return funds_answer(on, operation);
}

static int64_t balance_of(const funds_bench *on, psd_book book) {
  int64_t balance = 0, least;
  psd_db_result result = psd_db_book_find(on->at.db, book, &balance, &least);
  CU_ASSERT_TRUE(result == PSD_DB_DONE || result == PSD_DB_ABSENT);
  return balance;
}

uint64_t funds_account(const funds_bench *on) {
  return (uint64_t)balance_of(on, (psd_book){PSD_BOOK_ACCOUNT, on->at.account});
}

psd_meter_row funds_row(const funds_bench *on) {
  uint8_t device[8];
  psd_meter_row row;
  device_of(on, device);
  CU_ASSERT_EQUAL_FATAL(psd_db_meter_find(on->at.db, device, &row), PSD_DB_DONE);
  return row;
}

void funds_check(const funds_bench *on, bool settled) {
  uint8_t device[8];
  int64_t sum = 1;
  uint64_t movements;
  device_of(on, device);
  int64_t reserved = balance_of(on, psd_book_of_device(PSD_BOOK_RESERVED, device));
  int64_t meter = balance_of(on, psd_book_of_device(PSD_BOOK_METER, device));
  int64_t services = balance_of(on, psd_book_of_device(PSD_BOOK_SERVICES, device));
  CU_ASSERT_EQUAL(psd_db_ledger_sum(on->at.db, &sum, &movements), PSD_DB_DONE);
  CU_ASSERT_EQUAL(sum, 0);
  CU_ASSERT_EQUAL((int64_t)funds_account(on) + reserved + meter + services, (int64_t)FUNDS_DEPOSIT);
  if (!settled)
    return;
  CU_ASSERT_EQUAL(reserved, 0);
  CU_ASSERT_EQUAL((uint64_t)meter, on->card.ascending[0] + on->card.descending[0]);
  CU_ASSERT_EQUAL((uint64_t)services, on->card.ascending[1] + on->card.descending[1]);
  CU_ASSERT_EQUAL(funds_row(on).open_sequence, 0);
}
