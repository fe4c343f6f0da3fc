/* Bytes as people write them, for commands and for what is expected of answers.
 *
 * Hexadecimal digits, blanks where they help. `AB{5}` is AB five times. In a pattern a dot stands for any digit, and
 * `*` for any number of bytes, none included. */
#ifndef PSD_TEST_PATTERN_H
#define PSD_TEST_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes from text without wildcards. False if it is something else, or more than `capacity` bytes. */
bool pattern_bytes(const char *text, uint8_t *out, size_t capacity, size_t *length);

/* True if text is a pattern at all. */
bool pattern_valid(const char *text);

/* True if the bytes, all of them, are what the pattern says. */
bool pattern_matches(const char *text, const uint8_t *bytes, size_t length);

#endif
