/* The Host between a hostile card and a hostile meter server: whatever both say, a session comes about or is refused in
 * words, nothing is left half open, and the end of the input is the end of the conversation.
 *
 * Input: one byte, the suite that is asked for; 2 bytes, how much of the rest the server says (frames, written before
 * they are asked for); the rest is the card's: for each command 2 bytes of length and as many of answer, SW1-SW2 with
 * it. When it has nothing more to say the card is gone. */
#include "fuzz.h"
#include "psd/reader/session.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LIMIT_MS 1000U

static char folder[] = "/tmp/psd-fuzz-XXXXXX";
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static int listener;

static void clean_up(void) {
  (void)unlink(address.sun_path);
  (void)rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  FUZZ_ASSERT(mkdtemp(folder) != NULL);
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/server", folder);
  FUZZ_ASSERT(atexit(clean_up) == 0);
  listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  FUZZ_ASSERT(listener >= 0 && bind(listener, (const struct sockaddr *)&address, sizeof address) == 0 &&
              listen(listener, 1) == 0);
  return 0;
}

/* The card -------------------------------------------------------------------------------------------------------- */

static psd_result card_connect(void *device, psd_error *error) {
  (void)device;
  (void)error;
  return PSD_OK;
}

/* Chains commands and takes extended lengths (ISO/IEC 7816-4:2005, 8.1.1.2.7). */
static psd_result card_atr(void *device, uint8_t atr[PSD_ATR_MAX], size_t *length, psd_error *error) {
  static const uint8_t bytes[] = {0x3B, 0x85, 0x80, 0x01, 0x80, 0x73, 0xF6, 0x21, 0xC0, 0x11};
  (void)device;
  (void)error;
  memcpy(atr, bytes, sizeof bytes);
  *length = sizeof bytes;
  return PSD_OK;
}

static psd_result card_transmit(void *device, const uint8_t *command, size_t length, uint8_t *response, size_t capacity,
                                size_t *response_length, psd_error *error) {
  psd_cursor *says = device;
  FUZZ_ASSERT(length >= 4 && command != NULL);
  if (says->left == 0)
    return psd_error_set(error, PSD_LOST, "the card is gone");
  size_t wanted = fuzz_u16(says);
  size_t taken = 0;
  uint8_t *answer = fuzz_take(says, wanted < capacity ? wanted : capacity, &taken);
  if (taken > 0)
    memcpy(response, answer, taken);
  free(answer);
  *response_length = taken;
  return PSD_OK;
}

static void card_close(void *device) {
  (void)device;
}

static bool card_short_only(void *device) {
  (void)device;
  return false;
}

static const psd_transport_table card_table = {.connect = card_connect,
                                               .reset = card_connect,
                                               .atr = card_atr,
                                               .transmit = card_transmit,
                                               .begin = card_connect,
                                               .end = card_connect,
                                               .short_only = card_short_only,
                                               .close = card_close};

/* The server ------------------------------------------------------------------------------------------------------ */

/* Says all it has to say, as far as it fits where nobody reads yet, and then nothing more. */
static int server_accept(psd_cursor *says) {
  int server = accept(listener, NULL, NULL);
  FUZZ_ASSERT(server >= 0);
  if (says->left > 0)
    (void)send(server, says->at, says->left, MSG_DONTWAIT | MSG_NOSIGNAL);
  FUZZ_ASSERT(shutdown(server, SHUT_WR) == 0);
  return server;
}

/* The Host -------------------------------------------------------------------------------------------------------- */

static void check_words(const psd_error *error) {
  size_t length = strnlen(error->words, sizeof error->words);
  FUZZ_ASSERT(length > 0 && length < sizeof error->words);
}

static void check_refusal(const psd_call *call, psd_result result, const psd_refusal *refusal) {
  FUZZ_ASSERT(refusal->error.result == result && !psd_call_is_open(call));
  check_words(&refusal->error);
}

/* What a session is used for. A request that the server refuses may leave it open; whatever else goes wrong ends it. */
static void use(psd_call *call, psd_session *session) {
  static const uint8_t passwords[2][PSD_VERIFIER] = {{1}, {2}};
  psd_refusal refusal;
  psd_result result = psd_session_register(session, &refusal);
  if (result == PSD_OK || psd_call_is_open(call))
    result = psd_session_new_password(session, passwords[0], passwords[1], &refusal);
  if (result == PSD_OK || psd_call_is_open(call))
    result = psd_session_done(session, &refusal);
  if (result != PSD_OK)
    check_words(&refusal.error);
}

static void sign_on(psd_call *call, psd_host *host, uint8_t suite) {
  static const uint8_t verifier[PSD_VERIFIER] = {0xA5};
  psd_sign_on_options options = {.user = "anna", .verifier = verifier, .suite = suite};
  psd_session *session = NULL;
  psd_refusal refusal;
  psd_result result = psd_session_open(call, host, &options, &session, &refusal);
  if (result == PSD_OK) {
    FUZZ_ASSERT(session != NULL && psd_session_result(session) != NULL);
    use(call, session);
    psd_session_close(session);
  } else {
    check_refusal(call, result, &refusal);
  }
}

/* Twice on one call, as long as it is open. */
static void converse(psd_link *link, psd_cursor *card, uint8_t suite) {
  psd_call *call = NULL;
  psd_host *host = NULL;
  psd_error error;
  psd_result result = psd_call_open(link, &call, &error);
  if (result != PSD_OK) {
    check_words(&error);
    return;
  }
  psd_transport *transport = psd_transport_new(&card_table, card, "fuzz");
  FUZZ_ASSERT(transport != NULL);
  if (psd_host_open(transport, &host, &error) == PSD_OK) {
    for (int i = 0; i < 2 && psd_call_is_open(call); i++)
      sign_on(call, host, suite);
    psd_host_close(host);
  }
  psd_call_close(call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  psd_cursor input = psd_cursor_over(data, size);
  psd_link *link = NULL;
  psd_error error;
  uint8_t suite = fuzz_u8(&input);
  size_t wanted = fuzz_u16(&input), taken = 0;
  uint8_t *frames = fuzz_take(&input, wanted, &taken);
  psd_cursor says = psd_cursor_over(frames, taken);
  FUZZ_ASSERT(psd_link_open(PSD_PEER_METER, address.sun_path, LIMIT_MS, &link, &error) == PSD_OK);
  int server = server_accept(&says);
  converse(link, &input, suite);
  (void)close(server);
  free(frames);
  return 0;
}
