/* The secure channel in use: opened at every level, with every key length, short and extended, chained, on logical
 * channels (GlobalPlatform Amendment D, 6 and 7; ISO/IEC 7816-4:2005, 6). */
#include "check.h"
#include "expect.h"

#include <string.h>

static rig r;
static const uint8_t levels[] = {0x01, 0x03, 0x11, 0x13, 0x33};

static void begin(void) {
  rig_create(&r);
  expect_selected(&r);
}

static void end(void) {
  rig_destroy(&r);
}

static psd_card_birth keys_of_size(uint8_t size) {
  psd_card_birth keys = rig_birth();
  keys.key_size = size;
  for (uint8_t i = 16; i < size; i++) {
    keys.enc[i] = (uint8_t)(0x80 + i);
    keys.mac[i] = (uint8_t)(0xA0 + i);
    keys.dek[i] = (uint8_t)(0xC0 + i);
  }
  return keys;
}

static void begin_with_keys(const psd_card_birth *keys) {
  psd_transport_keys record = {.version = keys->key_version, .size = keys->key_size};
  memcpy(record.enc, keys->enc, sizeof record.enc);
  memcpy(record.mac, keys->mac, sizeof record.mac);
  memcpy(record.dek, keys->dek, sizeof record.dek);
  rig_create(&r);
  rig_set_keys(&r, &record);
  expect_selected(&r);
}

static void every_level_key_and_mode(void) {
  static const uint8_t sizes[] = {16, 24, 32};
  unsigned combinations = 0;
  for (size_t s = 0; s < sizeof sizes; s++)
    for (uint8_t mac = 8; mac <= 16; mac += 8)
      for (size_t l = 0; l < sizeof levels; l++) {
        psd_card_birth keys = keys_of_size(sizes[s]);
        begin_with_keys(&keys);
        CU_ASSERT_EQUAL(rig_open_channel_as(&r, &keys, mac, 0, levels[l]), PSD_SW_OK);
        expect_secure(&r, "00CADF2000", "50425331 00C0FFEE 9000");
        expect_secure(&r, "80E210000B DF2008 50425331 DEADBEEF", "9000"); /* identity */
        expect_secure(&r, "00CADF2000", "50425331 DEADBEEF 9000");
        expect_secure(&r, "00CA004F00", "F050534401 9000");
        combinations++;
        end();
      }
  CU_ASSERT_EQUAL(combinations, 30);
}

/* Data of every length around the blocks of the cipher, there and back. */
static void every_length(void) {
  for (size_t l = 0; l < sizeof levels; l++) {
    rig_create(&r);
    rig_enter(&r, PSD_STATE_OPERATIONAL);
    expect_selected(&r);
    CU_ASSERT_EQUAL(rig_open_channel(&r, levels[l]), PSD_SW_OK);
    expect_secure(&r, "0020008106 313233343536", "9000");
    for (unsigned length = 1; length <= 64; length++) {
      uint8_t command[80] = {0x00, 0xDA, 0xDF, 0x31, (uint8_t)length};
      uint8_t wire[128];
      memset(command + 5, 'A' + (int)(length % 26), length);
      uint16_t status = rig_send(&r, wire, rig_wrap_bytes(&r, command, 5 + length, wire, sizeof wire));
      rig_unwrap(&r, status);
      CU_ASSERT_EQUAL(status, PSD_SW_OK);
      CU_ASSERT_EQUAL(rig_secure(&r, "00CADF3100"), PSD_SW_OK);
      CU_ASSERT_EQUAL(r.length, length);
      CU_ASSERT_EQUAL(memcmp(r.response, command + 5, length), 0);
    }
    end();
  }
}

static void extended_lengths(void) {
  for (size_t l = 0; l < sizeof levels; l++) {
    rig_create(&r);
    rig_enter(&r, PSD_STATE_OPERATIONAL);
    uint8_t certificate[1900];
    memset(certificate, 0x5C, sizeof certificate);
    rig_put_object(&r, PSD_OBJECT_CERTIFICATE, certificate, sizeof certificate);
    expect_selected(&r);
    CU_ASSERT_EQUAL(rig_open_channel(&r, levels[l]), PSD_SW_OK);
    expect_secure(&r, "0020008106 313233343536", "9000");
    expect_secure(&r, "00DADF31000003 414243", "9000");
    expect_secure(&r, "00CADF31000000", "414243 9000");
    expect_secure(&r, "00CADF2A000000", "5C{1900} 9000");
    expect_secure(&r, "00DADF31000700 41{1792}", "6A80"); /* arrives; the label is shorter */
    expect_secure(&r, "00DADF31000800 41{2048}", "6A80"); /* all the row allows */
    expect_secure(&r, "00CADF3100", "414243 9000");
    end();
  }
}

static void chains(void) {
  for (size_t l = 0; l < sizeof levels; l++) {
    rig_create(&r);
    rig_enter(&r, PSD_STATE_OPERATIONAL);
    expect_selected(&r);
    CU_ASSERT_EQUAL(rig_open_channel(&r, levels[l]), PSD_SW_OK);
    expect_secure(&r, "0020008106 313233343536", "9000");
    expect_secure(&r, "10DADF3114 41{20}", "9000");
    expect_secure(&r, "10DADF31", "9000");
    expect_secure(&r, "10DADF3105 42{5}", "9000");
    expect_secure(&r, "00DADF3101 43", "9000");
    expect_secure(&r, "00CADF3100", "41{20} 42{5} 43 9000");
    end();
  }
}

static void interrupted_chain(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x03), PSD_SW_OK);
  expect_secure(&r, "0020008106 313233343536", "9000");
  expect_secure(&r, "10DADF3102 4142", "9000");
  expect(&r, "00CADF2200", "6883");           /* in clear: of another class */
  expect_secure(&r, "00DADF3101 43", "9000"); /* a command of its own: the session stands */
  expect_secure(&r, "00CADF3100", "43 9000");
  end();
}

/* An answer is secured as a whole; its parts are fetched in clear. */
static void get_response(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
  uint8_t wire[64];
  uint8_t whole[128];
  uint16_t status = rig_send(&r, wire, rig_wrap(&r, "00CADF2E10", wire, sizeof wire));
  CU_ASSERT_EQUAL(status, 0x6128); /* 48 bytes enciphered, 8 of MAC, of which 16 are sent */
  CU_ASSERT_EQUAL(r.length, 16);
  memcpy(whole, r.response, 16);
  expect(&r, "00C0000028", "..{40} 9000");
  memcpy(whole + 16, r.response, 40);
  memcpy(r.response, whole, 56);
  r.length = 56;
  rig_unwrap(&r, PSD_SW_OK);
  CU_ASSERT_EQUAL(r.length, 36);
  expect_secure(&r, "00CADF2200", "0400 9000"); /* and on it goes */
  end();
}

static void clear_commands_inside(void) {
  begin();
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
  expect(&r, "00C0000000", "6985");
  expect(&r, "0070000001", "01 9000");
  expect(&r, "00A4020C025101", "9000");
  expect(&r, "00A4040005F050534402", "6A82");
  expect_secure(&r, "00B0000000", "DF20* 9000");
  expect_secure(&r, "00A4020C025102", "9000"); /* secured is fine too */
  expect_secure(&r, "00B0000000", "DF22020100* 9000");
  end();
}

static void unknown_commands_inside(void) {
  begin();
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
  expect_secure(&r, "80F22000024F0000", "6D00");
  expect_secure(&r, "00FF0000", "6D00");
  expect_secure(&r, "0050000008 0102030405060708", "6E00");
  expect_secure(&r, "00CADF3000", "6A88");
  expect_secure(&r, "80E2100002 DF30", "6...");
  expect_secure(&r, "00CADF2200", "0100 9000"); /* still in step */
  end();
}

static void warnings_carry_a_mac(void) {
  begin();
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
  expect_secure(&r, "00B08200FF", "DF22* 6282");
  expect_secure(&r, "00CADF2200", "0100 9000");
  end();
}

static void on_a_logical_channel(void) {
  psd_card_birth keys = rig_birth();
  begin();
  expect(&r, "00700002", "9000");
  expect(&r, "02A4040C05F050534401", "9000");
  CU_ASSERT_EQUAL(rig_open_channel_as(&r, &keys, 8, 2, 0x33), PSD_SW_OK);
  expect_secure(&r, "00CADF2200", "0100 9000");
  expect(&r, "00CADF2200", "0100 9000"); /* the basic channel is not concerned */
  expect(&r, "02CADF2200", "6987");
  end();
}

static void one_at_a_time(void) {
  psd_card_birth keys = rig_birth();
  begin();
  expect(&r, "00700001", "9000");
  expect(&r, "01A4040C05F050534401", "9000");
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x01), PSD_SW_OK);
  rig_host first = r.host;
  CU_ASSERT_EQUAL(rig_open_channel_as(&r, &keys, 8, 1, 0x01), PSD_SW_OK);
  expect_secure(&r, "00CADF2200", "0100 9000");
  rig_host second = r.host;
  r.host = first;
  expect_secure(&r, "00CADF2200", "6985"); /* the first one is gone */
  r.host = second;
  expect_secure(&r, "00CADF2200", "0100 9000");
  end();
}

static void sequence_counts_opened_channels(void) {
  begin();
  psd_card_birth keys = rig_birth();
  CU_ASSERT_EQUAL(rig_begin_channel(&r, &keys, 8, 0), PSD_SW_OK);
  uint8_t first[32];
  memcpy(first, r.response, sizeof first);
  psd_check_bytes(first + 29, 3, "000000", "sequence counter");
  CU_ASSERT_EQUAL(rig_begin_channel(&r, &keys, 8, 0), PSD_SW_OK); /* never opened: the same challenge again */
  CU_ASSERT_EQUAL(memcmp(first, r.response, sizeof first), 0);
  CU_ASSERT_EQUAL(rig_authenticate(&r, 0x01), PSD_SW_OK);
  psd_card_reset(r.card);
  expect_selected(&r);
  CU_ASSERT_EQUAL(rig_begin_channel(&r, &keys, 8, 0), PSD_SW_OK);
  psd_check_bytes(r.response + 29, 3, "000001", "sequence counter");
  CU_ASSERT_NOT_EQUAL(memcmp(first + 13, r.response + 13, 8), 0);
  end();
}

static void sequence_runs_out(void) {
  psd_card_birth birth = rig_birth();
  psd_transport_keys keys = {.version = 1, .size = 16, .sequence = 0xFFFFFE};
  memcpy(keys.enc, birth.enc, 16);
  memcpy(keys.mac, birth.mac, 16);
  memcpy(keys.dek, birth.dek, 16);
  rig_create(&r);
  rig_set_keys(&r, &keys);
  expect_selected(&r);
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x01), PSD_SW_OK);
  CU_ASSERT_EQUAL(rig_open_channel(&r, 0x01), PSD_SW_CONDITIONS); /* no challenge may come twice */
  end();
}

static void initialize_update(void) {
  begin();
  expect(&r, "8050000008 0102030405060708 00", "00{10} 010370 ..{8} ..{8} 000000 9000");
  expect(&r, "8050010008 0102030405060708 00", "00{10} 010370 * 9000"); /* by key version */
  expect(&r, "8050000010 000102030405060708090A0B0C0D0E0F 00", "00{10} 010371 ..{16} ..{16} 000000 9000");
  expect(&r, "8050020008 0102030405060708 00", "6A88");
  expect(&r, "8050000108 0102030405060708 00", "6A86");
  expect(&r, "8050000009 010203040506070809 00", "6700");
  expect(&r, "8050000007 01020304050607 00", "6700");
  expect(&r, "8050000011 00{17} 00", "6700");
  expect(&r, "80500000", "6700");
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"every level, AES-128, -192 and -256, S8 and S16", every_level_key_and_mode},
      {"6.2.6: data of every length, at every level", every_length},
      {"6.2.4: extended lengths, at every level", extended_lengths},
      {"7816-4, 5.1.1.1: chains, at every level", chains},
      {"7816-4, 5.1.1.1: an interrupted chain leaves the session in step", interrupted_chain},
      {"7816-4, 7.6.1: GET RESPONSE inside a session", get_response},
      {"commands that go in clear", clear_commands_inside},
      {"6.2.4: commands that are refused count too", unknown_commands_inside},
      {"6.2.5: answers with a warning carry a MAC", warnings_carry_a_mac},
      {"7816-4, 5.1.1.2: a session belongs to its logical channel", on_a_logical_channel},
      {"there is one session in the card", one_at_a_time},
      {"6.2.2.1: the sequence counter counts channels that opened", sequence_counts_opened_channels},
      {"6.2.2.1: at its end the sequence counter opens no more", sequence_runs_out},
      {"7.1.1: INITIALIZE UPDATE", initialize_update},
  };
  return psd_check_run("SCP03: sessions", tests, PSD_CHECK_COUNT(tests));
}
