/* The Host's records in suite classic: published bytes, both ways, and what does not open. */
#include "classic_vectors.h"
#include "flow/record.h"
#include "link_support.h"

#include <string.h>

static psd_record_key key_of(uint64_t sequence, psd_suite suite) {
  psd_record_key key = {.sequence = sequence, .suite = suite};
  for (size_t i = 0; i < PSD_RECORD_KEY; i++)
    key.bytes[i] = (uint8_t)(i + 1);
  for (size_t i = 0; i < PSD_RECORD_VECTOR; i++)
    key.bytes[PSD_RECORD_KEY + i] = (uint8_t)(0x40 + i);
  return key;
}

static size_t sealed(psd_record_key *key, const char *text, uint8_t record[64]) {
  psd_buffer out = psd_buffer_over(record, 64);
  CU_ASSERT_TRUE_FATAL(psd_record_seal(key, PSD_FRAME_HOST_DATA, text, strlen(text), &out));
  return out.length;
}

static bool opens(uint64_t sequence, psd_frame_type type, const uint8_t *record, size_t length) {
  uint8_t text[64];
  psd_buffer out = psd_buffer_over(text, sizeof text);
  psd_record_key key = key_of(sequence, PSD_SUITE_CLASSIC);
  bool opened = psd_record_open(&key, type, record, length, &out);
  CU_ASSERT_EQUAL(key.sequence, opened ? sequence + 1 : sequence);
  CU_ASSERT_EQUAL(out.length, opened ? length - PSD_GCM_TAG : 0);
  return opened && memcmp(text, CLASSIC_RECORD_TEXT, out.length) == 0;
}

static void bytes(void) {
  uint8_t record[64];
  psd_record_key key = key_of(0, PSD_SUITE_CLASSIC);
  size_t length = sealed(&key, CLASSIC_RECORD_TEXT, record);
  psd_check_bytes(record, length, CLASSIC_RECORD, "record");
  CU_ASSERT_EQUAL(key.sequence, 1);
  CU_ASSERT_TRUE(opens(0, PSD_FRAME_HOST_DATA, record, length));
  CU_ASSERT_FALSE(opens(1, PSD_FRAME_HOST_DATA, record, length));
  CU_ASSERT_FALSE(opens(0, PSD_FRAME_CARD_DATA, record, length));
  for (size_t cut = 0; cut < length; cut++)
    CU_ASSERT_FALSE(opens(0, PSD_FRAME_HOST_DATA, record, cut));
  for (size_t bit = 0; bit < 8 * length; bit++) {
    record[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CU_ASSERT_FALSE(opens(0, PSD_FRAME_HOST_DATA, record, length));
    record[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
}

/* The longest and the shortest text; the cipher of another suite. */
static void sizes(void) {
  static uint8_t text[PSD_FRAME_BODY_MAX], record[PSD_FRAME_BODY_MAX], back[PSD_FRAME_BODY_MAX];
  const size_t lengths[] = {0, 1, 7, 8, 9, sizeof text - PSD_GCM_TAG};
  for (size_t i = 0; i < PSD_CHECK_COUNT(lengths); i++) {
    psd_record_key key = key_of(UINT64_MAX - 1, PSD_SUITE_CLASSIC), other = key, modern = key_of(0, PSD_SUITE_P256);
    psd_buffer out = psd_buffer_over(record, sizeof record), opened = psd_buffer_over(back, sizeof back);
    memset(text, (int)(i + 1), sizeof text);
    CU_ASSERT_TRUE(psd_record_seal(&key, PSD_FRAME_HOST_DATA, text, lengths[i], &out));
    CU_ASSERT_EQUAL(out.length, lengths[i] + PSD_GCM_TAG);
    modern.sequence = other.sequence;
    CU_ASSERT_FALSE(psd_record_open(&modern, PSD_FRAME_HOST_DATA, record, out.length, &opened));
    CU_ASSERT_TRUE(psd_record_open(&other, PSD_FRAME_HOST_DATA, record, out.length, &opened));
    CU_ASSERT(opened.length == lengths[i] && memcmp(back, text, lengths[i]) == 0);
    CU_ASSERT_FALSE(psd_record_seal(&key, PSD_FRAME_HOST_DATA, text, 1, &out)); /* numbers are used up */
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a record's bytes; with any bit flipped, cut, of another number or type it does not open", bytes},
      {"sizes; another suite's cipher; no number twice", sizes},
  };
  return psd_check_run("reader: suite classic", tests, PSD_CHECK_COUNT(tests));
}
