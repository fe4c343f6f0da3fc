#include "psd/reader/link.h"

#include <stdio.h>

bool psd_signal_read(psd_cursor body, psd_error_signal *signal, char words[PSD_SIGNAL_WORDS]) {
  words[0] = '\0';
  if (!psd_take_message(&body, PSD_MESSAGE_ERROR_SIGNAL, signal) || !psd_cursor_done(&body))
    return false;
  const psd_signal_row *row = psd_signal_of((unsigned)signal->signal);
  if (row != NULL)
    (void)snprintf(words, PSD_SIGNAL_WORDS, "%s", row->words);
  else
    (void)snprintf(words, PSD_SIGNAL_WORDS, "signal %u", (unsigned)signal->signal);
  return true;
}
