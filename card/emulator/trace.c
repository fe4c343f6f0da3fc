#include "emulator/trace.h"

#include <inttypes.h>

#include "psd/spec/describe.h"

/* Bytes of one trace entry; psd_say cuts what is longer. */
#define ENTRY_MAX 8192U

static void write_entry(FILE *trace, const psd_text *text) {
  (void)fwrite(text->at, 1, text->length, trace);
  (void)fflush(trace);
}

void psd_trace_power(FILE *trace, const char *name, const char *what, const uint8_t *atr, size_t atr_length) {
  char memory[ENTRY_MAX];
  psd_text text = psd_text_over(memory, sizeof memory);
  psd_say(&text, "%s: %s, ATR ", name, what);
  psd_say_hex(&text, atr, atr_length);
  psd_say(&text, "\n");
  write_entry(trace, &text);
}

void psd_trace_exchange(FILE *trace, const char *name, const uint8_t *command, size_t command_length,
                        const uint8_t *response, size_t response_length, uint64_t microseconds) {
  char memory[ENTRY_MAX];
  /* The tail of the answer's line must survive a description that fills the entry. */
  psd_text text = psd_text_over(memory, sizeof memory - 64U);
  psd_say(&text, "%s: > ", name);
  psd_describe_command(&text, command, command_length);
  psd_say(&text, "\n%s: < ", name);
  psd_describe_response(&text, command, command_length, response, response_length);
  text.capacity = sizeof memory;
  psd_say(&text, " (%" PRIu64 " us)\n", microseconds);
  write_entry(trace, &text);
}
