#include <string.h>

#include "psd/reader/card.h"
#include "psd/reader/command.h"
#include "psd/reader/session.h"
#include "wire.h"

typedef struct visit {
  psd_host *host;
  psd_call *call;
  psd_session *session;
} visit;

static const uint8_t verifier[PSD_VERIFIER] = {1};

static bool sign_on(world *w, unsigned meter, visit *at) {
  psd_transport *transport = NULL;
  psd_link *link = NULL;
  psd_error error;
  psd_refusal refusal;
  const psd_sign_on_options options = {.user = WORLD_USER, .verifier = verifier, .suite = w->suite};
  wire_to(w);
  return psd_transport_card(world_card_psd(w->cards[meter]), &transport, &error) == PSD_OK &&
         psd_host_open(transport, &at->host, &error) == PSD_OK && psd_host_select_psd(at->host, NULL) == PSD_OK &&
         psd_link_open(PSD_PEER_METER, "", 1, &link, &error) == PSD_OK &&
         psd_call_open(link, &at->call, &error) == PSD_OK &&
         psd_session_open(at->call, at->host, &options, &at->session, &refusal) == PSD_OK;
}

static void leave(visit *at) {
  psd_session_close(at->session);
  psd_call_close(at->call);
  psd_host_close(at->host);
}

bool world_audit(world *w, unsigned meter) {
  visit at = {.host = NULL};
  bool done = sign_on(w, meter, &at);
  leave(&at);
  return done;
}

bool world_register(world *w, unsigned meter) {
  visit at = {.host = NULL};
  psd_refusal refusal;
  bool done = sign_on(w, meter, &at) && psd_session_register(at.session, &refusal) == PSD_OK;
  leave(&at);
  return done;
}

bool world_refill(world *w, unsigned meter, uint64_t amount) {
  visit at = {.host = NULL};
  psd_refusal refusal;
  psd_funds_result result;
  bool done =
      sign_on(w, meter, &at) && psd_session_refill(at.session, PSD_GROUP_POSTAGE, amount, &result, &refusal) == PSD_OK;
  leave(&at);
  return done;
}

bool world_withdraw(world *w, unsigned meter, uint64_t amount, bool final) {
  visit at = {.host = NULL};
  psd_refusal refusal;
  psd_funds_result result;
  bool done = sign_on(w, meter, &at) &&
              psd_session_withdraw(at.session, PSD_GROUP_POSTAGE, amount, final, &result, &refusal) == PSD_OK;
  leave(&at);
  return done;
}
