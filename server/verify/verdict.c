/* What was found, in words. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "psd/spec/text.h"
#include "verify/site.h"

const char *psd_check_name(psd_check check) {
  static const char *const names[PSD_CHECK_COUNT] = {
#define PSD_CHECK_NAME(NAME, name) [PSD_CHECK_##NAME] = (name),
      PSD_CHECKS(PSD_CHECK_NAME)
#undef PSD_CHECK_NAME
  };
  return (unsigned)check < PSD_CHECK_COUNT ? names[check] : "";
}

/* Cut at the room there is. */
static void copy_words(char words[PSD_CHECK_WORDS], const char *from) {
  size_t length = strnlen(from, PSD_CHECK_WORDS - 1U);
  memcpy(words, from, length);
  words[length] = '\0';
}

/* Most words are constant or words alone, and formatting costs more than many a check. */
void psd_find(psd_piece_verdict *verdict, psd_check check, psd_check_result result, const char *format, ...) {
  va_list arguments;
  char *words = verdict->checks[check].words;
  verdict->checks[check].result = result;
  va_start(arguments, format);
  if (strchr(format, '%') == NULL)
    copy_words(words, format);
  else if (strcmp(format, "%s") == 0)
    copy_words(words, va_arg(arguments, const char *));
  else
    (void)vsnprintf(words, PSD_CHECK_WORDS, format, arguments);
  va_end(arguments);
}

void psd_verdict_end(psd_piece_verdict *verdict) {
  verdict->accepted = verdict->checks[PSD_CHECK_SIGNATURE].result == PSD_CHECK_PASSED;
  for (size_t i = 0; i < PSD_CHECK_COUNT; i++)
    verdict->accepted = verdict->accepted && verdict->checks[i].result != PSD_CHECK_FAILED;
}

const char *psd_date_words(char words[PSD_DAY_WORDS], uint64_t date) {
  psd_text text = psd_text_over(words, PSD_DAY_WORDS);
  psd_say(&text, "%04u-%02u-%02u", (unsigned)(date / 10000U % 10000U), (unsigned)(date / 100U % 100U),
          (unsigned)(date % 100U));
  return words;
}

const char *psd_time_words(char words[PSD_TIME_WORDS], uint64_t time) {
  psd_text text = psd_text_over(words, PSD_TIME_WORDS);
  psd_say_time(&text, time);
  return words;
}

const char *psd_device_words(char words[PSD_TIME_WORDS], const uint8_t device[PSD_SIZE_DEVICE_ID]) {
  psd_text text = psd_text_over(words, PSD_TIME_WORDS);
  psd_device_id id;
  if (psd_parse_message(device, PSD_SIZE_DEVICE_ID, PSD_MESSAGE_DEVICE_ID, &id)) {
    psd_say_text(&text, id.vendor, sizeof id.vendor);
    psd_say(&text, " ");
    psd_say_text(&text, id.model, sizeof id.model);
    psd_say(&text, " %08lX", (unsigned long)id.serial);
  }
  return words;
}
