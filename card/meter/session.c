/* What every step of the session needs: its beginning and end, keys and records. */
#include "meter/session.h"

#include "iso7816/handlers.h"
#include "meter/objects.h"
#include "psd/spec/tlv.h"

#include <string.h>

void psd_session_end(psd_card *card) {
  psd_wipe(&card->session, sizeof card->session);
  card->session.phase = PSD_SESSION_NONE;
}

void psd_session_leave(psd_card *card, uint8_t number) {
  if (card->session.phase != PSD_SESSION_NONE && card->session.channel == number)
    psd_session_end(card);
}

void psd_session_judge(psd_card *card, const psd_request *request, uint16_t status) {
  psd_command_id id = request->row->id;
  bool ours =
      id == PSD_COMMAND_GENERAL_AUTHENTICATE || id == PSD_COMMAND_MUTUAL_AUTHENTICATE || id == PSD_COMMAND_ENVELOPE;
  if (ours && status != PSD_SW_OK)
    psd_session_leave(card, request->number);
  /* The answer to ZEROIZE was sealed: no key outlives it. */
  if (card->core.head.state == PSD_STATE_ZEROIZED)
    psd_session_end(card);
}

bool psd_session_stands(const psd_card *card, const psd_request *request, psd_session_phase phase) {
  return card->session.phase == phase && card->session.channel == request->number;
}

uint16_t psd_handle_general_authenticate(psd_card *card, const psd_request *request, psd_buffer *out) {
  switch (request->apdu.p2) {
  case 0x01:
    return psd_session_sign_on(card, request, out);
  case 0x02:
    return request->apdu.p1 == 0 ? psd_session_answer_audit(card, request, out) : PSD_SW_WRONG_P1P2;
  default:
    return PSD_SW_WRONG_P1P2;
  }
}

uint16_t psd_handle_mutual_authenticate(psd_card *card, const psd_request *request, psd_buffer *out) {
  switch (request->apdu.p2) {
  case 0x01:
    return psd_session_open_response(card, request, out);
  case 0x02:
    return psd_session_open_result(card, request, out);
  default:
    return PSD_SW_WRONG_P1P2;
  }
}

bool psd_session_take(psd_cursor *from, uint32_t tag, size_t length, psd_cursor *value) {
  psd_tlv tlv;
  if (!psd_take_tlv(from, &tlv) || tlv.tag != tag || (length > 0 && tlv.value.left != length))
    return false;
  *value = tlv.value;
  return true;
}

bool psd_session_expand(const uint8_t prk[PSD_SHA256_SIZE], psd_key_label label, const uint8_t *context,
                        size_t context_length, uint8_t out[PSD_TRAFFIC_KEY]) {
  const char *text = psd_key_label_text(label);
  uint8_t info[64];
  psd_buffer buffer = psd_buffer_over(info, sizeof info);
  psd_put(&buffer, text, strlen(text));
  psd_put(&buffer, context, context_length);
  return !buffer.overflow && psd_hkdf_sha256_expand(prk, info, buffer.length, out, PSD_TRAFFIC_KEY);
}

static bool ready(psd_card *card) {
  return psd_card_ready_for(card, PSD_KAT_GCM);
}

static uint16_t sign(const psd_card *card, psd_piece audit, uint8_t *signature) {
  return psd_session_authenticate(card, PSD_SIGN_AUDIT, audit, signature);
}

const psd_session_suite *psd_session_suite_of(unsigned bit) {
  static const psd_session_suite modern = {.key_size = PSD_SESSION_KEY,
                                           .wrap_rsa = psd_rsa_oaep_encrypt,
                                           .seal = psd_aes_gcm_seal,
                                           .open = psd_aes_gcm_open,
                                           .ready = ready,
                                           .kind = PSD_SIGNATURE_HMAC,
                                           .signature_size = PSD_AUTHENTICATION,
                                           .sign = sign};
  switch (bit) {
  case PSD_SUITE_P256:
  case PSD_SUITE_RSA:
  case PSD_SUITE_SHARED:
    return &modern;
#if PSD_CLASSIC
  case PSD_SUITE_CLASSIC:
    return &psd_session_classic;
#endif
  default:
    return NULL;
  }
}

void psd_session_traffic(const psd_session *session, psd_traffic *traffic, const uint8_t expanded[PSD_TRAFFIC_KEY]) {
  memcpy(traffic->key, expanded, sizeof traffic->key);
  memcpy(traffic->vector, expanded + sizeof traffic->key, sizeof traffic->vector);
  traffic->sequence = 0;
  traffic->suite = session->suite;
}

/* The vector of the next record: a number that is not sent cannot be altered, and none is used twice. */
static void next_nonce(psd_traffic *traffic, uint8_t nonce[PSD_GCM_NONCE]) {
  memcpy(nonce, traffic->vector, PSD_GCM_NONCE);
  for (size_t i = 0; i < sizeof traffic->sequence; i++)
    nonce[PSD_GCM_NONCE - 1 - i] ^= (uint8_t)(traffic->sequence >> (8 * i));
  traffic->sequence++;
}

bool psd_session_seal(psd_traffic *traffic, psd_frame_type type, const uint8_t *in, size_t length, uint8_t *out) {
  const uint8_t type_byte = (uint8_t)type;
  uint8_t nonce[PSD_GCM_NONCE];
  next_nonce(traffic, nonce);
  return traffic->suite->seal(traffic->key, sizeof traffic->key, nonce, &(psd_piece){&type_byte, 1}, 1, in, length,
                              out);
}

bool psd_session_unseal(psd_traffic *traffic, psd_frame_type type, psd_piece additional, const uint8_t *in,
                        size_t length, uint8_t *out) {
  const uint8_t type_byte = (uint8_t)type;
  const psd_piece aad[] = {{&type_byte, 1}, additional};
  uint8_t nonce[PSD_GCM_NONCE];
  next_nonce(traffic, nonce);
  return traffic->suite->open(traffic->key, sizeof traffic->key, nonce, aad, 2, in, length, out);
}

static uint16_t authenticate(const psd_card *card, const char *label, psd_piece head, psd_piece body,
                             uint8_t mac[PSD_AUTHENTICATION]) {
  psd_device_key k3;
  uint16_t status = psd_object_fetch(card, PSD_OBJECT_DEVICE_KEY, &k3);
  if (status != PSD_SW_OK)
    return status;
  const psd_piece pieces[] = {{label, strlen(label)}, head, body};
  if (!psd_hmac_pieces(k3.key, sizeof k3.key, pieces, 3, mac))
    status = PSD_SW_EXECUTION_ERROR;
  psd_wipe(&k3, sizeof k3);
  return status;
}

uint16_t psd_session_authenticate(const psd_card *card, const char *label, psd_piece message,
                                  uint8_t mac[PSD_AUTHENTICATION]) {
  return authenticate(card, label, message, (psd_piece){NULL, 0}, mac);
}

uint16_t psd_session_verify(const psd_card *card, const char *label, psd_piece head, psd_piece body,
                            const uint8_t authentication[PSD_AUTHENTICATION]) {
  uint8_t expected[PSD_AUTHENTICATION];
  uint16_t status = authenticate(card, label, head, body, expected);
  if (status == PSD_SW_OK && !psd_equal(expected, authentication, sizeof expected))
    status = PSD_SW_VERIFICATION_FAILED;
  psd_wipe(expected, sizeof expected);
  return status;
}
