#include "meter/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048U
#define LAST_WAIT_SECONDS 1
/* A line waits so long for others to be written with it, unless it is urgent or there are many. */
#define GATHER_MS 50
#define MANY_BYTES 32768U

struct psd_meter_log {
  int fd;
  psd_meter_level level;
  FILE *form; /* what the line is made in */
  char line[LINE_MAX_BYTES];
  psd_json json;
  psd_meter_level line_level;
  pthread_t writer;
  pthread_mutex_t lock;
  pthread_cond_t more, written;
  /* Under the lock. */
  char *waiting;
  size_t length;
  uint64_t lost;
  bool idle;   /* the writer waits for a line */
  bool urgent; /* somebody shall see this now */
  bool ending, ended;
};

static const char *const levels[] = {"error", "warning", "info", "debug"};

bool psd_meter_level_named(const char *name, psd_meter_level *level) {
  for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
    if (strcmp(levels[i], name) == 0) {
      *level = (psd_meter_level)i;
      return true;
    }
  }
  return false;
}

static void write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t part = write(fd, bytes, length);
    if (part < 0 && errno == EINTR)
      continue;
    if (part <= 0)
      return; /* nobody is there to tell */
    bytes += part;
    length -= (size_t)part;
  }
}

static struct timespec after_ms(long milliseconds) {
  struct timespec then;
  (void)clock_gettime(CLOCK_REALTIME, &then);
  then.tv_nsec += milliseconds % 1000 * 1000000;
  then.tv_sec += milliseconds / 1000 + then.tv_nsec / 1000000000;
  then.tv_nsec %= 1000000000;
  return then;
}

/* There is a line: those that come right behind it are written with it. A thread that is woken for each costs more than
 * the line. */
static void gather(psd_meter_log *log) {
  struct timespec until = after_ms(GATHER_MS);
  int result = 0;
  while (result == 0 && !log->urgent && !log->ending && log->length < MANY_BYTES)
    result = pthread_cond_timedwait(&log->more, &log->lock, &until);
  log->urgent = false;
}

/* The writer: takes all that waits, writes it, takes again. Owns `taken`. */
static void *write_lines(void *argument) {
  psd_meter_log *log = argument;
  char *taken = malloc(PSD_METER_LOG_ROOM);
  (void)pthread_mutex_lock(&log->lock);
  while (taken != NULL && (!log->ending || log->length > 0)) {
    if (log->length == 0) {
      log->idle = true;
      (void)pthread_cond_wait(&log->more, &log->lock);
      log->idle = false;
      continue;
    }
    gather(log);
    char *lines = log->waiting;
    size_t length = log->length;
    log->waiting = taken;
    log->length = 0;
    taken = lines;
    (void)pthread_mutex_unlock(&log->lock);
    write_all(log->fd, lines, length);
    (void)pthread_mutex_lock(&log->lock);
  }
  log->ended = true;
  (void)pthread_cond_signal(&log->written);
  (void)pthread_mutex_unlock(&log->lock);
  free(taken);
  return NULL;
}

static void free_memory(psd_meter_log *log) {
  if (log->form != NULL)
    (void)fclose(log->form);
  free(log->waiting);
  free(log);
}

psd_meter_log *psd_meter_log_new(int fd, psd_meter_level level) {
  psd_meter_log *log = calloc(1, sizeof *log);
  if (log == NULL)
    return NULL;
  log->fd = fd;
  log->level = level;
  log->waiting = malloc(PSD_METER_LOG_ROOM);
  log->form = fmemopen(log->line, sizeof log->line, "w");
  if (log->waiting == NULL || log->form == NULL) {
    free_memory(log);
    return NULL;
  }
  /* One thread makes the lines: a lock taken and released for each character costs more than the character. */
  (void)__fsetlocking(log->form, FSETLOCKING_BYCALLER);
  (void)pthread_mutex_init(&log->lock, NULL);
  (void)pthread_cond_init(&log->more, NULL);
  (void)pthread_cond_init(&log->written, NULL);
  if (pthread_create(&log->writer, NULL, write_lines, log) != 0) {
    free_memory(log);
    return NULL;
  }
  return log;
}

bool psd_meter_log_free(psd_meter_log *log) {
  if (log == NULL)
    return true;
  struct timespec until = after_ms(LAST_WAIT_SECONDS * 1000);
  (void)pthread_mutex_lock(&log->lock);
  log->ending = true;
  (void)pthread_cond_signal(&log->more);
  int result = 0;
  while (!log->ended && result != ETIMEDOUT)
    result = pthread_cond_timedwait(&log->written, &log->lock, &until);
  bool ended = log->ended;
  (void)pthread_mutex_unlock(&log->lock);
  if (!ended) {
    (void)pthread_detach(log->writer);
    return false;
  }
  (void)pthread_join(log->writer, NULL);
  (void)pthread_cond_destroy(&log->more);
  (void)pthread_cond_destroy(&log->written);
  (void)pthread_mutex_destroy(&log->lock);
  free_memory(log);
  return true;
}

void psd_meter_log_set_level(psd_meter_log *log, psd_meter_level level) {
  log->level = level;
}

static void put_time(psd_json *json) {
  struct timespec now;
  struct tm parts;
  char text[40];
  (void)clock_gettime(CLOCK_REALTIME, &now);
  (void)gmtime_r(&now.tv_sec, &parts);
  size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  (void)snprintf(text + length, sizeof text - length, ".%03dZ", (int)(now.tv_nsec / 1000000));
  psd_json_string(json, "time", text);
}

psd_json *psd_meter_log_line(psd_meter_log *log, psd_meter_level level, const char *event) {
  if (log == NULL || level > log->level)
    return NULL;
  rewind(log->form);
  log->line_level = level;
  log->json = psd_json_lines_on(log->form);
  psd_json_object(&log->json, NULL);
  put_time(&log->json);
  psd_json_string(&log->json, "level", levels[level]);
  psd_json_string(&log->json, "event", event);
  return &log->json;
}

/* Queues a line, and before it how many were lost. */
static void queue_line(psd_meter_log *log, const char *line, size_t length) {
  char lost[64];
  size_t lost_length = 0;
  if (log->lost > 0)
    lost_length = (size_t)snprintf(lost, sizeof lost, "{\"level\":\"warning\",\"event\":\"lost\",\"lines\":%llu}\n",
                                   (unsigned long long)log->lost);
  if (lost_length + length > PSD_METER_LOG_ROOM - log->length) {
    log->lost++;
    return;
  }
  memcpy(log->waiting + log->length, lost, lost_length);
  memcpy(log->waiting + log->length + lost_length, line, length);
  log->length += lost_length + length;
  log->lost = 0;
}

void psd_meter_log_end(psd_meter_log *log) {
  psd_json_end_object(&log->json);
  bool whole = fflush(log->form) == 0;
  long length = ftell(log->form);
  (void)pthread_mutex_lock(&log->lock);
  if (whole && length > 0 && (size_t)length < sizeof log->line)
    queue_line(log, log->line, (size_t)length);
  else
    log->lost++;
  log->urgent = log->urgent || log->line_level <= PSD_METER_WARNING;
  if (log->idle || log->urgent || log->length >= MANY_BYTES)
    (void)pthread_cond_signal(&log->more);
  (void)pthread_mutex_unlock(&log->lock);
}

void psd_meter_log_say(psd_meter_log *log, psd_meter_level level, const char *event, const char *words) {
  psd_json *line = psd_meter_log_line(log, level, event);
  if (line == NULL)
    return;
  if (words != NULL)
    psd_json_string(line, "words", words);
  psd_meter_log_end(log);
}
