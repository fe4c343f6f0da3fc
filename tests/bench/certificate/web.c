/* bench-web: a load on a server over HTTP.
 *
 *   bench-web label=… kind=ocsp|tsa port=N clients=N pid=N ms=N [folder=FOLDER]
 *
 * Each client has a connection that it keeps, and asks again when it was answered; OCSP requests are those in the
 * folder, 0.req and on, time stamp queries are made here. Rows LABEL.rate (a second), .p50, .p99 (microseconds), .cpu
 * (processor time of the server for one, microseconds), .resident (KiB). */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ts.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arguments.h"
#include "measure.h"
#include "watch.h"

#define CLIENTS_MAX 64U
#define SAMPLES_MAX 200000U
#define BODIES_MAX 256U
#define MESSAGE_MAX 8192U
#define HEAD_MAX 256
#define PATH_SIZE 4096

/* What is asked for, and how an answer that grants it begins: SEQUENCE, and OCSP's responseStatus 0 (RFC 6960, 4.2.1)
 * or the PKIStatus 0 of TSA's PKIStatusInfo (RFC 3161, 2.4.2). */
typedef struct kind_row {
  const char *name, *path, *type;
  uint8_t granted[8];
  size_t granted_length, granted_at;
} kind_row;
static const kind_row kinds[] = {
    {"ocsp", "/ocsp", "application/ocsp-request", {0x0A, 0x01, 0x00}, 3, 4},
    {"tsa", "/", "application/timestamp-query", {0x30, 0x03, 0x02, 0x01, 0x00}, 5, 4},
};

typedef struct message {
  uint8_t bytes[MESSAGE_MAX];
  size_t length;
} message;

typedef struct settings {
  const char *label, *kind, *folder;
  unsigned long port, clients, pid, ms;
} settings;
static settings set;
static const kind_row *kind;
static message *requests; /* whole, with their heads */
static size_t request_count;
static atomic_bool stop;
static atomic_uint_fast64_t done;

typedef struct client {
  pthread_t thread;
  int fd;
  size_t turn;
  bench_samples samples;
} client;

/* Making the requests
 * ---------------------------------------------------------------------------------------------------------------- */

static void add_request(const void *body, size_t length) {
  message *of = &requests[request_count++];
  char *at = (char *)of->bytes;
  int head =
      snprintf(at, HEAD_MAX, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
               kind->path, kind->type, length);
  bench_need(head > 0 && head < HEAD_MAX && (size_t)head + length <= sizeof of->bytes, "shorter request");
  memcpy(of->bytes + head, body, length);
  of->length = (size_t)head + length;
}

static void read_requests(void) {
  for (unsigned i = 0; i < BODIES_MAX; i++) {
    char path[PATH_SIZE];
    uint8_t body[MESSAGE_MAX];
    int length = snprintf(path, sizeof path, "%s/%u.req", set.folder, i);
    bench_need(length > 0 && length < PATH_SIZE, "room for the path");
    FILE *file = fopen(path, "rb");
    if (file == NULL)
      break;
    size_t read = fread(body, 1, sizeof body, file);
    (void)fclose(file);
    add_request(body, read);
  }
  bench_need(request_count > 0, "request in the folder");
}

/* SHA-256, with a nonce and the certificate, as `openssl ts -query -cert` makes it. */
static void make_query(void) {
  static uint8_t digest[32] = {0x12, 0x34};
  uint8_t *der = NULL;
  TS_REQ *query = TS_REQ_new();
  TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
  X509_ALGOR *algorithm = X509_ALGOR_new();
  ASN1_INTEGER *nonce = ASN1_INTEGER_new();
  bench_need(query != NULL && imprint != NULL && algorithm != NULL && nonce != NULL &&
                 X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
                 TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
                 TS_MSG_IMPRINT_set_msg(imprint, digest, (int)sizeof digest) == 1 &&
                 ASN1_INTEGER_set_uint64(nonce, UINT64_C(0x1122334455667788)) == 1 &&
                 TS_REQ_set_version(query, 1) == 1 && TS_REQ_set_msg_imprint(query, imprint) == 1 &&
                 TS_REQ_set_nonce(query, nonce) == 1 && TS_REQ_set_cert_req(query, 1) == 1,
             "query");
  int length = i2d_TS_REQ(query, &der);
  bench_need(length > 0, "query");
  add_request(der, (size_t)length);
  OPENSSL_free(der);
  ASN1_INTEGER_free(nonce);
  X509_ALGOR_free(algorithm);
  TS_MSG_IMPRINT_free(imprint);
  TS_REQ_free(query);
}

/* The clients
 * ---------------------------------------------------------------------------------------------------------------- */

static int dial(void) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)set.port)};
  const int now = 1;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bench_need(fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
                 setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &now, sizeof now) == 0,
             "server at the port");
  return fd;
}

/* How long the answer is, head and all; 0 while that is not known. */
static size_t whole_of(const message *answer, size_t *body) {
  const char *text = (const char *)answer->bytes;
  const char *end = strstr(text, "\r\n\r\n");
  if (end == NULL)
    return 0;
  const char *length = strcasestr(text, "\r\nContent-Length:");
  if (strncmp(text, "HTTP/1.1 200 ", 13) == 0 && length != NULL && length < end) {
    *body = (size_t)(end - text) + 4;
    return *body + (size_t)strtoul(length + 17, NULL, 10);
  }
  bench_die("%s: an answer that is not 200", set.label);
}

static void check_granted(const message *answer, size_t body) {
  size_t at = body + kind->granted_at; /* behind SEQUENCE and its length of two bytes */
  bench_need(answer->length >= at + kind->granted_length, "whole answer");
  if (memcmp(answer->bytes + at, kind->granted, kind->granted_length) != 0)
    bench_die("%s: refused", set.label);
}

static void ask(int fd, const message *request) {
  message answer = {.length = 0};
  size_t whole = 0, body = 0;
  bench_need(send(fd, request->bytes, request->length, MSG_NOSIGNAL) == (ssize_t)request->length, "request sent");
  while (whole == 0 || answer.length < whole) {
    ssize_t some = recv(fd, answer.bytes + answer.length, sizeof answer.bytes - 1 - answer.length, 0);
    bench_need(some > 0, "answer");
    answer.length += (size_t)some;
    answer.bytes[answer.length] = 0;
    if (whole == 0)
      whole = whole_of(&answer, &body);
    bench_need(whole < sizeof answer.bytes, "shorter answer");
  }
  check_granted(&answer, body);
}

static void *run_client(void *argument) {
  client *me = argument;
  for (; !atomic_load(&stop) && me->samples.count < me->samples.capacity; me->turn++) {
    uint64_t start = bench_now();
    ask(me->fd, &requests[me->turn % request_count]);
    bench_add(&me->samples, bench_now() - start, 1);
    (void)atomic_fetch_add(&done, 1);
  }
  return NULL;
}

static void measure(client *clients) {
  for (size_t i = 0; i < set.clients; i++)
    bench_need(pthread_create(&clients[i].thread, NULL, run_client, &clients[i]) == 0, "thread");
  bench_let_pass(100); /* to get under way */
  uint64_t wall = bench_now(), used = bench_processor_time((pid_t)set.pid), before = atomic_load(&done);
  bench_let_pass((unsigned)set.ms);
  uint64_t count = atomic_load(&done) - before;
  wall = bench_now() - wall;
  used = bench_processor_time((pid_t)set.pid) - used;
  atomic_store(&stop, true);
  for (size_t i = 0; i < set.clients; i++)
    (void)pthread_join(clients[i].thread, NULL);
  bench_need(count > 0, "answers");
  bench_row((double)count * 1e9 / (double)wall, "%s.rate", set.label);
  bench_row((double)used / 1e3 / (double)count, "%s.cpu", set.label);
  bench_row(bench_resident((pid_t)set.pid, "Rss:"), "%s.resident", set.label);
}

static void run(void) {
  static client clients[CLIENTS_MAX];
  bench_samples all = bench_samples_make(1);
  for (size_t i = 0; i < set.clients; i++) {
    clients[i] = (client){.fd = dial(), .turn = i, .samples = bench_samples_make(SAMPLES_MAX / set.clients)};
    ask(clients[i].fd, &requests[i % request_count]);
  }
  measure(clients);
  for (size_t i = 0; i < set.clients; i++) {
    (void)close(clients[i].fd);
    bench_join(&all, &clients[i].samples);
  }
  bench_row_percentiles(&all, "%s", set.label);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (!bench_take_text(argv[i], "label", &set.label) && !bench_take_text(argv[i], "kind", &set.kind) &&
        !bench_take_text(argv[i], "folder", &set.folder) && !bench_take_number(argv[i], "port", &set.port) &&
        !bench_take_number(argv[i], "clients", &set.clients) && !bench_take_number(argv[i], "pid", &set.pid) &&
        !bench_take_number(argv[i], "ms", &set.ms))
      bench_die("what is %s?", argv[i]);
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && set.kind != NULL; i++)
    if (strcmp(set.kind, kinds[i].name) == 0)
      kind = &kinds[i];
  bench_need(kind != NULL && set.label != NULL && set.port != 0 && set.clients >= 1 && set.clients <= CLIENTS_MAX &&
                 set.pid != 0 && set.ms != 0,
             "such call: see the head of web.c");
  requests = calloc(BODIES_MAX, sizeof *requests);
  bench_need(requests != NULL, "memory");
  if (set.folder != NULL)
    read_requests();
  else
    make_query();
  run();
  free(requests);
  return 0;
}
