/* Wiping, comparing, checksums. */
#include "check.h"
#include "crypto_support.h"

static void wipe_clears_every_byte(void) {
  uint8_t data[67];
  memset(data, 0xA5, sizeof data);
  psd_wipe(data + 1, sizeof data - 2);
  CU_ASSERT_EQUAL(data[0], 0xA5);
  CU_ASSERT(all_zero(data + 1, sizeof data - 2));
  CU_ASSERT_EQUAL(data[sizeof data - 1], 0xA5);
  psd_wipe(NULL, 0);
}

static void equal_sees_every_bit(void) {
  uint8_t a[33], b[33];
  memset(a, 0x3C, sizeof a);
  memcpy(b, a, sizeof b);
  CU_ASSERT(psd_equal(a, b, sizeof a));
  for (size_t bit = 0; bit < 8 * sizeof b; bit++) {
    b[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    CU_ASSERT(!psd_equal(a, b, sizeof a));
    b[bit / 8] ^= (uint8_t)(1U << (bit % 8));
  }
  b[32] = 0;
  CU_ASSERT(psd_equal(a, b, 32));
  CU_ASSERT(psd_equal(NULL, NULL, 0));
}

/* The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms. */
static void crc_gives_the_check_value(void) {
  CU_ASSERT_EQUAL(psd_crc32(0, "123456789", 9), 0xCBF43926U);
  CU_ASSERT_EQUAL(psd_crc32(0, NULL, 0), 0);
}

static void crc_goes_on_from_a_piece(void) {
  static const char digits[] = "123456789";
  for (size_t cut = 0; cut <= 9; cut++) {
    uint32_t crc = psd_crc32(0, digits, cut);
    CU_ASSERT_EQUAL(psd_crc32(crc, &digits[cut], 9 - cut), 0xCBF43926U);
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"wipe clears every byte it is given and no other", wipe_clears_every_byte},
      {"equal sees every bit of the length and nothing beyond", equal_sees_every_bit},
      {"CRC-32 gives the published check value", crc_gives_the_check_value},
      {"CRC-32 over pieces is that of the whole", crc_goes_on_from_a_piece},
  };
  return psd_check_run("crypto memory", tests, PSD_CHECK_COUNT(tests));
}
