#include "worker.h"

#include <unistd.h>

#define REST_MS 100U /* after the server was out of reach, before it is tried again */

typedef struct connection {
  psd_worker *worker;
  psd_call *call; /* NULL while there is none */
} connection;

static psd_result connect_to_server(connection *of, psd_refusal *refusal) {
  const psd_fleet_options *options = of->worker->fleet->options;
  psd_link *link = NULL;
  *refusal = (psd_refusal){.step = PSD_STEP_CALL};
  psd_result result = psd_link_open(PSD_PEER_METER, options->server, options->timeout * 1000U, &link, &refusal->error);
  if (result == PSD_OK)
    result = psd_call_open(link, &of->call, &refusal->error);
  if (result == PSD_REFUSED)
    refusal->who = PSD_BY_SERVER;
  return result;
}

static void hang_up(connection *of) {
  psd_call_close(of->call);
  of->call = NULL;
}

/* Its time is counted apart from the handshake's. */
static psd_result refill(const connection *of, psd_session *session, psd_refusal *refusal) {
  psd_worker *worker = of->worker;
  psd_funds_result moved;
  uint64_t since = psd_fleet_now();
  psd_result result = psd_session_refill(session, PSD_GROUP_POSTAGE, worker->fleet->options->refill, &moved, refusal);
  if (result == PSD_OK)
    psd_tally_done(&worker->refills, (psd_fleet_now() - since) / 1000U);
  else
    psd_tally_failed(&worker->refills, refusal);
  return result;
}

/* What follows the handshake; its own failures count as failures. */
static psd_result end_session(connection *of, psd_session *session, psd_refusal *refusal) {
  const psd_fleet_options *options = of->worker->fleet->options;
  psd_result result = options->binds ? psd_session_register(session, refusal) : PSD_OK;
  if (result == PSD_OK && options->refill != 0)
    result = refill(of, session, refusal);
  psd_session_close(session);
  if (!options->keep || !psd_call_is_open(of->call))
    hang_up(of);
  return result;
}

static void count_refusal(const connection *of, const psd_refusal *refusal) {
  psd_worker *worker = of->worker;
  psd_tally_failed(&worker->tally, refusal);
  (void)atomic_fetch_add(&worker->refused, 1);
  if (refusal->signal == PSD_SIGNAL_USER)
    psd_pace_stop(&worker->fleet->pace);
  else if (psd_result_unreachable(refusal->error.result))
    (void)psd_pace_rest(&worker->fleet->pace, REST_MS);
}

static void count_success(const connection *of, uint64_t due) {
  psd_worker *worker = of->worker;
  psd_tally_done(&worker->tally, (psd_fleet_now() - due) / 1000U);
  (void)atomic_fetch_add(&worker->finished, 1);
}

static void handshake(connection *of, psd_host *card, uint64_t due) {
  psd_fleet *fleet = of->worker->fleet;
  const psd_sign_on_options sign_on = {
      .user = fleet->options->user, .verifier = fleet->verifier, .suite = fleet->options->suite};
  psd_refusal refusal = {.step = PSD_STEP_NONE};
  psd_session *session = NULL;
  psd_result result = of->call == NULL ? connect_to_server(of, &refusal) : PSD_OK;
  if (result == PSD_OK)
    result = psd_session_open(of->call, card, &sign_on, &session, &refusal);
  if (result == PSD_OK) {
    count_success(of, due);
    result = end_session(of, session, &refusal);
  } else {
    hang_up(of);
  }
  if (result != PSD_OK)
    count_refusal(of, &refusal);
  psd_pace_tried(&fleet->pace);
}

void *psd_worker_run(void *argument) {
  connection of = {.worker = argument};
  psd_worker *worker = of.worker;
  psd_fleet *fleet = worker->fleet;
  uint64_t due = 0;
  while (psd_pace_next(&fleet->pace, &due)) {
    psd_fleet_card *card = psd_fleet_take(&fleet->cards); /* there are no fewer cards than threads */
    handshake(&of, card->host, due);
    psd_fleet_give_back(&fleet->cards, card);
  }
  hang_up(&of);
  const char over = 0;
  (void)!write(fleet->done, &over, sizeof over);
  return NULL;
}
