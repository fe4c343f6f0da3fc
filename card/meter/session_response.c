/* MUTUAL AUTHENTICATE, P2 01: the sign-on response M2 (EP step 224). Whoever could make it was told K_S by the holder
 * of K2. */
#include "meter/session.h"

#include <string.h>

/* th = Hash(th1 || head); prk = Extract(th, K_S || DH), DH empty without forward secrecy. */
static bool extract(const psd_session *session, const uint8_t *head, const uint8_t *share,
                    uint8_t prk[PSD_SHA256_SIZE]) {
  uint8_t salt[PSD_SHA256_SIZE];
  uint8_t secrets[PSD_SESSION_KEY + 32];
  size_t length = session->forward ? sizeof secrets : PSD_SESSION_KEY;
  memcpy(secrets, session->key, PSD_SESSION_KEY);
  bool ok = !session->forward || psd_p256_agree(session->secret, share, secrets + PSD_SESSION_KEY);
  ok = ok && psd_sha256_two(session->transcript, sizeof session->transcript, head, PSD_SIZE_SIGN_ON_RESPONSE, salt) &&
       psd_hkdf_sha256_extract(salt, sizeof salt, secrets, length, prk);
  psd_wipe(secrets, sizeof secrets);
  return ok;
}

static bool derive(psd_session *session, const uint8_t prk[PSD_SHA256_SIZE], psd_host_session *host) {
  uint8_t expanded[PSD_TRAFFIC_KEY];
  bool ok = psd_session_expand(prk, PSD_KEY_LABEL_CARD_TO_SERVER, NULL, 0, expanded);
  psd_session_traffic(session, &session->to_server, expanded);
  ok = ok && psd_session_expand(prk, PSD_KEY_LABEL_SERVER_TO_CARD, NULL, 0, expanded);
  psd_session_traffic(session, &session->to_card, expanded);
  ok = ok && psd_session_expand(prk, PSD_KEY_LABEL_HOST_TO_SERVER, NULL, 0, host->to_server) &&
       psd_session_expand(prk, PSD_KEY_LABEL_SERVER_TO_HOST, NULL, 0, host->to_host);
  psd_wipe(expanded, sizeof expanded);
  return ok;
}

/* A server that gives no forward secrecy where it was demanded, or a share where none was, is no better than one whose
 * record does not open. */
static bool share_fits(const psd_session *session, const psd_sign_on_response *head) {
  static const uint8_t none[sizeof head->share] = {0};
  return session->forward || psd_equal(head->share, none, sizeof none);
}

static bool open_m2(psd_session *session, const uint8_t *m2, psd_sign_on_terms *terms, psd_host_session *host) {
  psd_sign_on_response head;
  uint8_t prk[PSD_SHA256_SIZE];
  uint8_t opened[PSD_SIZE_SIGN_ON_TERMS];
  const psd_piece clear = {m2, PSD_SIZE_SIGN_ON_RESPONSE};
  bool ok = psd_parse_message(m2, PSD_SIZE_SIGN_ON_RESPONSE, PSD_MESSAGE_SIGN_ON_RESPONSE, &head) &&
            share_fits(session, &head) && extract(session, m2, head.share, prk) && derive(session, prk, host) &&
            psd_session_unseal(&session->to_card, PSD_FRAME_SIGN_ON_RESPONSE, clear, m2 + PSD_SIZE_SIGN_ON_RESPONSE,
                               PSD_SEALED_TERMS, opened) &&
            psd_parse_message(opened, sizeof opened, PSD_MESSAGE_SIGN_ON_TERMS, terms);
  psd_wipe(prk, sizeof prk);
  if (ok)
    memcpy(host->session, head.session, sizeof host->session);
  return ok;
}

/* th2 = Hash(th1 || M2); what made the keys is not needed again. */
static bool advance(psd_session *session, const uint8_t *m2, const psd_host_session *host) {
  memcpy(session->identifier, host->session, sizeof session->identifier);
  memcpy(session->nonce, host->nonce, sizeof session->nonce);
  psd_wipe(session->key, sizeof session->key);
  psd_wipe(session->secret, sizeof session->secret);
  session->phase = PSD_SESSION_ANSWERED;
  return psd_sha256_two(session->transcript, sizeof session->transcript, m2, PSD_M2_SIZE, session->transcript);
}

uint16_t psd_session_open_response(psd_card *card, const psd_request *request, psd_buffer *out) {
  const psd_apdu *apdu = &request->apdu;
  psd_session *session = &card->session;
  if (!psd_session_stands(card, request, PSD_SESSION_SIGNED_ON))
    return PSD_SW_CONDITIONS;
  if (apdu->nc != PSD_M2_SIZE)
    return PSD_SW_WRONG_DATA;
  /* The answer holds keys and leaves as a whole: a trace cannot know what a GET RESPONSE fetches. */
  if (apdu->ne > 0 && apdu->ne < PSD_SIZE_HOST_SESSION)
    return PSD_SW_WRONG_LENGTH;
  psd_sign_on_terms terms;
  psd_host_session host = {0};
  uint16_t status = PSD_SW_VERIFICATION_FAILED;
  if (open_m2(session, apdu->data, &terms, &host)) {
    host.time = terms.time;
    memcpy(host.nonce, terms.nonce, sizeof host.nonce);
    psd_put_message(out, PSD_MESSAGE_HOST_SESSION, &host);
    status = advance(session, apdu->data, &host) ? PSD_SW_OK : PSD_SW_EXECUTION_ERROR;
  }
  psd_wipe(&host, sizeof host);
  return status;
}
