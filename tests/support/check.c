#include "check.h"

#include <CUnit/Basic.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

int psd_check_run(const char *suite, const psd_check_test *tests, size_t count) {
  if (CU_initialize_registry() != CUE_SUCCESS)
    return 2;
  CU_pSuite into = CU_add_suite(suite, NULL, NULL);
  for (size_t i = 0; into != NULL && i < count; i++)
    if (CU_add_test(into, tests[i].name, tests[i].run) == NULL)
      into = NULL;
  if (into == NULL) {
    CU_cleanup_registry();
    return 2;
  }
  CU_basic_set_mode(CU_BRM_VERBOSE);
  CU_basic_run_tests();
  int failed = CU_get_number_of_failures() != 0 || CU_get_number_of_asserts() == 0;
  CU_cleanup_registry();
  return failed ? 1 : 0;
}

static int digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c = (char)tolower((unsigned char)c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t psd_check_hex(const char *text, uint8_t *out, size_t capacity) {
  size_t length = 0;
  int high = -1;
  for (; *text != '\0'; text++) {
    if (isspace((unsigned char)*text))
      continue;
    int value = digit(*text);
    CU_ASSERT_FATAL(value >= 0);
    if (high < 0) {
      high = value;
      continue;
    }
    CU_ASSERT_FATAL(length < capacity);
    out[length++] = (uint8_t)(high << 4 | value);
    high = -1;
  }
  CU_ASSERT_FATAL(high < 0);
  return length;
}

void psd_check_bytes(const void *actual, size_t length, const char *expected_hex, const char *what) {
  uint8_t expected[4096];
  size_t wanted = psd_check_hex(expected_hex, expected, sizeof expected);
  int same = wanted == length && memcmp(actual, expected, length) == 0;
  if (!same) {
    fprintf(stderr, "%s: wanted %s\n  got ", what, expected_hex);
    for (size_t i = 0; i < length; i++)
      fprintf(stderr, "%02x", ((const uint8_t *)actual)[i]);
    fputc('\n', stderr);
  }
  CU_ASSERT(same);
}
