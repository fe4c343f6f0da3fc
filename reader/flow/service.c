/* One call, one service, one charge (docs/certificates.md, "What is charged"): the very command again finds its answer.
 */
#include "service.h"

#include "again.h"
#include "psd/spec/status.h"
#include "psd/spec/tlv.h"

#include <openssl/rand.h>

#define TAG_SEQUENCE 0x30U

/* How often a command goes out: other programs may keep resetting the card. */
#define ROUNDS 3U

/* A service under way. */
typedef struct serving {
  const psd_desk *desk;
  psd_service_send *send;
  const void *wish;
  psd_buffer *out;
} serving;

/* Nobody knows whether it was carried out: no answer, one that cannot be, or a memory that failed meanwhile. */
static bool lost(psd_host *host, psd_result result) {
  return result == PSD_BAD_ANSWER || !psd_in_touch(result) ||
         (result == PSD_REFUSED && psd_host_status(host) == PSD_SW_MEMORY_FAILURE);
}

static void empty(const serving *of) {
  if (of->out == NULL)
    return;
  of->out->length = 0;
  of->out->overflow = false;
}

/* `*sent`: the command itself was answered last, and not the way to the card. */
static psd_result try_once(const serving *of, psd_result before, bool *sent) {
  const psd_desk *desk = of->desk;
  psd_result result =
      psd_in_touch(before) ? PSD_OK : psd_enter_again(desk->host, &desk->services->meter.device, desk->pin);
  *sent = result == PSD_OK;
  empty(of);
  return result == PSD_OK ? of->send(desk->host, of->wish, of->out) : result;
}

static psd_result in_doubt(psd_host *host, const psd_asked *asked, psd_result result) {
  psd_error last = *psd_host_error(host);
  return psd_host_fail(host, psd_result_unreachable(result) ? result : PSD_REFUSED,
                       "it is not known whether %s was made: %.200s", asked->what, last.words);
}

psd_result psd_service_run(const psd_desk *desk, const psd_asked *asked, psd_service_send *send, const void *wish,
                           psd_buffer *out) {
  const serving of = {.desk = desk, .send = send, .wish = wish, .out = out};
  psd_result result = PSD_OK;
  bool sent = true, doubt = false;
  for (unsigned i = 0; i < ROUNDS && (i == 0 || lost(desk->host, result)); i++) {
    result = try_once(&of, result, &sent);
    doubt = doubt || (sent && result != PSD_BAD_INPUT && lost(desk->host, result));
  }
  if (result == PSD_OK || result == PSD_BAD_INPUT)
    return result;
  empty(&of);
  if (sent && result == PSD_REFUSED && !lost(desk->host, result))
    return psd_service_explain(desk, asked);
  return doubt ? in_doubt(desk->host, asked, result) : result;
}

psd_result psd_service_der(psd_host *host, psd_result result, const psd_buffer *answer) {
  psd_cursor from = psd_cursor_over(answer->data, answer->length);
  psd_tlv whole;
  if (result == PSD_OK && !(psd_take_tlv(&from, &whole) && whole.tag == TAG_SEQUENCE && psd_cursor_done(&from)))
    return psd_host_fail(host, PSD_BAD_ANSWER, "the card's answer, %zu bytes, is not what was asked for",
                         answer->length);
  return result;
}

psd_result psd_service_number(psd_host *host, uint8_t call[PSD_SIZE_SERVICE_CALL]) {
  return RAND_bytes(call, (int)PSD_SIZE_SERVICE_CALL) == 1
             ? PSD_OK
             : psd_host_fail(host, PSD_SYSTEM, "the cryptographic library has no random numbers");
}

psd_result psd_digest_prepare(psd_host *host, const psd_digested *message) {
  uint8_t piece[PSD_HASH_PIECE];
  psd_error error = {.result = PSD_OK};
  size_t length = 1;
  if (message->digest != 0)
    return PSD_OK;
  if (message->rewind(message->context, &error) != PSD_OK)
    return psd_host_fail(host, error.result, "%s", error.words);
  psd_result result = psd_host_hash(host, PSD_HASH_BEGIN, NULL, 0);
  while (result == PSD_OK && length > 0) {
    if (message->next(message->context, piece, &length, &error) != PSD_OK)
      return psd_host_fail(host, error.result, "%s", error.words);
    if (length > 0)
      result = psd_host_hash(host, PSD_HASH_GO_ON, piece, length);
  }
  return result;
}
