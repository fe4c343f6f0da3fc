#include "pattern.h"

#include <ctype.h>
#include <string.h>

#define REPEAT_MAX 65535U

/* One byte of a pattern, `count` times; or a run of any bytes. */
typedef struct element {
  uint8_t value, mask;
  bool run;
  size_t count;
} element;

static const char *skip_blanks(const char *text) {
  while (isspace((unsigned char)*text))
    text++;
  return text;
}

/* Four bits of value and mask from one character; false if it is none of a pattern. */
static bool take_digit(char c, element *to) {
  static const char digits[] = "0123456789abcdef";
  const char *at = c == '\0' ? NULL : strchr(digits, tolower((unsigned char)c));
  if (at == NULL && c != '.')
    return false;
  to->value = (uint8_t)(to->value << 4 | (at != NULL ? at - digits : 0));
  to->mask = (uint8_t)(to->mask << 4 | (at != NULL ? 0x0F : 0));
  return true;
}

static bool take_count(const char **text, size_t *count) {
  size_t value = 0;
  const char *at = *text + 1;
  for (; isdigit((unsigned char)*at) && value <= REPEAT_MAX; at++)
    value = value * 10 + (size_t)(*at - '0');
  if (*at != '}' || at == *text + 1 || value > REPEAT_MAX)
    return false;
  *text = at + 1;
  *count = value;
  return true;
}

/* The next element; false at the end, or where the text is no pattern: `*text` then shows which. */
static bool take_element(const char **text, element *to) {
  *text = skip_blanks(*text);
  *to = (element){.count = 1};
  if (**text == '*') {
    to->run = true;
    (*text)++;
    return true;
  }
  const char *at = *text;
  if (!take_digit(at[0], to) || !take_digit(at[1], to))
    return false;
  at = skip_blanks(at + 2);
  if (*at == '{' && !take_count(&at, &to->count))
    return false;
  *text = at;
  return true;
}

bool pattern_bytes(const char *text, uint8_t *out, size_t capacity, size_t *length) {
  element next;
  *length = 0;
  while (take_element(&text, &next)) {
    if (next.run || next.mask != 0xFF || next.count > capacity - *length)
      return false;
    memset(out + *length, next.value, next.count);
    *length += next.count;
  }
  return *text == '\0';
}

bool pattern_valid(const char *text) {
  element next;
  while (take_element(&text, &next))
    ;
  return *text == '\0';
}

static bool element_fits(const element *wanted, const uint8_t *bytes, size_t length) {
  if (length < wanted->count)
    return false;
  for (size_t i = 0; i < wanted->count; i++)
    if ((bytes[i] & wanted->mask) != wanted->value)
      return false;
  return true;
}

/* A run takes one byte more each time what follows it does not fit: the last run alone has to be tried again. */
bool pattern_matches(const char *text, const uint8_t *bytes, size_t length) {
  size_t at = 0;
  const char *after_run = NULL;
  size_t run_end = 0;
  for (;;) {
    element next;
    bool more = take_element(&text, &next);
    if (more && next.run) {
      after_run = text;
      run_end = at;
    } else if (more && element_fits(&next, bytes + at, length - at)) {
      at += next.count;
    } else if (!more && *text == '\0' && at == length) {
      return true;
    } else if (after_run != NULL && run_end < length) {
      text = after_run;
      at = ++run_end;
    } else {
      return false;
    }
  }
}
