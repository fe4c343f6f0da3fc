#include "psd/spec/evidence.h"

#include "psd/spec/chars.h"

#include <string.h>

#define PSD_PROFILE(NAME, value, size, signature, name, words) {PSD_PROFILE_##NAME, size, signature, name},
static const psd_profile_row profiles[] = {
#include "evidence.def"
};
#define PROFILE_COUNT (sizeof profiles / sizeof profiles[0])

static const struct maker {
  uint8_t value;
  char vendor[3], model[3];
} makers[] = {
#define PSD_MAKER(value, vendor, model) {value, vendor, model},
#include "evidence.def"
};
#define MAKER_COUNT (sizeof makers / sizeof makers[0])

const psd_profile_row *psd_profile_of(uint64_t profile) {
  for (size_t i = 0; i < PROFILE_COUNT; i++)
    if (profiles[i].id == profile)
      return &profiles[i];
  return NULL;
}

const psd_profile_row *psd_profile_named(const char *name) {
  for (size_t i = 0; i < PROFILE_COUNT; i++)
    if (strcmp(profiles[i].name, name) == 0)
      return &profiles[i];
  return NULL;
}

uint8_t psd_maker_of(const uint8_t vendor[2], const uint8_t model[2]) {
  for (size_t i = 0; i < MAKER_COUNT; i++)
    if (memcmp(makers[i].vendor, vendor, 2) == 0 && memcmp(makers[i].model, model, 2) == 0)
      return makers[i].value;
  return 0;
}

bool psd_maker_words(uint64_t maker, uint8_t vendor[2], uint8_t model[2]) {
  for (size_t i = 0; i < MAKER_COUNT; i++) {
    if (makers[i].value != maker)
      continue;
    memcpy(vendor, makers[i].vendor, 2);
    memcpy(model, makers[i].model, 2);
    return true;
  }
  return false;
}

uint32_t psd_token_digits(const uint8_t mac[16], uint64_t digits) {
  psd_cursor from = psd_cursor_over(mac, 16);
  uint64_t modulus = 1;
  for (uint64_t i = 0; i < digits; i++)
    modulus *= 10;
  return (uint32_t)(psd_take_uint(&from, 8) % modulus);
}

void psd_put_addressee(psd_buffer *out, const char *text) {
  bool blank = false, begun = false;
  for (const char *at = text; *at != '\0'; at++) {
    uint8_t c = (uint8_t)*at;
    if (c <= ' ' || c == 0x7F) {
      blank = begun;
      continue;
    }
    if (blank)
      psd_put_u8(out, ' ');
    psd_put_u8(out, c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c);
    blank = false;
    begun = true;
  }
}

/* Behind 5 and 9 digits there may be a hyphen. */
bool psd_destination_parse(const char *words, uint64_t *destination) {
  uint64_t found = 0;
  unsigned digits = 0;
  for (const char *at = words; *at != '\0'; at++) {
    if (*at == '-' && (digits == 5 || digits == 9) && at[1] != '\0' && at[-1] != '-')
      continue;
    if (*at < '0' || *at > '9' || ++digits > 11)
      return false;
    found = found * 10 + (uint64_t)(*at - '0');
  }
  if (digits != 5 && digits != 9 && digits != 11)
    return false;
  for (; digits < 11; digits++)
    found *= 10;
  *destination = found;
  return found > 0;
}
