#include "meter/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "crypto/evp.h"
#include "meter/server.h"
#include "psd/program/exit.h"

/* How often the key management system is asked for news: often while the server cannot start without. */
#define REFRESH_STARTING_MS 500U
#define REFRESH_MS 15000U
/* For handshakes that run when the server is stopped. */
#define PATIENCE_MS 5000U
/* File descriptors that are not for connections: each of 64 workers has the three files of its database. */
#define FILES_OWN 256U

static psd_meter_server *server_of(psd_meter_service *service) {
  return (psd_meter_server *)(void *)((char *)service - offsetof(psd_meter_server, service));
}

static psd_meter_call *ask(psd_meter_service *service, psd_frame_type type, const void *body, size_t length,
                           psd_meter_answered *answered, void *owner) {
  return psd_meter_kms_ask(server_of(service)->kms, type, body, length, answered, owner);
}

static void forget(psd_meter_service *service, psd_meter_call *call) {
  psd_meter_kms_forget(server_of(service)->kms, call);
}

static bool submit(psd_meter_service *service, psd_meter_job *job) {
  return psd_meter_workers_submit(server_of(service)->workers, job);
}

static uint64_t now(psd_meter_service *service) {
  (void)service;
  time_t seconds = time(NULL);
  return seconds < 0 ? 0 : (uint64_t)seconds;
}

static const psd_meter_service_calls calls = {ask, forget, submit, now};

static int complain(int status, const char *words) {
  (void)fprintf(stderr, "psd-server: %s\n", words);
  return status;
}

/* Every connection is gone: what is left is closed, and the loop ends. */
static void finish(psd_meter_server *server) {
  if (server->phase == PSD_METER_OVER)
    return;
  server->phase = PSD_METER_OVER;
  psd_meter_end_control(server);
  psd_meter_publishing_stop(server);
  psd_meter_workers_free(server->workers);
  server->workers = NULL;
  psd_meter_kms_free(server->kms);
  server->kms = NULL;
  for (size_t i = 0; i < sizeof server->signals / sizeof server->signals[0]; i++)
    uv_close((uv_handle_t *)&server->signals[i], NULL);
  uv_close((uv_handle_t *)&server->refresh, NULL);
  uv_close((uv_handle_t *)&server->patience, NULL);
}

static void on_patience(uv_timer_t *timer) {
  psd_meter_end_connections(timer->data, true);
}

/* Begins to stop; a second time, stops at once. `status` is the process's. */
static void stop(psd_meter_server *server, int status) {
  bool again = server->phase == PSD_METER_STOPPING;
  if (server->phase == PSD_METER_OVER)
    return;
  server->status = status;
  server->phase = PSD_METER_STOPPING;
  psd_meter_unlisten(server);
  psd_meter_end_connections(server, again);
  if (server->connections == NULL)
    finish(server);
  else if (!again)
    (void)uv_timer_start(&server->patience, on_patience, PATIENCE_MS, 0);
}

void psd_meter_ready(psd_meter_server *server) {
  char words[PSD_METER_WORDS_MAX];
  server->workers = psd_meter_workers_new(&server->loop, server->settings.database, (unsigned)server->settings.workers,
                                          server->column, words, sizeof words);
  psd_secret_wipe(server->column, sizeof server->column);
  if (server->workers == NULL || !psd_meter_listen(server, words) || !psd_meter_publishing_start(server, words)) {
    stop(server, complain(PSD_EXIT_REFUSED, words));
    return;
  }
  server->phase = PSD_METER_RUNNING;
  server->refreshed = now(&server->service);
  (void)uv_timer_start(&server->refresh, psd_meter_on_refresh, REFRESH_MS, REFRESH_MS);
  psd_meter_log_say(server->service.log, PSD_METER_INFO, "started", NULL);
}

void psd_meter_connection_gone(psd_meter_server *server) {
  if (server->phase == PSD_METER_STOPPING && server->connections == NULL)
    finish(server);
}

static void reload(psd_meter_server *server) {
  psd_meter_settings fresh;
  char words[PSD_METER_WORDS_MAX] = "";
  if (psd_meter_settings_parse(server->argc, server->argv, &fresh, words) != PSD_METER_RUN) {
    psd_meter_log_say(server->service.log, PSD_METER_ERROR, "not reloaded", words);
    return;
  }
  psd_meter_settings_reload(&server->settings, &fresh, words);
  if (words[0] != '\0')
    psd_meter_log_say(server->service.log, PSD_METER_WARNING, "needs a restart", words);
  psd_meter_log_set_level(server->service.log, (psd_meter_level)server->settings.log_level);
  psd_meter_kms_use(server->kms, &server->settings.kms, server->settings.kms_timeout);
  psd_meter_publishing_reload(server);
  psd_meter_log_say(server->service.log, PSD_METER_INFO, "reloaded", NULL);
}

static void on_signal(uv_signal_t *handle, int number) {
  psd_meter_server *server = handle->data;
  if (number == SIGHUP) {
    reload(server);
    return;
  }
  psd_meter_log_say(server->service.log, PSD_METER_INFO, "stopping", NULL);
  stop(server, PSD_EXIT_DONE);
}

static void watch_signals(psd_meter_server *server) {
  static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    (void)uv_signal_init(&server->loop, &server->signals[i]);
    server->signals[i].data = server;
    (void)uv_signal_start(&server->signals[i], on_signal, numbers[i]);
  }
}

/* A file descriptor a connection, as far as the system lets us. Returns how many connections that makes. */
static uint64_t allow_connections(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return UINT64_MAX;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
  /* Whoever fills the house shall not keep the server from its database and its key management system. */
  return limit.rlim_cur > 2 * FILES_OWN ? limit.rlim_cur - FILES_OWN : limit.rlim_cur / 2;
}

/* The database is there and of the right form: better said now than when the first Host calls. */
static int try_database(const psd_meter_settings *settings) {
  char words[PSD_METER_WORDS_MAX];
  psd_db *db = psd_db_open(settings->database, true, words, sizeof words);
  if (db != NULL) {
    psd_db_close(db);
    return PSD_EXIT_DONE;
  }
  return complain(strncmp(settings->database, "postgres", 8) == 0 ? PSD_EXIT_UNREACHABLE : PSD_EXIT_REFUSED, words);
}

static int serve(psd_meter_server *server) {
  server->service.calls = &calls;
  server->service.settings = &server->settings;
  server->service.log = psd_meter_log_new(STDERR_FILENO, (psd_meter_level)server->settings.log_level);
  if (uv_loop_init(&server->loop) != 0)
    return complain(PSD_EXIT_REFUSED, "no loop: out of memory or file descriptors");
  server->kms = psd_meter_kms_new(&server->loop, server->service.log);
  if (server->service.log == NULL || server->kms == NULL)
    return complain(PSD_EXIT_REFUSED, "no memory");
  watch_signals(server);
  (void)uv_timer_init(&server->loop, &server->refresh);
  (void)uv_timer_init(&server->loop, &server->patience);
  server->refresh.data = server->patience.data = server;
  psd_meter_kms_on_ready(server->kms, psd_meter_ask_keys, server);
  psd_meter_kms_use(server->kms, &server->settings.kms, server->settings.kms_timeout);
  (void)uv_timer_start(&server->refresh, psd_meter_on_refresh, REFRESH_STARTING_MS, REFRESH_STARTING_MS);
  (void)uv_run(&server->loop, UV_RUN_DEFAULT);
  (void)uv_loop_close(&server->loop);
  psd_meter_log_say(server->service.log, PSD_METER_INFO, "stopped", NULL);
  (void)psd_meter_log_free(server->service.log);
  return server->status;
}

int psd_meter_run(int argc, char *const *argv) {
  char words[PSD_METER_WORDS_MAX] = "";
  psd_meter_server *server = calloc(1, sizeof *server);
  if (server == NULL)
    return complain(PSD_EXIT_REFUSED, "no memory");
  server->argc = argc;
  server->argv = argv;
  int status = PSD_EXIT_DONE;
  (void)signal(SIGPIPE, SIG_IGN);
  server->most = allow_connections();
  switch (psd_meter_settings_parse(argc, argv, &server->settings, words)) {
  case PSD_METER_HELP:
    (void)fputs(psd_meter_run_help, stdout);
    break;
  case PSD_METER_WRONG:
    status = complain(PSD_EXIT_USAGE, words);
    break;
  default:
    status =
        psd_evp_start() ? try_database(&server->settings) : complain(PSD_EXIT_REFUSED, "OpenSSL lacks an algorithm");
    if (status == PSD_EXIT_DONE)
      status = serve(server);
    psd_evp_stop();
  }
  free(server);
  return status;
}
