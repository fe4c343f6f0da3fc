/* Lists: lines of files and of pipes. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verify/batch_feed.h"
#include "verify/line.h"

#define BLOCK 65536U
/* A chunk is full before a line more would not fit. */
#define ROOM (PSD_CHUNK_TEXT + PSD_LINE_MAX + 2U)

typedef struct list {
  psd_batch_feed *feed;
  const char *path;
  int file;
  uint64_t line; /* number of the line that is read */
  char text[PSD_LINE_MAX + 1U];
  size_t length; /* of it so far; what is more than the longest is not kept */
  bool begun;
} list;

/* Waits until something can be read; chunks do not wait with it. False when it is to end. */
static bool wait_for(list *at) {
  struct pollfd ready[] = {{.fd = at->file, .events = POLLIN}, {.fd = at->feed->stop, .events = POLLIN}};
  int count = poll(ready, 2, 0);
  if (count == 0) {
    psd_feed_submit(at->feed);
    do
      count = poll(ready, 2, -1);
    while (count < 0 && errno == EINTR);
  }
  at->feed->stopped = at->feed->stopped || ready[1].revents != 0;
  return !at->feed->stopped && !at->feed->failed;
}

static bool make_room(psd_chunk *chunk, const list *at) {
  if (chunk->text != NULL)
    return true;
  chunk->path = psd_feed_text(at->feed, at->path);
  chunk->text = malloc(ROOM);
  chunk->first = at->line;
  at->feed->failed = at->feed->failed || chunk->text == NULL;
  return chunk->path != NULL && chunk->text != NULL;
}

static void end_line(list *at) {
  at->line++;
  if (psd_feed_input(at->feed) && at->feed->queue != NULL) {
    psd_chunk *chunk = psd_feed_chunk(at->feed);
    if (chunk == NULL || !make_room(chunk, at))
      return;
    memcpy(chunk->text + chunk->length, at->text, at->length);
    chunk->length += at->length;
    chunk->text[chunk->length++] = '\n';
    if (++chunk->inputs == PSD_CHUNK_LINES || chunk->length >= PSD_CHUNK_TEXT)
      psd_feed_submit(at->feed);
  }
  at->length = 0;
  at->begun = false;
}

static void take(list *at, const char *block, size_t length) {
  while (length > 0 && !at->feed->failed && !at->feed->stopped) {
    const char *end = memchr(block, '\n', length);
    size_t part = end != NULL ? (size_t)(end - block) : length;
    size_t kept = part < sizeof at->text - at->length ? part : sizeof at->text - at->length;
    memcpy(at->text + at->length, block, kept);
    at->length += kept;
    at->begun = true;
    if (end != NULL)
      end_line(at);
    part += end != NULL ? 1 : 0;
    block += part;
    length -= part;
  }
}

void psd_feed_list(psd_batch_feed *feed, const char *path, int file) {
  char *block = malloc(BLOCK);
  list *at = calloc(1, sizeof *at);
  ssize_t got = 1;
  feed->failed = feed->failed || block == NULL || at == NULL;
  if (!feed->failed) {
    *at = (list){.feed = feed, .path = path, .file = file};
    while (got > 0 && wait_for(at)) {
      do
        got = read(file, block, BLOCK);
      while (got < 0 && (errno == EINTR || errno == EAGAIN) && wait_for(at));
      if (got > 0)
        take(at, block, (size_t)got);
    }
    if (got == 0 && at->begun)
      end_line(at);
    psd_feed_submit(feed);
    if (got < 0 && !feed->stopped)
      psd_feed_refuse(feed, path, strerror(errno));
  }
  free(block);
  free(at);
}
