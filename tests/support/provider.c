#include "provider.h"

#include "check.h"

#include <string.h>

#define HOUR 3600U

void provider_begin(rig *r, meter *m, psd_state state) {
  meter_bench(r, m, state, true);
  meter_open(m, PSD_SUITE_SHARED);
}

void provider_core(meter *m, const psd_core *core) {
  rig_set_core(m->r, core);
  CU_ASSERT_EQUAL_FATAL(rig_select(m->r), PSD_SW_OK);
  meter_open(m, PSD_SUITE_SHARED);
}

uint16_t provider_send(meter *m, psd_command_id id, uint8_t p1, const void *data, size_t length) {
  uint8_t command[METER_COMMAND];
  psd_buffer out = psd_buffer_over(command, sizeof command);
  const psd_apdu apdu = {
      .cla = 0x80, .ins = psd_commands[id].ins, .p1 = p1, .data = data, .nc = length, .ne = PSD_NE_SHORT};
  psd_put_apdu(&out, &apdu);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  return meter_command_bytes(m, command, out.length);
}

provider_mark provider_look(const meter *m) {
  return (provider_mark){.core = m->r->card->core, .operations = m->r->ram.operations};
}

bool provider_untouched(const meter *m, const provider_mark *mark) {
  return m->r->ram.operations == mark->operations && memcmp(&m->r->card->core, &mark->core, sizeof mark->core) == 0;
}

psd_log_record provider_newest(meter *m) {
  psd_log_record record = {0};
  CU_ASSERT_EQUAL(rig_hex(m->r, "00B2012C00"), PSD_SW_OK);
  CU_ASSERT_TRUE(psd_parse_message(m->r->response, m->r->length, PSD_MESSAGE_LOG_RECORD, &record));
  return record;
}

void provider_put_order(const meter *m, psd_command_id id, uint8_t p1, uint32_t number, const void *content,
                        size_t length, psd_buffer *out) {
  uint8_t head[2 + PSD_SIZE_DEVICE_ID + 4] = {psd_commands[id].ins, p1};
  const psd_device_id device = {.vendor = "PB", .model = "S1", .serial = RIG_SERIAL};
  psd_order order = {.number = number};
  psd_buffer bound = psd_buffer_over(head + 2, sizeof head - 2);
  psd_put_message(&bound, PSD_MESSAGE_DEVICE_ID, &device);
  psd_put_uint(&bound, number, 4);
  const psd_part parts[] = {{PSD_SIGN_ORDER, strlen(PSD_SIGN_ORDER)}, {head, sizeof head}, {content, length}};
  CU_ASSERT_TRUE_FATAL(psd_hmac(m->k3, sizeof m->k3, parts, 3, order.authentication));
  psd_put(out, content, length);
  psd_put_message(out, PSD_MESSAGE_ORDER, &order);
  CU_ASSERT_FALSE_FATAL(out->overflow);
}

uint16_t provider_order(meter *m, psd_command_id id, uint8_t p1, uint32_t number, const void *content, size_t length) {
  uint8_t data[PSD_CARD_DATA_MAX];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  provider_put_order(m, id, p1, number, content, length, &out);
  return provider_send(m, id, p1, data, out.length);
}

uint16_t provider_start(meter *m, psd_command_id id, psd_group group, uint64_t amount, bool final) {
  uint8_t data[PSD_SIZE_FUNDS_START];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  const psd_funds_start start = {.amount = amount, .final = final, .nonce = "nonce of server"};
  psd_put_message(&out, PSD_MESSAGE_FUNDS_START, &start);
  return provider_send(m, id, (uint8_t)group, data, out.length);
}

/* The key management system's look at a signature: of a PSD with a key pair ECDSA alone, of others HMAC alone. */
static bool signature_holds(const meter *m, const char *label, const uint8_t *message, size_t length, uint64_t type) {
  uint8_t expected[PSD_HASH];
  const rig *r = m->r;
  const psd_part parts[] = {{label, strlen(label)}, {message, length}};
  if (m->pair)
    return type == PSD_SIGNATURE_ECDSA && r->length == length + 64 &&
           psd_point_verify(m->point, parts, 2, message + length);
  return type == PSD_SIGNATURE_HMAC && r->length == length + sizeof expected &&
         psd_hmac(m->k3, sizeof m->k3, parts, 2, expected) &&
         psd_secret_equal(expected, message + length, sizeof expected);
}

psd_funds_request provider_request(const meter *m) {
  psd_funds_request request = {0};
  const rig *r = m->r;
  CU_ASSERT_FATAL(r->length > PSD_SIZE_FUNDS_REQUEST);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(r->response, PSD_SIZE_FUNDS_REQUEST, PSD_MESSAGE_FUNDS_REQUEST, &request));
  CU_ASSERT_TRUE(signature_holds(m, PSD_SIGN_FUNDS_REQUEST, r->response, PSD_SIZE_FUNDS_REQUEST, request.type));
  return request;
}

psd_funds_receipt provider_receipt(const meter *m) {
  psd_funds_receipt receipt = {0};
  const rig *r = m->r;
  CU_ASSERT_FATAL(r->length > PSD_SIZE_FUNDS_RECEIPT);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(r->response, PSD_SIZE_FUNDS_RECEIPT, PSD_MESSAGE_FUNDS_RECEIPT, &receipt));
  CU_ASSERT_TRUE(signature_holds(m, PSD_SIGN_FUNDS_RECEIPT, r->response, PSD_SIZE_FUNDS_RECEIPT, receipt.type));
  return receipt;
}

psd_funds_authorization provider_authorization(const meter *m, const psd_funds_request *request) {
  bool load = request->operation == PSD_OPERATION_LOADING;
  psd_funds_authorization authorization = {.operation = load ? PSD_OPERATION_LOADED : PSD_OPERATION_WITHDRAWN,
                                           .group = request->group,
                                           .serial = request->serial,
                                           .sequence = request->sequence,
                                           .amount = request->amount,
                                           .control_total = request->control_total + (load ? request->amount : 0),
                                           .expiry = m->r->seconds + HOUR};
  memcpy(authorization.vendor, request->vendor, sizeof authorization.vendor);
  memcpy(authorization.model, request->model, sizeof authorization.model);
  return authorization;
}

void provider_authenticate(const meter *m, const psd_funds_authorization *authorization,
                           uint8_t out[PSD_AUTHORIZED_FUNDS]) {
  psd_buffer buffer = psd_buffer_over(out, PSD_SIZE_FUNDS_AUTHORIZATION);
  psd_put_message(&buffer, PSD_MESSAGE_FUNDS_AUTHORIZATION, authorization);
  CU_ASSERT_FALSE_FATAL(buffer.overflow);
  const psd_part parts[] = {{PSD_SIGN_FUNDS_AUTHORIZATION, strlen(PSD_SIGN_FUNDS_AUTHORIZATION)},
                            {out, PSD_SIZE_FUNDS_AUTHORIZATION}};
  CU_ASSERT_TRUE_FATAL(psd_hmac(m->k3, sizeof m->k3, parts, 2, out + PSD_SIZE_FUNDS_AUTHORIZATION));
}

uint16_t provider_finish(meter *m, psd_command_id id, const psd_funds_authorization *authorization) {
  uint8_t data[PSD_AUTHORIZED_FUNDS];
  provider_authenticate(m, authorization, data);
  return provider_send(m, id, 0, data, sizeof data);
}

uint16_t provider_cancel(meter *m, uint32_t sequence) {
  uint8_t data[4];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  psd_put_uint(&out, sequence, sizeof data);
  return provider_send(m, PSD_COMMAND_CANCEL_LOAD, 0, data, sizeof data);
}
