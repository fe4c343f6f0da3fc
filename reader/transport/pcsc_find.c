/* Which readers there are and what is in them; waiting for a card. */
#include "pcsc.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* pcsc-lite's pseudo reader that changes when the list of readers does. */
#define NEW_READERS "\\\\?PnP?\\Notification"

static int64_t now_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static psd_result list_names(const psd_pcsc *pcsc, SCARDCONTEXT context, char names[PSD_PCSC_NAMES], psd_error *error) {
  DWORD length = PSD_PCSC_NAMES - 1;
  LONG code = pcsc->list_readers(context, NULL, names, &length);
  if (code == (LONG)SCARD_E_NO_READERS_AVAILABLE) {
    names[0] = '\0';
    return PSD_OK;
  }
  if (code != SCARD_S_SUCCESS)
    return psd_pcsc_error(code, "listing the readers", error);
  names[length < PSD_PCSC_NAMES - 1 ? length : PSD_PCSC_NAMES - 1] = '\0';
  return PSD_OK;
}

psd_result psd_pcsc_look(const psd_pcsc *pcsc, SCARDCONTEXT context, psd_pcsc_readers *readers, psd_error *error) {
  memset(readers, 0, sizeof *readers);
  psd_result result = list_names(pcsc, context, readers->names, error);
  if (result != PSD_OK)
    return result;
  const char *name = readers->names;
  while (*name != '\0' && readers->count < PSD_PCSC_READERS) {
    readers->states[readers->count].szReader = name;
    readers->states[readers->count].dwCurrentState = SCARD_STATE_UNAWARE;
    readers->count++;
    name += strlen(name) + 1;
  }
  if (readers->count > 0) {
    LONG code = pcsc->get_status_change(context, 0, readers->states, (DWORD)readers->count);
    if (code != SCARD_S_SUCCESS)
      return psd_pcsc_error(code, "looking at the readers", error);
  }
  for (size_t i = 0; i < readers->count; i++)
    readers->states[i].dwCurrentState = readers->states[i].dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
  readers->states[readers->count].szReader = NEW_READERS;
  readers->states[readers->count].dwCurrentState = (DWORD)readers->count << 16;
  return PSD_OK;
}

static bool wanted(const SCARD_READERSTATE *state, const char *name) {
  return name == NULL || strstr(state->szReader, name) != NULL;
}

static const char *with_card(const psd_pcsc_readers *readers, const char *name) {
  for (size_t i = 0; i < readers->count; i++)
    if (wanted(&readers->states[i], name) && (readers->states[i].dwEventState & SCARD_STATE_PRESENT) != 0)
      return readers->states[i].szReader;
  return NULL;
}

static psd_result nothing_there(const psd_pcsc_readers *readers, const char *name, psd_error *error) {
  if (readers->count == 0)
    return psd_error_set(error, PSD_NO_READER, "no smart card reader is connected");
  for (size_t i = 0; i < readers->count; i++)
    if (name != NULL && wanted(&readers->states[i], name))
      return psd_error_set(error, PSD_NO_CARD, "there is no card in reader %s", readers->states[i].szReader);
  if (name != NULL)
    return psd_error_set(error, PSD_NO_READER, "no reader is called %s: `psd list` shows those there are", name);
  return psd_error_set(error, PSD_NO_CARD, "there is no card in any reader");
}

psd_result psd_pcsc_find(const psd_pcsc *pcsc, SCARDCONTEXT context, const char *name, unsigned wait_ms,
                         psd_pcsc_readers *readers, const char **found, psd_error *error) {
  int64_t deadline = now_ms() + wait_ms;
  for (;;) {
    psd_result result = psd_pcsc_look(pcsc, context, readers, error);
    if (result != PSD_OK)
      return result;
    *found = with_card(readers, name);
    if (*found != NULL)
      return PSD_OK;
    int64_t left = deadline - now_ms();
    if (left <= 0)
      return nothing_there(readers, name, error);
    LONG code = pcsc->get_status_change(context, (DWORD)left, readers->states, (DWORD)readers->count + 1);
    if (code == (LONG)SCARD_E_TIMEOUT)
      return nothing_there(readers, name, error);
    if (code != SCARD_S_SUCCESS)
      return psd_pcsc_error(code, "waiting for a card", error);
  }
}

static bool describe_reader(const SCARD_READERSTATE *state, psd_reader_info *info) {
  info->name = strdup(state->szReader);
  info->present = (state->dwEventState & SCARD_STATE_PRESENT) != 0;
  info->in_use = (state->dwEventState & SCARD_STATE_EXCLUSIVE) != 0;
  info->mute = (state->dwEventState & SCARD_STATE_MUTE) != 0;
  if (info->present && state->cbAtr <= PSD_ATR_MAX) {
    info->atr_length = state->cbAtr;
    memcpy(info->atr, state->rgbAtr, state->cbAtr);
  }
  return info->name != NULL;
}

static psd_result describe_readers(const psd_pcsc_readers *seen, psd_reader_info **readers, size_t *count,
                                   psd_error *error) {
  psd_reader_info *list = calloc(seen->count + 1, sizeof *list);
  bool whole = list != NULL;
  for (size_t i = 0; whole && i < seen->count; i++)
    whole = describe_reader(&seen->states[i], &list[i]);
  if (!whole) {
    psd_reader_list_free(list, list != NULL ? seen->count : 0);
    return psd_error_set(error, PSD_SYSTEM, "out of memory");
  }
  *readers = list;
  *count = seen->count;
  return PSD_OK;
}

psd_result psd_pcsc_list(const psd_pcsc *pcsc, psd_reader_info **readers, size_t *count, psd_error *error) {
  SCARDCONTEXT context;
  *readers = NULL;
  *count = 0;
  LONG code = pcsc->establish_context(SCARD_SCOPE_SYSTEM, NULL, NULL, &context);
  if (code != SCARD_S_SUCCESS)
    return psd_pcsc_error(code, "reaching pcscd", error);
  psd_pcsc_readers seen;
  psd_result result = psd_pcsc_look(pcsc, context, &seen, error);
  (void)pcsc->release_context(context);
  return result == PSD_OK ? describe_readers(&seen, readers, count, error) : result;
}

psd_result psd_reader_list(psd_reader_info **readers, size_t *count, psd_error *error) {
  return psd_pcsc_list(&psd_pcsc_system, readers, count, error);
}

void psd_reader_list_free(psd_reader_info *readers, size_t count) {
  for (size_t i = 0; i < count; i++)
    free(readers[i].name);
  free(readers);
}
