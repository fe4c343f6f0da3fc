#include "commands.h"

#include "measure.h"

#define KB2 2048U
#define KB64 64000U

static const uint8_t select_psd[] = {0x00, 0xA4, 0x04, 0x00, 0x05, 0xF0, 0x50, 0x53, 0x44, 0x01, 0x00};
/* The identity, DF20: a record of the store. */
static const uint8_t get_data[] = {0x00, 0xCA, 0xDF, 0x20, 0x00};
/* GENERAL AUTHENTICATE with extended Lc: it belongs into a session, of which there is none. */
static const uint8_t two_kilobytes[7 + KB2] = {0x00, 0x86, 0x00, 0x00, 0x00, KB2 >> 8, KB2 & 0xFF};
/* The same, longer than any command of the card: 64 000 bytes in all. */
static const uint8_t sixty_four_kilobytes[KB64] = {0x00, 0x86, 0x00, 0x00, 0x00, (KB64 - 7U) >> 8, (KB64 - 7U) & 0xFF};

static const bench_command commands[BENCH_COMMAND_COUNT] = {
    [BENCH_SELECT] = {"select", select_psd, sizeof select_psd, true, 0x9000},
    [BENCH_GET_DATA] = {"get_data", get_data, sizeof get_data, true, 0x9000},
    [BENCH_2K] = {"2k", two_kilobytes, sizeof two_kilobytes, true, 0x6985},
    [BENCH_64K] = {"64k", sixty_four_kilobytes, sizeof sixty_four_kilobytes, false, 0x6985},
};

const bench_command *bench_commands(void) {
  return commands;
}

void bench_check_answer(const bench_command *command, const uint8_t *answer, size_t length) {
  if (length < 2)
    bench_die("%s: an answer of %zu bytes", command->name, length);
  unsigned status = (unsigned)answer[length - 2] << 8 | answer[length - 1];
  if (status != command->status && status != 0x9000)
    bench_die("%s: status %04X", command->name, status);
}
