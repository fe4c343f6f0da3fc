/* Card and meter server take their time: what a person sees who waits for them, and who will not wait. */
#ifndef PSD_CLI_PATIENCE_H
#define PSD_CLI_PATIENCE_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

typedef struct psd_patience {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed; /* `over` is */
  bool over;
  bool watched; /* the thread runs */
  bool guarded; /* the signals are caught, and before it were treated as in `before` */
  struct sigaction before[2];
} psd_patience;

/* With `line`, from two seconds on a line on standard error says that it goes on, if that is a terminal. With `money`
 * whoever interrupts it (Ctrl-C, SIGTERM) is told on one line how to learn what came of his money, and the program then
 * ends as by any such signal. One at a time. */
void psd_patience_begin(psd_patience *patience, bool line, bool money);
/* Takes the line away; signals are what they were. */
void psd_patience_end(psd_patience *patience);

#endif
