/* The real psd-kms in a folder of its own: commands run, a server started, asked and stopped. */
#ifndef PSD_KMS_PROCESS_H
#define PSD_KMS_PROCESS_H

#include "check.h"

#include <sys/types.h>

#include "psd/spec/session.h"

#define OUTPUT_MAX 32768U
#define PATIENCE 20000 /* milliseconds */

/* Paths: the folder of the test, the keys' in it, two files with passphrases, the socket. */
extern char folder[64], dir[96], pass[96], other[96], listening[96];
/* What the last program has printed, on both outputs. */
extern char output[OUTPUT_MAX];

void begin(void);
/* Removes everything; names that a test has made itself it removes with drop. */
void end(void);
/* Removes a file or an empty folder of the test's folder. */
void drop(const char *name);
void write_text(const char *path, const char *text);

/* Starts psd-kms with both outputs into a pipe, of which `out` is the end to read. `prepare` may be NULL: it runs in
 * the new process first. */
pid_t start(const char *const arguments[], void (*prepare)(void), int *out);
/* Reads the rest of the output and waits; the exit status, or -1. */
int finish(pid_t child, int out);
/* Runs a command to its end. */
#define RUN(...) run_with((const char *const[]){__VA_ARGS__, NULL})
int run_with(const char *const arguments[]);
/* Reads what the server says until `words` came; its lines go into `output`. */
bool says(int out, const char *words);

/* Starts a server, and waits until it serves. */
pid_t serve(const char *role, int *out);
pid_t serve_prepared(const char *role, void (*prepare)(void), int *out);
/* Ends it; the socket must be gone. */
void stop(pid_t child, int out);
int dial(void);
void receive(int line, uint8_t *bytes, size_t length);
/* One request; the body of the answer, without the call's number, is left in `answer`. */
psd_frame_type ask(int line, psd_frame_type type, const void *body, size_t length, uint8_t *answer);
/* The identifier of the active K1, as the server says. */
uint64_t active_key(int line);

#endif
