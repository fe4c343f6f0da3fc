/* How operations with funds begin: the Host asks, or an audit has found what was cut off. */
#include "meter/funds.h"

#include <stdlib.h>

#include "meter/funds_internal.h"

bool psd_meter_funds_begin(psd_meter_session *session, psd_host_operation asked) {
  session->funds = calloc(1, sizeof *session->funds);
  if (session->funds == NULL) {
    psd_meter_refuse(session, PSD_SIGNAL_INTERNAL, 0);
    return false;
  }
  session->funds->asked = asked;
  return true;
}

void psd_meter_funds_free(psd_meter_session *session) {
  if (session->funds == NULL)
    return;
  psd_secret_wipe(session->funds, sizeof *session->funds);
  free(session->funds);
  session->funds = NULL;
}

/* What speaks against it before the card is asked. Everything else is up to the card and to the data center. */
static psd_signal hindrance(const psd_meter_session *session, psd_host_operation asked, const psd_funds_wish *wish) {
  bool refill = asked == PSD_HOST_REFILL;
  if (wish->group > PSD_GROUP_CERTIFICATE || wish->final > (refill ? 0U : 1U))
    return PSD_SIGNAL_REQUEST;
  if (!session->registered)
    return PSD_SIGNAL_NOT_REGISTERED;
  /* What a locked meter has left may be taken back; of one that does not agree with the ledger nothing moves. */
  if (session->row.lock == PSD_METER_ALARMED || (refill && session->row.lock != PSD_METER_FREE))
    return PSD_SIGNAL_LOCKED;
  if (session->unfinished)
    return PSD_SIGNAL_UNFINISHED;
  if (session->row.withdrawn)
    return PSD_SIGNAL_STATE;
  return wish->amount == 0 && wish->final == 0 ? PSD_SIGNAL_LIMIT : PSD_SIGNAL_NONE;
}

/* Begins with what the Host wishes; false, and it is answered, where that cannot be. */
static bool take_wish(psd_meter_session *session, psd_host_operation asked, const psd_cursor *content) {
  psd_funds_wish wish;
  psd_signal signal = psd_parse_message(content->at, content->left, PSD_MESSAGE_FUNDS_WISH, &wish)
                          ? hindrance(session, asked, &wish)
                          : PSD_SIGNAL_REQUEST;
  if (signal != PSD_SIGNAL_NONE) {
    psd_meter_answer_host(session, asked, signal, NULL);
    return false;
  }
  if (!psd_meter_funds_begin(session, asked))
    return false;
  session->funds->group = wish.group;
  session->funds->amount = wish.amount;
  session->funds->final = wish.final;
  return true;
}

void psd_meter_take_refill(psd_meter_session *session, const psd_cursor *content) {
  if (take_wish(session, PSD_HOST_REFILL, content))
    psd_meter_refill(session);
}

void psd_meter_take_withdraw(psd_meter_session *session, const psd_cursor *content) {
  if (take_wish(session, PSD_HOST_WITHDRAW, content))
    psd_meter_withdraw(session);
}

void psd_meter_recover(psd_meter_session *session, psd_finding finding, void (*done)(psd_meter_session *session)) {
  if (!psd_dc_recoverable(finding)) {
    done(session);
    return;
  }
  if (!psd_meter_funds_begin(session, PSD_HOST_DONE))
    return;
  psd_meter_funds *at = session->funds;
  at->done = done;
  at->sequence = session->audit.sequence;
  at->group = session->audit.group;
  at->amount = session->audit.operation_amount;
  if (finding == PSD_FOUND_LOADING)
    psd_meter_resume_refill(session);
  else if (finding == PSD_FOUND_WITHDRAWING)
    psd_meter_resume_withdrawal(session);
  else
    psd_meter_funds_cancel(session, PSD_SIGNAL_NONE);
}
