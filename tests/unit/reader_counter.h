/* A card and a meter server that psd meets as it meets real ones, behind a socket each, and that say what a test has
 * them say: what money does in a session can be had in every shape, whatever a card and a server would make of it. */
#ifndef PSD_READER_COUNTER_H
#define PSD_READER_COUNTER_H

#include "reader_support.h"

#include "psd/spec/objects.h"
#include "psd/spec/session.h"

#include <pthread.h>
#include <stdatomic.h>

/* A request of the Host and the server's answer, both in hexadecimal; an answer of NULL is silence, an empty one
 * (COUNTER_HANGS_UP) the end of the connection. */
#define COUNTER_HANGS_UP ""
typedef struct counter_line {
  const char *request, *answer;
} counter_line;

#define COUNTER_SESSIONS 3U

typedef struct counter {
  /* What the test wants; it may change between two runs of psd. */
  const counter_line *lines;
  size_t count;
  unsigned actions[COUNTER_SESSIONS]; /* that the server announces in each session of a run */
  psd_state states[COUNTER_SESSIONS]; /* of the card, once that session is open */
  psd_operation operation;            /* the card's last one */
  psd_funds funds;
  psd_registers postage, certificate;
  uint64_t due;      /* for revocations, mills */
  uint64_t clock;    /* the card's; 0 for none */
  uint8_t der[256];  /* its certificate, */
  size_t der_length; /* 0 for none */
  /* What happened. */
  atomic_uint at;         /* lines so far */
  atomic_uint sessions;   /* of this run */
  atomic_uint mismatches; /* messages that were not what they should be; each was told on standard error */
  /* Its own. */
  sandbox box;
  char card[96];   /* address of the card */
  char server[32]; /* and of the meter server */
  int listeners[2];
  pthread_t threads[2];
} counter;

/* Opens it. Fatal CUnit assertion on failure. */
void counter_open(counter *c);
/* The next run: from the first line on. */
void counter_begin(counter *c, const counter_line *lines, size_t count);
/* True when every line had its turn and nothing else was said; told otherwise. */
bool counter_content(const counter *c);
void counter_close(counter *c);

#endif
