/* What is published stands what comes: bodies that are no requests, HTTP that is none, crowds, and others that fail. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "publish_bench.h"
#include "store/money.h"

static http answer;

static int status_of(const http *said) {
  const unsigned char *end = said->body;
  OCSP_RESPONSE *response = said->status == 200 ? d2i_OCSP_RESPONSE(NULL, &end, (long)said->length) : NULL;
  int status = response == NULL ? -1 : OCSP_response_status(response);
  OCSP_RESPONSE_free(response);
  return status;
}

static int post(const publish_bench *at, const void *body, size_t length) {
  http_post(at, "/ocsp", body, length, &answer);
  return status_of(&answer);
}

static int post_request(const publish_bench *at, OCSP_REQUEST *request) {
  uint8_t *der = NULL;
  int length = i2d_OCSP_REQUEST(request, &der);
  CU_ASSERT_TRUE_FATAL(length > 0);
  int status = post(at, der, (size_t)length);
  OPENSSL_free(der);
  return status;
}

/* Every request cut short, one byte longer, and each byte changed: an answer, and the server lives. */
static void test_bodies(void) {
  publish_bench at;
  uint8_t *der = NULL;
  publish_open(&at);
  OCSP_REQUEST *request = ocsp_request(at.ca, EVP_sha1(), (const uint64_t[]){1, 0});
  CU_ASSERT_EQUAL(OCSP_request_add1_nonce(request, NULL, 16), 1);
  size_t length = (size_t)i2d_OCSP_REQUEST(request, &der);
  uint8_t *longer = calloc(1, length + 1);
  CU_ASSERT_TRUE_FATAL(longer != NULL && der != NULL);
  if (longer == NULL || der == NULL) {
    free(longer);
    return;
  }
  memcpy(longer, der, length);
  CU_ASSERT_EQUAL(post(&at, longer, length), OCSP_RESPONSE_STATUS_SUCCESSFUL);
  CU_ASSERT_EQUAL(post(&at, longer, length + 1), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
  for (size_t i = 0; i < length; i++) {
    CU_ASSERT_EQUAL(post(&at, longer, i), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
    longer[i] ^= 0x41;
    CU_ASSERT_TRUE(post(&at, longer, length) >= 0);
    longer[i] ^= 0x41;
  }
  CU_ASSERT_EQUAL(post(&at, longer, length), OCSP_RESPONSE_STATUS_SUCCESSFUL);
  free(longer);
  OPENSSL_free(der);
  OCSP_REQUEST_free(request);
  publish_close(&at);
}

/* More certificates than one answer is for, and a nonce that is too long (RFC 9654, 2.1). */
static void test_too_much(void) {
  publish_bench at;
  uint64_t many[18] = {0};
  publish_open(&at);
  for (size_t i = 0; i < 17; i++)
    many[i] = i + 1;
  OCSP_REQUEST *request = ocsp_request(at.ca, EVP_sha1(), many);
  CU_ASSERT_EQUAL(post_request(&at, request), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
  OCSP_REQUEST_free(request);
  request = ocsp_request(at.ca, EVP_sha1(), many + 1);
  CU_ASSERT_EQUAL(post_request(&at, request), OCSP_RESPONSE_STATUS_SUCCESSFUL);
  OCSP_REQUEST_free(request);
  static const struct {
    int length, status;
  } nonces[] = {{1, OCSP_RESPONSE_STATUS_SUCCESSFUL},
                {128, OCSP_RESPONSE_STATUS_SUCCESSFUL},
                {129, OCSP_RESPONSE_STATUS_MALFORMEDREQUEST},
                {1000, OCSP_RESPONSE_STATUS_MALFORMEDREQUEST}};
  for (size_t i = 0; i < sizeof nonces / sizeof nonces[0]; i++) {
    request = ocsp_request(at.ca, EVP_sha1(), (const uint64_t[]){1, 0});
    CU_ASSERT_EQUAL(OCSP_request_add1_nonce(request, NULL, nonces[i].length), 1);
    CU_ASSERT_EQUAL(post_request(&at, request), nonces[i].status);
    OCSP_REQUEST_free(request);
  }
  publish_close(&at);
}

static unsigned exchange(const publish_bench *at, const char *text) {
  http_exchange(at, text, strlen(text), &answer);
  return answer.status;
}

/* A body that is too long is not waited for; other methods, paths and heads that are none. */
static void test_http(void) {
  static char long_head[60000], chunks[20000];
  publish_bench at;
  publish_open(&at);
  CU_ASSERT_EQUAL(exchange(&at, "POST /ocsp HTTP/1.1\r\nHost: ca\r\nContent-Length: 4097\r\n\r\n"), 413);
  CU_ASSERT_EQUAL(exchange(&at, "POST /ocsp HTTP/1.1\r\nHost: ca\r\nContent-Length: 99999999999\r\n\r\n"), 413);
  CU_ASSERT_NOT_EQUAL(exchange(&at, "POST /ocsp HTTP/1.1\r\nHost: ca\r\nContent-Length: -1\r\n\r\n"), 200);
  CU_ASSERT_EQUAL(exchange(&at, "POST /root.crt HTTP/1.1\r\nHost: ca\r\nContent-Length: 0\r\n\r\n"), 404);
  CU_ASSERT_EQUAL(exchange(&at, "DELETE /root.crt HTTP/1.1\r\nHost: ca\r\nConnection: close\r\n\r\n"), 405);
  CU_ASSERT_EQUAL(
      exchange(&at, "PUT /ocsp HTTP/1.1\r\nHost: ca\r\nContent-Length: 5\r\nConnection: close\r\n\r\nabcde"), 405);
  CU_ASSERT_NOT_EQUAL(exchange(&at, "\x16\x03\x01\x02\x00\x01\x00"), 200);
  CU_ASSERT_NOT_EQUAL(exchange(&at, "GET\r\n\r\n"), 200);
  CU_ASSERT_EQUAL(exchange(&at, ""), 0);
  size_t length = (size_t)snprintf(long_head, sizeof long_head, "GET / HTTP/1.1\r\nHost: ca\r\nX: ");
  memset(long_head + length, 'x', sizeof long_head - length - 1);
  CU_ASSERT_NOT_EQUAL(exchange(&at, long_head), 200);
  /* In pieces that say nothing of their sum: closed without an answer. */
  length =
      (size_t)snprintf(chunks, sizeof chunks, "POST /ocsp HTTP/1.1\r\nHost: ca\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (unsigned i = 0; i < 12; i++) {
    length += (size_t)snprintf(chunks + length, sizeof chunks - length, "200\r\n");
    memset(chunks + length, 'a', 512);
    length += 512;
    length += (size_t)snprintf(chunks + length, sizeof chunks - length, "\r\n");
  }
  CU_ASSERT_EQUAL(exchange(&at, chunks), 0);
  static const char *const texts[] = {"/ocsp/",     "/ocsp/====",   "/ocsp/A",
                                      "/ocsp/MEI%", "/ocsp/%00%00", "/ocsp/ME==ME=="};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    http_get(&at, texts[i], &answer);
    CU_ASSERT_EQUAL(status_of(&answer), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
  }
  CU_ASSERT_EQUAL(ocsp_status(&at, at.ca, 1, NULL), V_OCSP_CERTSTATUS_GOOD);
  publish_close(&at);
}

/* So many connections and no more; when they go, others are served. */
static void test_crowd(void) {
  publish_bench at;
  int fds[8];
  publish_open(&at);
  publish_restart(&at, 8);
  for (size_t i = 0; i < 8; i++) {
    fds[i] = http_connect(&at);
    CU_ASSERT_EQUAL(send(fds[i], "GET / HT", 8, MSG_NOSIGNAL), 8);
  }
  for (size_t i = 0; i < 8; i++) {
    static const char rest[] = "TP/1.1\r\nHost: ca\r\nConnection: close\r\n\r\n";
    CU_ASSERT_EQUAL(send(fds[i], rest, sizeof rest - 1, MSG_NOSIGNAL), (ssize_t)sizeof rest - 1);
    http_read(fds[i], &answer);
    CU_ASSERT_EQUAL(answer.status, 200);
  }
  CU_ASSERT_EQUAL(ocsp_status(&at, at.ca, 1, NULL), V_OCSP_CERTSTATUS_GOOD);
  publish_close(&at);
}

/* It stops although somebody has begun to say something. */
static void test_stops(void) {
  publish_bench at;
  publish_open(&at);
  int fd = http_connect(&at);
  CU_ASSERT_EQUAL(send(fd, "POST /ocsp HTTP/1.1\r\nContent-Le", 31, MSG_NOSIGNAL), 31);
  psd_publish_stop(at.publish);
  at.publish = NULL;
  http_read(fd, &answer);
  CU_ASSERT_EQUAL(answer.status, 0);
  publish_close(&at);
}

/* The key management system is away: what was made before is still given, the rest later (RFC 6960, 2.3: tryLater). */
static void test_kms_away(void) {
  publish_bench at;
  char path[40];
  publish_open(&at);
  (void)snprintf(path, sizeof path, "/ca-%lu.crl", (unsigned long)psd_keyring_active(at.ring, PSD_KMS_CA)->identifier);
  publish_kms_away(&at);
  http_get(&at, "/root.crt", &answer);
  CU_ASSERT_EQUAL(answer.status, 503);
  http_get(&at, path, &answer);
  CU_ASSERT_EQUAL(answer.status, 503);
  CU_ASSERT_EQUAL(ocsp_status(&at, at.ca, 1, NULL), -1 - OCSP_RESPONSE_STATUS_TRYLATER);
  CU_ASSERT_TRUE(atomic_load(&at.lines) > 0);
  http_get(&at, "/", &answer);
  CU_ASSERT_EQUAL(answer.status, 200);
  publish_kms_back(&at);
  CU_ASSERT_EQUAL(ocsp_status(&at, at.ca, 1, NULL), V_OCSP_CERTSTATUS_GOOD);
  http_get(&at, path, &answer);
  CU_ASSERT_EQUAL(answer.status, 200);
  publish_kms_away(&at);
  http_get(&at, path, &answer);
  CU_ASSERT_EQUAL(answer.status, 200);
  publish_hold(&at);
  CU_ASSERT_EQUAL(ocsp_status(&at, at.ca, 1, NULL), V_OCSP_CERTSTATUS_REVOKED);
  /* A list that lacks what was revoked is not given. */
  http_get(&at, path, &answer);
  CU_ASSERT_EQUAL(answer.status, 503);
  /* It is told of another. */
  publish_kms_back(&at);
  psd_publish_use(at.publish, (const char *const[]){"/nowhere"}, 1);
  http_get(&at, path, &answer);
  CU_ASSERT_EQUAL(answer.status, 503);
  psd_publish_use(at.publish, (const char *const[]){at.socket}, 1);
  http_get(&at, path, &answer);
  CU_ASSERT_EQUAL(answer.status, 200);
  publish_close(&at);
}

static uint32_t next_number(const publish_bench *at) {
  uint32_t number = 0;
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(at->db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_certificate_number(at->db, &number), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(at->db), PSD_DB_DONE);
  return number;
}

/* Whoever asks and asks while nobody certifies the responder uses up one serial number, and not one each time. */
static void test_numbers(void) {
  publish_bench at;
  char path[40];
  publish_open(&at);
  (void)snprintf(path, sizeof path, "/ca-%lu.crt", (unsigned long)psd_keyring_active(at.ring, PSD_KMS_CA)->identifier);
  http_get(&at, path, &answer);
  uint32_t before = next_number(&at);
  publish_kms_away(&at);
  for (unsigned i = 0; i < 5; i++)
    CU_ASSERT_EQUAL(ocsp_status(&at, at.ca, 1, NULL), -1 - OCSP_RESPONSE_STATUS_TRYLATER);
  publish_kms_back(&at);
  CU_ASSERT_EQUAL(ocsp_status(&at, at.ca, 1, NULL), V_OCSP_CERTSTATUS_GOOD);
  CU_ASSERT_EQUAL(next_number(&at), before + 2);
  publish_close(&at);
}

/* Paths with numbers that somebody has made up are no work for the key management system. */
static void test_made_up(void) {
  publish_bench at;
  char path[40];
  publish_open(&at);
  http_get(&at, "/ca-1.crt", &answer); /* of another kind */
  CU_ASSERT_EQUAL(answer.status, 404);
  unsigned asked = atomic_load(&at.asked);
  for (unsigned long i = 1; i < 20; i++) {
    (void)snprintf(path, sizeof path, "/ca-%lu.crl", i < 10 ? 1 : i * 1000);
    http_get(&at, path, &answer);
    CU_ASSERT_EQUAL(answer.status, 404);
  }
  CU_ASSERT_EQUAL(atomic_load(&at.asked), asked);
  publish_close(&at);
}

/* The database is gone: nobody is told that a certificate is good. */
static void test_database_away(void) {
  publish_bench at;
  char aside[128];
  publish_open(&at);
  if (!on_postgres) {
    (void)snprintf(aside, sizeof aside, "%s.aside", bench_file());
    psd_db_close(at.db);
    at.db = NULL;
    CU_ASSERT_EQUAL(rename(bench_file(), aside), 0);
    CU_ASSERT_EQUAL(ocsp_status(&at, at.ca, 1, NULL), -1 - OCSP_RESPONSE_STATUS_TRYLATER);
    CU_ASSERT_EQUAL(rename(aside, bench_file()), 0);
    CU_ASSERT_EQUAL(ocsp_status(&at, at.ca, 1, NULL), V_OCSP_CERTSTATUS_GOOD);
  }
  publish_close(&at);
}

typedef struct caller {
  const publish_bench *at;
  unsigned good;
} caller;

static void *call(void *argument) {
  caller *one = argument;
  for (uint64_t i = 0; i < 25; i++)
    one->good += ocsp_status(one->at, one->at->ca, i % 3 + 1, NULL) == V_OCSP_CERTSTATUS_GOOD;
  return NULL;
}

/* Many at the same time: one responder is made, and every answer is right. */
static void test_many(void) {
  publish_bench at;
  pthread_t threads[6];
  caller callers[6];
  publish_open(&at);
  for (size_t i = 0; i < 6; i++) {
    callers[i] = (caller){.at = &at};
    CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
  }
  for (size_t i = 0; i < 6; i++) {
    (void)pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(callers[i].good, 25);
  }
  CU_ASSERT_TRUE(atomic_load(&at.asked) < 30);
  publish_close(&at);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"bodies that are no requests", test_bodies},
      {"more than one answer is for", test_too_much},
      {"HTTP that is none", test_http},
      {"a crowd", test_crowd},
      {"stopped in the middle", test_stops},
      {"the key management system is away", test_kms_away},
      {"serial numbers while the key management system is away", test_numbers},
      {"keys that are none", test_made_up},
      {"the database is away", test_database_away},
      {"many at the same time", test_many},
  };
  return psd_check_run("what is published, and who attacks it", tests, PSD_CHECK_COUNT(tests));
}
