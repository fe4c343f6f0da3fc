/* ISSUE CERTIFICATE (VM figure 3A): what the agent makes, looked at and opened by OpenSSL. */
#include "authority.h"
#include "certificate/slot.h"
#include "check.h"

#include <openssl/cms.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

#define AGENT 2U
#define PRICE 300U
#define DAY UINT64_C(86400)

static rig r;
static authority a;
static EVP_PKEY *rsa; /* of one receiver: making it takes long */

/* Whoever the key is made for. */
typedef struct receiver {
  EVP_PKEY *key;
  X509 *certificate;
} receiver;

static receiver receiver_of(EVP_PKEY *key) {
  receiver of = {.key = key, .certificate = X509_new()};
  X509_NAME *name = X509_get_subject_name(of.certificate);
  CU_ASSERT_FATAL(X509_set_version(of.certificate, X509_VERSION_3) == 1 &&
                  ASN1_INTEGER_set_uint64(X509_get_serialNumber(of.certificate), UINT64_C(0xF1E2D3C4B5A69788)) == 1 &&
                  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"Bob", -1, -1, 0) == 1 &&
                  X509_set_issuer_name(of.certificate, name) == 1 && X509_set_pubkey(of.certificate, key) == 1);
  ASN1_TIME_set(X509_getm_notBefore(of.certificate), (time_t)RIG_TIME);
  ASN1_TIME_set(X509_getm_notAfter(of.certificate), (time_t)(RIG_TIME + 365 * DAY));
  CU_ASSERT_FATAL(X509_sign(of.certificate, key, EVP_sha256()) > 0);
  return of;
}

static receiver new_receiver(const char *curve) {
  return receiver_of(EVP_EC_gen(curve));
}

static receiver rsa_receiver(void) {
  if (rsa == NULL)
    rsa = EVP_RSA_gen(2048);
  CU_ASSERT_FATAL(rsa != NULL && EVP_PKEY_up_ref(rsa) == 1);
  return receiver_of(rsa);
}

static void forget(receiver *of) {
  EVP_PKEY_free(of->key);
  X509_free(of->certificate);
}

static void begin(psd_algorithm algorithm) {
  authority_begin(&a, &r);
  authority_activate(&a, AGENT, PSD_PURPOSE_AGENT, algorithm);
}

static void end(void) {
  authority_end(&a);
}

/* What is asked for: P-256, 30 days, signs, "Carol". */
typedef struct wish {
  uint64_t call;
  unsigned algorithm, days, usage;
  const char *name;
} wish;

static wish usual(uint64_t call) {
  return (wish){.call = call, .algorithm = PSD_ALGORITHM_P256, .days = 30, .usage = PSD_AGENT_SIGNS, .name = "Carol"};
}

static uint16_t issue_for(uint8_t slot, const wish *of, const uint8_t *certificate, size_t length) {
  uint8_t data[4096];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  psd_agent_wish wanted = {.algorithm = of->algorithm, .days = of->days, .usage = of->usage, .name = strlen(of->name)};
  psd_buffer call = psd_buffer_over(wanted.call, sizeof wanted.call);
  psd_put_uint(&call, of->call, sizeof wanted.call);
  psd_put_message(&out, PSD_MESSAGE_AGENT_WISH, &wanted);
  psd_put(&out, of->name, strlen(of->name));
  psd_put(&out, certificate, length);
  return authority_send(&r, PSD_COMMAND_ISSUE_CERTIFICATE, slot, 0, data, out.length);
}

static uint16_t issue(uint8_t slot, const wish *of, const receiver *for_whom) {
  uint8_t *der = NULL;
  int length = i2d_X509(for_whom->certificate, &der);
  CU_ASSERT_FATAL(length > 0);
  uint16_t status = issue_for(slot, of, der, (size_t)length);
  OPENSSL_free(der);
  return status;
}

/* The certificate in the last answer. */
static X509 *issued(void) {
  const uint8_t *at = r.response;
  X509 *certificate = d2i_X509(NULL, &at, (long)r.length);
  CU_ASSERT_FATAL(certificate != NULL && at == r.response + r.length);
  return certificate;
}

/* The private key that came with it, as `of` opens it; NULL if he cannot. */
static EVP_PKEY *opened(const receiver *of) {
  CU_ASSERT_EQUAL_FATAL(authority_send(&r, PSD_COMMAND_GET_LAST, PSD_LAST_KEY, 0, NULL, 0), PSD_SW_OK);
  const uint8_t *at = r.response;
  CMS_ContentInfo *envelope = d2i_CMS_ContentInfo(NULL, &at, (long)r.length);
  CU_ASSERT_FATAL(envelope != NULL && at == r.response + r.length);
  BIO *out = BIO_new(BIO_s_mem());
  EVP_PKEY *key = NULL;
  if (CMS_decrypt(envelope, of->key, of->certificate, NULL, out, 0) == 1) {
    uint8_t *text = NULL;
    long length = BIO_get_mem_data(out, (char **)&text);
    const uint8_t *from = text;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &from, length);
    CU_ASSERT_FATAL(info != NULL && from == text + length);
    key = EVP_PKCS82PKEY(info);
    PKCS8_PRIV_KEY_INFO_free(info);
  }
  BIO_free(out);
  CMS_ContentInfo_free(envelope);
  return key;
}

/* The chain to the agent's certificate, with its name constraints, at this time. */
static int verified(X509 *certificate, uint64_t time) {
  X509 *agent = authority_installed(&a, AGENT);
  X509_STORE *store = X509_STORE_new();
  X509_STORE_CTX *context = X509_STORE_CTX_new();
  CU_ASSERT_FATAL(X509_STORE_add_cert(store, agent) == 1 &&
                  X509_STORE_CTX_init(context, store, certificate, NULL) == 1);
  X509_STORE_CTX_set_flags(context, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_X509_STRICT);
  X509_STORE_CTX_set_time(context, 0, (time_t)time);
  CU_ASSERT_EQUAL(X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SMIME_SIGN), 1);
  int ok = X509_verify_cert(context), error = X509_STORE_CTX_get_error(context);
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  X509_free(agent);
  return ok == 1 ? X509_V_OK : error;
}

static void subject_is(X509 *certificate, const char *organization, const char *name) {
  char text[128];
  X509_NAME *subject = X509_get_subject_name(certificate);
  CU_ASSERT_EQUAL(X509_NAME_entry_count(subject), 2);
  CU_ASSERT(X509_NAME_get_text_by_NID(subject, NID_organizationName, text, sizeof text) > 0);
  CU_ASSERT_STRING_EQUAL(text, organization);
  CU_ASSERT(X509_NAME_get_text_by_NID(subject, NID_commonName, text, sizeof text) > 0);
  CU_ASSERT_STRING_EQUAL(text, name);
}

static uint64_t number_of(X509 *certificate) {
  uint64_t number = 0;
  CU_ASSERT_EQUAL(ASN1_INTEGER_get_uint64(&number, X509_get_serialNumber(certificate)), 1);
  return number;
}

/* Seconds from the bench's time to this one. */
static int64_t from_now(const ASN1_TIME *time) {
  int days = 0, seconds = 0;
  ASN1_TIME *now = ASN1_TIME_set(NULL, (time_t)r.seconds);
  CU_ASSERT_EQUAL(ASN1_TIME_diff(&days, &seconds, now, time), 1);
  ASN1_TIME_free(now);
  return (int64_t)days * (int64_t)DAY + seconds;
}

static void look_at(X509 *certificate, uint32_t usage) {
  X509 *agent = authority_installed(&a, AGENT);
  CU_ASSERT_EQUAL(X509_get_version(certificate), X509_VERSION_3);
  CU_ASSERT_EQUAL(X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(agent)), 0);
  CU_ASSERT_EQUAL(X509_get_key_usage(certificate), usage);
  CU_ASSERT_EQUAL(X509_get_extended_key_usage(certificate), XKU_SMIME | XKU_SSL_CLIENT);
  CU_ASSERT_EQUAL(X509_check_ca(certificate), 0);
  CU_ASSERT_EQUAL(X509_get_ext_count(certificate), 5);
  const ASN1_OCTET_STRING *signer = X509_get0_subject_key_id(agent);
  const ASN1_OCTET_STRING *named = X509_get0_authority_key_id(certificate);
  CU_ASSERT(signer != NULL && named != NULL && ASN1_OCTET_STRING_cmp(signer, named) == 0);
  const ASN1_OCTET_STRING *own = X509_get0_subject_key_id(certificate);
  CU_ASSERT(own != NULL && ASN1_STRING_length(own) == 20);
  X509_free(agent);
}

static void p256_for_p256(void) {
  begin(PSD_ALGORITHM_P256);
  receiver bob = new_receiver("P-256"), eve = new_receiver("P-256");
  const psd_registers before = r.card->core.certificate;
  wish of = usual(1);
  of.usage = PSD_AGENT_SIGNS | PSD_AGENT_ENCIPHERS;
  CU_ASSERT_EQUAL_FATAL(issue(AGENT, &of, &bob), PSD_SW_OK);
  X509 *certificate = issued();
  CU_ASSERT_EQUAL(verified(certificate, r.seconds), X509_V_OK);
  look_at(certificate, KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT);
  subject_is(certificate, "Specimen Ltd", "Carol");
  CU_ASSERT_EQUAL(number_of(certificate), UINT64_C(0x00C0FFEE00000001));
  CU_ASSERT_EQUAL(from_now(X509_get0_notBefore(certificate)), 0);
  CU_ASSERT_EQUAL(from_now(X509_get0_notAfter(certificate)), 30 * (int64_t)DAY);
  EVP_PKEY *key = opened(&bob);
  CU_ASSERT_FATAL(key != NULL && X509_check_private_key(certificate, key) == 1);
  CU_ASSERT_PTR_NULL(opened(&eve));
  const psd_registers *after = &r.card->core.certificate;
  CU_ASSERT(after->descending == before.descending - PRICE && after->piece_count == before.piece_count + 1);
  CU_ASSERT(authority_slot(&a, AGENT).uses == 1 && r.card->core.services.issued == 1);
  CU_ASSERT_EQUAL(verified(certificate, r.seconds + 31 * DAY), X509_V_ERR_CERT_HAS_EXPIRED);
  EVP_PKEY_free(key);
  X509_free(certificate);
  forget(&bob);
  forget(&eve);
  end();
}

/* RSA everywhere: the agent's key, the receiver's, and the one that is made. */
static void rsa_for_rsa(void) {
  begin(PSD_ALGORITHM_RSA2048);
  receiver bob = rsa_receiver();
  wish of = usual(1);
  of.algorithm = PSD_ALGORITHM_RSA2048;
  of.usage = PSD_AGENT_ENCIPHERS;
  of.name = "J\xC3\xBCrgen";
  CU_ASSERT_EQUAL_FATAL(issue(AGENT, &of, &bob), PSD_SW_OK);
  X509 *certificate = issued();
  look_at(certificate, KU_KEY_ENCIPHERMENT);
  subject_is(certificate, "Specimen Ltd", "J\xC3\xBCrgen");
  X509 *agent = authority_installed(&a, AGENT);
  CU_ASSERT_EQUAL(X509_verify(certificate, X509_get0_pubkey(agent)), 1);
  X509_free(agent);
  EVP_PKEY *key = opened(&bob);
  CU_ASSERT_FATAL(key != NULL && X509_check_private_key(certificate, key) == 1);
  CU_ASSERT_EQUAL(EVP_PKEY_get_bits(key), 2048);
  EVP_PKEY_free(key);
  X509_free(certificate);
  forget(&bob);
  end();
}

/* The same command again: the same certificate and the same key, charged once. Another: another key and number. */
static void once_more(void) {
  uint8_t first[PSD_CARD_DATA_MAX], envelope[PSD_CARD_DATA_MAX];
  begin(PSD_ALGORITHM_P256);
  receiver bob = new_receiver("P-256");
  wish of = usual(1);
  CU_ASSERT_EQUAL_FATAL(issue(AGENT, &of, &bob), PSD_SW_OK);
  size_t length = r.length;
  memcpy(first, r.response, length);
  CU_ASSERT_EQUAL(authority_send(&r, PSD_COMMAND_GET_LAST, PSD_LAST_KEY, 0, NULL, 0), PSD_SW_OK);
  size_t size = r.length;
  memcpy(envelope, r.response, size);
  const authority_mark mark = authority_look(&a);
  CU_ASSERT_EQUAL(issue(AGENT, &of, &bob), PSD_SW_OK);
  CU_ASSERT(r.length == length && memcmp(first, r.response, length) == 0);
  CU_ASSERT_EQUAL(authority_send(&r, PSD_COMMAND_GET_LAST, PSD_LAST_SERVICE, 0, NULL, 0), PSD_SW_OK);
  CU_ASSERT(r.length == length && memcmp(first, r.response, length) == 0);
  CU_ASSERT_EQUAL(authority_send(&r, PSD_COMMAND_GET_LAST, PSD_LAST_KEY, 0, NULL, 0), PSD_SW_OK);
  CU_ASSERT(r.length == size && memcmp(envelope, r.response, size) == 0);
  CU_ASSERT_TRUE(authority_untouched(&a, &mark));
  of.call = 2;
  CU_ASSERT_EQUAL_FATAL(issue(AGENT, &of, &bob), PSD_SW_OK);
  X509 *second = issued();
  EVP_PKEY *key = opened(&bob);
  CU_ASSERT_EQUAL(number_of(second), UINT64_C(0x00C0FFEE00000002));
  CU_ASSERT(key != NULL && X509_check_private_key(second, key) == 1);
  const uint8_t *at = first;
  X509 *one = d2i_X509(NULL, &at, (long)length);
  CU_ASSERT(one != NULL && X509_check_private_key(one, key) != 1);
  X509_free(one);
  EVP_PKEY_free(key);
  X509_free(second);
  forget(&bob);
  end();
}

/* Attack: an agent beyond its constraints. What is asked for is a common name, whatever it looks like. */
static void names_outside_cannot_be(void) {
  static const char *const names[] = {"Eve,O=Other", "Eve/O=Other", "O=Other", "Specimen Ltd", "\xE2\x9C\x93"};
  begin(PSD_ALGORITHM_P256);
  receiver bob = new_receiver("P-256");
  for (size_t i = 0; i < PSD_CHECK_COUNT(names); i++) {
    wish of = usual(10 + i);
    of.name = names[i];
    CU_ASSERT_EQUAL_FATAL(issue(AGENT, &of, &bob), PSD_SW_OK);
    X509 *certificate = issued();
    subject_is(certificate, "Specimen Ltd", names[i]);
    CU_ASSERT_EQUAL(verified(certificate, r.seconds), X509_V_OK);
    X509_free(certificate);
  }
  forget(&bob);
  end();
}

/* What an agent issues ends with its own certificate. */
static void no_longer_than_the_agent(void) {
  begin(PSD_ALGORITHM_P256);
  receiver bob = new_receiver("P-256");
  X509 *agent = authority_installed(&a, AGENT);
  wish of = usual(1);
  of.days = PSD_AGENT_DAYS_MOST;
  CU_ASSERT_EQUAL_FATAL(issue(AGENT, &of, &bob), PSD_SW_OK);
  X509 *certificate = issued();
  CU_ASSERT_EQUAL(ASN1_TIME_compare(X509_get0_notAfter(certificate), X509_get0_notAfter(agent)), 0);
  X509_free(certificate);
  X509_free(agent);
  forget(&bob);
  end();
}

/* The oscillator of a bench whose time is read so often, and then is much later. */
static unsigned readings;
static uint64_t later;

static uint64_t leaping(void *device) {
  uint64_t now = ((const rig *)device)->seconds;
  return readings > 0 && readings-- > 0 ? now : now + later;
}

/* Making a key takes its time, and the agent's certificate may end before it is done. */
static void an_agent_that_ends_meanwhile(void) {
  begin(PSD_ALGORITHM_P256);
  receiver bob = new_receiver("P-256");
  X509 *agent = authority_installed(&a, AGENT);
  const wish of = usual(1);
  uint16_t status = PSD_SW_CONDITIONS;
  later = authority_slot(&a, AGENT).until + 1 - r.seconds;
  r.card->ports.oscillator.seconds = leaping;
  for (unsigned at = 0; at < 64 && status != PSD_SW_OK; at++) {
    readings = at;
    status = issue(AGENT, &of, &bob);
  }
  CU_ASSERT_EQUAL_FATAL(status, PSD_SW_OK);
  X509 *certificate = issued();
  CU_ASSERT(ASN1_TIME_compare(X509_get0_notAfter(certificate), X509_get0_notAfter(agent)) <= 0);
  X509_free(certificate);
  X509_free(agent);
  forget(&bob);
  end();
}

static void refused(uint8_t slot, const wish *of, const receiver *for_whom, uint16_t status) {
  const authority_mark mark = authority_look(&a);
  CU_ASSERT_EQUAL(issue(slot, of, for_whom), status);
  CU_ASSERT(r.length == 0 && authority_untouched(&a, &mark));
  CU_ASSERT_EQUAL(authority_send(&r, PSD_COMMAND_GET_LAST, PSD_LAST_KEY, 0, NULL, 0), PSD_SW_REFERENCE_NOT_FOUND);
}

/* 358, no (360). */
static void without_funds(void) {
  begin(PSD_ALGORITHM_P256);
  receiver bob = new_receiver("P-256");
  const wish of = usual(1);
  authority_funds(&a, PRICE - 1);
  refused(AGENT, &of, &bob, PSD_SW_CONDITIONS);
  authority_funds(&a, PRICE);
  CU_ASSERT_EQUAL(issue(AGENT, &of, &bob), PSD_SW_OK); /* 358, yes */
  CU_ASSERT_EQUAL(r.card->core.certificate.descending, 0);
  forget(&bob);
  end();
}

static void keys_that_may_not(void) {
  authority_begin(&a, &r);
  receiver bob = new_receiver("P-256");
  const wish of = usual(1);
  refused(0, &of, &bob, PSD_SW_WRONG_P1P2);
  refused(PSD_USER_SLOTS + 1, &of, &bob, PSD_SW_WRONG_P1P2);
  refused(AGENT, &of, &bob, PSD_SW_REFERENCE_NOT_FOUND);
  authority_activate(&a, 1, PSD_PURPOSE_USER, PSD_ALGORITHM_P256);
  refused(1, &of, &bob, PSD_SW_CONDITIONS);
  const authority_wish asked = {.slot = AGENT, .purpose = PSD_PURPOSE_AGENT};
  CU_ASSERT_EQUAL(authority_ask(&a, &asked), PSD_SW_OK);
  refused(AGENT, &of, &bob, PSD_SW_CONDITIONS); /* requested, and not yet active */
  forget(&bob);
  end();
}

static void an_expired_agent(void) {
  begin(PSD_ALGORITHM_P256);
  receiver bob = new_receiver("P-256");
  const wish of = usual(1);
  psd_slot slot = authority_slot(&a, AGENT);
  slot.until = r.seconds - 1;
  uint8_t encoded[PSD_SIZE_SLOT];
  psd_change change;
  psd_change_begin(&change, r.card);
  psd_slot_put(&change, &slot, encoded);
  CU_ASSERT_EQUAL_FATAL(psd_change_commit(&change, r.card), PSD_SW_OK);
  refused(AGENT, &of, &bob, PSD_SW_CONDITIONS);
  slot.until = r.seconds; /* its last second */
  psd_change_begin(&change, r.card);
  psd_slot_put(&change, &slot, encoded);
  CU_ASSERT_EQUAL_FATAL(psd_change_commit(&change, r.card), PSD_SW_OK);
  CU_ASSERT_EQUAL(issue(AGENT, &of, &bob), PSD_SW_OK);
  forget(&bob);
  end();
}

static void wishes_that_are_none(void) {
  static const struct {
    unsigned algorithm, days, usage;
    const char *name;
  } wishes[] = {
      {0, 30, 1, "Carol"}, {3, 30, 1, "Carol"},
      {1, 0, 1, "Carol"},  {1, 3651, 1, "Carol"},
      {1, 30, 0, "Carol"}, {1, 30, 4, "Carol"},
      {1, 30, 1, ""},      {1, 30, 1, "a\nb"},
      {1, 30, 1, "\xFF"},  {1, 30, 1, "12345678901234567890123456789012345678901234567890123456789012345"},
  };
  begin(PSD_ALGORITHM_P256);
  receiver bob = new_receiver("P-256");
  for (size_t i = 0; i < PSD_CHECK_COUNT(wishes); i++) {
    wish of = usual(20 + i);
    of.algorithm = wishes[i].algorithm;
    of.days = wishes[i].days;
    of.usage = wishes[i].usage;
    of.name = wishes[i].name;
    refused(AGENT, &of, &bob, PSD_SW_WRONG_DATA);
  }
  forget(&bob);
  end();
}

/* A receiver must have a certificate of a key that the card can encipher for. */
static void receivers_that_are_none(void) {
  static const uint8_t garbage[] = {0x30, 0x03, 0x02, 0x01, 0x01};
  begin(PSD_ALGORITHM_P256);
  const wish of = usual(1);
  receiver other = new_receiver("P-384");
  refused(AGENT, &of, &other, PSD_SW_WRONG_DATA);
  forget(&other);
  other = receiver_of(EVP_RSA_gen(1024));
  refused(AGENT, &of, &other, PSD_SW_WRONG_DATA);
  forget(&other);
  const authority_mark mark = authority_look(&a);
  CU_ASSERT_EQUAL(issue_for(AGENT, &of, garbage, sizeof garbage), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(issue_for(AGENT, &of, garbage, 0), PSD_SW_WRONG_DATA);
  /* A point beside the curve. */
  receiver bob = new_receiver("P-256");
  uint8_t *der = NULL;
  int length = i2d_X509(bob.certificate, &der);
  uint8_t point[PSD_P256_POINT];
  size_t size = 0;
  CU_ASSERT_EQUAL_FATAL(EVP_PKEY_get_octet_string_param(bob.key, "pub", point, sizeof point, &size), 1);
  for (int i = 0; i + (int)sizeof point <= length; i++)
    if (memcmp(der + i, point, sizeof point) == 0)
      der[i + 64] ^= 1;
  CU_ASSERT_EQUAL(issue_for(AGENT, &of, der, (size_t)length), PSD_SW_WRONG_DATA);
  CU_ASSERT_TRUE(authority_untouched(&a, &mark));
  OPENSSL_free(der);
  forget(&bob);
  end();
}

/* The generator fails: nothing is charged, and the card is FAULTED. */
static void without_randomness(void) {
  begin(PSD_ALGORITHM_P256);
  receiver bob = new_receiver("P-256");
  const wish of = usual(1);
  r.card->drbg.ready = false;
  const authority_mark mark = authority_look(&a);
  CU_ASSERT_EQUAL(issue(AGENT, &of, &bob), PSD_SW_EXECUTION_ERROR);
  CU_ASSERT_TRUE(authority_untouched(&a, &mark));
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_FAULTED);
  forget(&bob);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"350-366: a P-256 key for a receiver with P-256", p256_for_p256},
      {"350-366: an RSA key for a receiver with RSA, by an agent with RSA", rsa_for_rsa},
      {"the same once more", once_more},
      {"names outside the agent's constraints cannot be", names_outside_cannot_be},
      {"valid no longer than the agent", no_longer_than_the_agent},
      {"an agent whose certificate ends while the key is made", an_agent_that_ends_meanwhile},
      {"358: without funds it is refused, whole", without_funds},
      {"keys of no agent, or of one that is not active", keys_that_may_not},
      {"an expired agent", an_expired_agent},
      {"wishes that are none", wishes_that_are_none},
      {"receivers that are none", receivers_that_are_none},
      {"without randomness", without_randomness},
  };
  int result = psd_check_run("agent", tests, PSD_CHECK_COUNT(tests));
  EVP_PKEY_free(rsa);
  return result;
}
