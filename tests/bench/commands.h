/* The commands that are measured, the same on every path. */
#ifndef PSD_BENCH_COMMANDS_H
#define PSD_BENCH_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_ANSWER_MAX 65538U

typedef struct bench_command {
  const char *name; /* as in the rows */
  const uint8_t *bytes;
  size_t length;
  bool fast;       /* worth many samples */
  uint16_t status; /* the PSD answers; a card that does nothing answers 9000 */
} bench_command;

/* SELECT of the PSD first: those behind it rely on that. */
enum { BENCH_SELECT, BENCH_GET_DATA, BENCH_2K, BENCH_64K, BENCH_COMMAND_COUNT };

/* The table; it is the library's. */
const bench_command *bench_commands(void);

/* Ends the program unless that is how the command is answered. */
void bench_check_answer(const bench_command *command, const uint8_t *answer, size_t length);

#endif
