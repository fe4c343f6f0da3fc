/* Work in order: one thread puts chunks in, several take and finish them, one gets them back in the order in which they
 * were put in. At most so many are under way, so that memory does not grow. */
#ifndef PSD_VERIFY_BATCH_QUEUE_H
#define PSD_VERIFY_BATCH_QUEUE_H

#include <pthread.h>

#include "verify/look.h"

#define PSD_CHUNK_LINES 256U
#define PSD_CHUNK_TEXT 65536U
#define PSD_CHUNK_FILES 8U

/* A file to look at; `in` NULL if it could not be opened, for the reason in `words`. */
typedef struct psd_chunk_file {
  char *path;
  FILE *in;
  char words[PSD_CHECK_WORDS];
} psd_chunk_file;

typedef enum psd_chunk_state { PSD_CHUNK_WAITING, PSD_CHUNK_TAKEN, PSD_CHUNK_DONE } psd_chunk_state;

/* Lines of one list, or files. */
typedef struct psd_chunk {
  struct psd_chunk *next;
  psd_chunk_state state;
  char *path;          /* of the list */
  char *text;          /* its lines, each ended by a newline */
  size_t length, room; /* of the text */
  uint64_t first;      /* number of the first line */
  psd_chunk_file files[PSD_CHUNK_FILES];
  size_t inputs; /* lines, or files */
  psd_findings findings;
} psd_chunk;

/* NULL without memory. */
psd_chunk *psd_chunk_new(void);
void psd_chunk_free(psd_chunk *chunk); /* NULL is fine */

typedef struct psd_batch_queue {
  pthread_mutex_t lock;
  pthread_cond_t room, work, done;
  psd_chunk *head, *tail;
  psd_chunk *waiting; /* the first that nobody has taken */
  size_t count, limit;
  bool closed;  /* nothing more comes */
  bool stopped; /* what nobody has taken is not done any more */
} psd_batch_queue;

bool psd_batch_queue_open(psd_batch_queue *queue, size_t limit);
/* Frees what is left in it. All threads are over. */
void psd_batch_queue_close(psd_batch_queue *queue);

/* Puts a chunk in, and waits until there is room. False once stopped: it is freed. */
bool psd_batch_queue_put(psd_batch_queue *queue, psd_chunk *chunk);
/* Nothing more comes. */
void psd_batch_queue_end(psd_batch_queue *queue);
void psd_batch_queue_stop(psd_batch_queue *queue);

/* The next chunk to work on; NULL when there is none any more. */
psd_chunk *psd_batch_queue_take(psd_batch_queue *queue);
void psd_batch_queue_finish(psd_batch_queue *queue, psd_chunk *chunk);

typedef enum psd_batch_got { PSD_BATCH_CHUNK, PSD_BATCH_LATE, PSD_BATCH_OVER } psd_batch_got;
/* The next chunk that was put in, once it is done; the caller frees it. LATE if `patience` milliseconds have passed, 0
 * being no limit; OVER when nothing comes any more. */
psd_batch_got psd_batch_queue_get(psd_batch_queue *queue, unsigned patience, psd_chunk **chunk);

#endif
