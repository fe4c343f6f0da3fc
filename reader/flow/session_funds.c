/* Money in an open session: refill, withdrawal, and what an earlier session had left behind (docs/funds.md). The card
 * and the server settle it between them; the Host asks, carries, and looks whether the answer is to what it has asked.
 */
#include "session.h"

/* Registers that are what registers are: the control total is their sum, or, in current-account mode, there is but an
 * ascending one. */
static bool balanced(const psd_funds_result *result) {
  bool alone = result->descending == 0 && result->control_total == 0;
  return result->group <= PSD_GROUP_CERTIFICATE && result->ascending <= UINT64_MAX - result->descending &&
         (alone || result->control_total == result->ascending + result->descending);
}

/* How an operation that was cut off may have ended; nothing else is an end. */
static bool ended(const psd_funds_result *result) {
  switch (result->operation) {
  case PSD_OPERATION_NONE:
    return true;
  case PSD_OPERATION_LOADED:
  case PSD_OPERATION_LOAD_CANCELLED:
  case PSD_OPERATION_WITHDRAWN:
    return balanced(result);
  default:
    return false;
  }
}

/* The very operation that was wished for, and registers that can be so after it. A refill pays first what is due for a
 * revocation (VM 620): the descending register may have less than it brought, the control total never has. */
static bool fulfilled(const psd_funds_wish *wish, psd_operation_state operation, const psd_funds_result *result) {
  if (result->operation != operation || result->group != wish->group || result->amount != wish->amount ||
      !balanced(result))
    return false;
  return operation == PSD_OPERATION_LOADED ? result->control_total >= wish->amount
                                           : wish->final == 0 || result->descending == 0;
}

static psd_result strange(psd_session *session, const char *words, psd_refusal *refusal) {
  return psd_fail_here(session, PSD_SIGNAL_MESSAGE, PSD_BAD_ANSWER, words, refusal);
}

/* Nothing is sent, and the session stays open. */
static psd_result bad_wish(psd_refusal *refusal, const char *words) {
  *refusal = (psd_refusal){.who = PSD_BY_HOST};
  return psd_error_set(&refusal->error, PSD_BAD_INPUT, "%s", words);
}

static psd_result move(psd_session *session, psd_host_operation request, psd_operation_state operation,
                       const psd_funds_wish *wish, psd_funds_result *moved, psd_refusal *refusal) {
  uint8_t asked[PSD_SIZE_FUNDS_WISH], answered[PSD_SIZE_FUNDS_RESULT];
  psd_buffer content = psd_buffer_over(asked, sizeof asked);
  psd_buffer rest = psd_buffer_over(answered, sizeof answered);
  psd_put_message(&content, PSD_MESSAGE_FUNDS_WISH, wish);
  psd_result result = psd_ask_server(session, request, content.data, content.length, &rest, refusal);
  if (result != PSD_OK)
    return result;
  if (!psd_parse_message(rest.data, rest.length, PSD_MESSAGE_FUNDS_RESULT, moved))
    return strange(session, "the meter server does not say what came of it", refusal);
  if (!fulfilled(wish, operation, moved))
    return strange(session, "the meter server says that something else was done than what it was asked for", refusal);
  return PSD_OK;
}

psd_result psd_session_refill(psd_session *session, psd_group group, uint64_t amount, psd_funds_result *result,
                              psd_refusal *refusal) {
  const psd_funds_wish wish = {.group = group, .amount = amount};
  *result = (psd_funds_result){.operation = PSD_OPERATION_NONE};
  if ((unsigned)group > PSD_GROUP_CERTIFICATE || amount == 0)
    return bad_wish(refusal, "a refill has a register group and an amount above zero");
  return move(session, PSD_HOST_REFILL, PSD_OPERATION_LOADED, &wish, result, refusal);
}

psd_result psd_session_withdraw(psd_session *session, psd_group group, uint64_t amount, bool final,
                                psd_funds_result *result, psd_refusal *refusal) {
  const psd_funds_wish wish = {.group = group, .amount = amount, .final = final};
  *result = (psd_funds_result){.operation = PSD_OPERATION_NONE};
  if ((unsigned)group > PSD_GROUP_CERTIFICATE || (amount == 0 && !final))
    return bad_wish(refusal, "a withdrawal has a register group and an amount above zero");
  return move(session, PSD_HOST_WITHDRAW, PSD_OPERATION_WITHDRAWN, &wish, result, refusal);
}

psd_result psd_session_done(psd_session *session, psd_refusal *refusal) {
  uint8_t answered[PSD_SIZE_FUNDS_RESULT];
  psd_buffer rest = psd_buffer_over(answered, sizeof answered);
  psd_funds_result recovered;
  psd_result result = psd_ask_server(session, PSD_HOST_DONE, NULL, 0, &rest, refusal);
  if (result != PSD_OK || rest.length == 0)
    return result;
  if (!psd_parse_message(rest.data, rest.length, PSD_MESSAGE_FUNDS_RESULT, &recovered) || !ended(&recovered))
    return strange(session, "the meter server says of an earlier refill or withdrawal what cannot be", refusal);
  if (recovered.operation != PSD_OPERATION_NONE)
    session->recovered = recovered;
  return PSD_OK;
}

const psd_funds_result *psd_session_recovered(const psd_session *session) {
  return &session->recovered;
}
