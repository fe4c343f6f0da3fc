/* psd tsa with cards in this process, over real sockets: stamps, refusals, lost cards, hostile HTTP (RFC 3161, 3.4). */
#define _XOPEN_SOURCE 700
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "evidence.h"
#include "openssl_run.h"
#include "psd/proof/proof.h"
#include "psd/reader/card.h"
#include "services.h"
#include "tsa.h"

#define ANSWER_MAX 16384U
#define CARDS 2U

static services bench[CARDS];
static size_t made;

/* A way to a card that can be cut, as when it is pulled out. */
typedef struct way {
  psd_card *card;
  psd_transport *inner;
  atomic_bool cut;
} way;
static way ways[CARDS];
static psd_tsa *tsa;
static psd_tsa_counts counts;
static FILE *log_file;
static char folder[] = "/tmp/psd-tsa-XXXXXX";

static psd_result lost(psd_error *error) {
  return psd_error_set(error, PSD_LOST, "the card was taken out");
}

static psd_result way_connect(void *device, psd_error *error) {
  way *w = device;
  return atomic_load(&w->cut) ? lost(error) : psd_transport_connect(w->inner, error);
}

static psd_result way_reset(void *device, psd_error *error) {
  way *w = device;
  return psd_transport_reset(w->inner, error);
}

static psd_result way_atr(void *device, uint8_t atr[PSD_ATR_MAX], size_t *length, psd_error *error) {
  way *w = device;
  return psd_transport_atr(w->inner, atr, length, error);
}

static psd_result way_transmit(void *device, const uint8_t *command, size_t length, uint8_t *response, size_t capacity,
                               size_t *response_length, psd_error *error) {
  way *w = device;
  if (atomic_load(&w->cut))
    return lost(error);
  return psd_transport_transmit(w->inner, command, length, response, capacity, response_length, error);
}

static psd_result way_begin(void *device, psd_error *error) {
  way *w = device;
  return atomic_load(&w->cut) ? lost(error) : PSD_OK;
}

static psd_result way_end(void *device, psd_error *error) {
  (void)device, (void)error;
  return PSD_OK;
}

static bool way_short_only(void *device) {
  (void)device;
  return false;
}

static void way_close(void *device) {
  way *w = device;
  psd_transport_close(w->inner);
  w->inner = NULL;
}

static psd_result reach(void *context, psd_transport **transport, psd_error *error) {
  static const psd_transport_table table = {.connect = way_connect,
                                            .reset = way_reset,
                                            .atr = way_atr,
                                            .transmit = way_transmit,
                                            .begin = way_begin,
                                            .end = way_end,
                                            .short_only = way_short_only,
                                            .close = way_close};
  way *w = context;
  if (atomic_load(&w->cut))
    return psd_error_set(error, PSD_NO_CARD, "there is no card");
  psd_result result = psd_transport_card(w->card, &w->inner, error);
  if (result == PSD_OK)
    *transport = psd_transport_new(&table, w, "way");
  return result;
}

static const psd_secret pin = {.bytes = RIG_PIN, .length = sizeof RIG_PIN - 1};

static psd_result start_with(size_t count, const psd_secret *with, psd_error *error) {
  static psd_tsa_place places[CARDS];
  static psd_tsa_settings settings;
  for (size_t i = 0; i < count; i++) {
    ways[i].card = bench[i].a.r->card;
    atomic_store(&ways[i].cut, false);
    places[i] = (psd_tsa_place){"a card of the bench", reach, &ways[i]};
  }
  settings = (psd_tsa_settings){
      .address = "127.0.0.1:0", .places = places, .count = count, .pin = with, .log = log_file, .json = true};
  return psd_tsa_start(&settings, &tsa, error);
}

static void start(size_t count) {
  psd_error error;
  for (; made < count; made++)
    services_begin(&bench[made]);
  CU_ASSERT_EQUAL_FATAL(start_with(count, &pin, &error), PSD_OK);
}

static void stop(void) {
  psd_tsa_stop(tsa, &counts);
}

/* A connection to the server. */
static int dial(void) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(psd_tsa_port(tsa))};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CU_ASSERT_FATAL(fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0);
  return fd;
}

/* Everything until the other end closes; how many bytes. */
static size_t read_all(int fd, uint8_t answer[ANSWER_MAX]) {
  size_t length = 0;
  ssize_t some;
  while (length < ANSWER_MAX - 1 && (some = read(fd, answer + length, ANSWER_MAX - 1 - length)) > 0)
    length += (size_t)some;
  answer[length] = 0;
  return length;
}

typedef struct answer {
  unsigned status;
  char head[2048];
  uint8_t body[ANSWER_MAX];
  size_t length;
} answer;

static void take_answer(int fd, answer *a) {
  static _Thread_local uint8_t bytes[ANSWER_MAX];
  size_t length = read_all(fd, bytes);
  char *end = strstr((char *)bytes, "\r\n\r\n");
  (void)close(fd);
  a->status = 0;
  a->length = 0;
  if (end == NULL || sscanf((char *)bytes, "HTTP/1.%*c %u", &a->status) != 1)
    return;
  size_t head = (size_t)(end + 4 - (char *)bytes);
  (void)snprintf(a->head, sizeof a->head, "%.*s", (int)head, (char *)bytes);
  a->length = length - head;
  memcpy(a->body, bytes + head, a->length);
}

static void send_text(int fd, const char *text, size_t length) {
  (void)send(fd, text, length, MSG_NOSIGNAL);
}

static void request(const char *head, const void *body, size_t length, answer *a) {
  int fd = dial();
  send_text(fd, head, strlen(head));
  send_text(fd, body, length);
  take_answer(fd, a);
}

#define POST "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
#define QUERY POST "Content-Type: application/timestamp-query\r\n"

static void post(const void *query, size_t length, answer *a) {
  char head[256];
  (void)snprintf(head, sizeof head, QUERY "Content-Length: %zu\r\n\r\n", length);
  request(head, query, length, a);
}

/* A query as OpenSSL makes it. */
static size_t make_query(uint8_t der[1024], long nonce, const char *policy, bool certificate) {
  static const uint8_t digest[32] = {1, 2, 3};
  TS_REQ *query = TS_REQ_new();
  TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
  X509_ALGOR *algorithm = X509_ALGOR_new();
  ASN1_INTEGER *number = ASN1_INTEGER_new();
  ASN1_OBJECT *object = policy != NULL ? OBJ_txt2obj(policy, 1) : NULL;
  uint8_t *at = der;
  X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL);
  TS_MSG_IMPRINT_set_algo(imprint, algorithm);
  TS_MSG_IMPRINT_set_msg(imprint, (uint8_t *)(uintptr_t)digest, sizeof digest);
  ASN1_INTEGER_set(number, nonce);
  TS_REQ_set_version(query, 1);
  TS_REQ_set_msg_imprint(query, imprint);
  if (nonce != 0)
    TS_REQ_set_nonce(query, number);
  if (object != NULL)
    TS_REQ_set_policy_id(query, object);
  TS_REQ_set_cert_req(query, certificate);
  size_t length = (size_t)i2d_TS_REQ(query, &at);
  ASN1_OBJECT_free(object);
  ASN1_INTEGER_free(number);
  X509_ALGOR_free(algorithm);
  TS_MSG_IMPRINT_free(imprint);
  TS_REQ_free(query);
  return length;
}

static TS_RESP *response_of(const answer *a) {
  const uint8_t *at = a->body;
  TS_RESP *response = d2i_TS_RESP(NULL, &at, (long)a->length);
  CU_ASSERT_FATAL(response != NULL && at == a->body + a->length);
  return response;
}

static long status_of(const answer *a) {
  TS_RESP *response = response_of(a);
  long status = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(response)));
  TS_RESP_free(response);
  return status;
}

static bool refused_with(const answer *a, int failure, const char *words) {
  TS_RESP *response = response_of(a);
  TS_STATUS_INFO *status = TS_RESP_get_status_info(response);
  const STACK_OF(ASN1_UTF8STRING) *text = TS_STATUS_INFO_get0_text(status);
  bool fits = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status)) == TS_STATUS_REJECTION &&
              ASN1_BIT_STRING_get_bit(TS_STATUS_INFO_get0_failure_info(status), failure) == 1 &&
              strstr((const char *)ASN1_STRING_get0_data(sk_ASN1_UTF8STRING_value(text, 0)), words) != NULL;
  TS_RESP_free(response);
  return fits;
}

static bool stamped(long nonce) {
  uint8_t query[1024];
  answer *a = malloc(sizeof *a);
  post(query, make_query(query, nonce, NULL, true), a);
  bool granted = a->status == 200 && status_of(a) == TS_STATUS_GRANTED;
  free(a);
  return granted;
}

static answer said;

static void a_stamp(void) {
  uint8_t query[1024];
  psd_proof_postmark postmark;
  char why[PSD_PROOF_WHY_MAX];
  start(1);
  size_t length = make_query(query, 0xC0FFEE, NULL, true);
  post(query, length, &said);
  CU_ASSERT_EQUAL(said.status, 200);
  CU_ASSERT_PTR_NOT_NULL(strstr(said.head, "Content-Type: application/timestamp-reply\r\n"));
  const uint8_t *at = query;
  TS_REQ *asked = d2i_TS_REQ(NULL, &at, (long)length);
  TS_VERIFY_CTX *context = TS_REQ_to_TS_VERIFY_CTX(asked, NULL);
  TS_RESP *response = response_of(&said);
  X509_STORE *store = X509_STORE_new();
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)bench[0].a.r->seconds);
  X509_STORE_add_cert(store, bench[0].a.certificate);
  TS_VERIFY_CTX_set_store(context, store);
  TS_VERIFY_CTX_set_flags(context, TS_VFY_ALL_IMPRINT & ~TS_VFY_TSA_NAME & ~TS_VFY_POLICY);
  CU_ASSERT_EQUAL(TS_RESP_verify_response(context, response), 1);
  TS_RESP_free(response);
  TS_VERIFY_CTX_free(context);
  TS_REQ_free(asked);
  CU_ASSERT_EQUAL(psd_proof_read_postmark((psd_proof_bytes){said.body, said.length}, &postmark, why), PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(postmark.time, bench[0].a.r->seconds);
  uint64_t number = postmark.number;
  /* certReq: "If the certReq field is missing or false, the certificates field … shall not be present" (2.4.1). */
  CU_ASSERT_STRING_NOT_EQUAL(postmark.signer.name, "");
  post(query, make_query(query, 0, NULL, false), &said);
  CU_ASSERT_EQUAL(psd_proof_read_postmark((psd_proof_bytes){said.body, said.length}, &postmark, why), PSD_PROOF_HOLDS);
  CU_ASSERT_STRING_EQUAL(postmark.signer.name, "");
  CU_ASSERT_EQUAL(postmark.number, number + 1);
  char policy[64];
  (void)snprintf(policy, sizeof policy, "1.3.6.1.4.1.32473.7816.3.%u", postmark.tariff);
  post(query, make_query(query, 0, policy, false), &said);
  CU_ASSERT_EQUAL(status_of(&said), TS_STATUS_GRANTED);
  (void)snprintf(policy, sizeof policy, "1.3.6.1.4.1.32473.7816.3.%u", postmark.tariff + 1);
  post(query, make_query(query, 0, policy, false), &said);
  CU_ASSERT(refused_with(&said, 15, "rate table"));
  post("hello", 5, &said);
  CU_ASSERT_EQUAL(said.status, 200);
  CU_ASSERT(refused_with(&said, 5, "no time stamp query"));
  stop();
  CU_ASSERT(counts.granted == 3 && counts.refused == 2 && counts.failed == 0 && counts.by_card[0] == 3);
}

/* A card that was left is switched off. */
static void set_funds(uint64_t descending) {
  psd_card_power_on(bench[0].a.r->card);
  authority_funds(&bench[0].a, descending);
}

/* 308 no: 310. */
static void without_funds(void) {
  uint8_t query[1024];
  set_funds(SERVICES_STAMPING);
  start(1);
  CU_ASSERT(stamped(1));
  post(query, make_query(query, 1, NULL, true), &said);
  CU_ASSERT_EQUAL(said.status, 200);
  CU_ASSERT(refused_with(&said, 25, "no funds"));
  stop();
  CU_ASSERT_EQUAL(counts.failed, 1);
  set_funds(AUTHORITY_FUNDS);
}

/* The rate table that comes into force at midnight is the policy from the first stamp after it. */
static void a_policy_that_ends_at_midnight(void) {
  uint8_t query[1024];
  services *s = &bench[0];
  psd_card_power_on(s->a.r->card);
  services_enter(s);
  evidence_load_table(s->a.r, 2, EVIDENCE_TODAY + 1, 20260301, 0);
  start(1);
  post(query, make_query(query, 0, "1.3.6.1.4.1.32473.7816.3.1", false), &said);
  CU_ASSERT_EQUAL(status_of(&said), TS_STATUS_GRANTED);
  s->a.r->seconds += 86400;
  post(query, make_query(query, 0, "1.3.6.1.4.1.32473.7816.3.1", false), &said);
  CU_ASSERT(refused_with(&said, 15, "rate table"));
  post(query, make_query(query, 0, "1.3.6.1.4.1.32473.7816.3.2", false), &said);
  CU_ASSERT_EQUAL(status_of(&said), TS_STATUS_GRANTED);
  stop();
  CU_ASSERT(counts.granted == 2 && counts.refused == 1 && counts.failed == 0);
}

/* A card that is back is found by itself; whoever asks meanwhile is told. */
static void a_card_that_is_taken_out(void) {
  uint8_t query[1024];
  start(1);
  CU_ASSERT(stamped(1));
  atomic_store(&ways[0].cut, true);
  for (int i = 0; i < 2; i++) {
    post(query, make_query(query, 1, NULL, true), &said);
    CU_ASSERT_EQUAL(said.status, 200);
    CU_ASSERT(refused_with(&said, 25, "card gone"));
  }
  atomic_store(&ways[0].cut, false);
  bool granted = false;
  for (unsigned i = 0; i < 20000 && !granted; i++)
    granted = stamped(1);
  CU_ASSERT(granted);
  stop();
  CU_ASSERT_EQUAL(counts.granted, 2);
}

/* Other cards go on where one is gone. */
static void two_cards(void) {
  start(2);
  atomic_store(&ways[0].cut, true);
  unsigned granted = 0;
  for (long i = 0; i < 12; i++)
    granted += stamped(i + 1) ? 1 : 0;
  /* One query may have met the card that was just taken out. */
  CU_ASSERT(granted >= 11);
  stop();
  CU_ASSERT_EQUAL(counts.by_card[0], 0);
  CU_ASSERT_EQUAL(counts.by_card[1], granted);
}

static atomic_uint granted_at_once;

static void *client(void *context) {
  (void)context;
  for (long i = 0; i < 6; i++)
    if (stamped(i + 1))
      atomic_fetch_add(&granted_at_once, 1U);
  return NULL;
}

static void many_at_once(void) {
  pthread_t threads[8];
  start(2);
  atomic_store(&granted_at_once, 0U);
  for (size_t i = 0; i < 8; i++)
    CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, client, NULL), 0);
  for (size_t i = 0; i < 8; i++)
    (void)pthread_join(threads[i], NULL);
  CU_ASSERT_EQUAL(atomic_load(&granted_at_once), 48);
  stop();
  CU_ASSERT_EQUAL(counts.granted, 48);
  CU_ASSERT(counts.by_card[0] > 0 && counts.by_card[1] > 0);
}

static unsigned status_after(const char *head, const char *body) {
  request(head, body, strlen(body), &said);
  return said.status;
}

static void what_is_no_query(void) {
  start(1);
  CU_ASSERT_EQUAL(status_after("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", ""), 200);
  CU_ASSERT_PTR_NOT_NULL(strstr((const char *)said.body, "RFC 3161"));
  CU_ASSERT_EQUAL(status_after("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", ""), 200);
  CU_ASSERT_EQUAL(said.length, 0);
  CU_ASSERT_EQUAL(status_after("GET /../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", ""), 404);
  CU_ASSERT_EQUAL(status_after("DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", ""), 405);
  CU_ASSERT_PTR_NOT_NULL(strstr(said.head, "Allow: GET, HEAD, POST"));
  CU_ASSERT_EQUAL(status_after(POST "Content-Length: 1\r\n\r\n", "x"), 415);
  CU_ASSERT_EQUAL(status_after(POST "Content-Type: application/timestamp-queryx\r\nContent-Length: 1\r\n\r\n", "x"),
                  415);
  CU_ASSERT_EQUAL(status_after(QUERY "Content-Length: 4097\r\n\r\n", ""), 413);
  CU_ASSERT_EQUAL(status_after(QUERY "Content-Length: 99999999999999999999\r\n\r\n", "") / 100, 4);
  CU_ASSERT_EQUAL(status_after("nonsense\r\n\r\n", "") / 100 % 4, 0); /* 400, or closed without a word */
  CU_ASSERT_EQUAL(status_after(QUERY "Content-Length: 0\r\n\r\n", ""), 200);
  CU_ASSERT(refused_with(&said, 5, "no time stamp query"));
  CU_ASSERT(stamped(1));
  stop();
  CU_ASSERT(counts.others >= 7);
}

/* Bodies that never end, and clients that leave in the middle: others are served as before. */
static void hostile_clients(void) {
  static const char chunk[] = "400\r\n";
  char bytes[0x400 + 2];
  start(1);
  int endless = dial();
  send_text(endless, QUERY "Transfer-Encoding: chunked\r\n\r\n", strlen(QUERY "Transfer-Encoding: chunked\r\n\r\n"));
  memset(bytes, 'x', sizeof bytes);
  memcpy(bytes + 0x400, "\r\n", 2);
  for (int i = 0; i < 64; i++) {
    send_text(endless, chunk, sizeof chunk - 1);
    send_text(endless, bytes, sizeof bytes);
  }
  uint8_t rest[ANSWER_MAX];
  CU_ASSERT(read_all(endless, rest) < 4096); /* it was closed */
  (void)close(endless);
  for (int i = 0; i < 20; i++) {
    int left = dial();
    const char *head = i % 2 == 0 ? QUERY "Content-Length: 59\r\n\r\n0" : "POST / HT";
    send_text(left, head, strlen(head));
    (void)close(left);
  }
  for (int i = 0; i < 5; i++) { /* whoever does not wait for his stamp has paid for it */
    char head[256];
    uint8_t query[1024];
    size_t length = make_query(query, 1, NULL, true);
    int left = dial();
    (void)snprintf(head, sizeof head, QUERY "Content-Length: %zu\r\n\r\n", length);
    send_text(left, head, strlen(head));
    send_text(left, (const char *)query, length);
    (void)close(left);
  }
  CU_ASSERT(stamped(1));
  stop();
  CU_ASSERT(counts.granted >= 1 && counts.granted <= 6);
}

/* What is at a card when it ends is answered: it came in time or did not, but what was charged was sent. */
static void an_end_in_order(void) {
  char head[256];
  uint8_t query[1024];
  for (int i = 0; i < 8; i++) {
    start(1);
    size_t length = make_query(query, 7, NULL, true);
    int fd = dial();
    (void)snprintf(head, sizeof head, QUERY "Content-Length: %zu\r\n\r\n", length);
    send_text(fd, head, strlen(head));
    send_text(fd, (const char *)query, length);
    stop();
    take_answer(fd, &said);
    bool granted = said.status == 200 && status_of(&said) == TS_STATUS_GRANTED;
    CU_ASSERT_EQUAL(counts.granted, granted ? 1 : 0);
  }
}

static void what_cannot_start(void) {
  static const psd_secret wrong = {.bytes = "999999", .length = 6};
  psd_error error;
  CU_ASSERT_EQUAL(start_with(1, &wrong, &error), PSD_REFUSED);
  start(1);
  psd_tsa *other = NULL;
  char taken[32];
  psd_tsa_place place = {"a card", reach, &ways[1]};
  (void)snprintf(taken, sizeof taken, "127.0.0.1:%u", psd_tsa_port(tsa));
  ways[1].card = bench[1].a.r->card;
  const psd_tsa_settings same = {.address = taken, .places = &place, .count = 1, .pin = &pin, .log = log_file};
  CU_ASSERT_EQUAL(psd_tsa_start(&same, &other, &error), PSD_REFUSED);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.words, "cannot listen"));
  const psd_tsa_settings odd = {.address = "nonsense", .places = &place, .count = 1, .pin = &pin, .log = log_file};
  CU_ASSERT_EQUAL(psd_tsa_start(&odd, &other, &error), PSD_BAD_INPUT);
  CU_ASSERT(psd_tsa_is_local(tsa));
  stop();
}

static void put_file(const char *name, const void *data, size_t length) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  CU_ASSERT_FATAL(file != NULL && fwrite(data, 1, length, file) == length && fclose(file) == 0);
}

static size_t get_file(const char *name, uint8_t data[1024]) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  CU_ASSERT_FATAL(file != NULL);
  size_t length = fread(data, 1, 1024, file);
  (void)fclose(file);
  return length;
}

static void put_authority(void) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/ca.pem", folder);
  FILE *file = fopen(path, "w");
  CU_ASSERT_FATAL(file != NULL && PEM_write_X509(file, bench[0].a.certificate) == 1 && fclose(file) == 0);
}

/* `openssl ts`, which nobody here wrote: query, and verification of what comes. */
static void as_openssl_has_it(void) {
  uint8_t query[1024];
  char at[32];
  start(1);
  put_authority();
  put_file("letter", "Dear Ada", 8);
  (void)snprintf(at, sizeof at, "%llu", (unsigned long long)bench[0].a.r->seconds);
  CU_ASSERT_EQUAL_FATAL(OPENSSL(folder, "ts", "-query", "-data", "letter", "-sha512", "-cert", "-out", "letter.tsq"),
                        0);
  post(query, get_file("letter.tsq", query), &said);
  put_file("letter.tsr", said.body, said.length);
  CU_ASSERT_EQUAL(OPENSSL(folder, "ts", "-verify", "-queryfile", "letter.tsq", "-in", "letter.tsr", "-CAfile", "ca.pem",
                          "-attime", at),
                  0);
  CU_ASSERT_EQUAL(
      OPENSSL(folder, "ts", "-verify", "-data", "letter", "-in", "letter.tsr", "-CAfile", "ca.pem", "-attime", at), 0);
  put_file("letter", "Dear Eve", 8);
  CU_ASSERT_NOT_EQUAL(
      OPENSSL(folder, "ts", "-verify", "-data", "letter", "-in", "letter.tsr", "-CAfile", "ca.pem", "-attime", at), 0);
  stop();
}

/* The card's own stamp, as the library that checks them has it. */
static void as_the_proof_has_it(void) {
  uint8_t query[1024], *der = NULL;
  psd_proof_postmark postmark;
  char why[PSD_PROOF_WHY_MAX] = "";
  const uint8_t digest[32] = {1, 2, 3};
  start(1);
  post(query, make_query(query, 1, NULL, true), &said);
  stop();
  psd_trust *trust = psd_trust_new();
  int length = i2d_X509(bench[0].a.certificate, &der);
  CU_ASSERT_FATAL(length > 0 && psd_trust_add_root_der(trust, (psd_proof_bytes){der, (size_t)length}));
  CU_ASSERT_EQUAL(psd_proof_check_postmark(trust, (psd_proof_bytes){said.body, said.length}, digest, sizeof digest, 0,
                                           &postmark, why),
                  PSD_PROOF_HOLDS);
  CU_ASSERT_STRING_EQUAL(why, "");
  OPENSSL_free(der);
  psd_trust_free(trust);
}

static void begin(void) {
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
  log_file = fopen("/dev/null", "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(log_file);
}

static void end(void) {
  static const char *const names[] = {"ca.pem", "letter", "letter.tsq", "letter.tsr"};
  char path[128];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    (void)unlink(path);
  }
  (void)rmdir(folder);
  while (made > 0)
    services_end(&bench[--made]);
  (void)fclose(log_file);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a folder", begin},
      {"a stamp, its number, policy and certificate", a_stamp},
      {"the same, with openssl ts", as_openssl_has_it},
      {"the same, with the library that checks postmarks", as_the_proof_has_it},
      {"308, 310: no funds", without_funds},
      {"a card that is taken out, and put back", a_card_that_is_taken_out},
      {"two cards, one of them gone", two_cards},
      {"many clients, two cards", many_at_once},
      {"what is no query", what_is_no_query},
      {"hostile clients", hostile_clients},
      {"a policy that ends at midnight", a_policy_that_ends_at_midnight},
      {"an end in order", an_end_in_order},
      {"what cannot start", what_cannot_start},
      {"all is given back", end},
  };
  return psd_check_run("time stamps over HTTP", tests, PSD_CHECK_COUNT(tests));
}
