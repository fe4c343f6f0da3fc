/* What is published over HTTP, as far as the server's loop has to do with it: it starts and ends it, and writes its
 * lines of the log, which other threads have. */
#include "meter/publishing.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "meter/server.h"
#include "publish/publish.h"

#define THREADS 4U
/* Connections at a time, and of the file descriptors that there are, the share that they may have. */
#define CONNECTIONS_MOST 256U
#define SHARE 4U
/* Seconds of silence after which a connection is closed. */
#define IDLE 15U
#define BACKLOG 128
/* Lines that wait for the loop. */
#define LINES_MAX 64U

typedef struct line {
  psd_publish_level level;
  char event[48], words[160];
} line;

struct psd_meter_publishing {
  psd_meter_server *server;
  atomic_uint level; /* of the log: what nobody wants does not wake the loop */
  psd_publish *publish;
  uv_async_t news;
  pthread_mutex_t lock; /* of what follows */
  line lines[LINES_MAX];
  size_t count;
  uint64_t lost;
};

static const psd_meter_level levels[] = {[PSD_PUBLISH_WARNING] = PSD_METER_WARNING,
                                         [PSD_PUBLISH_INFO] = PSD_METER_INFO,
                                         [PSD_PUBLISH_DEBUG] = PSD_METER_DEBUG};

/* From any thread. */
static void say(void *user, psd_publish_level level, const char *event, const char *words) {
  psd_meter_publishing *at = user;
  if (levels[level] > atomic_load(&at->level))
    return;
  (void)pthread_mutex_lock(&at->lock);
  if (at->count < LINES_MAX) {
    line *to = &at->lines[at->count++];
    to->level = level;
    (void)snprintf(to->event, sizeof to->event, "%s", event);
    (void)snprintf(to->words, sizeof to->words, "%s", words);
  } else
    at->lost++;
  (void)pthread_mutex_unlock(&at->lock);
  (void)uv_async_send(&at->news);
}

static void write_line(psd_meter_log *log, const line *said) {
  psd_json *json = psd_meter_log_line(log, levels[said->level], "published");
  if (json == NULL)
    return;
  psd_json_string(json, "what", said->event);
  psd_json_string(json, "words", said->words);
  psd_meter_log_end(log);
}

static void write_lines(psd_meter_publishing *at) {
  psd_meter_log *log = at->server->service.log;
  (void)pthread_mutex_lock(&at->lock);
  for (size_t i = 0; i < at->count; i++)
    write_line(log, &at->lines[i]);
  psd_json *json = at->lost == 0 ? NULL : psd_meter_log_line(log, PSD_METER_WARNING, "published");
  if (json != NULL) {
    psd_json_number(json, "lost", at->lost);
    psd_meter_log_end(log);
  }
  at->count = 0;
  at->lost = 0;
  (void)pthread_mutex_unlock(&at->lock);
}

static void on_news(uv_async_t *news) {
  write_lines(news->data);
}

/* A socket that listens there; -1, and why. */
static int open_listener(const char *text, const char **why) {
  struct sockaddr_storage address;
  char whole[PSD_METER_TEXT_MAX + 16U];
  socklen_t length = 0;
  /* A port alone is one of this host's: the public comes through a server that is made for that. */
  (void)snprintf(whole, sizeof whole, "%s%s", strchr(text, ':') == NULL ? "127.0.0.1:" : "", text);
  *why = psd_meter_resolve(whole, &address, &length);
  int fd = *why != NULL ? -1 : socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    if (*why == NULL)
      *why = strerror(errno);
    return -1;
  }
  const int yes = 1;
  (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(fd, (const struct sockaddr *)&address, length) == 0 && listen(fd, BACKLOG) == 0)
    return fd;
  *why = strerror(errno);
  (void)close(fd);
  return -1;
}

static size_t list_kms(const psd_meter_settings *settings, const char *paths[PSD_METER_KMS_MAX]) {
  for (uint32_t i = 0; i < settings->kms.count; i++)
    paths[i] = settings->kms.at[i];
  return settings->kms.count;
}

/* The Hosts have that many fewer. */
static unsigned take_share(psd_meter_server *server) {
  uint64_t share = server->most / SHARE < CONNECTIONS_MOST ? server->most / SHARE : CONNECTIONS_MOST;
  server->most -= share;
  return (unsigned)share;
}

static bool start(psd_meter_publishing *at, int listener, char *words) {
  const psd_meter_settings *settings = &at->server->settings;
  const char *paths[PSD_METER_KMS_MAX];
  psd_publish_settings wanted = {.listener = listener,
                                 .database = settings->database,
                                 .kms = paths,
                                 .kms_count = list_kms(settings, paths),
                                 .kms_limit = (unsigned)settings->kms_timeout * 1000U,
                                 .threads = THREADS,
                                 .connections = take_share(at->server),
                                 .idle = IDLE,
                                 .say = say,
                                 .user = at};
  psd_meter_tell("publishing on", listener);
  at->publish = psd_publish_start(&wanted, words, PSD_METER_WORDS_MAX);
  return at->publish != NULL;
}

static void on_closed(uv_handle_t *handle) {
  psd_meter_publishing *at = handle->data;
  (void)pthread_mutex_destroy(&at->lock);
  free(at);
}

bool psd_meter_publishing_start(psd_meter_server *server, char words[PSD_METER_WORDS_MAX]) {
  const char *why = NULL;
  if (server->settings.http[0] == '\0')
    return true;
  int listener = open_listener(server->settings.http, &why);
  if (listener < 0) {
    (void)snprintf(words, PSD_METER_WORDS_MAX, "cannot publish on %.150s: %s", server->settings.http, why);
    return false;
  }
  psd_meter_publishing *at = calloc(1, sizeof *at);
  if (at == NULL || uv_async_init(&server->loop, &at->news, on_news) != 0) {
    free(at);
    (void)close(listener);
    (void)snprintf(words, PSD_METER_WORDS_MAX, "no memory to publish anything");
    return false;
  }
  at->server = server;
  atomic_init(&at->level, (unsigned)server->settings.log_level);
  at->news.data = at;
  (void)pthread_mutex_init(&at->lock, NULL);
  server->publishing = at;
  return start(at, listener, words);
}

void psd_meter_publishing_reload(psd_meter_server *server) {
  const char *paths[PSD_METER_KMS_MAX];
  size_t count = list_kms(&server->settings, paths);
  if (server->publishing == NULL)
    return;
  atomic_store(&server->publishing->level, (unsigned)server->settings.log_level);
  psd_publish_use(server->publishing->publish, paths, count);
}

void psd_meter_publishing_stop(psd_meter_server *server) {
  psd_meter_publishing *at = server->publishing;
  if (at == NULL)
    return;
  server->publishing = NULL;
  psd_publish_stop(at->publish);
  write_lines(at);
  uv_close((uv_handle_t *)&at->news, on_closed);
}
