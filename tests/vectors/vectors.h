/* Test vectors (docs/vectors.md): reading a file, reaching a card, running one on the other. */
#ifndef PSD_TEST_VECTORS_H
#define PSD_TEST_VECTORS_H

#include "psd/reader.h"
#include "psd/reader/scp03.h"
#include "psd/spec/lifecycle.h"

#include <stdio.h>

/* Longest line, and longest command: extended, with blanks or repetition. */
#define VECTOR_LINE 16384U
#define VECTOR_COMMAND 65600U

typedef enum vector_kind { VECTOR_EXCHANGE, VECTOR_SECURE, VECTOR_RESET, VECTOR_END, VECTOR_MALFORMED } vector_kind;

/* One line of a file. The texts lie in `line` and live until the next one is read. */
typedef struct vector_line {
  vector_kind kind;
  bool secured;        /* an exchange through the secure channel */
  const char *command; /* patterns, as tests/support/pattern.h has them */
  const char *answer;
  uint8_t level; /* of VECTOR_SECURE */
} vector_line;

typedef struct vector_file {
  FILE *stream;
  const char *name;
  unsigned number; /* of the line read last, from 1 */
  psd_state state;
  char line[VECTOR_LINE];
} vector_file;

/* Opens a file and reads the state it begins with. False, with a line on stderr, if there is no such file or state. */
bool vector_open(vector_file *file, const char *name);
void vector_close(vector_file *file);
/* The next line that says something. */
vector_line vector_next(vector_file *file);

/* Where to run: a card in process, or a transport to one that was prepared. */
typedef struct vector_target {
  const char *card;   /* address of a socket, or NULL */
  const char *reader; /* name of a reader, or NULL */
} vector_target;

/* Runs one file; false, with each difference on stderr, unless every answer was right. Adds to `*exchanges`. */
bool vector_run(vector_file *file, psd_transport *transport, unsigned *exchanges);
/* Reaches the target, for a file that begins with `state`, and runs it. */
bool vector_run_on(vector_file *file, const vector_target *target, unsigned *exchanges);
/* Makes a state file. */
bool vector_prepare(const char *path, psd_state state);

/* Whether the files together reach every row of the command table, served and refused; what is missing goes to stderr.
 */
bool vector_cover(char **names, int number);

/* The state with this name; false if there is none. */
bool vector_state(const char *name, psd_state *state);

#endif
