/* The psd command, run as people and scripts run it. */
#ifndef PSD_READER_PROGRAM_H
#define PSD_READER_PROGRAM_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* What one run of psd said. */
extern char out[65536], err[4096];
/* What "@" on its command line stands for. */
extern char program_socket[96];

/* Runs psd with `input` on its standard input; returns its exit status, with what it said in `out` and `err`. Arguments
 * stand between blanks; "@" is the socket, "_" an empty argument, "~" a blank inside one. */
int psd(const char *input, const char *line);
/* The same with its standard output in a file of the caller's: `out` stays as it is. */
int psd_to(FILE *to, const char *input, const char *line);
/* This is in `out`. */
bool said(const char *what);
/* One line on standard error, with this in it. */
bool complained(const char *what);

/* psd on a terminal of its own; returns the master end. What it says is read into `out`, which the caller empties. */
int on_terminal(const char *line, pid_t *child);
/* Reads what psd says until `what` is in it. */
bool wait_for(int master, const char *what);
void type(int master, const char *text);
/* Whether the terminal shows what is typed. */
bool echoes(int master);
/* The exit status, once it has ended. */
int finish(pid_t child);

/* All that a file holds, and closes it. Returns its length. */
size_t slurp(FILE *from, char *to, size_t capacity);

#endif
