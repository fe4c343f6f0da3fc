/* The commands of the certificate meter (docs/certificates.md; VM figures 3 to 9). */
#include "host_state.h"
#include "psd/reader/command.h"

#include <openssl/crypto.h>
#include <string.h>

/* Room for the data of any of them. */
#define DATA_MAX 2048U

/* A command that is answered with a status word alone: data behind it cannot be an answer to it. */
static psd_result send_silent(psd_host *host, psd_command_id id, uint8_t p1, uint8_t p2, const void *data,
                              size_t length) {
  psd_buffer nothing = psd_buffer_over(NULL, 0);
  return psd_host_command(host, id, p1, p2, data, length, 0, &nothing);
}

/* Sends what is in `data`; its slot is P1. */
static psd_result send(psd_host *host, psd_command_id id, uint8_t p1, uint8_t p2, const psd_buffer *data,
                       psd_buffer *answer) {
  if (data->overflow)
    return psd_host_fail(host, PSD_BAD_INPUT, "the data of %s do not fit", psd_commands[id].name);
  return psd_host_command(host, id, p1, p2, data->data, data->length, PSD_NE_ALL, answer);
}

psd_result psd_host_request_certificate(psd_host *host, uint8_t slot, psd_request_key key,
                                        const psd_certificate_wish *wish, const char *organization, const char *name,
                                        psd_buffer *sealed) {
  uint8_t bytes[DATA_MAX];
  psd_buffer data = psd_buffer_over(bytes, sizeof bytes);
  psd_certificate_wish head = *wish;
  head.organization = strlen(organization);
  head.name = strlen(name);
  psd_put_message(&data, PSD_MESSAGE_CERTIFICATE_WISH, &head);
  psd_put(&data, organization, strlen(organization));
  psd_put(&data, name, strlen(name));
  return send(host, PSD_COMMAND_REQUEST_CERTIFICATE, slot, (uint8_t)key, &data, sealed);
}

psd_result psd_host_install_certificate(psd_host *host, uint8_t slot, const void *grant, size_t length) {
  return send_silent(host, PSD_COMMAND_INSTALL_CERTIFICATE, slot, 0, grant, length);
}

/* Bytes of a digest that goes along; none where the card has worked it out itself. */
static size_t digest_size(uint64_t digest) {
  const psd_digest_row *row = psd_digest_of(digest);
  return row != NULL ? row->size : 0;
}

psd_result psd_host_sign_message(psd_host *host, uint8_t slot, bool with_certificate, const psd_sign_wish *wish,
                                 const uint8_t *digest, psd_buffer *cms) {
  uint8_t bytes[DATA_MAX];
  psd_buffer data = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&data, PSD_MESSAGE_SIGN_WISH, wish);
  psd_put(&data, digest, digest_size(wish->digest));
  return send(host, PSD_COMMAND_SIGN_MESSAGE, slot, with_certificate ? PSD_WITH_CERTIFICATE : 0, &data, cms);
}

psd_result psd_host_postmark(psd_host *host, uint8_t slot, bool with_certificate, const psd_postmark_wish *wish,
                             const uint8_t *digest, const uint8_t *nonce, psd_buffer *token) {
  uint8_t bytes[DATA_MAX];
  psd_buffer data = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&data, PSD_MESSAGE_POSTMARK_WISH, wish);
  psd_put(&data, digest, digest_size(wish->digest));
  psd_put(&data, nonce, (size_t)wish->nonce);
  return send(host, PSD_COMMAND_POSTMARK, slot, with_certificate ? PSD_WITH_CERTIFICATE : 0, &data, token);
}

psd_result psd_host_validate_postmark(psd_host *host, const psd_postmark_check *check, const uint8_t *digest,
                                      const void *token, size_t length, psd_verdict *verdict) {
  uint8_t bytes[DATA_MAX], answered[PSD_SIZE_VERDICT];
  psd_buffer data = psd_buffer_over(bytes, sizeof bytes);
  psd_buffer answer = psd_buffer_over(answered, sizeof answered);
  psd_put_message(&data, PSD_MESSAGE_POSTMARK_CHECK, check);
  psd_put(&data, digest, digest_size(check->digest));
  psd_put(&data, token, length);
  psd_result result = send(host, PSD_COMMAND_VALIDATE_POSTMARK, 0, 0, &data, &answer);
  if (result == PSD_OK && !psd_parse_message(answered, answer.length, PSD_MESSAGE_VERDICT, verdict))
    return psd_host_fail(host, PSD_BAD_ANSWER, "the card's verdict has %zu bytes, not %zu", answer.length,
                         sizeof answered);
  return result;
}

psd_result psd_host_issue_certificate(psd_host *host, uint8_t slot, const psd_agent_wish *wish, const char *name,
                                      const void *receiver, size_t length, psd_buffer *certificate) {
  uint8_t bytes[DATA_MAX];
  psd_buffer data = psd_buffer_over(bytes, sizeof bytes);
  psd_agent_wish head = *wish;
  head.name = strlen(name);
  psd_put_message(&data, PSD_MESSAGE_AGENT_WISH, &head);
  psd_put(&data, name, strlen(name));
  psd_put(&data, receiver, length);
  return send(host, PSD_COMMAND_ISSUE_CERTIFICATE, slot, 0, &data, certificate);
}

psd_result psd_host_request_revocation(psd_host *host, uint8_t slot, psd_reason reason, const psd_service_call *call,
                                       psd_buffer *cms) {
  uint8_t bytes[PSD_SIZE_SERVICE_CALL];
  psd_buffer data = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&data, PSD_MESSAGE_SERVICE_CALL, call);
  return send(host, PSD_COMMAND_REQUEST_REVOCATION, slot, (uint8_t)reason, &data, cms);
}

psd_result psd_host_revoke_certificate(psd_host *host, const void *command, size_t length, psd_buffer *confirmation) {
  return psd_host_command(host, PSD_COMMAND_REVOKE_CERTIFICATE, 0, 0, command, length, PSD_NE_ALL, confirmation);
}

psd_result psd_host_accept_credit(psd_host *host, uint8_t slot, const psd_service_call *call, const void *certificate,
                                  size_t length, psd_buffer *payment) {
  uint8_t bytes[DATA_MAX];
  psd_buffer data = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&data, PSD_MESSAGE_SERVICE_CALL, call);
  psd_put(&data, certificate, length);
  return send(host, PSD_COMMAND_ACCEPT_CREDIT, slot, 0, &data, payment);
}

psd_result psd_host_pay(psd_host *host, uint8_t slot, const psd_payment_wish *wish, const char *payee,
                        psd_buffer *payment) {
  uint8_t bytes[DATA_MAX];
  psd_buffer data = psd_buffer_over(bytes, sizeof bytes);
  psd_payment_wish head = *wish;
  head.payee = strlen(payee);
  psd_put_message(&data, PSD_MESSAGE_PAYMENT_WISH, &head);
  psd_put(&data, payee, strlen(payee));
  return send(host, PSD_COMMAND_PAY, slot, 0, &data, payment);
}

psd_result psd_host_read_certificate(psd_host *host, uint8_t slot, psd_reading what, psd_buffer *answer) {
  return psd_host_command(host, PSD_COMMAND_READ_CERTIFICATE, slot, (uint8_t)what, NULL, 0, PSD_NE_ALL, answer);
}

psd_result psd_host_delete_key(psd_host *host, uint8_t slot) {
  return send_silent(host, PSD_COMMAND_DELETE_KEY, slot, 0, NULL, 0);
}

psd_result psd_host_import_key(psd_host *host, uint8_t slot, psd_algorithm algorithm, psd_purpose purpose,
                               const void *secret, size_t length) {
  uint8_t bytes[DATA_MAX];
  psd_buffer data = psd_buffer_over(bytes, sizeof bytes);
  psd_put_u8(&data, (uint8_t)purpose);
  psd_put(&data, secret, length);
  psd_result result = data.overflow
                          ? psd_host_fail(host, PSD_BAD_INPUT, "the key is longer than there can be")
                          : send_silent(host, PSD_COMMAND_IMPORT_KEY, slot, (uint8_t)algorithm, data.data, data.length);
  OPENSSL_cleanse(bytes, sizeof bytes);
  return result;
}

psd_result psd_host_hash(psd_host *host, psd_hashing how, const void *data, size_t length) {
  return send_silent(host, PSD_COMMAND_HASH, (uint8_t)how, 0, data, length);
}
