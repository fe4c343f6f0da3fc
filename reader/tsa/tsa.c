/* The protocol over HTTP (RFC 3161, 3.4): libmicrohttpd takes requests in one thread, puts a connection to rest while a
 * card works, and goes on with it when there is a response. */
#include "tsa.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "listen.h"
#include "pool.h"

#define QUERY_TYPE "application/timestamp-query"
#define REPLY_TYPE "application/timestamp-reply"
#define TEXT_TYPE "text/plain; charset=us-ascii"
/* Connections at a time; each has this many bytes, and this many seconds of silence. */
#define CONNECTIONS 512U
#define CONNECTION_BYTES ((size_t)16384)
#define SILENCE_S 20U
/* How long answers that are there may take to be sent, at the end. */
#define FAREWELL_S 5
#define CLIENT_MAX 64U

static const char about[] = "psd tsa: time stamps (RFC 3161) that a postage and certificate meter makes and pays for.\n"
                            "POST an " QUERY_TYPE " to / for one:\n"
                            "  openssl ts -query -data FILE -sha256 -cert -out query.tsq\n"
                            "  curl -H 'Content-Type: " QUERY_TYPE "' --data-binary @query.tsq -o FILE.tsr URL\n";

struct psd_tsa {
  psd_tsa_log log;
  psd_tsa_pool *pool;
  struct MHD_Daemon *daemon;
  uint16_t port;
  bool local;
  pthread_mutex_t lock;
  pthread_cond_t ended; /* `open` is less */
  size_t open;          /* queries whose answer is not sent yet */
};

/* A request under way. */
typedef struct exchange {
  psd_tsa *tsa;
  struct MHD_Connection *connection;
  bool asked; /* the card has it, or had it */
  uint8_t query[PSD_TSA_QUERY_MAX];
  size_t length;
  psd_tsa_job job;
  struct timespec since;
  char client[CLIENT_MAX];
} exchange;

static uint64_t microseconds_since(const struct timespec *then) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t nanoseconds = (int64_t)(now.tv_sec - then->tv_sec) * 1000000000 + (now.tv_nsec - then->tv_nsec);
  return nanoseconds > 0 ? (uint64_t)nanoseconds / 1000U : 0;
}

static void name_client(struct MHD_Connection *connection, char client[CLIENT_MAX]) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  socklen_t length = info != NULL && info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                                              : sizeof(struct sockaddr_in);
  if (info == NULL || getnameinfo(info->client_addr, length, client, CLIENT_MAX, NULL, 0, NI_NUMERICHOST) != 0)
    memcpy(client, "unknown", sizeof "unknown");
}

static enum MHD_Result send_bytes(struct MHD_Connection *connection, unsigned status, const char *type,
                                  const char *allow, const void *body, size_t length) {
  /* It is copied: the function takes what might be freed, and so is not const. */
  union {
    const void *given;
    void *taken;
  } bytes = {.given = body};
  struct MHD_Response *response = MHD_create_response_from_buffer(length, bytes.taken, MHD_RESPMEM_MUST_COPY);
  if (response == NULL)
    return MHD_NO;
  bool ready = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES &&
               MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_YES &&
               (allow == NULL || MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow) == MHD_YES);
  enum MHD_Result result = ready ? MHD_queue_response(connection, status, response) : MHD_NO;
  MHD_destroy_response(response);
  return result;
}

/* What is no query gets a line of text. */
static enum MHD_Result send_line(psd_tsa *tsa, struct MHD_Connection *connection, unsigned status, const char *words) {
  char client[CLIENT_MAX];
  name_client(connection, client);
  psd_tsa_log_other(&tsa->log, status, client);
  return send_bytes(connection, status, TEXT_TYPE, status == MHD_HTTP_METHOD_NOT_ALLOWED ? "GET, HEAD, POST" : NULL,
                    words, strlen(words));
}

static enum MHD_Result send_job(exchange *e) {
  const psd_tsa_job *job = &e->job;
  bool busy = !job->granted && job->card == 0 && job->refusal.failure == PSD_TSA_SYSTEM_FAILURE;
  const psd_tsa_event event = {.granted = job->granted,
                               .number = job->number,
                               .failure = job->granted ? NULL : psd_tsa_failure_name(job->refusal.failure),
                               .words = job->refusal.words,
                               .ours = !job->granted && job->refusal.failure == PSD_TSA_SYSTEM_FAILURE,
                               .card = job->card,
                               .microseconds = microseconds_since(&e->since),
                               .client = e->client};
  psd_tsa_log_answer(&e->tsa->log, &event);
  return send_bytes(e->connection, busy ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, REPLY_TYPE, NULL,
                    job->response.data, job->response.length);
}

/* Called by a card's thread. */
static void go_on(psd_tsa_job *job) {
  exchange *e = job->context;
  MHD_resume_connection(e->connection);
}

/* The query is there, whole. */
static enum MHD_Result ask(exchange *e) {
  psd_tsa_refusal refusal;
  e->asked = true;
  e->job.done = go_on;
  e->job.context = e;
  if (!psd_tsa_query_read(e->query, e->length, &e->job.query, &refusal)) {
    psd_tsa_job_refuse(&e->job, refusal.failure, refusal.words);
    return send_job(e);
  }
  MHD_suspend_connection(e->connection);
  if (!psd_tsa_pool_put(e->tsa->pool, &e->job)) {
    psd_tsa_job_refuse(&e->job, PSD_TSA_SYSTEM_FAILURE, "too many requests wait");
    MHD_resume_connection(e->connection);
  }
  return MHD_YES;
}

static bool is_query(struct MHD_Connection *connection) {
  const char *type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
  size_t length = strlen(QUERY_TYPE);
  return type != NULL && strncasecmp(type, QUERY_TYPE, length) == 0 &&
         (type[length] == '\0' || type[length] == ';' || type[length] == ' ');
}

/* A length that is told before is judged before; one that is not ends with what there is room for. */
static bool is_too_long(struct MHD_Connection *connection) {
  const char *told = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
  return told != NULL && (strlen(told) > 9 || strtoul(told, NULL, 10) > PSD_TSA_QUERY_MAX);
}

static void count_open(psd_tsa *tsa, bool more) {
  (void)pthread_mutex_lock(&tsa->lock);
  tsa->open = more ? tsa->open + 1 : tsa->open - 1;
  (void)pthread_cond_signal(&tsa->ended);
  (void)pthread_mutex_unlock(&tsa->lock);
}

static enum MHD_Result begin_query(psd_tsa *tsa, struct MHD_Connection *connection, void **context) {
  if (!is_query(connection))
    return send_line(tsa, connection, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "an " QUERY_TYPE " is expected\n");
  if (is_too_long(connection))
    return send_line(tsa, connection, MHD_HTTP_CONTENT_TOO_LARGE, "no query is so long\n");
  exchange *e = calloc(1, sizeof *e);
  if (e == NULL)
    return MHD_NO;
  e->tsa = tsa;
  e->connection = connection;
  (void)clock_gettime(CLOCK_MONOTONIC, &e->since);
  name_client(connection, e->client);
  count_open(tsa, true);
  *context = e;
  return MHD_YES;
}

static enum MHD_Result begin(psd_tsa *tsa, struct MHD_Connection *connection, const char *url, const char *method,
                             void **context) {
  if (strcmp(url, "/") != 0)
    return send_line(tsa, connection, MHD_HTTP_NOT_FOUND, "there is only /\n");
  if (strcmp(method, MHD_HTTP_METHOD_POST) == 0)
    return begin_query(tsa, connection, context);
  bool reads = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
  return reads ? send_line(tsa, connection, MHD_HTTP_OK, about)
               : send_line(tsa, connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or POST is expected\n");
}

/* False ends the connection: whoever sends more than was told, or never ends, gets no answer. */
static bool take(exchange *e, const char *data, size_t *length) {
  if (*length > sizeof e->query - e->length)
    return false;
  memcpy(e->query + e->length, data, *length);
  e->length += *length;
  *length = 0;
  return true;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *length, void **context) {
  (void)version;
  exchange *e = *context;
  if (e == NULL)
    return begin(user, connection, url, method, context);
  if (*length > 0)
    return take(e, data, length) ? MHD_YES : MHD_NO;
  return e->asked ? send_job(e) : ask(e);
}

static void on_end(void *user, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode how) {
  (void)connection;
  (void)how;
  if (*context != NULL)
    count_open(user, false);
  free(*context);
  *context = NULL;
}

/* Standard error is not for what strangers send. */
static void on_message(void *user, const char *format, va_list arguments) {
  (void)user;
  (void)format;
  (void)arguments;
}

/* A stamp that was paid for is sent before the end. */
static void wait_for_answers(psd_tsa *tsa) {
  struct timespec until;
  int waited = 0;
  (void)clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += FAREWELL_S;
  (void)pthread_mutex_lock(&tsa->lock);
  while (tsa->open > 0 && waited == 0)
    waited = pthread_cond_timedwait(&tsa->ended, &tsa->lock, &until);
  (void)pthread_mutex_unlock(&tsa->lock);
}

static psd_result start_http(psd_tsa *tsa, const char *address, psd_error *error) {
  int fd = -1;
  psd_result result = psd_tsa_listen(address, &fd, &tsa->port, &tsa->local, error);
  if (result != PSD_OK)
    return result;
  tsa->daemon = MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL,
                                 NULL, on_request, tsa, MHD_OPTION_EXTERNAL_LOGGER, on_message, NULL,
                                 MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, on_end, tsa,
                                 MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                 CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_S, MHD_OPTION_END);
  if (tsa->daemon != NULL)
    return PSD_OK;
  (void)close(fd);
  return psd_error_set(error, PSD_SYSTEM, "the HTTP library cannot be started");
}

psd_result psd_tsa_start(const psd_tsa_settings *settings, psd_tsa **tsa, psd_error *error) {
  *tsa = NULL;
  psd_tsa *made = calloc(1, sizeof *made);
  if (made == NULL || pthread_mutex_init(&made->lock, NULL) != 0 || pthread_cond_init(&made->ended, NULL) != 0 ||
      !psd_tsa_log_begin(&made->log, settings->log, settings->json)) {
    free(made);
    return psd_error_set(error, PSD_SYSTEM, "out of memory");
  }
  psd_result result = psd_tsa_pool_start(settings, &made->log, &made->pool, error);
  if (result == PSD_OK)
    result = start_http(made, settings->address, error);
  if (result == PSD_OK) {
    *tsa = made;
    return PSD_OK;
  }
  psd_tsa_counts counts;
  psd_tsa_stop(made, &counts);
  return result;
}

uint16_t psd_tsa_port(const psd_tsa *tsa) {
  return tsa->port;
}

bool psd_tsa_is_local(const psd_tsa *tsa) {
  return tsa->local;
}

void psd_tsa_stop(psd_tsa *tsa, psd_tsa_counts *counts) {
  int fd = tsa->daemon != NULL ? MHD_quiesce_daemon(tsa->daemon) : -1;
  if (fd >= 0)
    (void)close(fd);
  /* No connection may be at rest when the daemon ends: the pool answers all it has. */
  if (tsa->pool != NULL)
    psd_tsa_pool_stop(tsa->pool);
  wait_for_answers(tsa);
  if (tsa->daemon != NULL)
    MHD_stop_daemon(tsa->daemon);
  psd_tsa_pool_free(tsa->pool);
  *counts = tsa->log.counts;
  psd_tsa_log_end(&tsa->log);
  (void)pthread_cond_destroy(&tsa->ended);
  (void)pthread_mutex_destroy(&tsa->lock);
  free(tsa);
}
