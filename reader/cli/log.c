#include "cli.h"
#include "psd/spec/describe.h"
#include "psd/spec/status.h"
#include "show.h"

/* Record numbers are 1 to 254 (ISO/IEC 7816-4:2005, 7.3.1). */
#define RECORDS_MOST 254U

static void show_line(const psd_log_record *record) {
  char memory[160];
  char time_memory[32];
  psd_text text = psd_text_over(memory, sizeof memory);
  psd_text time_text = psd_text_over(time_memory, sizeof time_memory);
  const psd_event_row *event = psd_event_of((unsigned)record->event);
  const psd_state_row *state = psd_state_of((unsigned)record->state);
  psd_say_time(&time_text, record->time);
  psd_say(&text, "%-23s  %-26s %-14s %04X", time_memory, event != NULL ? event->words : "unknown",
          state != NULL ? state->name : "unknown", (unsigned)record->detail);
  psd_say(&text, "  ");
  psd_say_amount(&text, record->amount);
  psd_say(&text, "  ");
  psd_say_amount(&text, record->ascending);
  psd_say(&text, "  ");
  psd_say_amount(&text, record->descending);
  printf("%6u  %s\n", (unsigned)record->index, memory);
}

/* One record; `*end` when there is none of this number. */
static psd_result show_record(psd_cli *cli, psd_json *json, uint8_t number, bool *end) {
  uint8_t bytes[256];
  psd_log_record record;
  psd_buffer buffer = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_host_read_record(cli->host, psd_files[PSD_FILE_LOG].sfi, number, &buffer);
  *end = result == PSD_REFUSED && psd_host_status(cli->host) == PSD_SW_RECORD_NOT_FOUND;
  if (result != PSD_OK)
    return *end ? PSD_OK : result;
  if (!psd_parse_message(bytes, buffer.length, PSD_MESSAGE_LOG_RECORD, &record))
    return psd_host_fail(cli->host, PSD_BAD_ANSWER, "record %u of the log has %zu bytes", number, buffer.length);
  if (cli->json) {
    psd_json_object(json, NULL);
    psd_show_fields(json, &psd_messages[PSD_MESSAGE_LOG_RECORD], psd_cursor_over(bytes, buffer.length));
    psd_json_end_object(json);
  } else {
    show_line(&record);
  }
  return PSD_OK;
}

static psd_result show_log(psd_cli *cli) {
  unsigned most = cli->count != 0 ? cli->count : RECORDS_MOST;
  psd_json json = psd_json_on(stdout);
  if (cli->json)
    psd_json_array(&json, NULL);
  else
    puts("number  time                     event                      state          detail  amount  ascending  "
         "descending");
  bool end = false;
  psd_result result = PSD_OK;
  for (unsigned number = 1; number <= most && !end && result == PSD_OK; number++)
    result = show_record(cli, &json, (uint8_t)number, &end);
  if (cli->json)
    psd_json_end_array(&json);
  return result;
}

int psd_run_log(psd_cli *cli) {
  if (cli->count > RECORDS_MOST)
    return psd_cli_usage(cli, "--count is a whole number from 1 to %u", RECORDS_MOST);
  int status = psd_cli_enter(cli);
  return status == PSD_EXIT_DONE ? psd_cli_leave(cli, show_log(cli)) : status;
}
