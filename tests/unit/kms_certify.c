/* certify (docs/kms.md, "Certificates"): what a certificate says, what is refused, and what the openssl command, which
 * nobody here wrote, says of it. */
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kms/certificate.h"
#include "kms_support.h"
#include "openssl_run.h"

#define DAY UINT64_C(86400)

static bench on;
static psd_kms_manufactured made;
static psd_pair *pair;

static void begin(void) {
  bench_open(&on, PSD_ROLE_METER, false);
  made = bench_manufacture(&on, 0, PSD_SUITE_P256);
  pair = bench_pair(&on, &made);
  on.service.events.count = 0;
}

static void end(void) {
  psd_pair_free(pair);
  bench_close(&on);
}

/* The certificate in the answer; free it. */
static X509 *answered(void) {
  const unsigned char *at = on.content;
  X509 *taken = d2i_X509(NULL, &at, (long)on.answer_length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(taken);
  CU_ASSERT_PTR_EQUAL(at, on.content + on.answer_length);
  return taken;
}

static void check_name(const X509_NAME *name, const char *wanted) {
  char text[256];
  BIO *memory = BIO_new(BIO_s_mem());
  CU_ASSERT(X509_NAME_print_ex(memory, name, 0, XN_FLAG_RFC2253) >= 0);
  int length = BIO_read(memory, text, sizeof text - 1);
  text[length > 0 ? length : 0] = '\0';
  CU_ASSERT_STRING_EQUAL(text, wanted);
  BIO_free(memory);
}

static void check_time(const ASN1_TIME *time, uint64_t wanted) {
  CU_ASSERT_EQUAL(ASN1_TIME_cmp_time_t(time, (time_t)wanted), 0);
}

/* MeteringPolicy, byte for byte. */
static void check_policy(const X509 *taken, const char *hex) {
  ASN1_OBJECT *object = OBJ_txt2obj(PSD_KMS_METERING_POLICY, 1);
  int at = X509_get_ext_by_OBJ(taken, object, -1);
  CU_ASSERT_FATAL(at >= 0);
  X509_EXTENSION *extension = X509_get_ext(taken, at);
  CU_ASSERT_EQUAL(X509_EXTENSION_get_critical(extension), 0);
  const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
  psd_check_bytes(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value), hex, "MeteringPolicy");
  ASN1_OBJECT_free(object);
}

static void content(void) {
  begin();
  const psd_kms_certify wanted = bench_certificate(&on);
  CU_ASSERT_EQUAL_FATAL(bench_certify(&on, &made, &wanted), PSD_SIGNAL_NONE);
  CU_ASSERT(on.answer_length < 800);
  X509 *taken = answered();
  CU_ASSERT_EQUAL(X509_get_version(taken), X509_VERSION_3);
  CU_ASSERT_EQUAL(ASN1_INTEGER_get(X509_get0_serialNumber(taken)), 5);
  CU_ASSERT_EQUAL(X509_get_signature_nid(taken), NID_ecdsa_with_SHA256);
  check_name(X509_get_subject_name(taken), "serialNumber=PS D1 00001234,O=SPECIMEN Postal Security Devices");
  check_name(X509_get_issuer_name(taken), "CN=SPECIMEN CA 7,O=SPECIMEN Postal Security Devices");
  check_time(X509_get0_notBefore(taken), BENCH_NOW);
  check_time(X509_get0_notAfter(taken), BENCH_NOW + 365 * DAY);
  CU_ASSERT_EQUAL(X509_get_key_usage(taken), X509v3_KU_DIGITAL_SIGNATURE);
  CU_ASSERT_EQUAL(X509_check_ca(taken), 0);
  CU_ASSERT_EQUAL(X509_EXTENSION_get_critical(X509_get_ext(taken, X509_get_ext_by_NID(taken, NID_key_usage, -1))), 1);
  CU_ASSERT(X509_get_ext_by_NID(taken, NID_basic_constraints, -1) >= 0);
  CU_ASSERT(X509_get0_subject_key_id(taken) != NULL && X509_get0_authority_key_id(taken) != NULL);
  CU_ASSERT_EQUAL(X509_get_ext_count(taken), 5);
  check_policy(taken, "3012040850534431000012340203016062"
                      "02012a");
  X509_free(taken);
  CU_ASSERT_EQUAL_FATAL(on.service.events.count, 1);
  psd_kms_record record = psd_kms_record_of(&on.service.events.list[0]);
  CU_ASSERT(record.event == PSD_KMS_EVENT_CERTIFIED && record.kind == PSD_KMS_CA && record.key == 7);
  CU_ASSERT(record.serial == 0x1234 && record.sequence == 5 && record.amount == 0);
  end();
}

/* The largest numbers, and a device whose name has characters that are in no PrintableString. */
static void extremes(void) {
  static const uint8_t vendor[] = "~*", model[] = "@_";
  bench_open(&on, PSD_ROLE_METER, false);
  on.device = psd_kms_device_of(vendor, model, UINT32_MAX);
  made = bench_manufacture(&on, 1, PSD_SUITE_P256);
  pair = bench_pair(&on, &made);
  psd_kms_certify wanted = bench_certificate(&on);
  wanted.serial = wanted.number = wanted.zip = UINT32_MAX;
  wanted.licence = 0;
  CU_ASSERT_EQUAL_FATAL(bench_certify(&on, &made, &wanted), PSD_SIGNAL_NONE);
  X509 *taken = answered();
  check_policy(taken, "3014"
                      "04087e2a405fffffffff"
                      "020500ffffffff"
                      "020100");
  check_name(X509_get_subject_name(taken), "serialNumber=~* @_ FFFFFFFF,O=SPECIMEN Postal Security Devices");
  X509_free(taken);
  end();
}

static void refused(void) {
  begin();
  const struct {
    uint64_t number, from, until;
    psd_signal signal;
  } cases[] = {{0, BENCH_NOW, BENCH_NOW + DAY, PSD_SIGNAL_REQUEST},
               {1, BENCH_NOW, BENCH_NOW + 1, PSD_SIGNAL_NONE},
               {1, BENCH_NOW, BENCH_NOW, PSD_SIGNAL_REQUEST},
               {1, BENCH_NOW, BENCH_NOW - 1, PSD_SIGNAL_REQUEST},
               {1, BENCH_NOW, BENCH_NOW + 1096 * DAY, PSD_SIGNAL_NONE},
               {1, BENCH_NOW, BENCH_NOW + 1096 * DAY + 1, PSD_SIGNAL_REQUEST},
               {1, BENCH_NOW - DAY, BENCH_NOW + DAY, PSD_SIGNAL_NONE},
               {1, BENCH_NOW - DAY - 1, BENCH_NOW + DAY, PSD_SIGNAL_REQUEST},
               {1, BENCH_NOW + DAY, BENCH_NOW + 2 * DAY, PSD_SIGNAL_NONE},
               {1, BENCH_NOW + DAY + 1, BENCH_NOW + 2 * DAY, PSD_SIGNAL_REQUEST},
               {1, 0, UINT64_MAX, PSD_SIGNAL_REQUEST},
               {1, UINT64_MAX, UINT64_MAX, PSD_SIGNAL_REQUEST},
               {1, BENCH_NOW, UINT64_MAX, PSD_SIGNAL_REQUEST}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    psd_kms_certify wanted = bench_certificate(&on);
    wanted.number = cases[i].number;
    wanted.from = cases[i].from;
    wanted.until = cases[i].until;
    on.service.events.count = 0;
    CU_ASSERT_EQUAL(bench_certify(&on, &made, &wanted), cases[i].signal);
    CU_ASSERT_EQUAL(on.service.events.count, cases[i].signal == PSD_SIGNAL_NONE ? 1 : 0);
  }
  /* The authority's own certificate ends 20 years after its key was made. */
  psd_kms_key *ca = psd_keyring_find(on.ring, 7);
  psd_kms_certify wanted = bench_certificate(&on);
  ca->created = wanted.until - 7305 * DAY;
  CU_ASSERT_EQUAL(bench_certify(&on, &made, &wanted), PSD_SIGNAL_NONE);
  ca->created--;
  CU_ASSERT_EQUAL(bench_certify(&on, &made, &wanted), PSD_SIGNAL_REQUEST);
  ca->created = BENCH_NOW;
  /* The key of another PSD, a damaged one, and none. */
  wanted.serial++;
  CU_ASSERT_EQUAL(bench_certify(&on, &made, &wanted), PSD_SIGNAL_DEVICE_KEY);
  wanted.serial--;
  made.wrapped_k4[30] ^= 1;
  CU_ASSERT_EQUAL(bench_certify(&on, &made, &wanted), PSD_SIGNAL_DEVICE_KEY);
  made = bench_manufacture(&on, 0, PSD_SUITE_P256);
  CU_ASSERT_EQUAL(bench_certify(&on, &made, &wanted), PSD_SIGNAL_REQUEST);
  end();
}

/* A PSD knows the CA that it was made with: that one signs for it as long as it is accepted, whichever is active. */
static void by_the_ca_it_knows(void) {
  begin();
  psd_kms_key *ca = psd_keyring_find(on.ring, 7);
  psd_kms_certify wanted = bench_certificate(&on);
  static const struct {
    uint32_t ca_key;
    psd_kms_state state;
    psd_signal signal;
  } cases[] = {{7, PSD_KMS_STATE_ACTIVE, PSD_SIGNAL_NONE},      {8, PSD_KMS_STATE_ACTIVE, PSD_SIGNAL_REQUEST},
               {7, PSD_KMS_STATE_INSTALLED, PSD_SIGNAL_NONE},   {0, PSD_KMS_STATE_INSTALLED, PSD_SIGNAL_INTERNAL},
               {7, PSD_KMS_STATE_OBSOLETE, PSD_SIGNAL_REQUEST}, {7, PSD_KMS_STATE_COMPROMISED, PSD_SIGNAL_REQUEST},
               {7, PSD_KMS_STATE_REGISTERED, PSD_SIGNAL_NONE},  {UINT32_MAX, PSD_KMS_STATE_ACTIVE, PSD_SIGNAL_REQUEST},
               {1, PSD_KMS_STATE_ACTIVE, PSD_SIGNAL_REQUEST}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    wanted.ca_key = cases[i].ca_key;
    ca->state = cases[i].state;
    CU_ASSERT_EQUAL(bench_certify(&on, &made, &wanted), cases[i].signal);
    if (cases[i].signal == PSD_SIGNAL_NONE) {
      X509 *taken = answered();
      check_name(X509_get_issuer_name(taken), "CN=SPECIMEN CA 7,O=SPECIMEN Postal Security Devices");
      X509_free(taken);
    }
  }
  ca->state = PSD_KMS_STATE_ACTIVE;
  end();
}

static char folder[64];

static void path_of(char path[128], const char *name) {
  (void)snprintf(path, 128, "%s/%s", folder, name);
}

/* As psd-kms ca prints it: the CA's certificate, and the root's. */
static void write_authority(const char *name) {
  static const psd_kms_kind kinds[] = {PSD_KMS_CA, PSD_KMS_ROOT};
  uint8_t der[PSD_X509_MAX];
  char path[128], pem[PSD_X509_PEM_MAX];
  size_t length = 0;
  path_of(path, name);
  FILE *file = fopen(path, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  for (size_t i = 0; i < PSD_CHECK_COUNT(kinds); i++) {
    const psd_kms_key *key = psd_keyring_active(on.ring, kinds[i]);
    CU_ASSERT_FATAL(psd_kms_authority_certificate(on.ring, key, der, &length));
    CU_ASSERT_FATAL(psd_x509_pem((psd_part){der, length}, pem) && fputs(pem, file) >= 0);
  }
  CU_ASSERT_EQUAL(fclose(file), 0);
}

static void write_der(const char *name, const uint8_t *der, size_t length) {
  char path[128];
  path_of(path, name);
  FILE *file = fopen(path, "wb");
  CU_ASSERT_FATAL(file != NULL && fwrite(der, 1, length, file) == length && fclose(file) == 0);
}

static int verify(const char *file) {
  return OPENSSL(folder, "verify", "-x509_strict", "-attime", "1795000001", "-CAfile", "ca.pem", file);
}

/* Whether a certificate in DER is one, and verified. */
static bool accepted(const uint8_t *der, size_t length) {
  write_der("some.der", der, length);
  return OPENSSL(folder, "x509", "-inform", "DER", "-in", "some.der", "-out", "some.pem") == 0 &&
         verify("some.pem") == 0;
}

/* openssl verify accepts the chain, and no byte of it may be another. Every eleventh byte by the command, all bits of
 * all bytes by the library behind it (kms_orders.c). */
static void by_openssl(void) {
  uint8_t der[PSD_X509_MAX];
  begin();
  (void)snprintf(folder, sizeof folder, "/tmp/psd-kms-certify-XXXXXX");
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
  CU_ASSERT_EQUAL_FATAL(OPENSSL(folder, "version"), 0);
  write_authority("ca.pem");
  const psd_kms_certify wanted = bench_certificate(&on);
  CU_ASSERT_EQUAL_FATAL(bench_certify(&on, &made, &wanted), PSD_SIGNAL_NONE);
  size_t length = on.answer_length;
  memcpy(der, on.content, length);
  CU_ASSERT_EQUAL(verify("ca.pem"), 0);
  CU_ASSERT(accepted(der, length));
  /* Before it begins. */
  CU_ASSERT_NOT_EQUAL(OPENSSL(folder, "verify", "-attime", "1794999999", "-CAfile", "ca.pem", "some.pem"), 0);
  for (size_t at = 0; at < length; at += 11) {
    der[at] ^= 0x04;
    CU_ASSERT(!accepted(der, length));
    der[at] ^= 0x04;
  }
  static const char *const names[] = {"ca.pem", "some.der", "some.pem"};
  for (size_t i = 0; i < PSD_CHECK_COUNT(names); i++) {
    char path[128];
    path_of(path, names[i]);
    CU_ASSERT_EQUAL(unlink(path), 0);
  }
  CU_ASSERT_EQUAL(rmdir(folder), 0);
  end();
}

/* The authority's certificate says the same each time, and what an authority's must. */
static void authority(void) {
  uint8_t first[PSD_X509_MAX], second[PSD_X509_MAX];
  size_t length = 0, again = 0;
  begin();
  psd_kms_key *ca = psd_keyring_find(on.ring, 7);
  CU_ASSERT_FATAL(psd_kms_authority_certificate(on.ring, ca, first, &length) &&
                  psd_kms_authority_certificate(on.ring, ca, second, &again));
  const unsigned char *one = first, *two = second;
  X509 *a = d2i_X509(NULL, &one, (long)length), *b = d2i_X509(NULL, &two, (long)again);
  CU_ASSERT_FATAL(a != NULL && b != NULL);
  unsigned char *said = NULL, *repeated = NULL;
  int size = i2d_re_X509_tbs(a, &said), other = i2d_re_X509_tbs(b, &repeated);
  CU_ASSERT_FATAL(size > 0 && size == other);
  CU_ASSERT_EQUAL(memcmp(said, repeated, (size_t)size), 0);
  OPENSSL_free(said);
  OPENSSL_free(repeated);
  CU_ASSERT_EQUAL(ASN1_INTEGER_get(X509_get0_serialNumber(a)), 7);
  check_time(X509_get0_notBefore(a), BENCH_NOW);
  check_time(X509_get0_notAfter(a), BENCH_NOW + 7305 * DAY);
  CU_ASSERT_EQUAL(X509_check_ca(a), 1);
  CU_ASSERT_EQUAL(X509_get_key_usage(a), (X509v3_KU_KEY_CERT_SIGN | X509v3_KU_CRL_SIGN));
  check_name(X509_get_subject_name(a), "CN=SPECIMEN CA 7,O=SPECIMEN Postal Security Devices");
  X509_free(a);
  X509_free(b);
  CU_ASSERT(psd_keyring_move(ca, PSD_KMS_STATE_INSTALLED, BENCH_NOW));
  CU_ASSERT(psd_kms_authority_certificate(on.ring, ca, first,
                                          &length)); /* an earlier key's certificates can still be checked */
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"what a certificate says", content},           {"the largest numbers, the oddest names", extremes},
      {"what is certified for nobody", refused},      {"signed by the CA that the PSD knows", by_the_ca_it_knows},
      {"the authority's own certificate", authority}, {"openssl verify, and altered bytes", by_openssl},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms certify", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
