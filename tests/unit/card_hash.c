/* HASH: a message is hashed on the card, piece by piece (VM 230, 304), and what a wish takes of it. */
#include "certificate/hash.h"
#include "check.h"
#include "expect.h"

#include <string.h>

/* FIPS 180-4 examples: "abc", 56 bytes of two blocks, and no bytes at all. */
#define ABC "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"
#define TWO_BLOCKS "248D6A61D20638B8E5C026930C3E6039A33CE45964FF2167F6ECEDD419DB06C1"
#define NOTHING "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"

static rig r;

static void begin(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
}

/* The digest of a wish that says `function`, on a channel, with these bytes behind its head. */
static uint16_t take(uint8_t channel, uint64_t function, const char *data, psd_imprint *imprint) {
  uint8_t bytes[128];
  const psd_request request = {.channel = &r.card->channels[channel], .number = channel};
  psd_cursor cursor = psd_cursor_over(bytes, psd_check_hex(data, bytes, sizeof bytes));
  memset(imprint, 0, sizeof *imprint);
  return psd_imprint_take(r.card, &request, function, &cursor, imprint);
}

static bool is(uint8_t channel, const char *expected) {
  uint8_t digest[PSD_SHA256_SIZE];
  psd_imprint imprint;
  psd_check_hex(expected, digest, sizeof digest);
  return take(channel, 0, "", &imprint) == PSD_SW_OK && imprint.function->digest == PSD_DIGEST_SHA256 &&
         memcmp(imprint.digest, digest, sizeof digest) == 0;
}

static bool nothing(uint8_t channel) {
  psd_imprint imprint;
  return take(channel, 0, "", &imprint) == PSD_SW_CONDITIONS;
}

static void pieces(void) {
  begin();
  CU_ASSERT_TRUE(nothing(0));
  expect(&r, "804A0000 03 616263", "9000");
  CU_ASSERT_TRUE(is(0, ABC));
  CU_ASSERT_TRUE(is(0, ABC)); /* it may be taken again */
  expect(&r, "804A0000", "9000");
  CU_ASSERT_TRUE(is(0, NOTHING));
  expect(&r, "804A0100 01 61", "9000");
  expect(&r, "804A0100 02 6263", "9000"); /* more behind what was taken */
  CU_ASSERT_TRUE(is(0, ABC));
  expect(&r, "804A0000 08 6162636462636465", "9000");
  expect(&r,
         "804A0100 30 636465666465666765666768666768696768696A"
         "68696A6B696A6B6C6A6B6C6D6B6C6D6E6C6D6E6F6D6E6F706E6F7071",
         "9000");
  CU_ASSERT_TRUE(is(0, TWO_BLOCKS));
  rig_destroy(&r);
}

static void long_pieces(void) {
  uint8_t text[2 * PSD_CARD_DATA_MAX], command[PSD_CARD_DATA_MAX + 16U], digest[PSD_SHA256_SIZE];
  psd_imprint imprint;
  begin();
  memset(text, 0xA5, sizeof text);
  for (uint8_t part = 0; part < 2; part++) {
    psd_buffer out = psd_buffer_over(command, sizeof command);
    const psd_apdu apdu = {
        .cla = 0x80, .ins = 0x4A, .p1 = part, .data = text + part * PSD_CARD_DATA_MAX, .nc = PSD_CARD_DATA_MAX};
    psd_put_apdu(&out, &apdu);
    CU_ASSERT_EQUAL(rig_send(&r, command, out.length), PSD_SW_OK);
  }
  CU_ASSERT_EQUAL(take(0, 0, "", &imprint), PSD_SW_OK);
  CU_ASSERT_TRUE_FATAL(psd_sha256(text, sizeof text, digest));
  CU_ASSERT_EQUAL(memcmp(imprint.digest, digest, sizeof digest), 0);
  expect(&r, "904A0000 01 61", "9000"); /* in a chain: one piece */
  expect(&r, "804A0000 02 6263", "9000");
  CU_ASSERT_TRUE(is(0, ABC));
  rig_destroy(&r);
}

static void refused(void) {
  begin();
  expect(&r, "804A0100 01 61", "6985"); /* nothing was begun */
  expect(&r, "804A0000 03 616263", "9000");
  expect(&r, "804A0200 01 61", "6A86");
  expect(&r, "804A0001 01 61", "6A86");
  expect(&r, "804A0100", "6700");
  CU_ASSERT_TRUE(is(0, ABC));
  rig_destroy(&r);
}

/* The channel that began a message last has it, until it leaves, or the card is reset. */
static void whose_it_is(void) {
  begin();
  expect(&r, "804A0000 03 616263", "9000");
  expect(&r, "00700000 01", "01 9000");
  expect(&r, "01A40400 05 F050534401 00", "6F* 9000");
  expect(&r, "01200081 06 313233343536", "9000");
  expect(&r, "814A0100 01 61", "6985");
  CU_ASSERT(nothing(1) && is(0, ABC));
  expect(&r, "814A0000", "9000");
  CU_ASSERT(nothing(0) && is(1, NOTHING));
  expect(&r, "804A0100 01 61", "6985");
  expect(&r, "00708001", "9000");
  CU_ASSERT_TRUE(nothing(1));
  expect(&r, "804A0000 03 616263", "9000");
  expect(&r, "00A4000C 02 3F00", "9000"); /* the application is left */
  CU_ASSERT_TRUE(nothing(0));
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
  expect(&r, "804A0000 03 616263", "9000");
  psd_card_reset(r.card);
  CU_ASSERT_TRUE(nothing(0));
  rig_destroy(&r);
}

static void digests_that_come_along(void) {
  psd_imprint imprint;
  begin();
  CU_ASSERT_EQUAL(take(0, PSD_DIGEST_SHA256, ABC, &imprint), PSD_SW_OK);
  CU_ASSERT(imprint.function->size == 32 && imprint.digest[0] == 0xBA && imprint.digest[31] == 0xAD);
  CU_ASSERT_EQUAL(take(0, PSD_DIGEST_SHA384, ABC ABC, &imprint), PSD_SW_OK);
  CU_ASSERT_EQUAL(imprint.function->size, 48);
  CU_ASSERT_EQUAL(take(0, PSD_DIGEST_SHA512, ABC NOTHING, &imprint), PSD_SW_OK);
  CU_ASSERT(imprint.function->size == 64 && imprint.digest[63] == 0x55);
  CU_ASSERT_EQUAL(take(0, PSD_DIGEST_SHA512, ABC, &imprint), PSD_SW_WRONG_DATA); /* too few */
  CU_ASSERT_EQUAL(take(0, 4, ABC, &imprint), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(take(0, 255, ABC, &imprint), PSD_SW_WRONG_DATA);
  rig_destroy(&r);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a message in pieces", pieces},
      {"long pieces, and a chain", long_pieces},
      {"what is no piece", refused},
      {"one message, of one channel", whose_it_is},
      {"digests that the Host has worked out", digests_that_come_along},
  };
  return psd_check_run("HASH", tests, PSD_CHECK_COUNT(tests));
}
