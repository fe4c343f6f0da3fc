/* Certificates by hand: every field (RFC 5280, 4.1) and extension (4.2) that is looked at, right and wrong. */
#include "certificate/x509.h"
#include "check.h"
#include "psd/spec/tlv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_3 "A003020102"
#define ECDSA "300A06082A8648CE3D040302"
#define VALIDITY "301E 170D3236303130313030303030305A 170D3237303130313030303030305A"
#define NAME "300C 310A 3008 0603550403 0C0141"
#define P256 "3013 06072A8648CE3D0201 06082A8648CE3D030107"
#define RSA "300D 06092A864886F70D010101 0500"
#define SIGNATURE "03020000"

/* Hexadecimal texts; NULL for what is right. */
typedef struct hand {
  const char *version, *number, *algorithm, *issuer, *validity, *subject, *key, *extensions, *outer, *signature;
} hand;

static void put_hex(psd_buffer *out, const char *hex) {
  uint8_t bytes[1024];
  psd_put(out, bytes, psd_check_hex(hex, bytes, sizeof bytes));
}

static void put(psd_buffer *out, const char *hex, const char *right) {
  put_hex(out, hex != NULL ? hex : right);
}

static void put_key(psd_buffer *out, const char *hex) {
  uint8_t point[65] = {0x04};
  if (hex != NULL) {
    put_hex(out, hex);
    return;
  }
  size_t info = psd_open_tlv(out, 0x30);
  put_hex(out, P256);
  size_t bits = psd_open_tlv(out, 0x03);
  psd_put_u8(out, 0);
  psd_put(out, point, sizeof point);
  psd_close_tlv(out, bits);
  psd_close_tlv(out, info);
}

static uint8_t der[2048];

static size_t make(const hand *h) {
  psd_buffer out = psd_buffer_over(der, sizeof der);
  size_t whole = psd_open_tlv(&out, 0x30), text = psd_open_tlv(&out, 0x30);
  put(&out, h->version, VERSION_3);
  put(&out, h->number, "020101");
  put(&out, h->algorithm, ECDSA);
  put(&out, h->issuer, NAME);
  put(&out, h->validity, VALIDITY);
  put(&out, h->subject, NAME);
  put_key(&out, h->key);
  if (h->extensions != NULL && h->extensions[0] != '!') {
    size_t outer = psd_open_tlv(&out, 0xA3), list = psd_open_tlv(&out, 0x30);
    put_hex(&out, h->extensions);
    psd_close_tlv(&out, list);
    psd_close_tlv(&out, outer);
  } else if (h->extensions != NULL) {
    put_hex(&out, h->extensions + 1); /* as it is, without the lists around it */
  }
  psd_close_tlv(&out, text);
  put(&out, h->outer, h->algorithm != NULL ? h->algorithm : ECDSA);
  put(&out, h->signature, SIGNATURE);
  psd_close_tlv(&out, whole);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  return out.length;
}

static psd_certificate found;

/* From memory of exactly that many bytes. What was found lies in `der` then. */
static bool parses(const hand *h) {
  const size_t length = make(h);
  uint8_t *exact = malloc(length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
  memcpy(exact, der, length);
  const bool ok = psd_certificate_parse(psd_cursor_over(exact, length), &found);
  CU_ASSERT_EQUAL(ok, psd_certificate_parse(psd_cursor_over(der, length), &found));
  free(exact);
  return ok;
}

static bool with(const char *extensions) {
  return parses(&(hand){.extensions = extensions});
}

/* One extension, not critical. */
static bool with_one(const char *oid, const char *value) {
  uint8_t bytes[256], identifier[16];
  char hex[1024];
  const size_t value_length = psd_check_hex(value, bytes, sizeof bytes);
  const size_t oid_length = psd_check_hex(oid, identifier, sizeof identifier);
  CU_ASSERT_FATAL(oid_length + value_length + 4 < 0x80);
  (void)snprintf(hex, sizeof hex, "30%02zX 06%02zX %s 04%02zX %s", oid_length + value_length + 4, oid_length, oid,
                 value_length, value);
  return with(hex);
}

static void fields(void) {
  static const hand right[] = {
      {.version = NULL},
      {.version = ""},
      {.number = "02147FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"},
      {.issuer = "3000", .subject = "3000"},
      {.subject = "3018 3116 3008 0603550403 0C0141 300A 060355040A 1303424344"},
      {.algorithm = "3000"},
      {.validity = "3022 180F32303530303130313030303030305A 180F39393939313233313233353935395A"}};
  static const hand wrong[] = {
      {.version = "A003020100"}, /* a default is not written */
      {.version = "A003020101"}, /* 2 has what nobody writes */
      {.version = "A003020103"}, /* none that is known */
      {.version = "A00402020002"},
      {.version = "A006020102020102"},
      {.version = "A000"},
      {.version = "020102"},
      {.number = "020100"},
      {.number = "0201FF"},
      {.number = "02020001"},
      {.number = "0200"},
      {.number = "02157FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"}, /* 4.1.2.2: 20 octets */
      {.number = "0A0101"},
      {.algorithm = ECDSA, .outer = RSA}, /* 4.1.1.2: the same */
      {.algorithm = "0500"},
      {.issuer = "3100"},
      {.issuer = "3002 3100 00"},
      {.issuer = "300B 3109 3007 06035504030C0141"},
      {.issuer = "3009 3107 3005 0603550403"},
      {.issuer = "300E 310C 300A 0603550403 0C0141 0500"},
      {.issuer = "300C 300A 3008 0603550403 0C0141"},
      {.subject = "3002 3100"},
      {.validity = "3000"},
      {.validity = "300F 170D3236303130313030303030305A"},
      {.validity = "302D 170D3236303130313030303030305A 170D3237303130313030303030305A 170D3237303130313030303030305A"},
      {.validity = "301C 170B323630313031303030305A 170D3237303130313030303030305A"},
      {.validity = "311E 170D3236303130313030303030305A 170D3237303130313030303030305A"},
      {.key = "3000"},
      {.key = "3017 " P256 " 0500"},
      {.key = "3018 " P256 " 030101"},
      {.key = "3019 " P256 " 0302 0000 00"},
      {.key = "3006 3000 03020000"},
      {.extensions = "!81020000"}, /* 4.1.2.8 */
      {.extensions = "!A3023000"}, /* 4.1.2.9: one at least */
      {.extensions = "!A304"},
      {.extensions = "!0500"},
      {.signature = ""},
      {.signature = "0300"},
      {.signature = "03020100"},
      {.signature = "04020000"},
      {.signature = SIGNATURE "00"},
  };
  for (size_t i = 0; i < PSD_CHECK_COUNT(right); i++)
    CU_ASSERT_TRUE(parses(&right[i]));
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++)
    CU_ASSERT_FALSE(parses(&wrong[i]));
}

static void numbers(void) {
  static const struct {
    const char *der;
    uint64_t number;
  } samples[] = {{"020101", 1},
                 {"020500FFFFFFFF", 0xFFFFFFFF},
                 {"020900FFFFFFFFFFFFFFFF", UINT64_MAX},
                 {"0209010000000000000001", 0},
                 {"02147FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 0}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(samples); i++)
    CU_ASSERT(parses(&(hand){.number = samples[i].der}) && found.number == samples[i].number);
}

/* Keys that the card cannot reckon with are a certificate's, and no algorithm. */
static void keys(void) {
  static const char *const others[] = {
      "300B 300506032B6570 03020000",                              /* Ed25519 */
      "3019 301306072A8648CE3D0201 06082A8648CE3D030101 03020004", /* another curve */
      "3019 " P256 " 03020004",                                    /* a point too short */
      "3013 300B06072A8648CE3D0201 0500 03040002 0400",            /* no curve */
      "3016 " RSA " 0305003002 0500",                              /* not two numbers */
      "301A " RSA " 030900 3006 020103 020103",                    /* too small */
      "3011 300B06092A864886F70D010101 03020000",                  /* no parameters */
  };
  for (size_t i = 0; i < PSD_CHECK_COUNT(others); i++)
    CU_ASSERT(parses(&(hand){.key = others[i]}) && found.algorithm == 0 && found.point == NULL);
  CU_ASSERT(parses(&(hand){.key = NULL}) && found.algorithm == PSD_ALGORITHM_P256 && found.point != NULL);
}

/* 4.2.1.3; X.690, 11.2.2: no zero bits at the end. */
static void key_usage(void) {
  static const struct {
    const char *bits;
    bool signs, certifies;
  } right[] = {{"03020780", true, false},  {"03020204", false, true},    {"03020284", true, true},
               {"03020640", false, false}, {"0303070080", false, false}, {"03030780 80", true, false}};
  static const char *const wrong[] = {"0300",       "030100",   "03020080",    "03020880",     "03020781",
                                      "0303000000", "04020780", "03020780 00", "030400000001", "03020700"};
  for (size_t i = 0; i < PSD_CHECK_COUNT(right); i++)
    CU_ASSERT(with_one("551D0F", right[i].bits) && found.signs == right[i].signs &&
              found.certifies == right[i].certifies);
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++)
    CU_ASSERT_FALSE(with_one("551D0F", wrong[i]));
  CU_ASSERT(with(NULL) && found.signs && found.certifies);
}

/* 4.2.1.9 */
static void basic_constraints(void) {
  static const struct {
    const char *value;
    bool authority, ends;
  } right[] = {{"3000", false, false},
               {"30030101FF", true, false},
               {"30060101FF020100", true, true},
               {"30060101FF020101", true, false}};
  static const char *const wrong[] = {"",
                                      "3003010100",
                                      "3003010101",
                                      "3003020100",
                                      "300301 01FF 00",
                                      "0101FF",
                                      "30060101FF0201FF",
                                      "30090101FF020100020100",
                                      "30050101FF 0200"};
  for (size_t i = 0; i < PSD_CHECK_COUNT(right); i++)
    CU_ASSERT(with_one("551D13", right[i].value) && found.authority == right[i].authority &&
              found.ends == right[i].ends);
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++)
    CU_ASSERT_FALSE(with_one("551D13", wrong[i]));
  CU_ASSERT(with(NULL) && !found.authority && !found.ends);
}

#define STAMPING "06082B06010505070308"
#define CLIENT "06082B06010505070302"

/* RFC 3161, 2.3: alone and critical. */
static void stamping(void) {
  CU_ASSERT(with("3016 0603551D25 0101FF 040C 300A" STAMPING) && found.stamps);
  CU_ASSERT(with("3013 0603551D25 040C 300A" STAMPING) && !found.stamps);
  CU_ASSERT(with("3020 0603551D25 0101FF 0416 3014" STAMPING CLIENT) && !found.stamps);
  CU_ASSERT(with("3020 0603551D25 0101FF 0416 3014" STAMPING STAMPING) && !found.stamps);
  CU_ASSERT(with("3016 0603551D25 0101FF 040C 300A" CLIENT) && !found.stamps);
  CU_ASSERT_FALSE(with_one("551D25", "3000"));
  CU_ASSERT_FALSE(with_one("551D25", "30020500"));
  CU_ASSERT_FALSE(with_one("551D25", "3001 06"));
}

#define SUBTREE "300E A40C 300A 3108 3006 060155 0C0141"

/* 4.2.1.10: one permitted directory name is what an agent's certificate has. */
static void name_constraints(void) {
  CU_ASSERT(with_one("551D1E", "3012 A010 " SUBTREE) && found.permitted.left == 12 && found.permitted.at[0] == 0x30);
  CU_ASSERT(with_one("551D1E", "3022 A020 " SUBTREE SUBTREE) && found.permitted.left == 0);
  CU_ASSERT(with_one("551D1E", "3012 A110 " SUBTREE) && found.permitted.left == 0);
  CU_ASSERT(with_one("551D1E", "3024 A010 " SUBTREE " A110 " SUBTREE) && found.permitted.left == 0);
  CU_ASSERT(with_one("551D1E", "3007 A005 3003 820141") && found.permitted.left == 0);
  CU_ASSERT(with_one("551D1E", "3000") && found.permitted.left == 0);
  CU_ASSERT_FALSE(with_one("551D1E", "3100"));
}

static void our_own(void) {
  CU_ASSERT(with_one("2B0601040181FD59BD0804", "3003020105") && found.credit.left == 3);
  CU_ASSERT_FALSE(with_one("2B0601040181FD59BD0804", "3003020105 00"));
  CU_ASSERT(with_one("551D0E", "0403414243") && found.key_identifier.left == 3 && found.key_identifier.at[0] == 0x41);
  CU_ASSERT_FALSE(with_one("551D0E", "0303414243"));
  CU_ASSERT(with_one("2B0601040181FD59BD0801", "3003020105"));
  CU_ASSERT_FALSE(with_one("2B0601040181FD59BD0801", "0403020105"));
}

/* 4.2: SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue }, each at most once. */
static void how_they_are_written(void) {
  static const char passed[] = "300B 0603551D20 0404 30020500"; /* not known, not critical: passed */
  static const char *const wrong[] = {
      "300E 0603551D20 0101FF 0404 30020500", /* not known, and critical */
      "300E 0603551D20 010100 0404 30020500", /* a default is not written */
      "300E 0603551D20 010101 0404 30020500", /* no boolean of DER */
      "300B 0603551D0F 0404 03020780 300B 0603551D0F 0404 03020780",
      "300D 0603551D0F 0404 03020780 0500",
      "3005 0603551D20",
      "3007 0603551D20 0300",
      "3006 04043002 0500",
      "0500",
  };
  CU_ASSERT_TRUE(with(passed));
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++)
    CU_ASSERT_FALSE(with(wrong[i]));
  CU_ASSERT(with("300E 0603551D0F 0101FF 0404 03020780") && found.signs);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"fields", fields},
      {"serial numbers", numbers},
      {"keys", keys},
      {"keyUsage", key_usage},
      {"basicConstraints", basic_constraints},
      {"extKeyUsage", stamping},
      {"nameConstraints", name_constraints},
      {"others", our_own},
      {"how extensions are written", how_they_are_written},
  };
  return psd_crypto_init() ? psd_check_run("certificates by hand", tests, PSD_CHECK_COUNT(tests)) : 1;
}
