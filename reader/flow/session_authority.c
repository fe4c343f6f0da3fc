/* What goes to the certificate authority and to the creditor, in an open session (VM figures 5, 6 and 8). */
#include "psd/reader/certificate.h"
#include "session.h"

/* Room for AUTHORITY_ITEM and the longest that follows it. */
#define ANSWER_MAX 4096U

/* One request about something of `kind`; what the server says of it must be about that. */
static psd_result ask(psd_session *session, psd_host_operation operation, psd_authority_kind kind, const void *content,
                      size_t length, psd_authority_item *item, psd_buffer *rest, psd_refusal *refusal) {
  uint8_t bytes[ANSWER_MAX];
  psd_buffer answer = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_ask_server(session, operation, content, length, &answer, refusal);
  if (result != PSD_OK)
    return result;
  psd_cursor from = psd_cursor_over(answer.data, answer.length);
  if (!psd_take_message(&from, PSD_MESSAGE_AUTHORITY_ITEM, item) || item->kind != (uint64_t)kind ||
      psd_authority_status_row(item->status)->name == NULL)
    return psd_fail_here(session, PSD_SIGNAL_MESSAGE, PSD_BAD_ANSWER,
                         "the meter server does not say what became of the request", refusal);
  psd_put(rest, from.at, from.left);
  return rest->overflow ? psd_fail_here(session, PSD_SIGNAL_MESSAGE, PSD_BAD_ANSWER,
                                        "the meter server sent more than there can be", refusal)
                        : PSD_OK;
}

psd_result psd_session_certify(psd_session *session, const void *sealed, size_t length, psd_authority_item *item,
                               psd_buffer *rest, psd_refusal *refusal) {
  return ask(session, PSD_HOST_CERTIFY, PSD_AUTHORITY_CERTIFICATE, sealed, length, item, rest, refusal);
}

psd_result psd_session_news(psd_session *session, psd_authority_kind kind, uint32_t number, psd_authority_item *item,
                            psd_buffer *rest, psd_refusal *refusal) {
  uint8_t bytes[PSD_SIZE_NEWS_WISH];
  psd_buffer content = psd_buffer_over(bytes, sizeof bytes);
  const psd_news_wish wish = {.kind = kind, .number = number};
  psd_put_message(&content, PSD_MESSAGE_NEWS_WISH, &wish);
  return ask(session, PSD_HOST_NEWS, kind, content.data, content.length, item, rest, refusal);
}

psd_result psd_session_revoke(psd_session *session, const void *request, size_t length, psd_authority_item *item,
                              psd_buffer *rest, psd_refusal *refusal) {
  return ask(session, PSD_HOST_REVOKE, PSD_AUTHORITY_REVOCATION, request, length, item, rest, refusal);
}

psd_result psd_session_confirm(psd_session *session, const void *confirmation, size_t length, psd_refusal *refusal) {
  return psd_ask_server(session, PSD_HOST_CONFIRM, confirmation, length, NULL, refusal);
}

psd_result psd_session_credit(psd_session *session, const void *application, size_t length, psd_authority_item *item,
                              psd_buffer *rest, psd_refusal *refusal) {
  return ask(session, PSD_HOST_CREDIT, PSD_AUTHORITY_CREDIT, application, length, item, rest, refusal);
}
