/* The certificate meter, from the Host's side (docs/certificates.md; VM figures 1 to 9).
 *
 *     psd_host_begin(host); psd_host_select_psd(host, NULL); psd_host_verify(host, &pin)
 *     psd_services_look(host, &services)              what the card knows that a service depends on
 *     psd_services_slot(&services, PSD_PURPOSE_POSTMARK)
 *     psd_postmark_make(&desk, slot, &message, NULL, 0, true, &token)
 *
 * One call is one service and one charge, whatever is lost on the way: where the card's answer does not arrive, the
 * very command goes out again, and the card answers as it did. What the card refuses is explained by what it knows of
 * itself. */
#ifndef PSD_READER_CERTIFICATE_H
#define PSD_READER_CERTIFICATE_H

#include "psd/reader/evidence.h"
#include "psd/reader/session.h"
#include "psd/spec/certificate.h"

/* Bytes of the longest answer of a service. */
#define PSD_SERVICE_ANSWER_MAX 2048U

/* The certificate meter of a card, as it is at one moment. */
typedef struct psd_services {
  psd_host_meter meter;
  psd_certificate_state state;
  psd_slot slots[PSD_USER_SLOTS]; /* number n is slots[n - 1]; state EMPTY where there is no key */
  bool rated;                     /* it has a table of rates for today: */
  psd_service_rates prices;
} psd_services;

/* Reads it. The PSD is selected, inside a transaction. */
psd_result psd_services_look(psd_host *host, psd_services *services);
/* What may still be spent on services, mills: of the group that pays, or what the credit leaves. */
uint64_t psd_services_available(const psd_services *services);
/* The first active slot of a purpose; 0 for none. */
uint8_t psd_services_slot(const psd_services *services, psd_purpose purpose);
/* The first slot without a key; 0 for none. */
uint8_t psd_services_empty(const psd_services *services);

/* Where services are asked for. The PIN has been verified; `pin` is for when the card has to be reached anew. All are
 * the caller's. The conversation may be on another channel afterwards. */
typedef struct psd_desk {
  psd_host *host;
  const psd_secret *pin;
  const psd_services *services; /* as they were before */
} psd_desk;

/* What is signed or postmarked: a digest that the Host has worked out, or a text that the card works it out of. */
typedef struct psd_digested {
  psd_digest digest; /* 0: the card hashes, SHA-256 */
  uint8_t bytes[PSD_DIGEST_MAX];
  /* Where the card hashes: the next 1 to PSD_HASH_PIECE bytes into `piece`; 0 at the end. It begins anew with `rewind`.
   * Anything but PSD_OK ends it. */
  psd_result (*next)(void *context, uint8_t piece[PSD_HASH_PIECE], size_t *length, psd_error *error);
  psd_result (*rewind)(void *context, psd_error *error);
  void *context;
} psd_digested;

/* Each of these puts into `out`, which is empty before, what the card answers. PSD_OK: done, charged once. Otherwise
 * the host's error says why; with psd_result_unreachable it is not known whether it was done: GET LAST tells, once the
 * card can be reached.
 */

/* What a certificate is asked for with. */
typedef struct psd_certificate_order {
  uint8_t slot;
  psd_purpose purpose;
  psd_algorithm algorithm;
  psd_request_key key;
  char organization[PSD_NAME_MAX + 1]; /* may be empty */
  char name[PSD_NAME_MAX + 1];
} psd_certificate_order;
/* Figure 5: the sealed request, for psd_session_certify. */
psd_result psd_certificate_ask(const psd_desk *desk, const psd_certificate_order *order, psd_buffer *out);
/* The sealed request of this slot that waits for its grant, if the card still has it: it charged nothing since.
 * PSD_REFUSED if not. Nothing is charged. */
psd_result psd_certificate_waiting(const psd_desk *desk, uint8_t slot, psd_buffer *out);
/* Installs what was granted. */
psd_result psd_certificate_install(const psd_desk *desk, uint8_t slot, const void *granted, size_t length);

/* Figure 3. The nonce, up to PSD_NONCE_MAX bytes, is the content of an INTEGER of DER; 0 bytes for none. `out` gets the
 * TimeStampToken. */
psd_result psd_postmark_make(const psd_desk *desk, uint8_t slot, const psd_digested *message, const uint8_t *nonce,
                             size_t nonce_length, bool with_certificate, psd_buffer *out);
/* TimeStampResp (RFC 3161, 2.4.2), granted, of a token: what files and protocols carry. Appends it. */
void psd_postmark_put_response(psd_buffer *out, const void *token, size_t length);
/* The token in a TimeStampResp, or the bytes as they are. The bytes stay the caller's. */
psd_cursor psd_postmark_token(const void *bytes, size_t length);
/* Figure 4, by the card. PSD_OK whatever it finds. */
psd_result psd_postmark_validate(const psd_desk *desk, const psd_digested *message, const void *token, size_t length,
                                 psd_verdict *verdict);
/* A detached signature of a message, CMS. */
psd_result psd_message_sign(const psd_desk *desk, uint8_t slot, const psd_digested *message, bool with_certificate,
                            psd_buffer *out);

/* Figure 3A: a certificate for `name`, and its private key, enciphered for the receiver (X.509, DER). `usage` is bits
 * of psd_agent_usage. */
typedef struct psd_agent_order {
  uint8_t slot;
  psd_algorithm algorithm;
  unsigned days, usage;
  const char *name;
  const void *receiver;
  size_t receiver_length;
} psd_agent_order;
psd_result psd_agent_issue(const psd_desk *desk, const psd_agent_order *order, psd_buffer *certificate,
                           psd_buffer *enveloped);

/* Figure 6: the signed request; and the command, `order`, carried out: `out` gets the confirmation. */
psd_result psd_revocation_request(const psd_desk *desk, uint8_t slot, psd_reason reason, psd_buffer *out);
psd_result psd_revocation_carry_out(const psd_desk *desk, uint8_t slot, const void *order, size_t length,
                                    psd_buffer *out);

/* Figure 8: the line of credit accepted; `out` gets the first payment certificate. */
psd_result psd_credit_accept(const psd_desk *desk, uint8_t slot, const void *certificate, size_t length,
                             psd_buffer *out);
/* The line of credit of a slot. PSD_REFUSED, status 6A88, where there is none. */
psd_result psd_credit_look(psd_host *host, uint8_t slot, psd_credit_state *credit);
/* Figure 9: `expiry` is seconds since 1970, 0 for the end of the line; the payee 1 to PSD_PAYEE_MAX bytes of UTF-8. */
psd_result psd_credit_pay(const psd_desk *desk, uint8_t slot, uint64_t amount, uint64_t expiry, const char *payee,
                          psd_buffer *out);

/* What goes to the authority, in an open session (docs/handshake.md). `item` is what it says; the grant, command or
 * line-of-credit certificate that follows an acceptance is appended to `rest`. PSD_REFUSED leaves the session open. */
/* 512: the sealed request. */
psd_result psd_session_certify(psd_session *session, const void *sealed, size_t length, psd_authority_item *item,
                               psd_buffer *rest, psd_refusal *refusal);
/* What became of a request: kind CERTIFICATE with the card's number of it, or CREDIT with the server's. */
psd_result psd_session_news(psd_session *session, psd_authority_kind kind, uint32_t number, psd_authority_item *item,
                            psd_buffer *rest, psd_refusal *refusal);
/* 602: a signed request; an acceptance brings the command. */
psd_result psd_session_revoke(psd_session *session, const void *request, size_t length, psd_authority_item *item,
                              psd_buffer *rest, psd_refusal *refusal);
/* 622: the card's confirmation. */
psd_result psd_session_confirm(psd_session *session, const void *confirmation, size_t length, psd_refusal *refusal);
/* 802: CREDIT_APPLICATION and what follows it. */
psd_result psd_session_credit(psd_session *session, const void *application, size_t length, psd_authority_item *item,
                              psd_buffer *rest, psd_refusal *refusal);

#endif
