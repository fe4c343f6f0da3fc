/* One card: reached, used, lost and found again. */
#include <openssl/crypto.h>
#include <string.h>

#include "pool_internal.h"
#include "psd/proof/proof.h"
#include "psd/spec/amount.h"
#include "psd/spec/status.h"

static psd_result look(psd_tsa_card *card) {
  psd_rate_book book;
  psd_result result = psd_services_look(card->host, &card->services);
  if (result == PSD_OK)
    result = psd_rate_book_read(card->host, &book);
  if (result != PSD_OK)
    return result;
  const psd_rate_page *page = psd_rate_book_on(&book, card->services.meter.today);
  card->tariff = page != NULL ? (uint32_t)page->table.head.version : 0;
  uint8_t wanted = card->pool->settings->slot;
  card->slot = wanted != 0 ? wanted : psd_services_slot(&card->services, PSD_PURPOSE_POSTMARK);
  return PSD_OK;
}

static bool same(const psd_device_id *one, const psd_device_id *other) {
  return memcmp(one->vendor, other->vendor, sizeof one->vendor) == 0 &&
         memcmp(one->model, other->model, sizeof one->model) == 0 && one->serial == other->serial;
}

/* Before the PIN: a wrong card would count it as a wrong guess. */
static psd_result identify(psd_tsa_card *card) {
  psd_device_id found;
  psd_result result = psd_host_get_object(card->host, PSD_OBJECT_DEVICE_ID, &found);
  if (result != PSD_OK)
    return result;
  if (card->known && !same(&found, &card->device))
    return psd_host_fail(card->host, PSD_REFUSED, "another card is there now");
  card->device = found;
  card->known = true;
  return PSD_OK;
}

/* A PIN that was refused once is not tried again: each time is one less. */
static psd_result present(psd_tsa_card *card) {
  psd_result result = psd_host_select_psd(card->host, NULL);
  if (result == PSD_OK)
    result = identify(card);
  if (result == PSD_OK)
    result = psd_host_verify(card->host, card->pool->settings->pin);
  card->barred = result == PSD_REFUSED;
  return result;
}

/* A card that has no channel to spare is used on its basic one. */
static psd_result enter(psd_tsa_card *card) {
  psd_result result = psd_host_begin(card->host);
  if (result != PSD_OK)
    return result;
  result = psd_host_open_channel(card->host);
  if (result == PSD_OK || result == PSD_REFUSED)
    result = present(card);
  if (result == PSD_OK)
    result = look(card);
  return psd_host_end(card->host, result);
}

void psd_tsa_card_leave(psd_tsa_card *card) {
  psd_host_close(card->host);
  card->host = NULL;
}

psd_result psd_tsa_card_reach(psd_tsa_card *card, psd_error *error) {
  psd_transport *transport = NULL;
  psd_tsa_card_leave(card);
  psd_result result = card->place->reach(card->place->context, &transport, error);
  if (result == PSD_OK)
    result = psd_host_open(transport, &card->host, error);
  if (result != PSD_OK)
    return result;
  result = enter(card);
  if (result != PSD_OK) {
    *error = *psd_host_error(card->host);
    psd_tsa_card_leave(card);
  }
  return result;
}

/* Another program may have reset the card since, or somebody may have taken it out and put it back. */
static psd_result begin(psd_tsa_card *card) {
  psd_result result = psd_host_begin(card->host);
  if (result != PSD_RESET)
    return result;
  result = psd_host_reconnect(card->host);
  return result == PSD_OK ? present(card) : result;
}

/* The card's refusal, as a client is told; the log has the card's own words. */
static const char *reason_of(psd_tsa_card *card) {
  const psd_services *services = &card->services;
  if (look(card) != PSD_OK)
    return "the card does not answer";
  if (!services->rated)
    return "the meter has no rate table for today";
  if (card->slot == 0 || services->slots[card->slot - 1].state != PSD_SLOT_ACTIVE)
    return "the meter has no active key for postmarks";
  if (services->state.due > 0)
    return "the meter owes for a revocation";
  return psd_services_available(services) < psd_service_price(&services->prices, PSD_SERVICE_POSTMARK)
             ? "no funds"
             : "the meter refuses";
}

static void refuse(psd_tsa_card *card, psd_tsa_job *job) {
  psd_error said = *psd_host_error(card->host);
  psd_tsa_log_card(card->pool->log, card->number, "refuses", said.words);
  if (card->services.meter.clock.set == 0)
    psd_tsa_job_refuse(job, PSD_TSA_TIME_NOT_AVAILABLE, "the meter's clock was never set");
  else
    psd_tsa_job_refuse(job, PSD_TSA_SYSTEM_FAILURE, reason_of(card));
}

/* A policy is granted only if it is the one that the token will have. */
static bool policy_fits(psd_tsa_card *card, const psd_tsa_query *query) {
  if (!query->named || query->tariff == card->tariff)
    return true;
  return look(card) == PSD_OK && query->tariff == card->tariff;
}

/* What the card has answered is for this query; whoever asked for it checks the rest. */
static bool is_answer(const psd_tsa_query *query, const psd_buffer *token, psd_proof_postmark *postmark) {
  char why[PSD_PROOF_WHY_MAX];
  return psd_proof_read_postmark((psd_proof_bytes){token->data, token->length}, postmark, why) == PSD_PROOF_HOLDS &&
         postmark->digest == query->digest &&
         CRYPTO_memcmp(postmark->imprint, query->imprint, psd_digest_of(query->digest)->size) == 0;
}

static void grant(psd_tsa_card *card, psd_tsa_job *job, const psd_buffer *token) {
  psd_proof_postmark postmark;
  if (!is_answer(&job->query, token, &postmark)) {
    psd_tsa_log_card(card->pool->log, card->number, "errs", "the card's answer is no postmark of what was asked");
    psd_tsa_job_refuse(job, PSD_TSA_SYSTEM_FAILURE, "the meter errs");
    return;
  }
  /* What comes into force at midnight is known from the first stamp after it. */
  card->tariff = postmark.tariff;
  if (job->query.named && job->query.tariff != postmark.tariff) {
    psd_tsa_job_refuse(job, PSD_TSA_UNACCEPTED_POLICY, "the meter's rate table is another");
    return;
  }
  job->response = psd_buffer_over(job->memory, sizeof job->memory);
  psd_postmark_put_response(&job->response, token->data, token->length);
  job->granted = true;
  job->number = postmark.number;
}

static psd_result stamp(psd_tsa_card *card, psd_tsa_job *job, psd_buffer *token) {
  const psd_tsa_query *query = &job->query;
  psd_digested message = {.digest = query->digest};
  const psd_desk desk = {.host = card->host, .pin = card->pool->settings->pin, .services = &card->services};
  memcpy(message.bytes, query->imprint, sizeof message.bytes);
  return psd_postmark_make(&desk, card->slot, &message, query->nonce, query->nonce_length, query->certificate, token);
}

static psd_result serve(psd_tsa_card *card, psd_tsa_job *job) {
  uint8_t bytes[PSD_SERVICE_ANSWER_MAX];
  psd_buffer token = psd_buffer_over(bytes, sizeof bytes);
  if (card->slot == 0 && look(card) == PSD_OK && card->slot == 0) {
    psd_tsa_job_refuse(job, PSD_TSA_SYSTEM_FAILURE, "the meter has no active key for postmarks");
    return PSD_OK;
  }
  if (!policy_fits(card, &job->query)) {
    psd_tsa_job_refuse(job, PSD_TSA_UNACCEPTED_POLICY, "the meter's rate table is another");
    return PSD_OK;
  }
  psd_result result = stamp(card, job, &token);
  if (result == PSD_OK)
    grant(card, job, &token);
  else if (!psd_result_unreachable(result))
    refuse(card, job);
  return psd_result_unreachable(result) ? result : PSD_OK;
}

bool psd_tsa_card_stamp(psd_tsa_card *card, psd_tsa_job *job) {
  job->card = card->number;
  psd_result result = begin(card);
  if (result == PSD_OK)
    result = psd_host_end(card->host, serve(card, job));
  if (result == PSD_OK)
    return true;
  psd_tsa_log_card(card->pool->log, card->number, "gone", psd_host_error(card->host)->words);
  if (job->response.length == 0)
    psd_tsa_job_refuse(job, PSD_TSA_SYSTEM_FAILURE, "card gone");
  return false;
}
