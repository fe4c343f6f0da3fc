/* What a batch is fed with: lists, files, and directories of pictures, cut into chunks. */
#ifndef PSD_VERIFY_BATCH_FEED_H
#define PSD_VERIFY_BATCH_FEED_H

#include "verify/batch_queue.h"

/* Folders within folders that are gone into. */
#define PSD_FEED_DEPTH 32U

typedef struct psd_batch_feed {
  char *const *paths; /* "-" is a list at standard input */
  size_t path_count;
  uint64_t skip;          /* lines and files that are passed over */
  psd_batch_queue *queue; /* NULL: they are counted only */
  int stop;               /* can be read as soon as it is to end */
  uint64_t inputs;        /* lines and files that were there, those passed over included */
  uint64_t others;        /* files in folders that are no pictures by their names: left out */
  bool endless;           /* one of the paths cannot be read twice: nothing can be said before the end */
  bool stopped;
  bool failed;      /* memory was short */
  psd_chunk *chunk; /* that is being filled */
} psd_batch_feed;

/* True as soon as it is to end. */
bool psd_feed_stopped(const psd_batch_feed *feed);
/* Reads all of it, in the order of the paths, names within a directory sorted; the queue is ended with it. With no
 * queue it counts, and opens what can be read twice alone. */
void psd_feed_run(psd_batch_feed *feed);

/* The inside: chunks that are filled (batch_feed.c), lists (feed_list.c). */
void psd_feed_submit(psd_batch_feed *feed);
/* A chunk to add to; NULL, and the feed has failed or stopped. */
psd_chunk *psd_feed_chunk(psd_batch_feed *feed);
/* A copy of a text; NULL, and the feed has failed, without memory. */
char *psd_feed_text(psd_batch_feed *feed, const char *text);
/* One more line or file is there: true if it is to be looked at. */
bool psd_feed_input(psd_batch_feed *feed);
/* A file that cannot be looked at: it counts as one. */
void psd_feed_refuse(psd_batch_feed *feed, const char *path, const char *why);
/* Lines of a list, from where the file stands. */
void psd_feed_list(psd_batch_feed *feed, const char *path, int file);

#endif
