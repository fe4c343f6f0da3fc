/* A CUnit program in one line: each test file lists its tests and calls psd_check_run from main. */
#ifndef PSD_CHECK_H
#define PSD_CHECK_H

#include <CUnit/CUnit.h>
#include <stddef.h>
#include <stdint.h>

typedef struct psd_check_test {
  const char *name; /* the sentence or clause that is tested */
  void (*run)(void);
} psd_check_test;

#define PSD_CHECK_COUNT(tests) (sizeof(tests) / sizeof((tests)[0]))

/* Runs the tests as one suite; returns the program's exit status: 0 when at least one ran and none failed. */
int psd_check_run(const char *suite, const psd_check_test *tests, size_t count);

/* Bytes from hexadecimal text (blanks skipped); returns how many. Fails the test on anything else. */
size_t psd_check_hex(const char *text, uint8_t *out, size_t capacity);

/* Asserts that `length` bytes are those of the hexadecimal text. */
void psd_check_bytes(const void *actual, size_t length, const char *expected_hex, const char *what);

#endif
