/* Ways to a card in another process, with as little around them as can be. */
#ifndef PSD_BENCH_PATH_H
#define PSD_BENCH_PATH_H

#include <stddef.h>
#include <stdint.h>

typedef struct bench_path bench_path;

/* Opens the path to the card behind `target`, a Unix socket's path if there is a slash in it, otherwise a part of a
 * reader's name, and powers the card on. */
bench_path *bench_path_open(const char *target);
void bench_path_close(bench_path *path);

/* One command, one answer of at most BENCH_ANSWER_MAX bytes; returns its length. */
size_t bench_path_transmit(bench_path *path, const uint8_t *command, size_t length, uint8_t *answer);

/* The answer to reset over a socket, where it must be asked for. */
size_t bench_path_atr(bench_path *path, uint8_t *answer);

#endif
