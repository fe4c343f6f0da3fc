/* The open session: commands of the provider in records, what they may do and what not, and how the session ends. */
#include "check.h"
#include "provider.h"

#include <stdio.h>
#include <string.h>

static rig r;
static meter m;

static void begin(void) {
  meter_bench(&r, &m, PSD_STATE_OPERATIONAL, true);
  meter_open(&m, PSD_SUITE_SHARED);
}

static void end(void) {
  meter_bench_end(&m);
}

static bool open_here(void) {
  return r.card->session.phase == PSD_SESSION_OPEN;
}

/* Refused inside, and the session goes on: it was the meter server who asked. */
static void inside(const char *command, uint16_t status) {
  uint16_t got = meter_command(&m, command);
  if (got != status)
    printf("\n    %s: %04X ", command, got);
  CU_ASSERT_EQUAL(got, status);
  CU_ASSERT_EQUAL(r.length, 0);
  CU_ASSERT_TRUE(open_here());
}

static void provider_is_granted_inside_alone(void) {
  static const uint8_t licence[PSD_SIZE_LICENCE] = {0x00, 0x01, 0x23, 0x45, 0x00, 0x06, 0x78, 0x90};
  begin();
  CU_ASSERT_EQUAL(rig_hex(&r, "803A000001 00"), PSD_SW_SECURITY_STATUS);
  inside("803A000001 00", PSD_SW_WRONG_LENGTH); /* ENABLE: admitted, and too short */
  CU_ASSERT_EQUAL(rig_hex(&r, "803A000001 00"), PSD_SW_SECURITY_STATUS);
  CU_ASSERT_EQUAL(provider_order(&m, PSD_COMMAND_SET_LICENCE, 0, 1, licence, sizeof licence), PSD_SW_OK);
  CU_ASSERT_EQUAL(meter_command(&m, "00CADF2900"), PSD_SW_OK);
  psd_check_bytes(r.response, r.length, "0001234500067890", "licence");
  inside("00DADF2028 00", PSD_SW_WRONG_LENGTH);
  inside("00DADF2008 5042533100C0FFEE", PSD_SW_SECURITY_STATUS); /* the identity is not the provider's */
  inside("00DADF2908 0001234500067890", PSD_SW_SECURITY_STATUS); /* nor is the licence, without an order */
  end();
}

/* What the user's PIN and the personaliser's channel have opened is theirs. */
static void nobody_elses_rights(void) {
  begin();
  CU_ASSERT_EQUAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
  inside("00DADF3101 41", PSD_SW_SECURITY_STATUS); /* the user's label */
  inside("805A000001 00", PSD_SW_SECURITY_STATUS); /* CREATE INDICIUM */
  CU_ASSERT_EQUAL(rig_hex(&r, "00DADF3101 41"), PSD_SW_OK);
  end();
}

static void never_inside(void) {
  begin();
  inside("00A4040005 F050534401 00", PSD_SW_CONDITIONS);
  inside("0070000001", PSD_SW_CONDITIONS);
  inside("00C0000000", PSD_SW_CONDITIONS);
  inside("8050000008 0102030405060708", PSD_SW_CONDITIONS);
  inside("8082010008 0102030405060708", PSD_SW_CONDITIONS);
  inside("0086040102 7C00", PSD_SW_CONDITIONS);
  inside("0082000102 0000", PSD_SW_CONDITIONS);
  inside("00C2000002 0000", PSD_SW_CONDITIONS);
  for (size_t i = 0; i < PSD_COMMAND_COUNT; i++) { /* and nothing else that the table has so */
    const psd_command *row = &psd_commands[i];
    if ((row->flags & PSD_FLAG_OUTER) == 0)
      continue;
    const uint8_t bare[] = {row->class == PSD_CLASS_GP ? 0x80 : 0x00, row->ins, 0x00, 0x00};
    CU_ASSERT_EQUAL(meter_command_bytes(&m, bare, sizeof bare), PSD_SW_CONDITIONS);
  }
  end();
}

static void malformed_inside(void) {
  begin();
  inside("00", PSD_SW_WRONG_LENGTH);
  inside("00CADF", PSD_SW_WRONG_LENGTH);
  inside("00DADF2908 00", PSD_SW_WRONG_LENGTH);
  inside("FFCADF2200", PSD_SW_CLA_UNSUPPORTED);
  inside("01CADF2200", PSD_SW_CHANNEL_UNSUPPORTED);
  inside("04CADF2200", PSD_SW_SM_UNSUPPORTED);
  inside("0CCADF2200", PSD_SW_SM_UNSUPPORTED);
  inside("10DADF2908 0001234500067890", PSD_SW_CHAINING_UNSUPPORTED);
  inside("00FF000000", PSD_SW_INS_UNSUPPORTED);
  inside("80A4000000", PSD_SW_CLA_UNSUPPORTED);
  inside("00CB3FFE02 5C00", PSD_SW_WRONG_P1P2);
  inside("8056000001 00", PSD_SW_CONDITIONS);                             /* ZEROIZE: not in this state */
  CU_ASSERT_EQUAL(meter_command_bytes(&m, NULL, 0), PSD_SW_WRONG_LENGTH); /* a record of nothing */
  CU_ASSERT_TRUE(open_here());
  end();
}

/* The answer comes whole, whatever Le; the longest there is. */
static void long_answers(void) {
  static uint8_t certificate[1900];
  begin();
  memset(certificate, 0xCE, sizeof certificate);
  rig_put_object(&r, PSD_OBJECT_CERTIFICATE, certificate, sizeof certificate);
  CU_ASSERT_EQUAL(meter_command(&m, "00CADF2A01"), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.length, sizeof certificate);
  CU_ASSERT_EQUAL(memcmp(r.response, certificate, sizeof certificate), 0);
  CU_ASSERT_EQUAL(meter_command(&m, "00CADF2A"), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.length, sizeof certificate);
  inside("00CB3FFF00000A 5C08DF2ADF2ADF2ADF2A 0000", PSD_SW_WRONG_DATA); /* more than an answer holds */
  end();
}

/* The longest there is: what is authentic was read to its last byte, and is no certificate. */
static void long_commands(void) {
  static uint8_t data[PSD_SIZE_LICENCE + PSD_CERTIFICATE_MAX + PSD_SIZE_ORDER];
  static const uint8_t content[PSD_SIZE_LICENCE + PSD_CERTIFICATE_MAX] = {0x30};
  begin();
  psd_buffer out = psd_buffer_over(data, sizeof data);
  provider_put_order(&m, PSD_COMMAND_AUTHORIZE, 0, 1, content, sizeof content, &out);
  CU_ASSERT_EQUAL(provider_send(&m, PSD_COMMAND_AUTHORIZE, 0, data, sizeof data), PSD_SW_WRONG_DATA);
  data[PSD_SIZE_LICENCE + PSD_CERTIFICATE_MAX - 1] ^= 1;
  CU_ASSERT_EQUAL(provider_send(&m, PSD_COMMAND_AUTHORIZE, 0, data, sizeof data), PSD_SW_VERIFICATION_FAILED);
  CU_ASSERT_TRUE(open_here());
  end();
}

/* A record in a chain of ENVELOPEs. */
static void chained(void) {
  uint8_t record[64];
  uint8_t part[5 + 64];
  begin();
  size_t length = meter_record(&m, "00CADF2200", record, sizeof record);
  const uint8_t first[] = {0x10, 0xC2, 0x00, 0x00, 10};
  memcpy(part, first, sizeof first);
  memcpy(part + 5, record, 10);
  CU_ASSERT_EQUAL(rig_send(&r, part, 15), PSD_SW_OK);
  const uint8_t last[] = {0x00, 0xC2, 0x00, 0x00, (uint8_t)(length - 10)};
  memcpy(part, last, sizeof last);
  memcpy(part + 5, record + 10, length - 10);
  part[5 + length - 10] = 0x00;
  CU_ASSERT_EQUAL(rig_send(&r, part, 5 + length - 10 + 1), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.length, 2 + 2 + PSD_GCM_TAG);
  CU_ASSERT_TRUE(open_here());
  end();
}

static void order(uint32_t identifier, const uint8_t k3[32], const uint8_t point[PSD_POINT], uint8_t p1,
                  uint16_t status) {
  uint8_t data[PSD_SIZE_VENDOR_KEY_ORDER];
  uint8_t command[5 + sizeof data] = {0x80, 0x54, p1, 0x00, sizeof data};
  meter_order(k3, identifier, point, data);
  memcpy(command + 5, data, sizeof data);
  CU_ASSERT_EQUAL(meter_command_bytes(&m, command, sizeof command), status);
}

static void vendor_key_is_replaced(void) {
  uint8_t other[32] = {1};
  uint8_t point[PSD_POINT], old[PSD_POINT];
  begin();
  psd_pair_point(m.k2, old);
  psd_pair *next = psd_pair_new();
  psd_pair_point(next, point);
  uint64_t count = r.card->core.log.count;
  order(8, other, point, 0, PSD_SW_VERIFICATION_FAILED); /* not the key management system's */
  order(8, m.k3, point, 1, PSD_SW_WRONG_P1P2);
  order(6, m.k3, point, 0, PSD_SW_CONDITIONS); /* a key that was replaced comes back */
  order(7, m.k3, point, 0, PSD_SW_CONDITIONS);
  order(7, m.k3, old, 0, PSD_SW_OK); /* the one it has */
  CU_ASSERT_EQUAL(r.card->core.log.count, count);
  order(8, m.k3, point, 0, PSD_SW_OK);
  CU_ASSERT_EQUAL(r.card->core.log.count, count + 1);
  order(8, m.k3, point, 0, PSD_SW_OK); /* once more: the answer was lost */
  CU_ASSERT_EQUAL(r.card->core.log.count, count + 1);
  order(7, m.k3, old, 0, PSD_SW_CONDITIONS);
  point[64] ^= 1;
  order(9, m.k3, point, 0, PSD_SW_WRONG_DATA); /* beside the curve */
  inside("8054000003 000000", PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF3400"), PSD_SW_OK);
  point[64] ^= 1;
  CU_ASSERT_FATAL(r.length == PSD_SIZE_VENDOR_KEY);
  CU_ASSERT(r.response[3] == 8 && memcmp(r.response + 4, point, PSD_POINT) == 0);
  psd_pair_free(next);
  end();
}

static void select_ends_it(void) {
  begin();
  CU_ASSERT_EQUAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_FALSE(open_here());
  meter_open(&m, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(rig_hex(&r, "00A4000C023F00"), PSD_SW_OK); /* the master file: another application */
  CU_ASSERT_FALSE(open_here());
  CU_ASSERT_EQUAL(rig_select(&r), PSD_SW_OK);
  meter_open(&m, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(rig_hex(&r, "00A4020C025101"), PSD_SW_OK); /* a file of the same one */
  CU_ASSERT_TRUE(open_here());
  psd_card_reset(r.card);
  CU_ASSERT_FALSE(open_here());
  end();
}

static void a_new_sign_on_ends_it(void) {
  uint8_t record[64];
  begin();
  size_t length = meter_record(&m, "00CADF2200", record, sizeof record);
  meter_signed_on(&m, PSD_SUITE_SHARED);
  CU_ASSERT_FALSE(open_here());
  CU_ASSERT_EQUAL(meter_envelope(&m, record, length), PSD_SW_CONDITIONS);
  meter_open(&m, PSD_SUITE_SHARED);
  /* Even one that comes to nothing: a suite the card does not know, or may not use. */
  CU_ASSERT_EQUAL(rig_hex(&r, "0086080102 7C00"),
                  PSD_CLASSIC ? PSD_SW_REFERENCE_UNUSABLE : PSD_SW_FUNCTION_UNSUPPORTED);
  CU_ASSERT_FALSE(open_here());
  end();
}

/* The session is on one channel; others neither see nor disturb it, but by signing on. */
static void other_channels(void) {
  uint8_t record[64];
  begin();
  CU_ASSERT_EQUAL(rig_hex(&r, "0070000001"), PSD_SW_OK);
  CU_ASSERT_EQUAL(rig_hex(&r, "01A4040005 F050534401 00"), PSD_SW_OK);
  size_t length = meter_record(&m, "00CADF2200", record, sizeof record);
  m.channel = 1;
  CU_ASSERT_EQUAL(meter_envelope(&m, record, length), PSD_SW_CONDITIONS);
  CU_ASSERT_TRUE(open_here());
  CU_ASSERT_EQUAL(rig_hex(&r, "01A4040005 F050534401 00"), PSD_SW_OK);
  CU_ASSERT_TRUE(open_here());
  m.channel = 0;
  CU_ASSERT_EQUAL(meter_envelope(&m, record, length), PSD_SW_OK);
  m.channel = 1;
  meter_open(&m, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(meter_command(&m, "00CADF2200"), PSD_SW_OK); /* inside, the class names no channel */
  CU_ASSERT_EQUAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_TRUE(open_here());
  CU_ASSERT_EQUAL(rig_hex(&r, "00708001"), PSD_SW_OK); /* closed */
  CU_ASSERT_FALSE(open_here());
  end();
}

/* Beside the records, what is everyone's goes on in clear. */
static void clear_commands_go_on(void) {
  begin();
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF2200"), PSD_SW_OK);
  CU_ASSERT_EQUAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF7F00"), PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_TRUE(open_here());
  CU_ASSERT_EQUAL(meter_command(&m, "00CADF2200"), PSD_SW_OK);
  CU_ASSERT_EQUAL(rig_hex(&r, "00C2010001 00"), PSD_SW_WRONG_P1P2); /* its own commands end it */
  CU_ASSERT_FALSE(open_here());
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"what is the provider's is granted inside a record alone", provider_is_granted_inside_alone},
      {"inside a record nobody else's rights count", nobody_elses_rights},
      {"what never comes inside a record", never_inside},
      {"a malformed command inside is answered inside", malformed_inside},
      {"a long answer comes whole", long_answers},
      {"a long command", long_commands},
      {"a record may come in a chain", chained},
      {"ROTATE KEY replaces K1, forwards only", vendor_key_is_replaced},
      {"SELECT and reset end the session", select_ends_it},
      {"a new sign-on ends it", a_new_sign_on_ends_it},
      {"one channel", other_channels},
      {"commands in clear go on beside it", clear_commands_go_on},
  };
  return psd_check_run("session: records", tests, PSD_CHECK_COUNT(tests));
}
