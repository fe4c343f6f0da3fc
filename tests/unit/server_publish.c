/* Certificates, lists of revoked ones and OCSP over HTTP, checked with OpenSSL's API and the openssl command. */
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

#include "openssl_run.h"
#include "publish_bench.h"

static http answer;

static uint32_t active(const publish_bench *at) {
  return psd_keyring_active(at->ring, PSD_KMS_CA)->identifier;
}

static char *path_of(char path[40], uint32_t key, const char *end) {
  (void)snprintf(path, 40, "/ca-%lu.%s", (unsigned long)key, end);
  return path;
}

static X509 *get_certificate(const publish_bench *at, const char *path) {
  http_get(at, path, &answer);
  CU_ASSERT_EQUAL_FATAL(answer.status, 200);
  CU_ASSERT_PTR_NOT_NULL(strstr(answer.head, "application/pkix-cert"));
  const unsigned char *end = answer.body;
  X509 *certificate = d2i_X509(NULL, &end, (long)answer.length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(certificate);
  CU_ASSERT_TRUE(end == answer.body + answer.length);
  return certificate;
}

static void test_own_certificates(void) {
  publish_bench at;
  char path[40];
  publish_open(&at);
  X509 *root = get_certificate(&at, "/root.crt"), *ca = get_certificate(&at, path_of(path, active(&at), "crt")),
       *creditor = get_certificate(&at, "/creditor.crt");
  CU_ASSERT_EQUAL(X509_verify(root, X509_get0_pubkey(root)), 1);
  CU_ASSERT_EQUAL(X509_verify(ca, X509_get0_pubkey(root)), 1);
  CU_ASSERT_EQUAL(X509_verify(creditor, X509_get0_pubkey(root)), 1);
  CU_ASSERT_EQUAL(X509_cmp(root, at.root) == 0 || X509_check_ca(root) == 1, 1);
  X509_free(root);
  X509_free(ca);
  X509_free(creditor);
  /* They are kept: nobody is asked twice. */
  unsigned asked = atomic_load(&at.asked);
  X509_free(get_certificate(&at, "/root.crt"));
  X509_free(get_certificate(&at, path));
  CU_ASSERT_EQUAL(atomic_load(&at.asked), asked);
  publish_close(&at);
}

static void test_page_and_paths(void) {
  static const char *const nowhere[] = {"/favicon.ico", "/ca-9999.crt", "/ca-0.crt",   "/ca-.crt",
                                        "/ca-01.crt",   "/ca-1",        "/ca-1.crt.x", "/ca-99999999999999999999.crl",
                                        "/root.crt/",   "//",           "/%2e%2e/etc", "/ca--1.crt",
                                        "/ca-1.crl"}; /* key 1 is of another kind */
  publish_bench at;
  char path[40];
  publish_open(&at);
  http_get(&at, "/", &answer);
  CU_ASSERT_EQUAL(answer.status, 200);
  answer.body[answer.length] = '\0';
  CU_ASSERT_PTR_NOT_NULL(strstr((const char *)answer.body, path_of(path, active(&at), "crl")));
  for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
    http_get(&at, nowhere[i], &answer);
    CU_ASSERT_EQUAL(answer.status, 404);
    CU_ASSERT_EQUAL(answer.length, 0);
  }
  static const char head[] = "HEAD /root.crt HTTP/1.1\r\nHost: ca\r\nConnection: close\r\n\r\n";
  http_exchange(&at, head, sizeof head - 1, &answer);
  CU_ASSERT_TRUE(answer.status == 200 && answer.length == 0);
  http_get(&at, "/ocsp", &answer);
  CU_ASSERT_EQUAL(answer.status, 405);
  publish_close(&at);
}

static X509_CRL *get_list(const publish_bench *at) {
  char path[40];
  http_get(at, path_of(path, active(at), "crl"), &answer);
  CU_ASSERT_EQUAL_FATAL(answer.status, 200);
  CU_ASSERT_PTR_NOT_NULL(strstr(answer.head, "application/pkix-crl"));
  const unsigned char *end = answer.body;
  X509_CRL *list = d2i_X509_CRL(NULL, &end, (long)answer.length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(list);
  CU_ASSERT_EQUAL(X509_CRL_verify(list, X509_get0_pubkey(at->ca)), 1);
  return list;
}

static uint64_t number_of(X509_CRL *list) {
  uint64_t number = 0;
  ASN1_INTEGER *said = X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL);
  CU_ASSERT_PTR_NOT_NULL_FATAL(said);
  CU_ASSERT_EQUAL(ASN1_INTEGER_get_uint64(&number, said), 1);
  ASN1_INTEGER_free(said);
  return number;
}

static int entries_of(X509_CRL *list) {
  STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(list);
  return entries == NULL ? 0 : sk_X509_REVOKED_num(entries);
}

/* Made anew when one is revoked, or released, and not otherwise. */
static void test_list(void) {
  publish_bench at;
  publish_open(&at);
  X509_CRL *empty = get_list(&at), *same = get_list(&at);
  CU_ASSERT_EQUAL(entries_of(empty), 0);
  CU_ASSERT_EQUAL(X509_CRL_match(empty, same), 0);
  publish_hold(&at);
  X509_CRL *held = get_list(&at);
  CU_ASSERT_EQUAL(entries_of(held), 3);
  CU_ASSERT_TRUE(number_of(held) > number_of(empty));
  publish_release(&at);
  X509_CRL *free_again = get_list(&at);
  CU_ASSERT_EQUAL(entries_of(free_again), 0);
  CU_ASSERT_TRUE(number_of(free_again) > number_of(held));
  X509_CRL_free(empty);
  X509_CRL_free(same);
  X509_CRL_free(held);
  X509_CRL_free(free_again);
  publish_close(&at);
}

static void write_pem(const publish_bench *at, const char *name, X509 *certificate, X509_CRL *list) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", at->folder, name);
  FILE *file = fopen(path, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_EQUAL(list != NULL ? PEM_write_X509_CRL(file, list) : PEM_write_X509(file, certificate), 1);
  (void)fclose(file);
}

static void remove_file(const publish_bench *at, const char *name) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", at->folder, name);
  (void)unlink(path);
}

/* openssl verify and openssl ocsp. */
static void test_openssl(void) {
  static const char *const files[] = {"root.pem", "ca.pem", "leaf.pem", "list.pem"};
  publish_bench at;
  char url[64];
  publish_open(&at);
  (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/ocsp", at.port);
  X509 *leaf = publish_issue(&at, 4);
  write_pem(&at, "root.pem", at.root, NULL);
  write_pem(&at, "ca.pem", at.ca, NULL);
  write_pem(&at, "leaf.pem", leaf, NULL);
  for (unsigned revoked = 0; revoked < 2; revoked++) {
    if (revoked == 1)
      publish_hold(&at);
    X509_CRL *list = get_list(&at);
    write_pem(&at, "list.pem", NULL, list);
    X509_CRL_free(list);
    CU_ASSERT_EQUAL(OPENSSL(at.folder, "verify", "-CAfile", "root.pem", "-untrusted", "ca.pem", "-CRLfile", "list.pem",
                            "-crl_check", "leaf.pem") != 0,
                    revoked);
    CU_ASSERT_EQUAL(OPENSSL(at.folder, "ocsp", "-CAfile", "root.pem", "-verify_other", "ca.pem", "-issuer", "ca.pem",
                            "-cert", "leaf.pem", "-url", url),
                    0);
    CU_ASSERT_EQUAL(OPENSSL(at.folder, "ocsp", "-sha256", "-no_nonce", "-CAfile", "root.pem", "-verify_other", "ca.pem",
                            "-issuer", "ca.pem", "-cert", "leaf.pem", "-url", url),
                    0);
  }
  X509_free(leaf);
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
    remove_file(&at, files[i]);
  publish_close(&at);
}

static void test_ocsp(void) {
  publish_bench at;
  int reason = 0;
  publish_open(&at);
  CU_ASSERT_EQUAL(ocsp_status(&at, at.ca, 2, NULL), V_OCSP_CERTSTATUS_GOOD);
  CU_ASSERT_EQUAL(ocsp_status(&at, at.ca, 4, NULL), V_OCSP_CERTSTATUS_UNKNOWN);
  CU_ASSERT_EQUAL(ocsp_status(&at, at.ca, UINT64_C(0x100000002), NULL), V_OCSP_CERTSTATUS_UNKNOWN);
  publish_hold(&at);
  CU_ASSERT_EQUAL(ocsp_status(&at, at.ca, 2, &reason), V_OCSP_CERTSTATUS_REVOKED);
  CU_ASSERT_EQUAL(reason, OCSP_REVOKED_STATUS_CERTIFICATEHOLD);
  publish_release(&at);
  CU_ASSERT_EQUAL(ocsp_status(&at, at.ca, 2, NULL), V_OCSP_CERTSTATUS_GOOD);
  /* Who is not the issuer of any of ours: nobody here answers about his (RFC 6960, 2.3). */
  CU_ASSERT_EQUAL(ocsp_status(&at, at.root, 2, NULL), -1 - OCSP_RESPONSE_STATUS_UNAUTHORIZED);
  publish_close(&at);
}

/* Several in one request, with other hash functions; and of two issuers, for which nobody can sign. */
static void test_ocsp_several(void) {
  publish_bench at;
  OCSP_BASICRESP *basic = NULL;
  publish_open(&at);
  const EVP_MD *digests[] = {EVP_sha1(), EVP_sha256(), EVP_sha384()};
  for (size_t i = 0; i < 3; i++) {
    OCSP_REQUEST *request = ocsp_request(at.ca, digests[i], (const uint64_t[]){1, 77, 3, 0});
    CU_ASSERT_EQUAL(ocsp_post(&at, request, &basic), OCSP_RESPONSE_STATUS_SUCCESSFUL);
    CU_ASSERT_EQUAL(OCSP_resp_count(basic), 3);
    OCSP_BASICRESP_free(basic);
    OCSP_REQUEST_free(request);
  }
  OCSP_REQUEST *mixed = ocsp_request(at.ca, EVP_sha1(), (const uint64_t[]){1, 0});
  CU_ASSERT_PTR_NOT_NULL(OCSP_request_add0_id(mixed, OCSP_cert_to_id(EVP_sha1(), at.ca, at.root)));
  CU_ASSERT_EQUAL(ocsp_post(&at, mixed, &basic), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
  OCSP_REQUEST_free(mixed);
  publish_close(&at);
}

/* RFC 6960, A.1: base64 in the path, escaped or not. */
static void test_ocsp_by_get(void) {
  publish_bench at;
  uint8_t *der = NULL;
  char text[2048], escaped[4096];
  publish_open(&at);
  OCSP_REQUEST *request = ocsp_request(at.ca, EVP_sha1(), (const uint64_t[]){1, 2, 3, 0});
  int length = i2d_OCSP_REQUEST(request, &der);
  CU_ASSERT_TRUE_FATAL(length > 0 && length < 1024);
  CU_ASSERT_TRUE(EVP_EncodeBlock((unsigned char *)text, der, length) > 0);
  for (unsigned escape = 0; escape < 2; escape++) {
    size_t at_end = (size_t)snprintf(escaped, sizeof escaped, "/ocsp/");
    for (const char *c = text; *c != '\0'; c++)
      at_end += (size_t)snprintf(escaped + at_end, sizeof escaped - at_end,
                                 escape != 0 && strchr("+/=", *c) != NULL ? "%%%02X" : "%c", *c);
    http_get(&at, escaped, &answer);
    CU_ASSERT_EQUAL(answer.status, 200);
    const unsigned char *end = answer.body;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &end, (long)answer.length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(response);
    CU_ASSERT_EQUAL(OCSP_response_status(response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
    OCSP_RESPONSE_free(response);
  }
  OPENSSL_free(der);
  OCSP_REQUEST_free(request);
  publish_close(&at);
}

/* A CA key that was in force before: a server that has just begun finds it. */
static void test_older_ca(void) {
  publish_bench at;
  char path[40];
  publish_open(&at);
  uint32_t key = active(&at);
  X509 *old = X509_dup(at.ca);
  publish_rotate(&at);
  publish_restart(&at, 0);
  CU_ASSERT_EQUAL(ocsp_status(&at, old, 2, NULL), V_OCSP_CERTSTATUS_GOOD);
  CU_ASSERT_EQUAL(ocsp_status(&at, at.ca, 2, NULL), V_OCSP_CERTSTATUS_GOOD);
  http_get(&at, path_of(path, key, "crl"), &answer);
  CU_ASSERT_EQUAL(answer.status, 200);
  const unsigned char *end = answer.body;
  X509_CRL *list = d2i_X509_CRL(NULL, &end, (long)answer.length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(list);
  CU_ASSERT_EQUAL(X509_CRL_verify(list, X509_get0_pubkey(old)), 1);
  X509_CRL_free(list);
  X509_free(old);
  publish_close(&at);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the authority's own certificates", test_own_certificates},
      {"the page, and paths that lead nowhere", test_page_and_paths},
      {"lists of revoked certificates", test_list},
      {"openssl verify and openssl ocsp", test_openssl},
      {"OCSP: good, revoked, unknown, unauthorized", test_ocsp},
      {"OCSP about several", test_ocsp_several},
      {"OCSP by GET", test_ocsp_by_get},
      {"a CA key that was in force before", test_older_ca},
  };
  return psd_check_run("what is published", tests, PSD_CHECK_COUNT(tests));
}
