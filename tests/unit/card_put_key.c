/* PUT KEY: transport keys are replaced (GlobalPlatform Card Specification 2.3.1, 11.8; Amendment D, 7.2). */
#include "check.h"
#include "expect.h"

#include <string.h>

static rig r;

static psd_card_birth new_keys(uint8_t size) {
  psd_card_birth keys = {.key_version = 2, .key_size = size};
  for (uint8_t i = 0; i < size; i++) {
    keys.enc[i] = (uint8_t)(0x11 + i);
    keys.mac[i] = (uint8_t)(0x42 + i);
    keys.dek[i] = (uint8_t)(0x73 + i);
  }
  return keys;
}

static void begin(uint8_t level) {
  rig_create(&r);
  expect_selected(&r);
  CU_ASSERT_EQUAL_FATAL(rig_open_channel(&r, level), PSD_SW_OK);
}

static void end(void) {
  rig_destroy(&r);
}

static void check_value(const uint8_t *key, size_t size, uint8_t out[3]) {
  static const uint8_t ones[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  uint8_t block[16];
  CU_ASSERT_TRUE_FATAL(psd_aes_block(key, size, ones, block));
  memcpy(out, block, 3);
}

/* One key data field, with the length in clear before the key or not. */
static void put_field(psd_buffer *out, const psd_card_birth *current, const uint8_t *key, size_t size,
                      bool with_length) {
  static const uint8_t iv[16] = {0};
  uint8_t padded[32] = {0};
  uint8_t check[3];
  size_t length = (size + 15) / 16 * 16;
  memcpy(padded, key, size);
  CU_ASSERT_TRUE_FATAL(psd_aes_cbc_encrypt(current->dek, current->key_size, iv, padded, length, padded));
  check_value(key, size, check);
  psd_put_u8(out, 0x88);
  psd_put_u8(out, (uint8_t)(length + (with_length ? 1 : 0)));
  if (with_length)
    psd_put_u8(out, (uint8_t)size);
  psd_put(out, padded, length);
  psd_put_u8(out, 3);
  psd_put(out, check, 3);
}

/* The command, in clear; returns its length. Lc is at command[4]. */
static size_t make(uint8_t command[256], const psd_card_birth *current, const psd_card_birth *next, bool with_length) {
  psd_buffer out = psd_buffer_over(command, 256);
  psd_put(&out, "\x80\xD8\x00\x81\x00", 5);
  command[2] = current->key_version;
  psd_put_u8(&out, next->key_version);
  put_field(&out, current, next->enc, next->key_size, with_length);
  put_field(&out, current, next->mac, next->key_size, with_length);
  put_field(&out, current, next->dek, next->key_size, with_length);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  command[4] = (uint8_t)(out.length - 5);
  command[out.length] = 0x00; /* Le */
  return out.length + 1;
}

static uint16_t send(const uint8_t *command, size_t length) {
  uint8_t wire[400];
  uint16_t status = rig_send(&r, wire, rig_wrap_bytes(&r, command, length, wire, sizeof wire));
  rig_unwrap(&r, status);
  return status;
}

static void expect_keys(const psd_card_birth *keys, uint16_t status) {
  psd_card_reset(r.card);
  expect_selected(&r);
  CU_ASSERT_EQUAL(rig_begin_channel(&r, keys, 8, 0), status);
  if (status == PSD_SW_OK)
    CU_ASSERT_EQUAL(rig_authenticate(&r, 0x33), PSD_SW_OK);
}

static void replaced(void) {
  static const uint8_t sizes[] = {16, 24, 32};
  for (size_t i = 0; i < sizeof sizes; i++) {
    begin(0x33);
    psd_card_birth old = rig_birth();
    psd_card_birth next = new_keys(sizes[i]);
    uint8_t command[256];
    uint8_t checks[3][3];
    check_value(next.enc, next.key_size, checks[0]);
    check_value(next.mac, next.key_size, checks[1]);
    check_value(next.dek, next.key_size, checks[2]);
    CU_ASSERT_EQUAL(send(command, make(command, &old, &next, true)), PSD_SW_OK);
    CU_ASSERT_EQUAL(r.length, 10);
    CU_ASSERT_EQUAL(r.response[0], 2);
    CU_ASSERT_EQUAL(memcmp(r.response + 1, checks, sizeof checks), 0);
    expect_secure(&r, "00B2012C00", "00000002 ..{8} 04 01 0002 * 9000"); /* logged */
    expect_keys(&next, PSD_SW_OK);
    expect_secure(&r, "00CADF3A00", "02.. 0000 9000");
    CU_ASSERT_EQUAL(r.response[1], sizes[i]);
    end();
  }
}

static void old_ones_are_gone(void) {
  begin(0x33);
  psd_card_birth old = rig_birth();
  psd_card_birth next = new_keys(32);
  uint8_t command[256];
  CU_ASSERT_EQUAL(send(command, make(command, &old, &next, true)), PSD_SW_OK);
  expect_secure(&r, "00CADF2200", "0100 9000"); /* the session that replaced them goes on */
  psd_card_reset(r.card);
  expect_selected(&r);
  expect(&r, "8050010008 0102030405060708 00", "6A88");                                   /* by the old version */
  expect(&r, "8050020008 0102030405060708 00", "..{10} 0203 70 ..{8} ..{8} 000000 9000"); /* a new sequence */
  expect_keys(&next, PSD_SW_OK);
  end();
}

static void same_keys_again(void) {
  begin(0x33);
  psd_card_birth old = rig_birth();
  psd_card_birth same = rig_birth();
  uint8_t command[256];
  same.key_version = 2;
  CU_ASSERT_EQUAL(send(command, make(command, &old, &same, true)), PSD_SW_OK);
  psd_card_reset(r.card);
  expect_selected(&r);
  expect(&r, "8050020008 0102030405060708 00", "..{10} 0203 70 ..{8} ..{8} 000001 9000");
  end();
}

static void one_after_the_other(void) {
  begin(0x33);
  psd_card_birth keys[3] = {rig_birth(), new_keys(24), new_keys(32)};
  keys[2].key_version = 127;
  keys[2].enc[0] ^= 0xFF;
  uint8_t command[256];
  for (size_t i = 0; i < 2; i++) {
    CU_ASSERT_EQUAL(send(command, make(command, &keys[i], &keys[i + 1], true)), PSD_SW_OK);
    expect_keys(&keys[i + 1], PSD_SW_OK);
  }
  end();
}

static void without_the_length_in_clear(void) {
  begin(0x01);
  psd_card_birth old = rig_birth();
  psd_card_birth next = new_keys(32);
  uint8_t command[256];
  CU_ASSERT_EQUAL(send(command, make(command, &old, &next, false)), PSD_SW_OK);
  expect_keys(&next, PSD_SW_OK);
  end();
}

static void added_as_the_only_set(void) {
  begin(0x33);
  psd_card_birth old = rig_birth();
  psd_card_birth next = new_keys(16);
  uint8_t command[256];
  size_t length = make(command, &old, &next, true);
  command[2] = 0; /* P1: a new set */
  CU_ASSERT_EQUAL(send(command, length), PSD_SW_OK);
  expect_keys(&next, PSD_SW_OK);
  end();
}

/* Each change of one byte of a good command: refused, nothing replaced. The key bytes themselves are covered by the
 * check values. */
static void altered(void) {
  begin(0x01);
  psd_card_birth old = rig_birth();
  psd_card_birth next = new_keys(16);
  uint8_t command[256];
  size_t length = make(command, &old, &next, true);
  for (size_t at = 5; at + 1 < length; at++) {
    uint8_t changed[256];
    memcpy(changed, command, length);
    changed[at] ^= 0x80;
    CU_ASSERT_EQUAL(send(changed, length), PSD_SW_WRONG_DATA);
  }
  expect_keys(&old, PSD_SW_OK);
  end();
}

static void cut(void) {
  begin(0x01);
  psd_card_birth old = rig_birth();
  psd_card_birth next = new_keys(16);
  uint8_t command[256];
  size_t length = make(command, &old, &next, true) - 1;
  for (size_t less = 1; less + 6 < length; less++) {
    command[4] = (uint8_t)(length - 5 - less);
    CU_ASSERT_EQUAL(send(command, length - less), PSD_SW_WRONG_DATA);
  }
  command[4] = (uint8_t)(length - 4); /* one more than there should be */
  CU_ASSERT_EQUAL(send(command, length + 1), PSD_SW_WRONG_DATA);
  expect_keys(&old, PSD_SW_OK);
  end();
}

static void sizes_that_differ(void) {
  begin(0x01);
  psd_card_birth old = rig_birth();
  psd_card_birth next = new_keys(32);
  uint8_t command[256];
  psd_buffer out = psd_buffer_over(command, sizeof command);
  psd_put(&out, "\x80\xD8\x01\x81\x00\x02", 6);
  put_field(&out, &old, next.enc, 32, true);
  put_field(&out, &old, next.mac, 32, true);
  put_field(&out, &old, next.dek, 16, true);
  command[4] = (uint8_t)(out.length - 5);
  CU_ASSERT_EQUAL(send(command, out.length), PSD_SW_WRONG_DATA);
  expect_keys(&old, PSD_SW_OK);
  end();
}

static void parameters(void) {
  begin(0x33);
  expect_secure(&r, "80D8038101 02", "6A88"); /* a set that is not there */
  expect_secure(&r, "80D8018001 02", "6A86");
  expect_secure(&r, "80D8018201 02", "6A86");
  expect_secure(&r, "80D8018101 02", "6A80");
  expect_secure(&r, "80D80181", "6700");
  expect(&r, "00A4040005F05053440100", "* 9000");
  expect(&r, "80D8018101 02", "6982"); /* without the secure channel */
  end();
}

static void versions(void) {
  begin(0x33);
  psd_card_birth old = rig_birth();
  psd_card_birth next = new_keys(16);
  uint8_t command[256];
  next.key_version = 0;
  CU_ASSERT_EQUAL(send(command, make(command, &old, &next, true)), PSD_SW_WRONG_DATA);
  next.key_version = 128;
  CU_ASSERT_EQUAL(send(command, make(command, &old, &next, true)), PSD_SW_WRONG_DATA);
  next.key_version = 1; /* the same version again is fine */
  CU_ASSERT_EQUAL(send(command, make(command, &old, &next, true)), PSD_SW_OK);
  expect_keys(&next, PSD_SW_OK);
  end();
}

static void in_service(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
  psd_card_birth old = rig_birth();
  psd_card_birth next = new_keys(16);
  uint8_t command[256];
  CU_ASSERT_EQUAL(send(command, make(command, &old, &next, true)), PSD_SW_OK);
  expect_keys(&next, PSD_SW_OK);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"keys of each length replace the set, and are answered with their check values", replaced},
      {"the old keys are gone, the sequence begins anew", old_ones_are_gone},
      {"the same keys again: the sequence goes on, so that no recorded session is fresh", same_keys_again},
      {"keys are replaced again and again, under the newest DEK", one_after_the_other},
      {"the length in clear may be missing", without_the_length_in_clear},
      {"P1 00: the new set takes the place of the only one", added_as_the_only_set},
      {"a command with one byte altered is refused", altered},
      {"a command that is cut, or longer, is refused", cut},
      {"keys of different lengths are refused", sizes_that_differ},
      {"P1, P2, and who may", parameters},
      {"key versions go from 1 to 127", versions},
      {"keys are replaced in service too", in_service},
  };
  return psd_check_run("PUT KEY", tests, PSD_CHECK_COUNT(tests));
}
