#include "caller.h"

#include <string.h>

#include "measure.h"

#define LIMIT_MS 30000U

static void need(psd_result result, const psd_error *error) {
  if (result != PSD_OK)
    bench_die("%s", error->words);
}

/* One frame, which is no error signal; returns the length of its body. */
static size_t receive(const caller *of, psd_frame_type *type, uint8_t body[PSD_FRAME_BODY_MAX]) {
  psd_buffer out = psd_buffer_over(body, PSD_FRAME_BODY_MAX);
  psd_error error;
  need(psd_link_receive(of->link, type, &out, &error), &error);
  psd_error_signal signal;
  char words[PSD_SIGNAL_WORDS];
  if (*type == PSD_FRAME_ERROR_SIGNAL && psd_signal_read(psd_cursor_over(body, out.length), &signal, words))
    bench_die("%s: %s", psd_link_name(of->link), words);
  return out.length;
}

/* The same, of the type that must come now. */
static size_t expect(const caller *of, psd_frame_type wanted, uint8_t body[PSD_FRAME_BODY_MAX]) {
  psd_frame_type type = wanted;
  size_t length = receive(of, &type, body);
  if (type != wanted)
    bench_die("frame %u instead of %u", (unsigned)type, (unsigned)wanted);
  return length;
}

static void send_body(const caller *of, psd_frame_type type, const psd_buffer *body) {
  psd_error error;
  need(psd_link_send(of->link, type, body->data, body->length, &error), &error);
}

void caller_connect(caller *of) {
  uint8_t body[PSD_FRAME_BODY_MAX];
  psd_error error;
  if (of->link != NULL)
    return;
  need(psd_link_open(PSD_PEER_METER, of->server, LIMIT_MS, &of->link, &error), &error);
  bench_need(expect(of, PSD_FRAME_GREETING, body) == sizeof of->greeting, "greeting");
  memcpy(of->greeting, body, sizeof of->greeting);
  of->ordinal = 0;
}

void caller_handshake(caller *of, soft_psd *psd, soft_kind kind) {
  uint8_t sent[PSD_FRAME_BODY_MAX], received[PSD_FRAME_BODY_MAX];
  soft_session *session = &of->session;
  psd_buffer out = psd_buffer_over(sent, sizeof sent);
  if (of->ordinal > 0)
    send_body(of, PSD_FRAME_SIGN_OFF, &out);
  soft_end(session);
  bench_need(soft_sign_on(session, psd, kind, of->user, of->greeting, of->ordinal, &out), "sign-on");
  of->ordinal++;
  send_body(of, PSD_FRAME_SIGN_ON, &out);
  size_t length = expect(of, PSD_FRAME_SIGN_ON_RESPONSE, received);
  out = psd_buffer_over(sent, sizeof sent);
  bench_need(soft_audit(session, received, length, &out), "authentic sign-on response");
  send_body(of, PSD_FRAME_AUDIT_RESPONSE, &out);
  length = expect(of, PSD_FRAME_AUDIT_RESULT, received);
  bench_need(soft_finish(session, received, length), "authentic audit result");
}

void caller_refill(caller *of, uint64_t amount) {
  uint8_t sent[PSD_FRAME_BODY_MAX], received[PSD_FRAME_BODY_MAX];
  psd_buffer out = psd_buffer_over(sent, sizeof sent);
  bench_need(soft_wish(&of->session, amount, &out), "wish for a refill");
  send_body(of, PSD_FRAME_HOST_DATA, &out);
  psd_frame_type type = PSD_FRAME_CARD_DATA;
  size_t length = receive(of, &type, received);
  for (; type == PSD_FRAME_CARD_DATA; length = receive(of, &type, received)) {
    out = psd_buffer_over(sent, sizeof sent);
    bench_need(soft_command(&of->session, received, length, &out), "command that a PSD carries out");
    send_body(of, PSD_FRAME_CARD_DATA, &out);
  }
  bench_need(type == PSD_FRAME_HOST_DATA && soft_refilled(&of->session, received, length), "refill");
}

void caller_hang_up(caller *of) {
  soft_end(&of->session);
  psd_link_close(of->link);
  of->link = NULL;
}
