#include "psd/spec/text.h"

#include "psd/spec/calendar.h"
#include "psd/spec/chars.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Bytes in hexadecimal that are shown before the rest is counted. */
#define HEX_SHOWN 96U

psd_text psd_text_over(char *memory, size_t capacity) {
  memory[0] = '\0';
  return (psd_text){.at = memory, .capacity = capacity, .length = 0};
}

void psd_say(psd_text *text, const char *format, ...) {
  size_t room = text->capacity - text->length;
  va_list arguments;
  va_start(arguments, format);
  int wanted = vsnprintf(text->at + text->length, room, format, arguments);
  va_end(arguments);
  if (wanted > 0)
    text->length += (size_t)wanted < room ? (size_t)wanted : room - 1;
}

void psd_say_hex(psd_text *text, const void *data, size_t length) {
  const uint8_t *bytes = data;
  size_t shown = length > HEX_SHOWN ? HEX_SHOWN : length;
  for (size_t i = 0; i < shown; i++)
    psd_say(text, "%02X", bytes[i]);
  if (length > shown)
    psd_say(text, "... (%zu bytes)", length);
}

void psd_say_text(psd_text *text, const void *data, size_t length) {
  const uint8_t *at = data;
  for (size_t left = length; left > 0;) {
    size_t whole = psd_utf8_length(at, left);
    size_t taken = whole > 0 ? whole : 1;
    if (whole > 0 && !psd_utf8_control(at, whole))
      psd_say(text, "%.*s", (int)whole, (const char *)at);
    else
      for (size_t i = 0; i < taken; i++)
        psd_say(text, "\\x%02X", at[i]);
    at += taken;
    left -= taken;
  }
}

void psd_say_amount(psd_text *text, uint64_t mills) {
  if (mills % 10 == 0)
    psd_say(text, "%" PRIu64 ".%02u", mills / 1000, (unsigned)(mills % 1000 / 10));
  else
    psd_say(text, "%" PRIu64 ".%03u", mills / 1000, (unsigned)(mills % 1000));
}

void psd_say_date(psd_text *text, uint64_t date) {
  psd_say(text, "%04u-%02u-%02u", (unsigned)(date / 10000), (unsigned)(date / 100 % 100), (unsigned)(date % 100));
}

void psd_say_time(psd_text *text, uint64_t seconds) {
  if (seconds == 0) {
    psd_say(text, "never");
    return;
  }
  if (seconds > UINT64_C(253402300799)) { /* beyond the year 9999: no date of ours */
    psd_say(text, "%" PRIu64 " s", seconds);
    return;
  }
  psd_say_date(text, psd_date_of_day(seconds / 86400));
  unsigned left = (unsigned)(seconds % 86400);
  psd_say(text, " %02u:%02u:%02u UTC", left / 3600, left / 60 % 60, left % 60);
}
