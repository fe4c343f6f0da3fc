/* The card's side of the session with the meter server (EP steps 202 to 246). docs/handshake.md has every byte; each
 * step is a file: session_sign_on.c (M1), session_response.c (M2), session_audit.c (M3), session_result.c (M4) and
 * session_envelope.c.
 *
 * One session in the card, on one logical channel. Whatever fails of its commands ends and wipes it; so do a new
 * sign-on, leaving the application on its channel, closing the channel and a reset. */
#ifndef PSD_METER_SESSION_H
#define PSD_METER_SESSION_H

#include "context.h"
#include "psd/spec/session.h"

/* Ends the session, if there is one, and wipes it. */
void psd_session_end(psd_card *card);
/* Ends it if it lives on logical channel `number`. */
void psd_session_leave(psd_card *card, uint8_t number);
/* Looks at the status a command ends in: one of the session's own that failed ends it. */
void psd_session_judge(psd_card *card, const psd_request *request, uint16_t status);
/* True if the session on the request's channel stands where `phase` says. */
bool psd_session_stands(const psd_card *card, const psd_request *request, psd_session_phase phase);

/* What is not the same in every suite. */
typedef bool psd_session_cipher(const uint8_t *key, size_t key_length, const uint8_t nonce[PSD_GCM_NONCE],
                                const psd_piece *aad, size_t aad_count, const uint8_t *in, size_t length, uint8_t *out);
typedef struct psd_session_suite {
  size_t key_size; /* bytes of K_S; zeroes follow, up to PSD_SESSION_KEY */
  /* K_S under an RSA K1 (crypto/crypto.h, OAEP). */
  bool (*wrap_rsa)(psd_drbg *drbg, const psd_rsa_public *k1, const uint8_t *in, size_t length, uint8_t *out,
                   size_t *out_length);
  /* As crypto/crypto.h has it of AES-GCM, the key of 32 bytes. */
  psd_session_cipher *seal, *open;
  /* True once the known-answer tests of these were passed. */
  bool (*ready)(psd_card *card);
  /* The signature of an audit under K3, and its bytes. 9000; 6A88 without K3; 6581; 6400. */
  psd_signature_kind kind;
  size_t signature_size;
  uint16_t (*sign)(const psd_card *card, psd_piece audit, uint8_t *signature);
} psd_session_suite;
/* Suite classic, in builds that have it. */
extern const psd_session_suite psd_session_classic;
/* That of a suite's bit; NULL for one that this card does not have. */
const psd_session_suite *psd_session_suite_of(unsigned bit);

/* The steps, as handlers: what GENERAL AUTHENTICATE and MUTUAL AUTHENTICATE do for P2 01 and 02. */
psd_handler psd_session_sign_on;
psd_handler psd_session_open_response;
psd_handler psd_session_answer_audit;
psd_handler psd_session_open_result;

/* Takes the next data object, which must have this tag and length; false otherwise. */
bool psd_session_take(psd_cursor *from, uint32_t tag, size_t length, psd_cursor *value);
/* Expand(prk, label || context, 44), the context of `context_length` bytes, at most PSD_CONTEXT_SIZE. */
bool psd_session_expand(const uint8_t prk[PSD_SHA256_SIZE], psd_key_label label, const uint8_t *context,
                        size_t context_length, uint8_t out[PSD_TRAFFIC_KEY]);
/* Keys and vector as they were expanded, for the session's suite; the first record has number 0. */
void psd_session_traffic(const psd_session *session, psd_traffic *traffic, const uint8_t expanded[PSD_TRAFFIC_KEY]);

/* One record: seals or opens, and counts. `additional` may be empty. Seal writes 16 bytes more than `length`, open as
 * many fewer; in place allowed. */
bool psd_session_seal(psd_traffic *traffic, psd_frame_type type, const uint8_t *in, size_t length, uint8_t *out);
bool psd_session_unseal(psd_traffic *traffic, psd_frame_type type, psd_piece additional, const uint8_t *in,
                        size_t length, uint8_t *out);

/* HMAC(K3, label || message). 9000; 6A88 without K3; 6581; 6400. */
uint16_t psd_session_authenticate(const psd_card *card, const char *label, psd_piece message,
                                  uint8_t mac[PSD_AUTHENTICATION]);
/* The word of the key management system: 9000 if `authentication` is HMAC(K3, label || head || body), compared in
 * constant time; 6300 if it is not; otherwise as above. */
uint16_t psd_session_verify(const psd_card *card, const char *label, psd_piece head, psd_piece body,
                            const uint8_t authentication[PSD_AUTHENTICATION]);

#endif
