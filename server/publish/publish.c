#include "publish/publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "publish/internal.h"

/* Bytes of memory for what one connection sends: a request, its head, and a URL with base64. */
#define CONNECTION_ROOM 32768U

uint64_t psd_publish_now(void) {
  time_t seconds = time(NULL);
  return seconds < 0 ? 0 : (uint64_t)seconds;
}

/* The same warning again in the same second: whoever asks while something is away fills no log. */
static bool is_told(psd_publish *publish, const char *event) {
  uint64_t now = psd_publish_now();
  (void)pthread_mutex_lock(&publish->lock);
  bool told = publish->warned_at == now && publish->warned != NULL && strcmp(publish->warned, event) == 0;
  publish->warned_at = now;
  publish->warned = event;
  (void)pthread_mutex_unlock(&publish->lock);
  return told;
}

void psd_publish_say(psd_publish *publish, psd_publish_level level, const char *event, const char *words) {
  if (level == PSD_PUBLISH_WARNING && is_told(publish, event))
    return;
  publish->settings.say(publish->settings.user, level, event, words);
}

void psd_publish_use(psd_publish *publish, const char *const *kms, size_t count) {
  (void)pthread_mutex_lock(&publish->lock);
  publish->kms_count = count < PSD_PUBLISH_KMS_MAX ? count : PSD_PUBLISH_KMS_MAX;
  for (size_t i = 0; i < publish->kms_count; i++)
    (void)snprintf(publish->kms[i], sizeof publish->kms[i], "%s", kms[i]);
  (void)pthread_mutex_unlock(&publish->lock);
}

static void release(psd_publish *publish) {
  for (size_t i = 0; i < publish->idle_count; i++)
    psd_db_close(publish->idle[i]);
  for (size_t i = 0; i < publish->ca_count; i++)
    psd_publish_ca_free(publish->cas[i]);
  (void)pthread_mutex_destroy(&publish->lock);
  (void)pthread_mutex_destroy(&publish->search);
  free(publish);
}

static struct MHD_Daemon *serve(psd_publish *publish) {
  const psd_publish_settings *settings = &publish->settings;
  return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, 0, NULL, NULL, psd_publish_on_request,
                          publish, MHD_OPTION_LISTEN_SOCKET, (MHD_socket)settings->listener,
                          MHD_OPTION_THREAD_POOL_SIZE, settings->threads, MHD_OPTION_CONNECTION_LIMIT,
                          settings->connections, MHD_OPTION_CONNECTION_TIMEOUT, settings->idle,
                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_ROOM, MHD_OPTION_NOTIFY_COMPLETED,
                          psd_publish_on_over, publish, MHD_OPTION_END);
}

psd_publish *psd_publish_start(const psd_publish_settings *settings, char *words, size_t room) {
  psd_publish *publish = calloc(1, sizeof *publish);
  if (publish == NULL) {
    (void)close(settings->listener);
    (void)snprintf(words, room, "no memory to publish anything");
    return NULL;
  }
  publish->settings = *settings;
  (void)pthread_mutex_init(&publish->lock, NULL);
  (void)pthread_mutex_init(&publish->search, NULL);
  (void)snprintf(publish->database, sizeof publish->database, "%s", settings->database);
  psd_publish_use(publish, settings->kms, settings->kms_count);
  publish->daemon = serve(publish);
  if (publish->daemon != NULL)
    return publish;
  (void)close(settings->listener);
  release(publish);
  (void)snprintf(words, room, "no thread, or no file descriptors, to publish anything");
  return NULL;
}

void psd_publish_stop(psd_publish *publish) {
  if (publish == NULL)
    return;
  MHD_stop_daemon(publish->daemon); /* closes the listener */
  release(publish);
}
