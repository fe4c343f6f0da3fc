/* Certificates of users (VM figure 5; docs/certificates.md, docs/kms.md): sealed requests are opened and certified, and
 * OpenSSL, which nobody here wrote, says what the certificates are good for. */
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <string.h>

#include "kms_user.h"

static user at;
static uint8_t bytes[PROOF_MAX];

static psd_buffer opening(const psd_certificate_request *head, const proof_der *pkcs10) {
  psd_buffer request = bench_request(bytes, sizeof bytes);
  user_seal(&at, head, pkcs10, &request);
  return request;
}

static psd_signal open_it(const psd_certificate_request *head, const proof_der *pkcs10) {
  psd_buffer request = opening(head, pkcs10);
  return bench_ask(&at.on, PSD_FRAME_KMS_REQUEST, &request);
}

/* What is sealed comes out, once more too, and is on the log. */
static void opened(void) {
  user_begin(&at);
  const psd_certificate_request head = user_head(&at, PSD_PURPOSE_USER);
  const proof_der pkcs10 = user_pkcs10(at.key, "House & Söhne", "Anna");
  for (unsigned i = 1; i <= 2; i++) {
    CU_ASSERT_EQUAL_FATAL(open_it(&head, &pkcs10), PSD_SIGNAL_NONE);
    CU_ASSERT_EQUAL_FATAL(at.on.answer_length, pkcs10.length);
    CU_ASSERT_EQUAL(memcmp(at.on.content, pkcs10.data, pkcs10.length), 0);
    CU_ASSERT_EQUAL_FATAL(at.on.service.events.count, i);
  }
  psd_kms_record record = psd_kms_record_of(&at.on.service.events.list[0]);
  CU_ASSERT(record.event == PSD_KMS_EVENT_REQUESTED && record.serial == 0x1234 && record.sequence == 7);
  bench_learn(&at.on);
  user_end(&at);
}

/* No byte of a sealed request may be another, none may be missing or too many; another PSD's key does not open it. */
static void altered(void) {
  user_begin(&at);
  const psd_certificate_request head = user_head(&at, PSD_PURPOSE_USER);
  const proof_der pkcs10 = user_pkcs10(at.key, NULL, "Anna");
  psd_buffer request = opening(&head, &pkcs10);
  const size_t sealed = PSD_SIZE_KMS_CALL + PSD_SIZE_WRAPPED_K4, text = sealed + PSD_SIZE_CERTIFICATE_REQUEST;
  bench_flip_all(&at.on, PSD_FRAME_KMS_REQUEST, &request, PSD_SIZE_KMS_CALL, sealed, PSD_SIGNAL_DEVICE_KEY);
  bench_flip_all(&at.on, PSD_FRAME_KMS_REQUEST, &request, text, request.length, PSD_SIGNAL_SIGNATURE);
  for (size_t i = sealed; i < text; i++) {
    request.data[i] ^= 0x01;
    psd_signal signal = bench_ask(&at.on, PSD_FRAME_KMS_REQUEST, &request);
    /* Vendor, model and serial number; a flag that is none; and the rest. */
    CU_ASSERT(i < sealed + 8 ? signal == PSD_SIGNAL_DEVICE_KEY || signal == PSD_SIGNAL_MESSAGE
                             : signal == PSD_SIGNAL_SIGNATURE || signal == PSD_SIGNAL_MESSAGE);
    request.data[i] ^= 0x01;
  }
  for (size_t length = PSD_SIZE_KMS_CALL; length < request.length; length++) {
    psd_buffer shorter = {.data = request.data, .length = length};
    CU_ASSERT_EQUAL(bench_ask(&at.on, PSD_FRAME_KMS_REQUEST, &shorter),
                    length <= text + 16 ? PSD_SIGNAL_MESSAGE : PSD_SIGNAL_SIGNATURE);
  }
  psd_put_u8(&request, 0);
  CU_ASSERT_EQUAL(bench_ask(&at.on, PSD_FRAME_KMS_REQUEST, &request), PSD_SIGNAL_SIGNATURE);
  request.length = text + PSD_PKCS10_MAX + 17; /* longer than any */
  CU_ASSERT_EQUAL(bench_ask(&at.on, PSD_FRAME_KMS_REQUEST, &request), PSD_SIGNAL_MESSAGE);
  /* The same PSD, made anew: what was sealed before is under another K3. */
  request = opening(&head, &pkcs10);
  psd_kms_manufactured again = bench_manufacture(&at.on, 0, PSD_SUITE_P256);
  psd_pair *pair = bench_pair(&at.on, &again);
  memcpy(request.data + PSD_SIZE_KMS_CALL, again.wrapped_k4, PSD_SIZE_WRAPPED_K4);
  CU_ASSERT_EQUAL(bench_ask(&at.on, PSD_FRAME_KMS_REQUEST, &request), PSD_SIGNAL_SIGNATURE);
  psd_pair_free(pair);
  user_end(&at);
}

/* A PSD without a key pair of its own could confirm no revocation. */
static void without_a_pair(void) {
  user_begin(&at);
  at.made = bench_manufacture(&at.on, 0, PSD_SUITE_P256);
  const psd_certificate_request head = user_head(&at, PSD_PURPOSE_USER);
  const proof_der pkcs10 = user_pkcs10(at.key, NULL, "Anna");
  CU_ASSERT_EQUAL(open_it(&head, &pkcs10), PSD_SIGNAL_REQUEST);
  user_end(&at);
}

static void heads(void) {
  user_begin(&at);
  const proof_der pkcs10 = user_pkcs10(at.key, "House", "Anna");
  const struct {
    uint8_t slot, purpose, algorithm;
    uint32_t number;
    psd_signal signal;
  } cases[] = {{1, 1, 1, 1, PSD_SIGNAL_NONE},          {8, 3, 1, UINT32_MAX, PSD_SIGNAL_NONE},
               {0, 1, 1, 1, PSD_SIGNAL_REQUEST},       {9, 1, 1, 1, PSD_SIGNAL_REQUEST},
               {1, 0, 1, 1, PSD_SIGNAL_REQUEST},       {1, 4, 1, 1, PSD_SIGNAL_REQUEST},
               {1, 1, 0, 1, PSD_SIGNAL_REQUEST},       {1, 1, 2, 1, PSD_SIGNAL_REQUEST}, /* it is no RSA key */
               {1, 1, 3, 1, PSD_SIGNAL_REQUEST},       {1, 1, 1, 0, PSD_SIGNAL_REQUEST},
               {255, 255, 255, 1, PSD_SIGNAL_REQUEST}, {1, 2, 1, 1, PSD_SIGNAL_NONE}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    psd_certificate_request head = user_head(&at, (psd_purpose)cases[i].purpose);
    head.slot = cases[i].slot;
    head.algorithm = cases[i].algorithm;
    head.number = cases[i].number;
    CU_ASSERT_EQUAL(open_it(&head, &pkcs10), cases[i].signal);
  }
  user_end(&at);
}

static X509_REQ *begun(void) {
  X509_REQ *request = X509_REQ_new();
  CU_ASSERT_FATAL(request != NULL && X509_REQ_set_pubkey(request, at.key) == 1);
  return request;
}

static psd_signal open_named(int nid, int form, const char *text, int length) {
  X509_REQ *request = begun();
  CU_ASSERT_FATAL(X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request), nid, form, (const uint8_t *)text,
                                             length, -1, 0) == 1);
  const proof_der pkcs10 = user_pkcs10_of(request, at.key);
  const psd_certificate_request head = user_head(&at, PSD_PURPOSE_USER);
  return open_it(&head, &pkcs10);
}

/* Names are written in one way: 1 to 64 bytes, PrintableString where it can be and UTF8String else, O and CN. */
static void names(void) {
  static const char longest[] = "123456789 123456789 123456789 123456789 123456789 123456789 1234";
  static const char longer[] = "123456789 123456789 123456789 123456789 123456789 123456789 12345";
  user_begin(&at);
  CU_ASSERT_EQUAL(open_named(NID_commonName, V_ASN1_PRINTABLESTRING, "Anna", -1), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(open_named(NID_commonName, V_ASN1_PRINTABLESTRING, longest, -1), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(open_named(NID_commonName, V_ASN1_UTF8STRING, "Zoë", -1), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(open_named(NID_commonName, V_ASN1_UTF8STRING, "anna@house", -1), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(open_named(NID_commonName, V_ASN1_UTF8STRING, "Anna", -1), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(open_named(NID_commonName, V_ASN1_PRINTABLESTRING, "anna@house", -1), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(open_named(NID_commonName, V_ASN1_T61STRING, "Anna", -1), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(open_named(NID_commonName, V_ASN1_UTF8STRING, "A\nB", -1), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(open_named(NID_commonName, V_ASN1_UTF8STRING, "A\0B", 3), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(open_named(NID_commonName, V_ASN1_UTF8STRING, "A\xC2\x85", -1), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(open_named(NID_commonName, V_ASN1_PRINTABLESTRING, longer, -1), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(open_named(NID_organizationName, V_ASN1_PRINTABLESTRING, "House", -1), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(open_named(NID_countryName, V_ASN1_PRINTABLESTRING, "US", -1), PSD_SIGNAL_REQUEST);
  user_end(&at);
}

static psd_signal open_der(proof_der pkcs10) {
  const psd_certificate_request head = user_head(&at, PSD_PURPOSE_USER);
  return open_it(&head, &pkcs10);
}

static X509_REQ *with_names(const char *const *attributes, const char *const *texts, const int *sets, size_t count) {
  X509_REQ *request = begun();
  for (size_t i = 0; i < count; i++)
    CU_ASSERT_FATAL(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), attributes[i],
                                               V_ASN1_PRINTABLESTRING, (const uint8_t *)texts[i], -1, -1,
                                               sets[i]) == 1);
  return request;
}

/* A key of P-256 whose curve is written out (RFC 5480, 2.1.1: it must be named). */
static EVP_PKEY *unnamed_curve(void) {
  EVP_PKEY *key = NULL;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
  CU_ASSERT_FATAL(EVP_PKEY_keygen_init(context) == 1 &&
                  EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1 &&
                  EVP_PKEY_CTX_set_ec_param_enc(context, OPENSSL_EC_EXPLICIT_CURVE) == 1 &&
                  EVP_PKEY_generate(context, &key) == 1);
  EVP_PKEY_CTX_free(context);
  return key;
}

/* What is no request of a card. */
static void other_requests(void) {
  static const char *const turned[] = {"CN", "O"}, *const twice[] = {"CN", "CN"}, *const right[] = {"O", "CN"};
  static const char *const texts[] = {"Anna", "House"};
  static const int apart[] = {0, 0}, together[] = {0, -1};
  user_begin(&at);
  CU_ASSERT_EQUAL(open_der(user_pkcs10_of(with_names(right, texts, apart, 2), at.key)), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(open_der(user_pkcs10_of(with_names(right, texts, together, 2), at.key)), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(open_der(user_pkcs10_of(with_names(turned, texts, apart, 2), at.key)), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(open_der(user_pkcs10_of(with_names(twice, texts, apart, 2), at.key)), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(open_der(user_pkcs10(at.key, NULL, NULL)), PSD_SIGNAL_REQUEST);
  /* An attribute: extensions that nobody would look at. */
  X509_REQ *request = with_names(right, texts, apart, 2);
  CU_ASSERT_FATAL(X509_REQ_add1_attr_by_txt(request, "challengePassword", V_ASN1_PRINTABLESTRING,
                                            (const uint8_t *)"please", 6) == 1);
  CU_ASSERT_EQUAL(open_der(user_pkcs10_of(request, at.key)), PSD_SIGNAL_REQUEST);
  /* Signed with another key, or with another hash. */
  EVP_PKEY *other = proof_key();
  CU_ASSERT_EQUAL(open_der(user_pkcs10_of(with_names(right, texts, apart, 2), other)), PSD_SIGNAL_REQUEST);
  EVP_PKEY_free(other);
  request = with_names(right, texts, apart, 2);
  proof_der der = {.length = 0};
  uint8_t *to = der.data;
  CU_ASSERT_FATAL(X509_REQ_sign(request, at.key, EVP_sha384()) > 0);
  der.length = (size_t)i2d_X509_REQ(request, &to);
  X509_REQ_free(request);
  CU_ASSERT_EQUAL(open_der(der), PSD_SIGNAL_REQUEST);
  /* More behind it; another curve; nothing of the kind. */
  der = user_pkcs10(at.key, NULL, "Anna");
  der.length++;
  CU_ASSERT_EQUAL(open_der(der), PSD_SIGNAL_REQUEST);
  EVP_PKEY *p384 = EVP_EC_gen("P-384"), *small = EVP_RSA_gen(1024);
  CU_ASSERT_EQUAL(open_der(user_pkcs10(p384, NULL, "Anna")), PSD_SIGNAL_REQUEST);
  psd_certificate_request head = user_head(&at, PSD_PURPOSE_USER);
  head.algorithm = PSD_ALGORITHM_RSA2048;
  der = user_pkcs10(small, NULL, "Anna");
  CU_ASSERT_EQUAL(open_it(&head, &der), PSD_SIGNAL_REQUEST);
  EVP_PKEY_free(p384);
  EVP_PKEY_free(small);
  EVP_PKEY *unnamed = unnamed_curve();
  CU_ASSERT_EQUAL(open_der(user_pkcs10(unnamed, NULL, "Anna")), PSD_SIGNAL_REQUEST);
  EVP_PKEY_free(unnamed);
  der = (proof_der){.data = {0x30, 0x00}, .length = 2};
  CU_ASSERT_EQUAL(open_der(der), PSD_SIGNAL_REQUEST);
  user_end(&at);
}

/* No byte of the PKCS#10 may be another; who has K3 could seal such. */
static void altered_inside(void) {
  user_begin(&at);
  proof_der pkcs10 = user_pkcs10(at.key, NULL, "Anna");
  for (size_t i = 0; i < pkcs10.length; i++) {
    pkcs10.data[i] ^= 0x01;
    CU_ASSERT_EQUAL(open_der(pkcs10), PSD_SIGNAL_REQUEST);
    pkcs10.data[i] ^= 0x01;
  }
  user_end(&at);
}

static void check_extension(const X509 *certificate, const char *dotted, int critical, const char *hex) {
  ASN1_OBJECT *object = OBJ_txt2obj(dotted, 1);
  int place = X509_get_ext_by_OBJ(certificate, object, -1);
  ASN1_OBJECT_free(object);
  CU_ASSERT_FATAL(place >= 0);
  X509_EXTENSION *extension = X509_get_ext(certificate, place);
  const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
  CU_ASSERT_EQUAL(X509_EXTENSION_get_critical(extension), critical);
  psd_check_bytes(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value), hex, dotted);
}

static bool says(const X509 *certificate, const char *text) {
  uint8_t der[PROOF_MAX], *to = der;
  int length = i2d_X509(certificate, &to);
  for (int i = 0; i + (int)strlen(text) <= length; i++)
    if (memcmp(der + i, text, strlen(text)) == 0)
      return true;
  return false;
}

static void check_times(X509 *certificate, int purpose) {
  CU_ASSERT_EQUAL(user_verify(&at, certificate, NULL, NULL, purpose, BENCH_NOW + 1), X509_V_OK);
  CU_ASSERT_EQUAL(user_verify(&at, certificate, NULL, NULL, purpose, BENCH_NOW - 1), X509_V_ERR_CERT_NOT_YET_VALID);
  CU_ASSERT_EQUAL(user_verify(&at, certificate, NULL, NULL, purpose, BENCH_NOW + 365 * USER_DAY + 1),
                  X509_V_ERR_CERT_HAS_EXPIRED);
}

/* 518: a user's certificate signs messages, and nothing else. */
static void of_a_user(void) {
  user_begin(&at);
  X509 *made = user_certificate(&at, PSD_PURPOSE_USER);
  check_times(made, X509_PURPOSE_SMIME_SIGN);
  CU_ASSERT_EQUAL(user_verify(&at, made, NULL, NULL, X509_PURPOSE_SSL_CLIENT, BENCH_NOW + 1), X509_V_OK);
  CU_ASSERT_EQUAL(user_verify(&at, made, NULL, NULL, X509_PURPOSE_TIMESTAMP_SIGN, BENCH_NOW + 1),
                  X509_V_ERR_INVALID_PURPOSE);
  CU_ASSERT_EQUAL(X509_check_ca(made), 0);
  CU_ASSERT_EQUAL(X509_get_key_usage(made), (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION));
  check_extension(made, psd_oids[PSD_OID_METERING_POLICY].dotted, 0,
                  "3015040850534431000012340203016062"
                  "02012a020101");
  CU_ASSERT(says(made, "http://ca.test/ca-7.crl") && says(made, "http://ca.test/ocsp") &&
            says(made, "http://ca.test/ca-7.crt"));
  CU_ASSERT_EQUAL(EVP_PKEY_eq(X509_get0_pubkey(made), at.key), 1);
  X509_free(made);
  CU_ASSERT_EQUAL_FATAL(at.on.service.events.count, 1);
  psd_kms_record record = psd_kms_record_of(&at.on.service.events.list[0]);
  CU_ASSERT(record.event == PSD_KMS_EVENT_ISSUED && record.kind == PSD_KMS_CA && record.key == 7);
  CU_ASSERT(record.serial == 0x1234 && record.sequence == 100);
  bench_learn(&at.on);
  user_end(&at);
}

/* RFC 3161, 2.3: extended key usage timeStamping, alone and critical. */
static void of_postmarks(void) {
  user_begin(&at);
  X509 *made = user_certificate(&at, PSD_PURPOSE_POSTMARK);
  check_times(made, X509_PURPOSE_TIMESTAMP_SIGN);
  CU_ASSERT_EQUAL(user_verify(&at, made, NULL, NULL, X509_PURPOSE_SMIME_SIGN, BENCH_NOW + 1),
                  X509_V_ERR_INVALID_PURPOSE);
  check_extension(made, "2.5.29.37", 1, "300a06082b06010505070308");
  X509_free(made);
  user_end(&at);
}

/* A certificate for a key, below another. */
static X509 *below(X509 *issuer, EVP_PKEY *issuer_key, EVP_PKEY *key, const char *organization, bool ca) {
  static const char authority[] = "[x]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign\n"
                                  "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n";
  const proof_wish wish = {.organization = organization,
                           .name = ca ? "Bob" : "Carl",
                           .issuer = issuer,
                           .issuer_key = issuer_key,
                           .key = key,
                           .number = 5,
                           .from = BENCH_NOW,
                           .until = BENCH_NOW + USER_DAY,
                           .extensions = ca ? authority : proof_employee};
  return proof_certify(&wish);
}

static void check_below(X509 *agent, EVP_PKEY *key, const char *organization, int expected) {
  X509 *made = below(agent, at.key, key, organization, false);
  CU_ASSERT_EQUAL(user_verify(&at, made, agent, NULL, X509_PURPOSE_SMIME_SIGN, BENCH_NOW + 1), expected);
  X509_free(made);
}

/* Nobody is a CA below it. */
static void check_path(X509 *agent, EVP_PKEY *key) {
  X509 *other = below(agent, at.key, key, "House", true), *leaf = below(other, key, key, "House", false);
  X509 *known = at.creditor;
  at.creditor = other; /* one more to build the path of */
  CU_ASSERT_EQUAL(user_verify(&at, leaf, agent, NULL, 0, BENCH_NOW + 1), X509_V_ERR_PATH_LENGTH_EXCEEDED);
  at.creditor = known;
  X509_free(leaf);
  X509_free(other);
}

/* Figure 3A: an agent certifies names of its organization, and no other CA. */
static void of_an_agent(void) {
  user_begin(&at);
  EVP_PKEY *key = proof_key();
  X509 *agent = user_certificate(&at, PSD_PURPOSE_AGENT);
  check_times(agent, 0);
  CU_ASSERT_EQUAL(X509_check_ca(agent), 1);
  CU_ASSERT_EQUAL(X509_get_pathlen(agent), 0);
  CU_ASSERT_EQUAL(X509_get_key_usage(agent), (KU_KEY_CERT_SIGN | KU_CRL_SIGN));
  /* permittedSubtrees { directoryName { O=House } } */
  check_extension(agent, "2.5.29.30", 1, "3018a0163014a4123010310e300c060355040a1305486f757365");
  check_below(agent, key, "House", X509_V_OK);
  check_below(agent, key, "Mouse", X509_V_ERR_PERMITTED_VIOLATION);
  check_below(agent, key, NULL, X509_V_ERR_PERMITTED_VIOLATION);
  check_path(agent, key);
  X509_free(agent);
  EVP_PKEY_free(key);
  /* Without an organization it would be bound to nothing. */
  const psd_certificate_request head = user_head(&at, PSD_PURPOSE_AGENT);
  const proof_der pkcs10 = user_pkcs10(at.key, NULL, "Anna");
  const psd_kms_issue wanted = user_issue(&at);
  CU_ASSERT_EQUAL(open_it(&head, &pkcs10), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(user_ask(&at, &wanted, "", &head, &pkcs10), PSD_SIGNAL_REQUEST);
  user_end(&at);
}

/* The longest there may be, RSA and all, fits a slot, and an answer of the card. */
static void longest(void) {
  static const char name[] = "üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü";
  char address[PSD_ADDRESS_MAX + 2] = "https://";
  user_begin(&at);
  at.on.device = psd_kms_device_of((const uint8_t *)"~*", (const uint8_t *)"@_", UINT32_MAX);
  at.made = bench_manufacture(&at.on, 0, PSD_SUITE_P256);
  psd_pair_free(at.pair);
  at.pair = bench_pair(&at.on, &at.made);
  EVP_PKEY_free(at.key);
  at.key = proof_rsa_key();
  psd_certificate_request head = user_head(&at, PSD_PURPOSE_AGENT);
  head.number = UINT32_MAX;
  head.algorithm = PSD_ALGORITHM_RSA2048;
  const proof_der pkcs10 = user_pkcs10(at.key, name, name);
  CU_ASSERT_EQUAL(strlen(name), PSD_NAME_MAX);
  CU_ASSERT(pkcs10.length <= PSD_PKCS10_MAX);
  psd_kms_issue wanted = user_issue(&at);
  wanted.number = wanted.zip = wanted.licence = UINT32_MAX;
  memset(address + 8, 'a', PSD_ADDRESS_MAX - 8);
  /* By a CA whose key is no longer the seventh. */
  psd_keyring_find(at.on.ring, 7)->identifier = UINT32_MAX;
  CU_ASSERT_EQUAL_FATAL(user_ask(&at, &wanted, address, &head, &pkcs10), PSD_SIGNAL_NONE);
  psd_keyring_find(at.on.ring, UINT32_MAX)->identifier = 7;
  X509 *made = user_granted(&at, &head);
  X509_free(made);
  address[PSD_ADDRESS_MAX] = 'a';
  CU_ASSERT_EQUAL(user_ask(&at, &wanted, address, &head, &pkcs10), PSD_SIGNAL_REQUEST);
  user_end(&at);
}

static void addresses(void) {
  static const struct {
    const char *address;
    psd_signal signal;
  } cases[] = {{"", PSD_SIGNAL_NONE},
               {"http://a", PSD_SIGNAL_NONE},
               {"https://a.b:8080/pki/", PSD_SIGNAL_NONE},
               {"http://", PSD_SIGNAL_REQUEST},
               {"https://", PSD_SIGNAL_REQUEST},
               {"/", PSD_SIGNAL_REQUEST},
               {"ftp://a", PSD_SIGNAL_REQUEST},
               {"http:/a", PSD_SIGNAL_REQUEST},
               {"http://a b", PSD_SIGNAL_REQUEST},
               {"http://a\n", PSD_SIGNAL_REQUEST},
               {"http://\xC3\xA4", PSD_SIGNAL_REQUEST},
               {"http://a\"", PSD_SIGNAL_REQUEST}};
  user_begin(&at);
  const psd_certificate_request head = user_head(&at, PSD_PURPOSE_USER);
  const proof_der pkcs10 = user_pkcs10(at.key, NULL, "Anna");
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    const psd_kms_issue wanted = user_issue(&at);
    CU_ASSERT_EQUAL(user_ask(&at, &wanted, cases[i].address, &head, &pkcs10), cases[i].signal);
    if (cases[i].signal != PSD_SIGNAL_NONE)
      continue;
    X509 *made = user_granted(&at, &head);
    CU_ASSERT_EQUAL(X509_get_ext_by_NID(made, NID_info_access, -1) >= 0, cases[i].address[0] != '\0');
    CU_ASSERT_EQUAL(X509_get_ext_by_NID(made, NID_crl_distribution_points, -1) >= 0, cases[i].address[0] != '\0');
    if (i == 2)
      CU_ASSERT(says(made, "https://a.b:8080/pki/ocsp") && says(made, "https://a.b:8080/pki/ca-7.crl"));
    X509_free(made);
  }
  user_end(&at);
}

static void refused(void) {
  user_begin(&at);
  const psd_certificate_request head = user_head(&at, PSD_PURPOSE_USER);
  const proof_der pkcs10 = user_pkcs10(at.key, NULL, "Anna");
  const struct {
    uint32_t number, ca_key;
    uint64_t from, until;
    psd_signal signal;
  } cases[] = {{1, 0, BENCH_NOW, BENCH_NOW + 1096 * USER_DAY, PSD_SIGNAL_NONE},
               {1, 7, BENCH_NOW - USER_DAY, BENCH_NOW + 1, PSD_SIGNAL_NONE},
               {UINT32_MAX, 7, BENCH_NOW + USER_DAY, BENCH_NOW + 2 * USER_DAY, PSD_SIGNAL_NONE},
               {0, 0, BENCH_NOW, BENCH_NOW + 1, PSD_SIGNAL_REQUEST},
               {1, 8, BENCH_NOW, BENCH_NOW + 1, PSD_SIGNAL_REQUEST},
               {1, 12, BENCH_NOW, BENCH_NOW + 1, PSD_SIGNAL_REQUEST}, /* the root certifies no user */
               {1, 0, BENCH_NOW, BENCH_NOW + 1096 * USER_DAY + 1, PSD_SIGNAL_REQUEST},
               {1, 0, BENCH_NOW - USER_DAY - 1, BENCH_NOW + 1, PSD_SIGNAL_REQUEST},
               {1, 0, BENCH_NOW + USER_DAY + 1, BENCH_NOW + 2 * USER_DAY, PSD_SIGNAL_REQUEST},
               {1, 0, BENCH_NOW, BENCH_NOW, PSD_SIGNAL_REQUEST},
               {1, 0, BENCH_NOW, UINT64_MAX, PSD_SIGNAL_REQUEST},
               {1, 0, 0, UINT64_MAX, PSD_SIGNAL_REQUEST}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    const psd_kms_issue wanted = {
        .number = cases[i].number, .ca_key = cases[i].ca_key, .from = cases[i].from, .until = cases[i].until};
    at.on.service.events.count = 0;
    CU_ASSERT_EQUAL(user_ask(&at, &wanted, USER_ADDRESS, &head, &pkcs10), cases[i].signal);
    CU_ASSERT_EQUAL(at.on.service.events.count, cases[i].signal == PSD_SIGNAL_NONE ? 1 : 0);
  }
  /* A key that is no longer accepted, and one that another took the place of. */
  const psd_kms_issue wanted = {.number = 1, .ca_key = 7, .from = BENCH_NOW, .until = BENCH_NOW + 1};
  (void)bench_rotate(&at.on, PSD_KMS_CA);
  CU_ASSERT_EQUAL(user_ask(&at, &wanted, USER_ADDRESS, &head, &pkcs10), PSD_SIGNAL_NONE);
  bench_move(&at.on, 7, PSD_KMS_STATE_OBSOLETE);
  CU_ASSERT_EQUAL(user_ask(&at, &wanted, USER_ADDRESS, &head, &pkcs10), PSD_SIGNAL_REQUEST);
  /* What is no whole request. */
  psd_buffer request = bench_request(bytes, sizeof bytes);
  psd_put_message(&request, PSD_MESSAGE_KMS_ISSUE, &wanted);
  user_seal(&at, &head, &pkcs10, &request);
  for (size_t length = PSD_SIZE_KMS_CALL; length < request.length; length++) {
    psd_buffer shorter = {.data = request.data, .length = length};
    psd_signal signal = bench_ask(&at.on, PSD_FRAME_KMS_ISSUE, &shorter);
    CU_ASSERT(signal == PSD_SIGNAL_MESSAGE || signal == PSD_SIGNAL_SIGNATURE);
  }
  user_end(&at);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a sealed request is opened (512)", opened},
      {"an altered one is not, nor another PSD's", altered},
      {"a PSD without a key pair", without_a_pair},
      {"slots, purposes, algorithms, numbers", heads},
      {"names that may be certified", names},
      {"what is no request of a card", other_requests},
      {"each byte of the PKCS#10", altered_inside},
      {"the certificate of a user (518)", of_a_user},
      {"of postmarks", of_postmarks},
      {"of an agent: name constraints, path length", of_an_agent},
      {"the longest fits a slot", longest},
      {"addresses of the authority", addresses},
      {"what is certified for nobody", refused},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms users", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
