#include "publish_bench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "store/certificates.h"
#include "store/money.h"

#define PATIENCE_MS 20000

static uint64_t now(void) {
  return (uint64_t)time(NULL);
}

static bool read_all(int fd, void *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    ssize_t part = read(fd, (uint8_t *)bytes + at, length - at);
    if (part <= 0)
      return false;
    at += (size_t)part;
  }
  return true;
}

/* One question a connection. */
static void serve_kms(publish_bench *at, int fd) {
  static uint8_t body[PSD_FRAME_BODY_MAX], answer[PSD_FRAME_BODY_MAX], bytes[PSD_SIZE_FRAME + PSD_FRAME_BODY_MAX];
  uint8_t head[PSD_SIZE_FRAME];
  psd_frame frame;
  psd_buffer said = psd_buffer_over(answer, sizeof answer), out = psd_buffer_over(bytes, sizeof bytes);
  if (!read_all(fd, head, sizeof head) || !psd_peek_frame(head, sizeof head, &frame) || frame.length > sizeof body ||
      !read_all(fd, body, (size_t)frame.length))
    return;
  atomic_fetch_add(&at->asked, 1);
  psd_frame_type type = psd_kms_answer(&at->kms, (psd_frame_type)frame.type, body, (size_t)frame.length, &said);
  at->kms.events.count = 0;
  psd_put_frame(&out, type, said.data, said.length);
  (void)send(fd, out.data, out.length, MSG_NOSIGNAL);
}

static void *run_kms(void *argument) {
  publish_bench *at = argument;
  for (int fd; (fd = accept(at->kms_listener, NULL, NULL)) >= 0; (void)close(fd))
    serve_kms(at, fd);
  return NULL;
}

void publish_kms_back(publish_bench *at) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", at->socket);
  at->kms_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CU_ASSERT_EQUAL_FATAL(bind(at->kms_listener, (struct sockaddr *)&address, sizeof address), 0);
  CU_ASSERT_EQUAL_FATAL(listen(at->kms_listener, 64), 0);
  CU_ASSERT_EQUAL_FATAL(pthread_create(&at->kms_thread, NULL, run_kms, at), 0);
}

void publish_kms_away(publish_bench *at) {
  (void)unlink(at->socket);
  (void)shutdown(at->kms_listener, SHUT_RDWR);
  (void)pthread_join(at->kms_thread, NULL);
  (void)close(at->kms_listener);
  at->kms_listener = -1;
}

static void make_key(publish_bench *at, psd_kms_kind kind) {
  psd_kms_key *key = psd_keyring_make(at->ring, kind, 2048, now());
  CU_ASSERT_PTR_NOT_NULL_FATAL(key);
  CU_ASSERT_TRUE_FATAL(psd_keyring_move(key, PSD_KMS_STATE_ACTIVE, now()));
}

static X509 *authority(const publish_bench *at, psd_kms_kind kind) {
  uint8_t der[PSD_X509_MAX];
  const unsigned char *end = der;
  size_t length = 0;
  CU_ASSERT_TRUE_FATAL(psd_kms_authority_certificate(at->ring, psd_keyring_active(at->ring, kind), der, &length));
  X509 *certificate = d2i_X509(NULL, &end, (long)length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(certificate);
  return certificate;
}

void publish_rotate(publish_bench *at) {
  psd_kms_key *old = psd_keyring_find(at->ring, psd_keyring_active(at->ring, PSD_KMS_CA)->identifier);
  CU_ASSERT_TRUE_FATAL(psd_keyring_move(old, PSD_KMS_STATE_INSTALLED, now()));
  make_key(at, PSD_KMS_CA);
  X509_free(at->ca);
  at->ca = authority(at, PSD_KMS_CA);
}

static void hear(void *user, psd_publish_level level, const char *event, const char *words) {
  publish_bench *at = user;
  CU_ASSERT_TRUE(event != NULL && words != NULL && words[0] != '\0');
  if (level == PSD_PUBLISH_WARNING)
    atomic_fetch_add(&at->lines, 1);
}

static int listen_somewhere(uint16_t *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CU_ASSERT_TRUE_FATAL(fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, 64) == 0 &&
                       getsockname(fd, (struct sockaddr *)&address, &length) == 0);
  *port = ntohs(address.sin_port);
  return fd;
}

void publish_restart(publish_bench *at, unsigned connections) {
  char words[160] = "";
  const char *const kms[] = {"/nowhere/at/all", at->socket};
  psd_publish_stop(at->publish);
  psd_publish_settings settings = {.listener = listen_somewhere(&at->port),
                                   .database = bench_url(),
                                   .kms = kms,
                                   .kms_count = 2,
                                   .kms_limit = 5000,
                                   .threads = connections == 0 ? 4 : 1,
                                   .connections = connections == 0 ? 256 : connections,
                                   .idle = 10,
                                   .say = hear,
                                   .user = at};
  at->publish = psd_publish_start(&settings, words, sizeof words);
  CU_ASSERT_PTR_NOT_NULL_FATAL(at->publish);
}

void publish_open(publish_bench *at) {
  static const psd_kms_kind kinds[] = {PSD_KMS_LOG, PSD_KMS_ROOT, PSD_KMS_CA, PSD_KMS_CREDITOR};
  *at = (publish_bench){.folder = "/tmp/psd-publish-XXXXXX"};
  CU_ASSERT_TRUE_FATAL(psd_evp_start());
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(at->folder));
  (void)snprintf(at->socket, sizeof at->socket, "%s/kms", at->folder);
  bench_clear();
  at->db = bench_open();
  CU_ASSERT_EQUAL_FATAL(device_add(at->db, 1), PSD_DB_DONE);
  at->ring = psd_keyring_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(at->ring);
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    make_key(at, kinds[i]);
  at->kms = (psd_kms_service){.keys = at->ring, .role = PSD_ROLE_METER, .now = now};
  at->root = authority(at, PSD_KMS_ROOT);
  at->ca = authority(at, PSD_KMS_CA);
  publish_kms_back(at);
  for (uint32_t number = 1; number <= 3; number++)
    X509_free(publish_issue(at, number));
  publish_restart(at, 0);
}

void publish_close(publish_bench *at) {
  psd_publish_stop(at->publish);
  if (at->kms_listener >= 0)
    publish_kms_away(at);
  psd_keyring_free(at->ring);
  psd_db_close(at->db);
  X509_free(at->root);
  X509_free(at->ca);
  CU_ASSERT_EQUAL(rmdir(at->folder), 0);
  ERR_clear_error();
}

X509 *publish_issue(publish_bench *at, uint32_t number) {
  psd_certificate_row row = {.number = number, .from = now() - 60, .until = now() + 86400};
  uint8_t point[PSD_POINT];
  psd_pair *pair = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  psd_pair_point(pair, point);
  device_named(1, row.device);
  psd_kms_certify wanted = {.vendor = "PS",
                            .model = "D1",
                            .serial = 1,
                            .number = number,
                            .zip = 1,
                            .licence = 2,
                            .from = row.from,
                            .until = row.until};
  CU_ASSERT_TRUE_FATAL(
      psd_kms_psd_certificate(psd_keyring_active(at->ring, PSD_KMS_CA), &wanted, point, row.der, &row.length));
  CU_ASSERT_EQUAL_FATAL(psd_db_certificate_add(at->db, &row), PSD_DB_DONE);
  psd_pair_free(pair);
  const unsigned char *end = row.der;
  X509 *made = d2i_X509(NULL, &end, (long)row.length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(made);
  return made;
}

void publish_hold(publish_bench *at) {
  uint8_t device[8];
  device_named(1, device);
  CU_ASSERT_EQUAL(psd_db_certificate_revoke(at->db, device, PSD_REVOCATION_HOLD, now()), PSD_DB_DONE);
}

void publish_release(publish_bench *at) {
  uint8_t device[8];
  device_named(1, device);
  CU_ASSERT_EQUAL(psd_db_certificate_release(at->db, device), PSD_DB_DONE);
}

int http_connect(const publish_bench *at) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(at->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

/* Everything until it is closed; true if that happened in time. */
static size_t drain(int fd, uint8_t *bytes, size_t room) {
  size_t length = 0;
  struct pollfd waiting = {.fd = fd, .events = POLLIN};
  for (ssize_t part = 1; part > 0 && length<room; length += part> 0 ? (size_t)part : 0) {
    CU_ASSERT_EQUAL_FATAL(poll(&waiting, 1, PATIENCE_MS), 1);
    part = read(fd, bytes + length, room - length);
  }
  return length;
}

void http_read(int fd, http *answer) {
  uint8_t bytes[HTTP_MAX + sizeof answer->head];
  size_t length = drain(fd, bytes, sizeof bytes - 1), head = 0;
  (void)close(fd);
  bytes[length] = '\0';
  *answer = (http){.status = 0};
  const char *end = strstr((const char *)bytes, "\r\n\r\n");
  if (end == NULL)
    return;
  head = (size_t)(end - (const char *)bytes) + 4;
  CU_ASSERT_TRUE_FATAL(head < sizeof answer->head && length - head <= sizeof answer->body);
  memcpy(answer->head, bytes, head);
  answer->length = length - head;
  memcpy(answer->body, bytes + head, answer->length);
  CU_ASSERT_TRUE_FATAL(strncmp(answer->head, "HTTP/1.", 7) == 0);
  answer->status = (unsigned)strtoul(answer->head + 9, NULL, 10);
}

void http_exchange(const publish_bench *at, const void *bytes, size_t length, http *answer) {
  int fd = http_connect(at);
  (void)send(fd, bytes, length, MSG_NOSIGNAL);
  (void)shutdown(fd, SHUT_WR);
  http_read(fd, answer);
}

void http_get(const publish_bench *at, const char *path, http *answer) {
  char text[8192];
  int length = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: ca\r\nConnection: close\r\n\r\n", path);
  CU_ASSERT_TRUE_FATAL(length > 0 && (size_t)length < sizeof text);
  http_exchange(at, text, (size_t)length, answer);
}

void http_post(const publish_bench *at, const char *path, const void *body, size_t length, http *answer) {
  uint8_t bytes[16384];
  int head = snprintf((char *)bytes, sizeof bytes,
                      "POST %s HTTP/1.1\r\nHost: ca\r\nConnection: close\r\nContent-Type: application/ocsp-request\r\n"
                      "Content-Length: %zu\r\n\r\n",
                      path, length);
  CU_ASSERT_TRUE_FATAL(head > 0 && (size_t)head + length < sizeof bytes);
  if (length > 0)
    memcpy(bytes + head, body, length);
  http_exchange(at, bytes, (size_t)head + length, answer);
}

OCSP_REQUEST *ocsp_request(X509 *issuer, const EVP_MD *digest, const uint64_t *numbers) {
  OCSP_REQUEST *request = OCSP_REQUEST_new();
  ASN1_INTEGER *serial = ASN1_INTEGER_new();
  CU_ASSERT_TRUE_FATAL(request != NULL && serial != NULL);
  for (; *numbers != 0; numbers++) {
    CU_ASSERT_EQUAL_FATAL(ASN1_INTEGER_set_uint64(serial, *numbers), 1);
    OCSP_CERTID *id = OCSP_cert_id_new(digest, X509_get_subject_name(issuer), X509_get0_pubkey_bitstr(issuer), serial);
    CU_ASSERT_PTR_NOT_NULL_FATAL(OCSP_request_add0_id(request, id));
  }
  ASN1_INTEGER_free(serial);
  return request;
}

/* As who relies on it does: the root alone is trusted. */
static void verify(const publish_bench *at, OCSP_REQUEST *request, OCSP_BASICRESP *basic) {
  X509_STORE *store = X509_STORE_new();
  STACK_OF(X509) *between = sk_X509_new_null();
  uint8_t der[PSD_X509_MAX];
  CU_ASSERT_TRUE_FATAL(store != NULL && between != NULL && X509_STORE_add_cert(store, at->root) == 1);
  for (uint32_t key = 1; key <= at->ring->count; key++) {
    const psd_kms_key *ca = psd_kms_authority_key(at->ring, PSD_KMS_CA, key);
    const unsigned char *end = der;
    size_t length = 0;
    if (ca != NULL && psd_kms_authority_certificate(at->ring, ca, der, &length))
      sk_X509_push(between, d2i_X509(NULL, &end, (long)length));
  }
  CU_ASSERT_EQUAL(OCSP_basic_verify(basic, between, store, 0), 1);
  CU_ASSERT_EQUAL(OCSP_check_nonce(request, basic), OCSP_REQUEST_get_ext_count(request) > 0 ? 1 : 2);
  sk_X509_pop_free(between, X509_free);
  X509_STORE_free(store);
}

int ocsp_post(const publish_bench *at, OCSP_REQUEST *request, OCSP_BASICRESP **basic) {
  uint8_t *der = NULL;
  static _Thread_local http answer;
  int length = i2d_OCSP_REQUEST(request, &der);
  CU_ASSERT_TRUE_FATAL(length > 0);
  http_post(at, "/ocsp", der, (size_t)length, &answer);
  OPENSSL_free(der);
  const unsigned char *end = answer.body;
  OCSP_RESPONSE *response = answer.status == 200 ? d2i_OCSP_RESPONSE(NULL, &end, (long)answer.length) : NULL;
  CU_ASSERT_PTR_NOT_NULL_FATAL(response);
  CU_ASSERT_PTR_NOT_NULL(strstr(answer.head, "application/ocsp-response"));
  int status = OCSP_response_status(response);
  *basic = status == OCSP_RESPONSE_STATUS_SUCCESSFUL ? OCSP_response_get1_basic(response) : NULL;
  OCSP_RESPONSE_free(response);
  if (*basic != NULL)
    verify(at, request, *basic);
  return status;
}

int ocsp_status(const publish_bench *at, X509 *issuer, uint64_t number, int *reason) {
  OCSP_BASICRESP *basic = NULL;
  OCSP_REQUEST *request = ocsp_request(issuer, EVP_sha1(), (const uint64_t[]){number, 0});
  CU_ASSERT_EQUAL(OCSP_request_add1_nonce(request, NULL, 16), 1);
  int status = ocsp_post(at, request, &basic), why = -1, found = -1 - status;
  if (basic != NULL) {
    OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0));
    ASN1_GENERALIZEDTIME *from = NULL, *until = NULL;
    CU_ASSERT_EQUAL(OCSP_resp_find_status(basic, id, &found, &why, NULL, &from, &until), 1);
    CU_ASSERT_EQUAL(OCSP_check_validity(from, until, 5, 60), 1);
  }
  if (reason != NULL)
    *reason = why;
  OCSP_BASICRESP_free(basic);
  OCSP_REQUEST_free(request);
  return found;
}
