#include "hex.h"

#include "psd/spec/chars.h"

#include <stdlib.h>
#include <string.h>

static size_t parse(const char *text, uint8_t *bytes) {
  size_t digits = 0;
  for (; *text != '\0'; text++) {
    int value = psd_hex_digit(*text);
    if (*text == ' ' || *text == ':' || *text == '\t' || *text == '\n')
      continue;
    if (value < 0)
      return 0;
    uint8_t before = digits % 2 == 0 ? 0 : bytes[digits / 2];
    bytes[digits / 2] = (uint8_t)(before << 4 | value);
    digits++;
  }
  return digits % 2 == 0 ? digits / 2 : 0;
}

uint8_t *psd_hex_of(const char *text, size_t *length) {
  uint8_t *bytes = malloc(strlen(text) / 2 + 1);
  *length = bytes != NULL ? parse(text, bytes) : 0;
  if (*length == 0) {
    free(bytes);
    return NULL;
  }
  return bytes;
}
