/* A call to a meter server: its greeting, and the password stretched as the greeting says (EP steps 200-206). */
#include "psd/spec/chars.h"
#include "session.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define SALT_SIZE 16U
/* Below the least a stolen database is guessed too fast; above the most a server could use its Hosts up. */
#define MEMORY_LEAST (8U << 10) /* KiB */
#define MEMORY_MOST (1U << 20)
#define PASSES_MOST 16U
#define LANES_MOST 16U

/* The Host's view of a refusal before there is a session. */
static psd_result refused(const psd_link *link, psd_cursor body, psd_error *error) {
  psd_error_signal signal;
  char words[PSD_SIGNAL_WORDS];
  if (!psd_signal_read(body, &signal, words))
    return psd_error_set(error, PSD_BAD_ANSWER, "the %s sent an error signal that cannot be read", psd_link_name(link));
  return psd_error_set(error, PSD_REFUSED, "step 200: the %s refused: %s", psd_link_name(link), words);
}

static psd_result take_greeting(psd_call *call, psd_error *error) {
  psd_buffer body = psd_buffer_over(call->greeted, sizeof call->greeted);
  psd_frame_type type = PSD_FRAME_GREETING;
  psd_result result = psd_link_receive(call->link, &type, &body, error);
  if (result != PSD_OK)
    return result;
  if (type == PSD_FRAME_ERROR_SIGNAL)
    return refused(call->link, psd_cursor_over(body.data, body.length), error);
  if (type != PSD_FRAME_GREETING || !psd_parse_message(body.data, body.length, PSD_MESSAGE_GREETING, &call->greeting))
    return psd_error_set(error, PSD_BAD_ANSWER, "step 200: the %s does not greet as a meter server does",
                         psd_link_name(call->link));
  if (call->greeting.protocol != PSD_PROTOCOL)
    return psd_error_set(error, PSD_BAD_ANSWER, "step 200: the %s speaks version %u of the protocol, and this is %u",
                         psd_link_name(call->link), (unsigned)call->greeting.protocol, PSD_PROTOCOL);
  return PSD_OK;
}

psd_result psd_call_open(psd_link *link, psd_call **call, psd_error *error) {
  *call = NULL;
  psd_call *made = calloc(1, sizeof *made);
  if (made == NULL) {
    psd_link_close(link);
    return psd_error_set(error, PSD_SYSTEM, "out of memory");
  }
  made->link = link;
  psd_result result = take_greeting(made, error);
  if (result != PSD_OK) {
    psd_call_close(made);
    return result;
  }
  *call = made;
  return PSD_OK;
}

void psd_call_close(psd_call *call) {
  if (call == NULL)
    return;
  psd_link_close(call->link);
  free(call);
}

const psd_greeting *psd_call_greeting(const psd_call *call) {
  return &call->greeting;
}

bool psd_call_is_open(const psd_call *call) {
  return psd_link_is_open(call->link);
}

bool psd_user_name_ok(const char *name) {
  size_t length = strlen(name);
  return length >= 1 && length <= sizeof((psd_user *)0)->name && psd_utf8_clean(name, length);
}

/* The first 16 bytes of Hash("psd password" || realm || 00 || user name). */
static bool salt_of(const psd_greeting *greeting, const char *user, uint8_t salt[SALT_SIZE]) {
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  bool ok = context != NULL && EVP_DigestInit_ex2(context, EVP_sha256(), NULL) == 1 &&
            EVP_DigestUpdate(context, PSD_PASSWORD_LABEL, sizeof PSD_PASSWORD_LABEL - 1) == 1 &&
            EVP_DigestUpdate(context, greeting->realm, sizeof greeting->realm) == 1 &&
            EVP_DigestUpdate(context, "", 1) == 1 && EVP_DigestUpdate(context, user, strlen(user)) == 1 &&
            EVP_DigestFinal_ex(context, digest, &length) == 1;
  EVP_MD_CTX_free(context);
  if (ok)
    memcpy(salt, digest, SALT_SIZE);
  return ok;
}

static bool bounded(const psd_greeting *greeting) {
  return greeting->memory >= MEMORY_LEAST && greeting->memory <= MEMORY_MOST && greeting->passes >= 1 &&
         greeting->passes <= PASSES_MOST && greeting->lanes >= 1 && greeting->lanes <= LANES_MOST;
}

psd_result psd_call_stretch(const psd_greeting *greeting, const char *user, const void *password, size_t length,
                            uint8_t verifier[PSD_VERIFIER], psd_error *error) {
  uint8_t salt[SALT_SIZE];
  if (!psd_user_name_ok(user))
    return psd_error_set(error, PSD_BAD_INPUT, "a user name has 1 to 32 bytes of UTF-8 and no control characters");
  if (!bounded(greeting))
    return psd_error_set(
        error, PSD_BAD_ANSWER,
        "the meter server asks for Argon2id with %u KiB, %u passes, %u lanes: refused, it is out of bounds",
        (unsigned)greeting->memory, (unsigned)greeting->passes, (unsigned)greeting->lanes);
  if (!salt_of(greeting, user, salt))
    return psd_error_set(error, PSD_SYSTEM, "the cryptographic library failed");
  int failure = argon2id_hash_raw((uint32_t)greeting->passes, (uint32_t)greeting->memory, (uint32_t)greeting->lanes,
                                  password, length, salt, sizeof salt, verifier, PSD_VERIFIER);
  return failure == ARGON2_OK ? PSD_OK
                              : psd_error_set(error, PSD_SYSTEM, "Argon2id: %s", argon2_error_message(failure));
}
