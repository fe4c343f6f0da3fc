/* MUTUAL AUTHENTICATE, P2 02: the audit result M4. The key management system has verified this very audit (EP step
 * 246): only now the inspection counts. */
#include "meter/change.h"
#include "meter/clock.h"
#include "meter/objects.h"
#include "meter/session.h"

#include <string.h>

#define TEXT_SIZE (PSD_SIZE_AUDIT_RESULT + PSD_AUTHENTICATION)

/* The result of another PSD, or of another audit of this one, is none. */
static uint16_t check_names(const psd_card *card, const psd_audit_result *result) {
  psd_device_id identity;
  uint16_t status = psd_object_fetch(card, PSD_OBJECT_DEVICE_ID, &identity);
  if (status != PSD_SW_OK)
    return status;
  bool this_one = identity.serial == result->serial &&
                  memcmp(identity.vendor, result->vendor, sizeof identity.vendor) == 0 &&
                  memcmp(identity.model, result->model, sizeof identity.model) == 0;
  bool this_audit = psd_equal(result->audit, card->session.audit, sizeof result->audit);
  return this_one && this_audit ? PSD_SW_OK : PSD_SW_VERIFICATION_FAILED;
}

static uint16_t verify(psd_card *card, const psd_apdu *apdu, uint8_t text[TEXT_SIZE], psd_audit_result *result) {
  if (!psd_session_unseal(&card->session.to_card, PSD_FRAME_AUDIT_RESULT, (psd_piece){NULL, 0}, apdu->data, apdu->nc,
                          text) ||
      !psd_parse_message(text, PSD_SIZE_AUDIT_RESULT, PSD_MESSAGE_AUDIT_RESULT, result))
    return PSD_SW_VERIFICATION_FAILED;
  uint16_t status = check_names(card, result);
  if (status != PSD_SW_OK)
    return status;
  return psd_session_verify(card, PSD_SIGN_RESULT, (psd_piece){text, PSD_SIZE_AUDIT_RESULT}, (psd_piece){NULL, 0},
                            text + PSD_SIZE_AUDIT_RESULT);
}

/* The clock goes forward to the time of the audit and never back. */
static bool set_clock(const psd_card *card, psd_core *next, uint64_t time) {
  return time <= psd_clock_now(card) || psd_clock_set(card, next, time);
}

static bool set_watchdog(const psd_card *card, psd_core *next, const psd_audit_result *result) {
  psd_watchdog *watchdog = &next->watchdog;
  watchdog->inspected = psd_clock_in(card, next);
  if (result->warn_after != 0)
    watchdog->warn_after = result->warn_after;
  if (result->lock_after != 0)
    watchdog->lock_after = result->lock_after;
  return psd_watchdog_valid(watchdog);
}

/* The watchdog starts anew, and with it a card that it has locked opens; one that was disabled stays locked, for that
 * is a stored state. The first completed audit puts an authorized card into operation. */
static uint16_t complete(psd_card *card, const psd_audit_result *result) {
  psd_change change;
  psd_change_begin(&change, card);
  if (!set_clock(card, &change.next, result->time) || !set_watchdog(card, &change.next, result))
    return PSD_SW_WRONG_DATA;
  if (change.next.head.state == PSD_STATE_AUTHORIZED)
    change.next.head.state = PSD_STATE_OPERATIONAL;
  psd_change_log(&change, card, PSD_EVENT_INSPECTED, 0, 0);
  return psd_change_commit(&change, card);
}

uint16_t psd_session_open_result(psd_card *card, const psd_request *request, psd_buffer *out) {
  uint8_t text[TEXT_SIZE];
  psd_audit_result result;
  if (!psd_session_stands(card, request, PSD_SESSION_AUDITED))
    return PSD_SW_CONDITIONS;
  if (request->apdu.nc != PSD_M4_SIZE)
    return PSD_SW_WRONG_DATA;
  uint16_t status = verify(card, &request->apdu, text, &result);
  /* A faulted card tells its state and is told so, and changes nothing: what it holds is evidence. */
  if (status == PSD_SW_OK && card->fault == PSD_FAULT_NONE)
    status = complete(card, &result);
  if (status != PSD_SW_OK)
    return status;
  card->session.phase = PSD_SESSION_OPEN;
  psd_put(out, text, PSD_SIZE_AUDIT_RESULT);
  return PSD_SW_OK;
}
