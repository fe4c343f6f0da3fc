#include "verify/batch_feed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN (O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)

bool psd_feed_stopped(const psd_batch_feed *feed) {
  struct pollfd stop = {.fd = feed->stop, .events = POLLIN};
  return poll(&stop, 1, 0) > 0;
}

void psd_feed_submit(psd_batch_feed *feed) {
  psd_chunk *chunk = feed->chunk;
  feed->chunk = NULL;
  feed->stopped = feed->stopped || psd_feed_stopped(feed);
  if (chunk != NULL && (feed->stopped || feed->failed))
    psd_chunk_free(chunk);
  else if (chunk != NULL && !psd_batch_queue_put(feed->queue, chunk))
    feed->stopped = true;
}

psd_chunk *psd_feed_chunk(psd_batch_feed *feed) {
  if (feed->chunk == NULL && !feed->stopped && !feed->failed) {
    feed->chunk = psd_chunk_new();
    feed->failed = feed->chunk == NULL;
  }
  return feed->chunk;
}

char *psd_feed_text(psd_batch_feed *feed, const char *text) {
  size_t length = strlen(text) + 1;
  char *copy = malloc(length);
  if (copy != NULL)
    memcpy(copy, text, length);
  feed->failed = feed->failed || copy == NULL;
  return copy;
}

bool psd_feed_input(psd_batch_feed *feed) {
  return ++feed->inputs > feed->skip;
}

/* A file that is open, or why it is not; it is closed when it was looked at. */
static void add_file(psd_batch_feed *feed, const char *path, int file, const char *why) {
  psd_chunk *chunk = psd_feed_input(feed) && feed->queue != NULL ? psd_feed_chunk(feed) : NULL;
  if (chunk == NULL) {
    if (file >= 0)
      (void)close(file);
    return;
  }
  psd_chunk_file *entry = &chunk->files[chunk->inputs++];
  entry->path = psd_feed_text(feed, path);
  entry->in = file >= 0 ? fdopen(file, "rb") : NULL;
  if (entry->in == NULL) {
    (void)snprintf(entry->words, sizeof entry->words, "%s", file >= 0 ? strerror(errno) : why);
    if (file >= 0)
      (void)close(file);
  }
  if (chunk->inputs == PSD_CHUNK_FILES)
    psd_feed_submit(feed);
}

void psd_feed_refuse(psd_batch_feed *feed, const char *path, const char *why) {
  psd_feed_submit(feed);
  add_file(feed, path, -1, why);
  psd_feed_submit(feed);
}

/* Directories -------------------------------------------------------------------------------------------------------*/

typedef struct names {
  char **list;
  size_t count, capacity;
} names;

static bool is_picture_name(const char *name) {
  static const char *const endings[] = {".png", ".pgm", ".ppm", ".pnm"};
  size_t length = strlen(name);
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
    if (length > 4 && strcasecmp(name + length - 4, endings[i]) == 0)
      return true;
  return false;
}

static void add_name(psd_batch_feed *feed, names *all, const char *name) {
  if (all->count == all->capacity) {
    size_t capacity = all->capacity > 0 ? 2 * all->capacity : 64;
    char **more = realloc(all->list, capacity * sizeof *more);
    feed->failed = feed->failed || more == NULL;
    if (more == NULL)
      return;
    all->list = more;
    all->capacity = capacity;
  }
  all->list[all->count] = psd_feed_text(feed, name);
  all->count += all->list[all->count] != NULL ? 1 : 0;
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory, sorted; those that begin with a point are nobody's pictures. False, with errno. */
static bool read_names(psd_batch_feed *feed, int folder, names *all) {
  int again = dup(folder);
  DIR *directory = again >= 0 ? fdopendir(again) : NULL;
  if (directory == NULL) {
    if (again >= 0)
      (void)close(again);
    return false;
  }
  const struct dirent *entry;
  for (errno = 0; !feed->failed && (entry = readdir(directory)) != NULL; errno = 0)
    if (entry->d_name[0] != '.')
      add_name(feed, all, entry->d_name);
  int why = errno;
  (void)closedir(directory);
  if (all->count > 1)
    qsort(all->list, all->count, sizeof *all->list, by_name);
  errno = why;
  return why == 0;
}

/* NOLINTBEGIN(misc-no-recursion): folders lie in folders, PSD_FEED_DEPTH deep at most. */
static bool walk(psd_batch_feed *feed, const char *path, int folder, unsigned depth);

/* One name in a directory: a picture, or a directory again. Links are not followed: they may lead out of it. True if it
 * was, or had, a picture. */
static bool enter(psd_batch_feed *feed, const char *path, int folder, const char *name, unsigned depth) {
  struct stat status;
  size_t room = strlen(path) + strlen(name) + 2;
  char *whole = malloc(room);
  bool any = false;
  feed->failed = feed->failed || whole == NULL;
  if (whole == NULL)
    return false;
  const char *between = path[strlen(path) - 1] == '/' ? "" : "/";
  (void)snprintf(whole, room, "%s%s%s", path, between, name);
  if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
    status.st_mode = 0;
  if (S_ISDIR(status.st_mode)) {
    int inner = openat(folder, name, OPEN | O_DIRECTORY | O_NOFOLLOW);
    any = inner < 0 ? (add_file(feed, whole, -1, strerror(errno)), true) : walk(feed, whole, inner, depth + 1);
  } else if (S_ISREG(status.st_mode) && is_picture_name(name)) {
    int file = feed->queue != NULL ? openat(folder, name, OPEN | O_NOFOLLOW) : -1;
    add_file(feed, whole, file, strerror(errno));
    any = true;
  } else if (S_ISREG(status.st_mode)) {
    feed->others++;
  }
  free(whole);
  return any;
}

/* Everything in a directory, which is closed; true if there was a picture. */
static bool walk(psd_batch_feed *feed, const char *path, int folder, unsigned depth) {
  names all = {.count = 0};
  bool any = false;
  if (depth > PSD_FEED_DEPTH) {
    psd_feed_refuse(feed, path, "too many folders within folders");
    any = true;
  } else if (!read_names(feed, folder, &all)) {
    psd_feed_refuse(feed, path, strerror(errno));
    any = true;
  }
  for (size_t i = 0; i < all.count && !feed->stopped && !feed->failed; i++) {
    any = enter(feed, path, folder, all.list[i], depth) || any;
    feed->stopped = feed->stopped || psd_feed_stopped(feed);
  }
  for (size_t i = 0; i < all.count; i++)
    free(all.list[i]);
  free(all.list);
  (void)close(folder);
  return any;
}
/* NOLINTEND(misc-no-recursion) */

/* Paths that were named
 * -----------------------------------------------------------------------------------------------*/

/* A file that can be read twice: how it begins says what it is. */
static void feed_regular(psd_batch_feed *feed, const char *path, int file) {
  uint8_t head[PSD_FILE_HEAD];
  ssize_t length = pread(file, head, sizeof head, 0);
  if (length < 0) {
    psd_feed_refuse(feed, path, strerror(errno));
    (void)close(file);
  } else if (length > 0 && psd_file_kind_of(head, (size_t)length) == PSD_FILE_TEXT) {
    psd_feed_submit(feed);
    psd_feed_list(feed, path, file);
    (void)close(file);
  } else {
    add_file(feed, path, file, "");
  }
}

static void feed_pipe(psd_batch_feed *feed, const char *path, int file) {
  feed->endless = true;
  psd_feed_submit(feed);
  if (feed->queue != NULL)
    psd_feed_list(feed, path, file);
  if (file != STDIN_FILENO)
    (void)close(file);
}

static void feed_path(psd_batch_feed *feed, const char *path) {
  struct stat status;
  if (strcmp(path, "-") == 0) {
    feed_pipe(feed, path, STDIN_FILENO);
    return;
  }
  /* Whoever writes to a pipe is let in by the first who opens it, and ends when that one closes it: only to read it. */
  if (feed->queue == NULL && stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    feed->endless = true;
    return;
  }
  int file = open(path, OPEN);
  if (file < 0 || fstat(file, &status) != 0) {
    psd_feed_refuse(feed, path, strerror(errno));
    if (file >= 0)
      (void)close(file);
  } else if (S_ISDIR(status.st_mode)) {
    if (!walk(feed, path, file, 0) && !feed->stopped && !feed->failed)
      psd_feed_refuse(feed, path, "no picture is in it");
  } else if (S_ISREG(status.st_mode)) {
    feed_regular(feed, path, file);
  } else {
    feed_pipe(feed, path, file);
  }
}

void psd_feed_run(psd_batch_feed *feed) {
  for (size_t i = 0; i < feed->path_count && !feed->stopped && !feed->failed; i++)
    feed_path(feed, feed->paths[i]);
  psd_feed_submit(feed);
  if (feed->queue != NULL)
    psd_batch_queue_end(feed->queue);
}
