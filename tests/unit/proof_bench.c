#include "proof_bench.h"

#include <openssl/cms.h>
#include <openssl/conf.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

#define YEAR (365 * PROOF_DAY)

/* When the world of the test is. */
static uint64_t now = PROOF_NOW;

psd_proof_bytes proof_bytes(const proof_der *der) {
  return (psd_proof_bytes){der->data, der->length};
}

EVP_PKEY *proof_key(void) {
  return EVP_EC_gen("P-256");
}

EVP_PKEY *proof_rsa_key(void) {
  return EVP_RSA_gen(2048);
}

static CONF *conf_of(const char *text) {
  BIO *in = BIO_new_mem_buf(text, -1);
  CONF *conf = NCONF_new(NULL);
  long line;
  CU_ASSERT_FATAL(in != NULL && conf != NULL && NCONF_load_bio(conf, in, &line) == 1);
  BIO_free(in);
  return conf;
}

proof_der proof_asn1(const char *first, const char *sections, ...) {
  char text[4096];
  va_list arguments;
  va_start(arguments, sections);
  int length = vsnprintf(text, sizeof text, sections, arguments);
  va_end(arguments);
  CU_ASSERT_FATAL(length >= 0 && (size_t)length < sizeof text);
  CONF *conf = conf_of(text);
  ASN1_TYPE *value = ASN1_generate_nconf(first, conf);
  proof_der der = {.length = 0};
  uint8_t *at = der.data;
  CU_ASSERT_FATAL(value != NULL && i2d_ASN1_TYPE(value, NULL) < (int)PROOF_MAX);
  der.length = (size_t)i2d_ASN1_TYPE(value, &at);
  ASN1_TYPE_free(value);
  NCONF_free(conf);
  return der;
}

static X509_NAME *name_of(const proof_wish *wish) {
  X509_NAME *name = X509_NAME_new();
  if (wish->organization != NULL)
    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const uint8_t *)wish->organization, -1, -1, 0);
  if (wish->name != NULL)
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)wish->name, -1, -1, 0);
  return name;
}

static void extend(X509 *made, const proof_wish *wish) {
  X509V3_CTX context;
  CONF *conf = conf_of(wish->extensions);
  X509V3_set_ctx(&context, wish->issuer != NULL ? wish->issuer : made, made, NULL, NULL, 0);
  X509V3_set_nconf(&context, conf);
  CU_ASSERT_FATAL(X509V3_EXT_add_nconf(conf, &context, "x", made) == 1);
  NCONF_free(conf);
}

X509 *proof_certify(const proof_wish *wish) {
  X509 *made = X509_new();
  X509_NAME *subject = name_of(wish);
  CU_ASSERT_FATAL(made != NULL && subject != NULL);
  X509_set_version(made, X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(made), wish->number != 0 ? wish->number : 1);
  X509_set_subject_name(made, subject);
  X509_set_issuer_name(made, wish->issuer != NULL ? X509_get_subject_name(wish->issuer) : subject);
  ASN1_TIME_set(X509_getm_notBefore(made), (time_t)(wish->from != 0 ? wish->from : now - YEAR));
  ASN1_TIME_set(X509_getm_notAfter(made), (time_t)(wish->until != 0 ? wish->until : now + YEAR));
  X509_set_pubkey(made, wish->key);
  extend(made, wish);
  CU_ASSERT_FATAL(X509_sign(made, wish->issuer_key, EVP_sha256()) > 0);
  X509_NAME_free(subject);
  return made;
}

proof_der proof_of(X509 *certificate) {
  proof_der der = {.length = 0};
  uint8_t *at = der.data;
  CU_ASSERT_FATAL(i2d_X509(certificate, NULL) < (int)PROOF_MAX);
  der.length = (size_t)i2d_X509(certificate, &at);
  return der;
}

static void add_attributes(CMS_SignerInfo *signer, const proof_signing *wanted) {
  ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)(wanted->time != 0 ? wanted->time : PROOF_NOW));
  CU_ASSERT_FATAL(CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime, ASN1_STRING_type(time), time, -1) == 1);
  ASN1_TIME_free(time);
  if (wanted->metered == NULL)
    return;
  ASN1_STRING *value = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
  ASN1_OBJECT *type = OBJ_txt2obj(psd_oids[PSD_OID_METERED_USE].dotted, 1);
  ASN1_STRING_set(value, wanted->metered->data, (int)wanted->metered->length);
  CU_ASSERT_FATAL(CMS_signed_add1_attr_by_OBJ(signer, type, V_ASN1_SEQUENCE, value, -1) == 1);
  ASN1_OBJECT_free(type);
  ASN1_STRING_free(value);
}

static unsigned flags_of(const proof_signing *wanted) {
  unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP;
  if (wanted->detached)
    flags |= CMS_DETACHED;
  if (wanted->left_out)
    flags |= CMS_NOCERTS;
  return wanted->bare ? flags | CMS_NOATTR : wanted->unnamed ? flags : flags | CMS_CADES;
}

proof_der proof_sign(const proof_signing *wanted) {
  unsigned flags = flags_of(wanted);
  BIO *content = BIO_new_mem_buf(wanted->content, (int)wanted->length);
  CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
  CU_ASSERT_FATAL(content != NULL && cms != NULL);
  if (wanted->type != NULL) {
    ASN1_OBJECT *type = OBJ_txt2obj(wanted->type, 1);
    CU_ASSERT_FATAL(type != NULL && CMS_set1_eContentType(cms, type) == 1);
    ASN1_OBJECT_free(type);
  }
  CMS_SignerInfo *signer = CMS_add1_signer(cms, wanted->certificate, wanted->key, EVP_sha256(), flags);
  CU_ASSERT_FATAL(signer != NULL);
  if (!wanted->bare)
    add_attributes(signer, wanted);
  CU_ASSERT_FATAL(CMS_final(cms, content, NULL, flags) == 1);
  proof_der der = {.length = 0};
  uint8_t *at = der.data;
  CU_ASSERT_FATAL(i2d_CMS_ContentInfo(cms, NULL) < (int)PROOF_MAX);
  der.length = (size_t)i2d_CMS_ContentInfo(cms, &at);
  CMS_ContentInfo_free(cms);
  BIO_free(content);
  return der;
}

static void add_revoked(X509_CRL *list, X509 *revoked, uint64_t when, int reason) {
  X509_REVOKED *entry = X509_REVOKED_new();
  ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)when);
  X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked));
  X509_REVOKED_set_revocationDate(entry, time);
  if (reason >= 0) {
    ASN1_ENUMERATED *code = ASN1_ENUMERATED_new();
    ASN1_ENUMERATED_set(code, reason);
    X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, code, 0, 0);
    ASN1_ENUMERATED_free(code);
  }
  CU_ASSERT_FATAL(X509_CRL_add0_revoked(list, entry) == 1);
  ASN1_TIME_free(time);
}

static void add_list_extensions(X509_CRL *list, X509 *issuer) {
  X509V3_CTX context;
  CONF *conf = conf_of("[x]\nauthorityKeyIdentifier = keyid:always\n");
  ASN1_INTEGER *number = ASN1_INTEGER_new();
  ASN1_INTEGER_set(number, 1);
  X509V3_set_ctx(&context, issuer, NULL, NULL, list, 0);
  X509V3_set_nconf(&context, conf);
  CU_ASSERT_FATAL(X509V3_EXT_CRL_add_nconf(conf, &context, "x", list) == 1);
  X509_CRL_add1_ext_i2d(list, NID_crl_number, number, 0, 0);
  ASN1_INTEGER_free(number);
  NCONF_free(conf);
}

proof_der proof_list(X509 *issuer, EVP_PKEY *key, uint64_t from, uint64_t until, X509 *revoked, uint64_t when,
                     int reason) {
  X509_CRL *list = X509_CRL_new();
  ASN1_TIME *first = ASN1_TIME_set(NULL, (time_t)from), *next = ASN1_TIME_set(NULL, (time_t)until);
  X509_CRL_set_version(list, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer));
  X509_CRL_set1_lastUpdate(list, first);
  X509_CRL_set1_nextUpdate(list, next);
  if (revoked != NULL)
    add_revoked(list, revoked, when, reason);
  add_list_extensions(list, issuer);
  CU_ASSERT_FATAL(X509_CRL_sign(list, key, EVP_sha256()) > 0);
  proof_der der = {.length = 0};
  uint8_t *at = der.data;
  der.length = (size_t)i2d_X509_CRL(list, &at);
  ASN1_TIME_free(first);
  ASN1_TIME_free(next);
  X509_CRL_free(list);
  return der;
}

#define KEYS "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n"
#define POLICY(purpose)                                                                                                \
  "1.3.6.1.4.1.32473.7816.1 = ASN1:SEQUENCE:policy\n[policy]\nd = FORMAT:HEX,OCT:" PROOF_DEVICE                        \
  "\nz = INTEGER:12345\nl = INTEGER:77\n" purpose
#define SIGNS "basicConstraints = CA:FALSE\nkeyUsage = critical, digitalSignature, nonRepudiation\n"
const char proof_user[] =
    "[x]\n" SIGNS "extendedKeyUsage = emailProtection, clientAuth\n" KEYS POLICY("p = INTEGER:1\n");
const char proof_postmark[] =
    "[x]\n" SIGNS "extendedKeyUsage = critical, timeStamping\n" KEYS POLICY("p = INTEGER:2\n");
const char proof_agent[] =
    "[x]\nbasicConstraints = critical, CA:TRUE, pathlen:0\nkeyUsage = critical, keyCertSign, cRLSign\n"
    "nameConstraints = critical, permitted;dirName:within\n" KEYS POLICY("p = INTEGER:3\n") "[within]\nO = Lace Ltd\n";
const char proof_employee[] = "[x]\nbasicConstraints = CA:FALSE\nkeyUsage = critical, digitalSignature\n"
                              "extendedKeyUsage = emailProtection, clientAuth\n" KEYS;
const char proof_line[] =
    "[x]\nbasicConstraints = CA:FALSE\nkeyUsage = critical, digitalSignature\n"
    "extendedKeyUsage = 1.3.6.1.4.1.32473.7816.5\n" KEYS
    "1.3.6.1.4.1.32473.7816.4 = ASN1:SEQUENCE:line\n[line]\na = INTEGER:1000000\nd = FORMAT:HEX,OCT:" PROOF_DEVICE
    "\nc = INTEGER:7\nu = UTF8:anything\n";
const char proof_device[] = "[x]\nbasicConstraints = CA:FALSE\nkeyUsage = critical, digitalSignature\n" KEYS POLICY("");

static void make_authorities(proof_world *w) {
  w->root = proof_certify(&(proof_wish){
      .organization = "Post",
      .name = "Root",
      .issuer_key = w->root_key,
      .key = w->root_key,
      .extensions = "[x]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\n"
                    "subjectKeyIdentifier = hash\n"});
  w->ca = proof_certify(&(proof_wish){
      .organization = "Post",
      .name = "CA",
      .issuer = w->root,
      .issuer_key = w->root_key,
      .key = w->ca_key,
      .number = 2,
      .extensions =
          "[x]\nbasicConstraints = critical, CA:TRUE, pathlen:1\nkeyUsage = critical, keyCertSign, cRLSign\n" KEYS});
  w->creditor = proof_certify(&(proof_wish){
      .organization = "Post",
      .name = "Creditor",
      .issuer = w->root,
      .issuer_key = w->root_key,
      .key = w->creditor_key,
      .number = 3,
      .extensions = "[x]\nbasicConstraints = critical, CA:TRUE, pathlen:0\nkeyUsage = critical, keyCertSign\n" KEYS});
}

static X509 *by_ca(const proof_world *w, const char *name, EVP_PKEY *key, uint64_t number, const char *extensions) {
  return proof_certify(&(proof_wish){.organization = "Lace Ltd",
                                     .name = name,
                                     .issuer = w->ca,
                                     .issuer_key = w->ca_key,
                                     .key = key,
                                     .number = number,
                                     .extensions = extensions});
}

static void make_holders(proof_world *w) {
  w->user = by_ca(w, "Ada", w->key, 7, proof_user);
  w->postmark = by_ca(w, "Ada's postmarks", w->key, 8, proof_postmark);
  w->agent = by_ca(w, "Agent", w->agent_key, 9, proof_agent);
  w->device = by_ca(w, "PSD 1", w->key, 10, proof_device);
  w->employee = proof_certify(&(proof_wish){.organization = "Lace Ltd",
                                            .name = "Bob",
                                            .issuer = w->agent,
                                            .issuer_key = w->agent_key,
                                            .key = w->key,
                                            .number = 11,
                                            .extensions = proof_employee});
  w->line = proof_certify(&(proof_wish){.organization = "Lace Ltd",
                                        .name = "Ada",
                                        .issuer = w->creditor,
                                        .issuer_key = w->creditor_key,
                                        .key = w->key,
                                        .number = 12,
                                        .extensions = proof_line});
}

void proof_world_make(proof_world *w) {
  *w = (proof_world){proof_key(), proof_key(), proof_key(), proof_key(), proof_key(), NULL, NULL, NULL,
                     NULL,        NULL,        NULL,        NULL,        NULL,        NULL, NULL};
  make_authorities(w);
  make_holders(w);
  w->trust = psd_trust_new();
  CU_ASSERT_FATAL(w->trust != NULL);
  proof_der root = proof_of(w->root), ca = proof_of(w->ca), creditor = proof_of(w->creditor),
            agent = proof_of(w->agent);
  CU_ASSERT_FATAL(psd_trust_add_root_der(w->trust, proof_bytes(&root)) &&
                  psd_trust_add_chain_der(w->trust, proof_bytes(&ca)) &&
                  psd_trust_add_chain_der(w->trust, proof_bytes(&creditor)) &&
                  psd_trust_add_chain_der(w->trust, proof_bytes(&agent)));
}

void proof_world_make_at(proof_world *w, uint64_t time) {
  now = time;
  proof_world_make(w);
}

void proof_world_free(proof_world *w) {
  EVP_PKEY *keys[] = {w->root_key, w->ca_key, w->creditor_key, w->key, w->agent_key};
  X509 *all[] = {w->root, w->ca, w->creditor, w->user, w->postmark, w->agent, w->employee, w->line, w->device};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    EVP_PKEY_free(keys[i]);
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    X509_free(all[i]);
  psd_trust_free(w->trust);
}

proof_der proof_tst(const uint8_t digest[32], const char *time) {
  char hex[65];
  for (size_t i = 0; i < 32; i++)
    snprintf(hex + 2 * i, 3, "%02x", digest[i]);
  return proof_asn1("SEQUENCE:t",
                    "[t]\nv = INTEGER:1\np = OID:1.3.6.1.4.1.32473.7816.3.300\ni = SEQUENCE:i\nn = INTEGER:42\n"
                    "t = GENTIME:%s\nx = INTEGER:99\n[i]\na = SEQUENCE:a\nd = FORMAT:HEX,OCT:%s\n[a]\no = OID:sha256\n",
                    time, hex);
}

size_t proof_altered(const proof_der *good, proof_checker *check, void *user) {
  size_t held = 0;
  for (size_t i = 0; i < good->length; i++)
    for (unsigned bit = 1; bit < 256; bit = bit << 1 | (bit == 128 ? 256 : 0)) {
      /* Exactly as long as it is: a byte too many is seen. */
      uint8_t *copy = OPENSSL_memdup(good->data, good->length);
      copy[i] ^= (uint8_t)bit;
      if (check(user, (psd_proof_bytes){copy, good->length}) == PSD_PROOF_HOLDS) {
        printf("\n  holds with bit %02X of byte %zu of %zu turned\n", bit, i, good->length);
        held++;
      }
      OPENSSL_free(copy);
    }
  proof_der longer = *good;
  longer.data[longer.length++] = 0;
  return held + (check(user, (psd_proof_bytes){good->data, good->length - 1}) == PSD_PROOF_HOLDS) +
         (check(user, proof_bytes(&longer)) == PSD_PROOF_HOLDS);
}
