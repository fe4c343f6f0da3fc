/* The provider's orders (docs/funds.md): whose they are, for whom, and that each is carried out once. */
#include "check.h"
#include "orders.h"

#include <string.h>

static rig r;
static meter m;

/* A command as it is sent, and what the card remembers beside its memory's generations. */
typedef struct order_data {
  uint8_t bytes[PSD_CARD_DATA_MAX];
  size_t length;
} order_data;

static order_data make(const order_sample *sample, uint32_t number) {
  order_data data;
  uint8_t content[128];
  size_t length = psd_check_hex(sample->content, content, sizeof content);
  psd_buffer out = psd_buffer_over(data.bytes, sizeof data.bytes);
  provider_put_order(&m, sample->id, sample->p1, number, content, length, &out);
  data.length = out.length;
  return data;
}

static uint16_t send(const order_sample *sample, const order_data *data) {
  return provider_send(&m, sample->id, sample->p1, data->bytes, data->length);
}

/* Refused with this status, and the memory was left alone. */
static void refused(const order_sample *sample, const order_data *data, uint16_t status) {
  uint64_t operations = r.ram.operations;
  psd_core before = r.card->core;
  CU_ASSERT_EQUAL(send(sample, data), status);
  CU_ASSERT_EQUAL(r.ram.operations, operations);
  CU_ASSERT_EQUAL(memcmp(&before, &r.card->core, sizeof before), 0);
}

static psd_log_record last_record(void) {
  psd_log_record record = {0};
  CU_ASSERT_EQUAL_FATAL(rig_hex(&r, "00B2012C00"), PSD_SW_OK);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(r.response, r.length, PSD_MESSAGE_LOG_RECORD, &record));
  return record;
}

/* One commit, and in it the number and one record of the log. */
static void carried_out_once(void) {
  provider_begin(&r, &m, PSD_STATE_OPERATIONAL);
  for (uint32_t i = 0; i < order_sample_count; i++) {
    const order_sample *sample = &order_samples[i];
    order_data data = make(sample, i + 1);
    uint64_t count = r.card->core.log.count;
    uint32_t commits = r.card->store.sequence;
    CU_ASSERT_EQUAL(send(sample, &data), PSD_SW_OK);
    CU_ASSERT_EQUAL(r.length, 0);
    CU_ASSERT_EQUAL(r.card->store.sequence, commits + 1);
    CU_ASSERT_EQUAL(r.card->core.order.number, i + 1);
    CU_ASSERT_EQUAL(r.card->core.log.count, count + 1);
    CU_ASSERT_EQUAL(last_record().event, sample->event);
    CU_ASSERT_EQUAL(last_record().state, r.card->core.head.state);
    uint64_t operations = r.ram.operations;
    CU_ASSERT_EQUAL(send(sample, &data), PSD_SW_OK); /* the very order once more */
    CU_ASSERT_EQUAL(r.ram.operations, operations);
    CU_ASSERT_EQUAL(r.card->core.log.count, count + 1);
  }
  meter_bench_end(&m);
}

/* After a reset, and in another session, too. */
static void remembered(void) {
  for (uint32_t i = 0; i < order_sample_count; i++) {
    provider_begin(&r, &m, PSD_STATE_OPERATIONAL);
    order_data data = make(&order_samples[i], 7);
    CU_ASSERT_EQUAL(send(&order_samples[i], &data), PSD_SW_OK);
    psd_card_reset(r.card);
    CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
    meter_open(&m, PSD_SUITE_SHARED);
    CU_ASSERT_EQUAL(m.audit.orders, 7);
    refused(&order_samples[i], &data, PSD_SW_OK);
    data = make(&order_samples[i], 6);
    refused(&order_samples[i], &data, PSD_SW_CONDITIONS);
    meter_bench_end(&m);
  }
}

/* Numbers count upwards, whatever the command; none is used twice, and gaps are none of the card's business. */
static void older_numbers(void) {
  static const order_sample other = {PSD_COMMAND_SET_LICENCE, 0, "0000C350 00000008", PSD_EVENT_OBJECT_WRITTEN};
  static const uint32_t older[] = {0, 1, 499, 500};
  provider_begin(&r, &m, PSD_STATE_OPERATIONAL);
  const order_sample *first = &order_samples[1];
  order_data data = make(first, 0);
  refused(first, &data, PSD_SW_CONDITIONS); /* numbers begin with 1 */
  CU_ASSERT_EQUAL(order_send(&m, first, 500), PSD_SW_OK);
  for (size_t i = 0; i < PSD_CHECK_COUNT(older); i++) {
    data = make(&other, older[i]);
    refused(&other, &data, PSD_SW_CONDITIONS);
  }
  order_data once = make(first, 500);
  CU_ASSERT_EQUAL(order_send(&m, &other, UINT32_MAX), PSD_SW_OK); /* the last there can be */
  refused(first, &once, PSD_SW_CONDITIONS);
  data = make(first, UINT32_MAX);
  refused(first, &data, PSD_SW_CONDITIONS);
  meter_bench_end(&m);
}

/* One bit of content, number or authentication. */
static void no_bit_is_another(void) {
  rig_copy copy;
  provider_begin(&r, &m, PSD_STATE_OPERATIONAL);
  meter server = m;
  rig_save(&r, &copy);
  for (size_t i = 0; i < order_sample_count; i++) {
    order_data data = make(&order_samples[i], 9);
    rig_restore(&r, &copy);
    m = server;
    for (size_t bit = 0; bit < 8 * data.length; bit++) {
      data.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
      refused(&order_samples[i], &data, PSD_SW_VERIFICATION_FAILED);
      data.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    CU_ASSERT_EQUAL(send(&order_samples[i], &data), PSD_SW_OK);
  }
  rig_forget(&copy);
  meter_bench_end(&m);
}

/* What is ordered with one command is no order for another, or for another slot of the same. */
static void of_another_command(void) {
  static const order_sample set_licence = {PSD_COMMAND_SET_LICENCE, 0, "0000C350 00000007", 0};
  static const order_sample authorize = {PSD_COMMAND_AUTHORIZE, 0, "0000C350 00000007", 0};
  static const order_sample enable = {PSD_COMMAND_ENABLE, 0, "", 0};
  static const order_sample disable = {PSD_COMMAND_DISABLE, 0, "", 0};
  static const order_sample credit = {PSD_COMMAND_SET_LIMITS, PSD_SLOT_CREDIT_LIMIT, "0000C350 00000007", 0};
  static const order_sample limits = {PSD_COMMAND_SET_LIMITS, PSD_SLOT_LIMITS, "0000C350 00000007", 0};
  static const struct {
    const order_sample *made, *sent;
  } pairs[] = {{&set_licence, &authorize}, {&authorize, &set_licence}, {&enable, &disable},    {&disable, &enable},
               {&credit, &limits},         {&limits, &credit},         {&credit, &set_licence}};
  provider_begin(&r, &m, PSD_STATE_OPERATIONAL);
  for (size_t i = 0; i < PSD_CHECK_COUNT(pairs); i++) {
    order_data data = make(pairs[i].made, 1);
    refused(pairs[i].sent, &data, PSD_SW_VERIFICATION_FAILED);
  }
  meter_bench_end(&m);
}

/* Another PSD with the same K3 (the 1000-key system has such), and another key. */
static void of_another_device(void) {
  static const uint8_t others[][PSD_SIZE_DEVICE_ID] = {{'P', 'B', 'S', '1', 0x00, 0xC0, 0xFF, 0xEF},
                                                       {'P', 'B', 'S', '2', 0x00, 0xC0, 0xFF, 0xEE},
                                                       {'P', 'C', 'S', '1', 0x00, 0xC0, 0xFF, 0xEE}};
  provider_begin(&r, &m, PSD_STATE_OPERATIONAL);
  order_data data = make(&order_samples[4], 1);
  for (size_t i = 0; i < PSD_CHECK_COUNT(others); i++) {
    rig_put_object(&r, PSD_OBJECT_DEVICE_ID, others[i], sizeof others[i]);
    refused(&order_samples[4], &data, PSD_SW_VERIFICATION_FAILED);
  }
  rig_put_object(&r, PSD_OBJECT_DEVICE_ID, (const uint8_t[]){'P', 'B', 'S', '1', 0x00, 0xC0, 0xFF, 0xEE}, 8);
  m.k3[31] ^= 1;
  data = make(&order_samples[4], 1);
  refused(&order_samples[4], &data, PSD_SW_VERIFICATION_FAILED);
  m.k3[31] ^= 1;
  data = make(&order_samples[4], 1);
  CU_ASSERT_EQUAL(send(&order_samples[4], &data), PSD_SW_OK);
  meter_bench_end(&m);
}

/* Orders are authentic and of the wrong content: nothing changes, and the number is not taken. */
static void wrong_content(void) {
  static const order_sample wrong[] = {
      {PSD_COMMAND_SET_LIMITS, 0, "0000000000000014", 0},
      {PSD_COMMAND_SET_LIMITS, 0, "0000000000000014 0000000000010000 0000000000100000 00000000000003E8 00000000000800",
       0},
      {PSD_COMMAND_SET_LIMITS, 1, "0000000000000014 00", 0},
      {PSD_COMMAND_AUTHORIZE, 0, "0000C350 00000007 30", 0},
      {PSD_COMMAND_LOAD_CERTIFICATE, 0, "3000", 0},
      {PSD_COMMAND_SET_CLOCK, 0, "000000006955C100 00", 0}, /* a clock that is not set */
      {PSD_COMMAND_SET_CLOCK, 0, "000000006955C100 02", 0},
  };
  static const order_sample no_slot[] = {{PSD_COMMAND_SET_LIMITS, 2, "0000000000000014", 0},
                                         {PSD_COMMAND_SET_LIMITS, 0xFF, "0000000000000014", 0},
                                         {PSD_COMMAND_LOAD_CERTIFICATE, 1, "3000", 0}};
  provider_begin(&r, &m, PSD_STATE_OPERATIONAL);
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++) {
    order_data data = make(&wrong[i], 1);
    refused(&wrong[i], &data, PSD_SW_WRONG_DATA);
  }
  for (size_t i = 0; i < PSD_CHECK_COUNT(no_slot); i++) {
    order_data data = make(&no_slot[i], 1);
    refused(&no_slot[i], &data, PSD_SW_WRONG_P1P2);
  }
  CU_ASSERT_EQUAL(order_send(&m, &order_samples[4], 1), PSD_SW_OK);
  meter_bench_end(&m);
}

/* The row's lengths: ORDER alone, and what is too short to hold one. */
static void wrong_length(void) {
  provider_begin(&r, &m, PSD_STATE_OPERATIONAL);
  for (size_t i = 0; i < order_sample_count; i++) {
    const psd_command *row = &psd_commands[order_samples[i].id];
    order_data data = make(&order_samples[i], 1);
    data.length = row->least - 1U;
    refused(&order_samples[i], &data, PSD_SW_WRONG_LENGTH);
    CU_ASSERT(row->least >= PSD_SIZE_ORDER);
  }
  meter_bench_end(&m);
}

static void without_its_key(void) {
  psd_store_put put = {.record = PSD_RECORD_OBJECT + PSD_OBJECT_DEVICE_KEY};
  provider_begin(&r, &m, PSD_STATE_OPERATIONAL);
  order_data data = make(&order_samples[4], 1);
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
  refused(&order_samples[4], &data, PSD_SW_REFERENCE_NOT_FOUND);
  put.record = PSD_RECORD_OBJECT + PSD_OBJECT_DEVICE_ID;
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
  refused(&order_samples[4], &data, PSD_SW_REFERENCE_NOT_FOUND);
  meter_bench_end(&m);
}

/* In the state, in memory and in RAM, without a reset. */
static void put_state(psd_state state) {
  psd_core core = r.card->core;
  if (state == PSD_STATE_FAULTED)
    psd_card_set_fault(r.card, PSD_FAULT_RANDOM);
  else if (state == PSD_STATE_INSPECTION_DUE)
    r.seconds += core.watchdog.warn_after;
  else
    r.card->core.head.state = state;
  CU_ASSERT_EQUAL_FATAL(psd_card_state(r.card), state);
}

/* Every order, authentic and with the next number, in every state in which there is a session. */
static void in_every_state(void) {
  rig_copy copy;
  unsigned taken = 0;
  provider_begin(&r, &m, PSD_STATE_OPERATIONAL);
  meter server = m;
  rig_save(&r, &copy);
  for (size_t s = 0; s < psd_state_count; s++) {
    psd_state state = psd_states[s].state;
    if ((psd_commands[PSD_COMMAND_ENVELOPE].states & PSD_STATE_BIT(state)) == 0)
      continue;
    for (size_t i = 0; i < order_sample_count; i++) {
      bool open = (psd_commands[order_samples[i].id].states & PSD_STATE_BIT(state)) != 0;
      rig_restore(&r, &copy);
      m = server;
      put_state(state);
      CU_ASSERT_EQUAL(order_send(&m, &order_samples[i], 1), open ? PSD_SW_OK : PSD_SW_CONDITIONS);
      CU_ASSERT_EQUAL(r.card->core.order.number, open ? 1 : 0);
      taken += open;
    }
  }
  CU_ASSERT_EQUAL(taken, 4 + 4 * 5 + 3 + 3);
  rig_forget(&copy);
  meter_bench_end(&m);
}

/* Outside of a record nobody orders anything. */
static void in_a_record_alone(void) {
  provider_begin(&r, &m, PSD_STATE_OPERATIONAL);
  for (size_t i = 0; i < order_sample_count; i++) {
    order_data data = make(&order_samples[i], 1);
    uint8_t command[PSD_CARD_DATA_MAX];
    psd_buffer out = psd_buffer_over(command, sizeof command);
    psd_apdu apdu = {.cla = 0x80,
                     .ins = psd_commands[order_samples[i].id].ins,
                     .p1 = order_samples[i].p1,
                     .data = data.bytes,
                     .nc = data.length};
    psd_put_apdu(&out, &apdu);
    CU_ASSERT_EQUAL(rig_send(&r, command, out.length), PSD_SW_SECURITY_STATUS);
  }
  CU_ASSERT_EQUAL(r.card->core.order.number, 0);
  meter_bench_end(&m);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"an order is carried out once", carried_out_once}, {"the last order is remembered", remembered},
      {"numbers count upwards", older_numbers},           {"no bit may be another one", no_bit_is_another},
      {"of another command", of_another_command},         {"of another PSD", of_another_device},
      {"with a content that is none", wrong_content},     {"with another length", wrong_length},
      {"without K3, or without a name", without_its_key}, {"in every state", in_every_state},
      {"in a record alone", in_a_record_alone},
  };
  return psd_check_run("orders", tests, PSD_CHECK_COUNT(tests));
}
