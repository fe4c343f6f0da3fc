/* Which suite to sign on with. */
#include "psd/reader/command.h"
#include "psd/spec/status.h"

#include "session.h"
#include <string.h>

/* Of the suites, the key under which K_S would travel. */
static psd_object_id key_of(psd_suite suite) {
  switch (suite) {
  case PSD_SUITE_P256:
    return PSD_OBJECT_VENDOR_KEY;
  case PSD_SUITE_RSA:
  case PSD_SUITE_CLASSIC:
    return PSD_OBJECT_VENDOR_RSA_KEY;
  case PSD_SUITE_SHARED:
    return PSD_OBJECT_SHARED_KEY;
  }
  return PSD_OBJECT_COUNT;
}

static bool loaded(const psd_key_status *status, psd_object_id key) {
  for (size_t i = 0; i < psd_key_count; i++)
    if (psd_keys[i].object == key)
      return (status->loaded >> i & 1U) != 0;
  return false;
}

/* The suites a card may and can sign on with; of one that was given no policy, the default. */
static psd_result suites_of_card(psd_host *host, unsigned *suites) {
  psd_key_status status;
  psd_session_policy policy = {.suites = PSD_SUITE_P256};
  *suites = 0;
  psd_result result = psd_host_get_object(host, PSD_OBJECT_KEY_STATUS, &status);
  if (result == PSD_OK)
    result = psd_host_get_object(host, PSD_OBJECT_SESSION_POLICY, &policy);
  if (result == PSD_REFUSED && psd_host_status(host) == PSD_SW_REFERENCE_NOT_FOUND)
    result = PSD_OK;
  for (size_t i = 0; i < psd_suite_count && result == PSD_OK; i++)
    if ((policy.suites & psd_suites[i].suite) != 0 && loaded(&status, key_of(psd_suites[i].suite)))
      *suites |= psd_suites[i].suite;
  return result;
}

/* The table has the best first, and that of 1997 last, which nobody gets who does not ask for it. */
static psd_suite best_of(unsigned suites) {
  for (size_t i = 0; i < psd_suite_count; i++)
    if ((suites & psd_suites[i].suite) != 0 && psd_suites[i].suite != PSD_SUITE_CLASSIC)
      return psd_suites[i].suite;
  return (psd_suite)0;
}

psd_result psd_choose_suite(const psd_call *call, psd_host *host, unsigned wanted, psd_suite *suite, psd_error *error) {
  unsigned offered = (unsigned)call->greeting.suites;
  unsigned on_card = 0;
  psd_result result = suites_of_card(host, &on_card);
  if (result != PSD_OK) {
    *error = *psd_host_error(host);
    return result;
  }
  const psd_suite_row *row = psd_suite_of(wanted);
  if (wanted != 0 && row == NULL)
    return psd_error_set(error, PSD_BAD_INPUT, "there is no suite %02X", wanted);
  if (wanted == PSD_SUITE_CLASSIC && !PSD_CLASSIC)
    return psd_error_set(error, PSD_BAD_INPUT, "this program was built without suite classic (cmake -DPSD_CLASSIC=ON)");
  if (wanted != 0 && (offered & wanted) == 0)
    return psd_error_set(error, PSD_REFUSED, "the meter server does not offer the suite %s", row->name);
  if (wanted != 0 && (on_card & wanted) == 0)
    return psd_error_set(error, PSD_REFUSED, "the card has no key for the suite %s, or may not use it", row->name);
  if (on_card == 0)
    return psd_error_set(error, PSD_REFUSED,
                         "the card has no key to sign on with: it is blank, or its keys are erased");
  *suite = wanted != 0 ? (psd_suite)wanted : best_of(offered & on_card);
  return *suite != 0 ? PSD_OK : psd_error_set(error, PSD_REFUSED, "card and meter server have no suite in common");
}
