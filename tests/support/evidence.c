#include "evidence.h"

#include "certificate/der.h"
#include "certificate/x509.h"
#include "check.h"
#include "crypto/evp.h"
#include "psd/spec/session.h"
#include "psd/spec/tlv.h"

#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#define COMMAND_MOST 64U

static const psd_device_id identity = {.vendor = "PS", .model = "D1", .serial = RIG_SERIAL};

/* RFC 6979, A.2.1. */
#define DSA_P                                                                                                          \
  "86F5CA03DCFEB225063FF830A0C769B9DD9D6153AD91D7CE27F787C43278B447E6533B86B18BED6E8A48B784A14C252C5B"                 \
  "E0DBF60B86D6385BD2F12FB763ED8873ABFD3F5BA2E0A8C0A59082EAC056935E529DAF7C610467899C77ADEDFC846C8818"                 \
  "70B7B19B2B58F9BE0521A17002E3BDD6B86685EE90B3D9A1B02B782B1779"
#define DSA_Q "996F967F6C8E388D9E28D01E205FBA957A5698B1"
#define DSA_G                                                                                                          \
  "07B0F92546150B62514BB771E2A0C0CE387F03BDA6C56B505209FF25FD3C133D89BBCD97E904E09114D9A7DEFDEADFC907"                 \
  "8EA544D2E401AEECC40BB9FBBF78FD87995A10A1C27CB7789B594BA7EFB5C4326A9FE59A070E136DB77175464ADCA417BE"                 \
  "5DCE2F40D10A46A3A3943F26AB7FD9C0398FF8C76EE0A56826A8A88F1DBD"

static void fill(uint8_t *out, size_t length, uint8_t first) {
  for (size_t i = 0; i < length; i++)
    out[i] = (uint8_t)(first + 37 * i);
}

static void put_object(rig *r, psd_object_id id, psd_message_id layout, const void *value) {
  uint8_t encoded[256];
  psd_buffer out = psd_buffer_over(encoded, sizeof encoded);
  psd_put_message(&out, layout, value);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  rig_put_object(r, id, encoded, out.length);
}

static void put_secret(rig *r, uint16_t record, const uint8_t *secret, size_t length) {
  const psd_store_put put = {.record = record, .length = (uint16_t)length, .value = secret};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r->card->store, &put, 1), PSD_STORE_OK);
}

static void equip_pairs(rig *r) {
  uint8_t secret[PSD_P256_SECRET], point[PSD_P256_POINT];
  uint8_t dsa[PSD_DSA_SECRET];
  psd_dsa_key key = {.signature = {0}};
  fill(secret, sizeof secret, 0x5E);
  CU_ASSERT_TRUE_FATAL(psd_p256_public(secret, point));
  put_secret(r, PSD_RECORD_KEY_PAIR, secret, sizeof secret);
  rig_put_object(r, PSD_OBJECT_DEVICE_PUBLIC, point, sizeof point);
  fill(dsa, sizeof dsa, 0x21);
  CU_ASSERT_TRUE_FATAL(psd_dsa_public(dsa, key.y));
  put_secret(r, PSD_RECORD_DSA, dsa, sizeof dsa);
  put_object(r, PSD_OBJECT_DSA_KEY, PSD_MESSAGE_DSA_KEY, &key);
}

static void equip_tokens(rig *r) {
  psd_token_key key = {.set = 0x11223344, .pointer = 7, .digits = 5, .order = PSD_TOKEN_BY_DAY};
  fill(key.key, sizeof key.key, 0x80);
  put_object(r, PSD_OBJECT_VENDOR_TOKEN_KEY, PSD_MESSAGE_TOKEN_KEY, &key);
  key.digits = 8;
  fill(key.key, sizeof key.key, 0x90);
  put_object(r, PSD_OBJECT_POSTAL_TOKEN_KEY, PSD_MESSAGE_TOKEN_KEY, &key);
}

/* Names, validity and signature are those of nobody: the card has looked at them when it was loaded. */
static void put_text(psd_buffer *out, psd_piece number, const psd_key *key) {
  static const uint8_t third_version[] = {0x02, 0x01, 0x02}, name[] = "PS D1 00C0FFEE";
  const psd_cursor nobody = psd_cursor_over(NULL, 0), subject = psd_cursor_over(name, sizeof name - 1);
  size_t text = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_put_tlv(out, 0xA0, third_version, sizeof third_version);
  psd_put_tlv(out, PSD_DER_INTEGER, number.data, number.length);
  psd_key_put_algorithm(out, PSD_ALGORITHM_P256);
  psd_certificate_put_name(out, nobody, subject);
  size_t validity = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_time(out, RIG_TIME);
  psd_der_put_time(out, RIG_TIME + 86400);
  psd_close_tlv(out, validity);
  psd_certificate_put_name(out, nobody, subject);
  psd_key_put_public(out, key);
  psd_close_tlv(out, text);
}

void evidence_certificate(rig *r, psd_piece number) {
  static const uint8_t signature[] = {0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01};
  uint8_t der[512];
  psd_buffer out = psd_buffer_over(der, sizeof der);
  psd_key key = {.algorithm = PSD_ALGORITHM_P256, .public = {0x04}, .public_length = PSD_P256_POINT};
  size_t whole = psd_open_tlv(&out, PSD_DER_SEQUENCE);
  put_text(&out, number, &key);
  psd_key_put_algorithm(&out, PSD_ALGORITHM_P256);
  psd_der_put_bits(&out, signature, sizeof signature);
  psd_close_tlv(&out, whole);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  rig_put_object(r, PSD_OBJECT_CERTIFICATE, der, out.length);
}

void evidence_policy(rig *r, const psd_evidence_policy *policy) {
  put_object(r, PSD_OBJECT_EVIDENCE_POLICY, PSD_MESSAGE_EVIDENCE_POLICY, policy);
}

static uint16_t send(rig *r, psd_command_id id, uint8_t p1, const void *data, size_t length) {
  uint8_t command[COMMAND_MOST];
  psd_buffer out = psd_buffer_over(command, sizeof command);
  const psd_apdu apdu = {
      .cla = 0x80, .ins = psd_commands[id].ins, .p1 = p1, .data = data, .nc = length, .ne = PSD_NE_SHORT};
  psd_put_apdu(&out, &apdu);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  return rig_send(r, command, out.length);
}

void evidence_load_table(rig *r, uint32_t version, uint32_t effective, uint32_t expiry, uint64_t letter) {
  uint8_t table[RATES_SIGNED_MAX];
  const rates_wish wish = {.version = version, .effective = effective, .expiry = expiry, .letter = letter};
  psd_pair *issuer = rates_issuer();
  size_t length = rates_make(&wish, issuer, table);
  psd_pair_free(issuer);
  CU_ASSERT_EQUAL_FATAL(rates_load(r, table, length), PSD_SW_OK);
}

void evidence_equip(rig *r) {
  static const uint8_t number[] = {0x01, 0x02, 0x03, 0x04};
  const psd_licence licence = {.zip = EVIDENCE_ZIP, .number = EVIDENCE_LICENCE};
  const psd_evidence_policy policy = {.country = "US",
                                      .profiles =
                                          1U << PSD_PROFILE_DSA | 1U << PSD_PROFILE_P256 | 1U << PSD_PROFILE_COMPACT,
                                      .ahead = PSD_DATE_AHEAD_MOST,
                                      .offset = PSD_OFFSET_UTC};
  put_object(r, PSD_OBJECT_DEVICE_ID, PSD_MESSAGE_DEVICE_ID, &identity);
  put_object(r, PSD_OBJECT_LICENCE, PSD_MESSAGE_LICENCE, &licence);
  equip_tokens(r);
  equip_pairs(r);
  psd_pair *issuer = rates_issuer();
  rates_equip(r, issuer);
  psd_pair_free(issuer);
  evidence_certificate(r, (psd_piece){number, sizeof number});
  evidence_policy(r, &policy);
  CU_ASSERT_EQUAL_FATAL(rig_select(r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(r, RIG_PIN), PSD_SW_OK);
  evidence_load_table(r, 1, EVIDENCE_TODAY, 20260201, 0);
}

void evidence_begin(rig *r) {
  rig_create(r);
  rig_enter(r, PSD_STATE_OPERATIONAL);
  evidence_equip(r);
}

psd_indicium_wish evidence_empty(psd_profile_id profile) {
  return (psd_indicium_wish){.profile = profile};
}

psd_indicium_wish evidence_letter(psd_profile_id profile) {
  return (psd_indicium_wish){
      .profile = profile, .mail_class = PSD_CLASS_OF_FIRST, .grams = 28, .postage = EVIDENCE_LETTER};
}

uint16_t evidence_create(rig *r, unsigned kind, const psd_indicium_wish *wish) {
  uint8_t data[PSD_SIZE_INDICIUM_WISH];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  psd_put_message(&out, PSD_MESSAGE_INDICIUM_WISH, wish);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  return send(r, PSD_COMMAND_CREATE_INDICIUM, (uint8_t)kind, data, sizeof data);
}

uint16_t evidence_withdrawal(rig *r, unsigned profile) {
  return send(r, PSD_COMMAND_WITHDRAWAL_INDICIUM, (uint8_t)profile, NULL, 0);
}

uint16_t evidence_last(rig *r) {
  return send(r, PSD_COMMAND_GET_LAST, PSD_LAST_EVIDENCE, NULL, 0);
}

static void push(OSSL_PARAM_BLD *builder, const char *name, const uint8_t *bytes, size_t length, BIGNUM **kept) {
  *kept = BN_bin2bn(bytes, (int)length, NULL);
  CU_ASSERT_FATAL(*kept != NULL && OSSL_PARAM_BLD_push_BN(builder, name, *kept) == 1);
}

static EVP_PKEY *dsa_key(const uint8_t y[PSD_DSA_PUBLIC]) {
  uint8_t bytes[PSD_DSA_PUBLIC];
  BIGNUM *numbers[4];
  EVP_PKEY *key = NULL;
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  push(builder, OSSL_PKEY_PARAM_FFC_P, bytes, psd_check_hex(DSA_P, bytes, sizeof bytes), &numbers[0]);
  push(builder, OSSL_PKEY_PARAM_FFC_Q, bytes, psd_check_hex(DSA_Q, bytes, sizeof bytes), &numbers[1]);
  push(builder, OSSL_PKEY_PARAM_FFC_G, bytes, psd_check_hex(DSA_G, bytes, sizeof bytes), &numbers[2]);
  push(builder, OSSL_PKEY_PARAM_PUB_KEY, y, PSD_DSA_PUBLIC, &numbers[3]);
  OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
  CU_ASSERT_FATAL(EVP_PKEY_fromdata_init(context) == 1 &&
                  EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  for (size_t i = 0; i < 4; i++)
    BN_free(numbers[i]);
  return key;
}

/* OpenSSL wants r and s in DER, and cuts the digest of SHA-256 to the length of q itself (FIPS 186-4, 4.6). */
static bool dsa_holds(const rig *r, const uint8_t *text, const uint8_t *signature) {
  uint8_t encoded[PSD_SIZE_DSA_KEY];
  size_t length = 0;
  psd_dsa_key stored;
  CU_ASSERT_EQUAL_FATAL(
      psd_store_read(&r->card->store, PSD_RECORD_OBJECT + PSD_OBJECT_DSA_KEY, encoded, sizeof encoded, &length),
      PSD_STORE_OK);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(encoded, length, PSD_MESSAGE_DSA_KEY, &stored));
  DSA_SIG *pair = DSA_SIG_new();
  CU_ASSERT_EQUAL_FATAL(DSA_SIG_set0(pair, BN_bin2bn(signature, 20, NULL), BN_bin2bn(signature + 20, 20, NULL)), 1);
  uint8_t *der = NULL;
  int der_length = i2d_DSA_SIG(pair, &der);
  EVP_PKEY *key = dsa_key(stored.y);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  bool ok = der_length > 0 && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
            EVP_DigestVerify(context, der, (size_t)der_length, text, PSD_SIZE_INDICIUM) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  OPENSSL_free(der);
  DSA_SIG_free(pair);
  return ok;
}

static bool p256_holds(const rig *r, const uint8_t *text, const uint8_t *signature) {
  uint8_t point[PSD_POINT];
  size_t length = 0;
  const psd_part part = {text, PSD_SIZE_INDICIUM};
  CU_ASSERT_EQUAL_FATAL(
      psd_store_read(&r->card->store, PSD_RECORD_OBJECT + PSD_OBJECT_DEVICE_PUBLIC, point, sizeof point, &length),
      PSD_STORE_OK);
  return psd_point_verify(point, &part, 1, signature);
}

/* CMAC(K_final, "psd compact") is worked out anew here: key of the day, then of the meter. */
static bool compact_holds(uint64_t date, const uint8_t *text, const uint8_t *mac) {
  uint8_t key[32], of_day[16], final[16], hmac_key[16], expected[PSD_HASH], day[4], device[PSD_SIZE_DEVICE_ID];
  psd_buffer out = psd_buffer_over(day, sizeof day), named = psd_buffer_over(device, sizeof device);
  psd_put_uint(&out, date, sizeof day);
  psd_put_message(&named, PSD_MESSAGE_DEVICE_ID, &identity);
  fill(key, sizeof key, 0x90);
  const psd_part first[] = {{PSD_TOKEN_DAY_LABEL, strlen(PSD_TOKEN_DAY_LABEL)}, {day, sizeof day}};
  const psd_part second[] = {{PSD_TOKEN_METER_LABEL, strlen(PSD_TOKEN_METER_LABEL)}, {device, sizeof device}};
  const psd_part third = {PSD_TOKEN_COMPACT_LABEL, strlen(PSD_TOKEN_COMPACT_LABEL)};
  const psd_part whole = {text, PSD_SIZE_COMPACT_INDICIUM};
  return psd_cmac(key, sizeof key, first, 2, of_day) && psd_cmac(of_day, sizeof of_day, second, 2, final) &&
         psd_cmac(final, sizeof final, &third, 1, hmac_key) &&
         psd_hmac(hmac_key, sizeof hmac_key, &whole, 1, expected) && memcmp(expected, mac, PSD_COMPACT_MAC) == 0;
}

evidence_made evidence_take(const rig *r) {
  evidence_made made = {0};
  psd_cursor answer = psd_cursor_over(r->response, r->length);
  CU_ASSERT_TRUE_FATAL(psd_take_message(&answer, PSD_MESSAGE_EVIDENCE_HEAD, &made.head));
  const psd_profile_row *row = psd_profile_of(made.head.profile);
  CU_ASSERT_FATAL(row != NULL && answer.left == row->size);
  const uint8_t *text = answer.at;
  if (row->id == PSD_PROFILE_COMPACT) {
    psd_take_message(&answer, PSD_MESSAGE_COMPACT_INDICIUM, &made.compact);
    CU_ASSERT_TRUE(compact_holds(made.head.date, text, answer.at));
  } else {
    psd_take_message(&answer, PSD_MESSAGE_INDICIUM, &made.indicium);
    CU_ASSERT_TRUE(row->id == PSD_PROFILE_P256 ? p256_holds(r, text, answer.at) : dsa_holds(r, text, answer.at));
  }
  CU_ASSERT_EQUAL(answer.left, row->signature);
  return made;
}

evidence_bytes evidence_keep(const rig *r) {
  evidence_bytes kept = {.length = r->length};
  CU_ASSERT_FATAL(r->length <= sizeof kept.bytes);
  memcpy(kept.bytes, r->response, r->length);
  return kept;
}

bool evidence_same(const rig *r, const evidence_bytes *as) {
  return r->length == as->length && memcmp(r->response, as->bytes, as->length) == 0;
}
