/* Lines that are secret: from a file, or from a person at a terminal who must not be watched. */
#ifndef PSD_PROGRAM_PROMPT_H
#define PSD_PROGRAM_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

/* Opens what a secret is read from: a file, "-" for standard input, or, with NULL, the terminal. Returns a descriptor
 * for psd_prompt_close, or -1 with errno. */
int psd_prompt_open(const char *file);
/* Closes it, unless it is standard input. */
void psd_prompt_close(int fd);
/* True for a file that others than its owner may read: something to warn of. */
bool psd_prompt_exposed(int fd);

/* Reads up to a newline or the end of the file, and nothing of what follows. `line` gets `*length` bytes without the
 * end of the line, and no zero byte. False when there are none, or `room` or more. The caller wipes `line`. */
bool psd_prompt_line(int fd, char *line, size_t room, size_t *length);

/* Writes "BEFOREPROMPT: " to a terminal and reads a line with the echo off; it is on again whatever happens, a signal
 * included. In the background it waits to be in front; stopped and continued it asks again. False as above, or if
 * `terminal` is none. */
bool psd_prompt_hidden(int terminal, const char *before, const char *prompt, char *line, size_t room, size_t *length);

#endif
