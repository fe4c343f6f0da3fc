/* The real psd-verify, but for its clock, at the folder of the bench; and lists of pieces for it. */
#ifndef VERIFY_PROCESS_H
#define VERIFY_PROCESS_H

#include <stdio.h>
#include <sys/types.h>

#include "verify_bench.h"

#define OUTPUT_MAX (4U << 20)
/* What the last program printed: on both outputs, unless they were taken apart. */
extern char output[OUTPUT_MAX];

/* The path of a name in the bench's folder; good until the fourth next call. */
const char *at(const char *name);
/* Starts psd-verify in that folder, both outputs into a pipe, of which `out` is the end to read. */
pid_t start(const char *const arguments[], int *out);
/* Reads until the text has come `times` times; false at the end of the output. What was read is kept for `finish`. */
bool says(int out, const char *text, size_t times);
/* Reads the rest of the output and waits; the exit status, or -1. */
int finish(pid_t child, int out);
/* Runs a command to its end, with --site. */
#define RUN(...) run_with((const char *const[]){__VA_ARGS__, NULL})
int run_with(const char *const arguments[]);
/* How often a text is in the output. */
size_t times(const char *text);
/* True if it is there at all; says what is, if not. */
bool has(const char *text);

/* Piece `number` of the PSD on the bench, right in everything, as a line of hexadecimal digits without its end. */
#define PIECE_DIGITS (2U * PSD_INDICIUM_MAX + 1U)
void piece(uint32_t number, char digits[PIECE_DIGITS]);
/* A list of the pieces from `first` on. */
void put_list(const char *name, uint32_t first, uint32_t count);
void put_text(const char *name, const char *text);
/* The folder as of noon, without totals: any number of pieces may follow one another. */
void begin(void);

#endif
