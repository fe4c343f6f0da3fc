/* Times, points and lists of names as people write them. */
#include "profile.h"
#include "psd/spec/chars.h"
#include "psd/spec/evidence.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <string.h>

#define CURVE "prime256v1"
#define POINT_SIZE 65U

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* `count` digits as a number; false when there are fewer, or it is not `least` to `most`. */
static bool take_digits(const char **text, int count, unsigned least, unsigned most, unsigned *number) {
  *number = 0;
  for (int i = 0; i < count; i++, (*text)++) {
    if (!is_digit(**text))
      return false;
    *number = *number * 10 + (unsigned)(**text - '0');
  }
  return *number >= least && *number <= most;
}

static bool take_char(const char **text, char wanted) {
  return *(*text)++ == wanted;
}

static bool leap(unsigned year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in(unsigned year, unsigned month) {
  static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && leap(year) ? 29 : days[month - 1];
}

bool psd_time_from_text(const char *text, uint64_t *seconds) {
  unsigned year, month, day, hour, minute, second;
  bool ok = take_digits(&text, 4, 1970, 9999, &year) && take_char(&text, '-') && take_digits(&text, 2, 1, 12, &month) &&
            take_char(&text, '-') && take_digits(&text, 2, 1, days_in(year, month), &day) && take_char(&text, 'T') &&
            take_digits(&text, 2, 0, 23, &hour) && take_char(&text, ':') && take_digits(&text, 2, 0, 59, &minute) &&
            take_char(&text, ':') && take_digits(&text, 2, 0, 59, &second) && take_char(&text, 'Z') && *text == '\0';
  if (!ok)
    return false;
  uint64_t days = day - 1;
  for (unsigned y = 1970; y < year; y++)
    days += leap(y) ? 366 : 365;
  for (unsigned m = 1; m < month; m++)
    days += days_in(year, m);
  *seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
  return true;
}

bool psd_offset_from_text(const char *text, uint64_t *offset) {
  unsigned hours, minutes;
  bool behind = text[0] == '-';
  if (!behind && text[0] != '+')
    return false;
  text++;
  if (!take_digits(&text, 2, 0, 14, &hours) || !take_char(&text, ':') || !take_digits(&text, 2, 0, 59, &minutes) ||
      *text != '\0' || (hours == 14 && minutes > 0))
    return false;
  unsigned distance = hours * 60 + minutes;
  *offset = behind ? PSD_OFFSET_UTC - distance : PSD_OFFSET_UTC + distance;
  return true;
}

uint64_t psd_profiles_in(const char *text) {
  uint64_t profiles = 0;
  for (;;) {
    char name[16];
    size_t length = strcspn(text, ",");
    if (length >= sizeof name)
      return 0;
    memcpy(name, text, length);
    name[length] = '\0';
    const psd_profile_row *row = psd_profile_named(name);
    if (row == NULL)
      return 0;
    profiles |= UINT64_C(1) << row->id;
    if (text[length] == '\0')
      return profiles;
    text += length + 1;
  }
}

/* OpenSSL refuses to build a key from a point that is not on the curve. */
static bool on_curve(uint8_t point[POINT_SIZE]) {
  char group[] = CURVE;
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                             OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, POINT_SIZE),
                             OSSL_PARAM_construct_end()};
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
  EVP_PKEY *key = NULL;
  bool ok = context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
            EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1;
  EVP_PKEY_free(key);
  EVP_PKEY_CTX_free(context);
  return ok;
}

bool psd_point_from_hex(const char *text, uint8_t point[POINT_SIZE]) {
  return psd_hex_bytes(text, strlen(text), point, POINT_SIZE) == POINT_SIZE && point[0] == 0x04 && on_curve(point);
}

static bool point_of(EVP_PKEY *key, uint8_t point[POINT_SIZE]) {
  char group[32];
  size_t length = 0;
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, &length) != 1 ||
      strcmp(group, CURVE) != 0)
    return false;
  unsigned char *encoded = NULL;
  length = EVP_PKEY_get1_encoded_public_key(key, &encoded);
  bool ok = length == POINT_SIZE && encoded[0] == 0x04;
  if (ok)
    memcpy(point, encoded, POINT_SIZE);
  OPENSSL_free(encoded);
  return ok;
}

bool psd_point_from_pem(const char *path, uint8_t point[POINT_SIZE]) {
  BIO *file = BIO_new_file(path, "r");
  EVP_PKEY *key = file != NULL ? PEM_read_bio_PUBKEY(file, NULL, NULL, NULL) : NULL;
  bool ok = key != NULL && point_of(key, point);
  EVP_PKEY_free(key);
  BIO_free(file);
  return ok;
}
