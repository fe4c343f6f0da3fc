#include "kms/notice.h"

#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "psd/program/json.h"

/* Less than PIPE_BUF: a pipe that has room takes it as a whole. */
#define LINE_MAX_BYTES 2048U

uint64_t psd_kms_now(void) {
  time_t now = time(NULL);
  return now > 0 ? (uint64_t)now : 0;
}

void psd_kms_notice(uint64_t now, const char *level, const char *event, const psd_kms_fact *facts, size_t count) {
  char line[LINE_MAX_BYTES];
  struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
  FILE *form = fmemopen(line, sizeof line, "w");
  if (form == NULL)
    return;
  psd_json json = psd_json_lines_on(form);
  psd_json_object(&json, NULL);
  psd_json_number(&json, "time", now);
  psd_json_string(&json, "level", level);
  psd_json_string(&json, "event", event);
  for (size_t i = 0; i < count; i++) {
    if (facts[i].text != NULL)
      psd_json_string(&json, facts[i].key, facts[i].text);
    else
      psd_json_number(&json, facts[i].key, facts[i].number);
  }
  psd_json_end_object(&json);
  long length = ftell(form);
  if (fclose(form) == 0 && length > 0 && poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0)
    (void)!write(STDERR_FILENO, line, (size_t)length);
}
