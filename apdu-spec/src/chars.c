#include "psd/spec/chars.h"

int psd_hex_digit(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  if (digit >= 'a' && digit <= 'f')
    return digit - 'a' + 10;
  return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

size_t psd_hex_bytes(const char *text, size_t digits, uint8_t *bytes, size_t capacity) {
  if (digits % 2 != 0 || digits / 2 > capacity)
    return 0;
  for (size_t i = 0; i < digits / 2; i++) {
    int high = psd_hex_digit(text[2 * i]);
    int low = psd_hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0)
      return 0;
    bytes[i] = (uint8_t)(high << 4 | low);
  }
  return digits / 2;
}

size_t psd_utf8_length(const uint8_t *at, size_t left) {
  uint8_t lead = at[0];
  size_t length = lead < 0x80 ? 1 : lead >= 0xC2 && lead < 0xE0 ? 2 : lead >= 0xE0 && lead < 0xF0 ? 3 : 4;
  if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4 || length > left)
    return 0;
  for (size_t i = 1; i < length; i++)
    if ((at[i] & 0xC0) != 0x80)
      return 0;
  bool overlong = (lead == 0xE0 && at[1] < 0xA0) || (lead == 0xF0 && at[1] < 0x90);
  bool outside = (lead == 0xED && at[1] >= 0xA0) || (lead == 0xF4 && at[1] >= 0x90);
  return overlong || outside ? 0 : length;
}

bool psd_utf8_control(const uint8_t *at, size_t length) {
  return length == 1 ? at[0] < 0x20 || at[0] == 0x7F : length == 2 && at[0] == 0xC2 && at[1] < 0xA0;
}

bool psd_utf8_clean(const void *text, size_t length) {
  for (const uint8_t *at = text; length > 0;) {
    size_t one = psd_utf8_length(at, length);
    if (one == 0 || psd_utf8_control(at, one))
      return false;
    at += one;
    length -= one;
  }
  return true;
}

bool psd_printable(const void *text, size_t length) {
  const uint8_t *bytes = text;
  for (size_t i = 0; i < length; i++)
    if (bytes[i] < 0x20 || bytes[i] > 0x7E)
      return false;
  return true;
}

static bool capital(uint8_t c) {
  return c >= 'A' && c <= 'Z';
}

bool psd_country(const uint8_t letters[2]) {
  return capital(letters[0]) && capital(letters[1]);
}

bool psd_port(const char *text) {
  uint32_t value = 0;
  size_t digits = 0;
  for (; text[digits] >= '0' && text[digits] <= '9' && value <= UINT16_MAX; digits++)
    value = value * 10 + (uint32_t)(text[digits] - '0');
  return digits > 0 && text[digits] == '\0' && value <= UINT16_MAX;
}
