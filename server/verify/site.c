/* A verification site (VM remote facility 222): its folder, and the order of its checks. */
#include "verify/site.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "psd/spec/calendar.h"
#include "verify/folder.h"

#define DAY_SECONDS 86400U

/* A folder that is not there is a mistake; what is not in it makes checks unknown. */
static bool folder_there(psd_site_reading *reading) {
  struct stat status;
  if (stat(reading->folder, &status) != 0) {
    psd_say(&reading->words, "%s: %s", reading->folder, strerror(errno));
    return false;
  }
  if (!S_ISDIR(status.st_mode))
    psd_say(&reading->words, "%s is no folder", reading->folder);
  return S_ISDIR(status.st_mode);
}

/* In this order: what is signed is read behind who may have signed it. */
static bool read_folder(psd_site_reading *reading) {
  return folder_there(reading) && psd_read_authorities(reading) && psd_read_certificates(reading) &&
         psd_read_dsa(reading) && psd_read_rates(reading) && psd_read_days(reading) && psd_read_totals(reading);
}

static bool make_locks(psd_site *site) {
  site->locks = malloc(PSD_SITE_LOCKS * sizeof *site->locks);
  for (size_t i = 0; site->locks != NULL && i < PSD_SITE_LOCKS; i++)
    (void)pthread_mutex_init(&site->locks[i].mutex, NULL);
  return site->locks != NULL;
}

static void free_locks(psd_site *site) {
  for (size_t i = 0; site->locks != NULL && i < PSD_SITE_LOCKS; i++)
    (void)pthread_mutex_destroy(&site->locks[i].mutex);
  free(site->locks);
}

psd_site *psd_site_open(const char *folder, const psd_verify_policy *policy, char *words, size_t room) {
  psd_site *site = calloc(1, sizeof *site);
  psd_site_reading *reading = calloc(1, sizeof *reading);
  if (site == NULL || reading == NULL || !make_locks(site)) {
    (void)snprintf(words, room, "no memory");
    free(reading);
    free(site);
    return NULL;
  }
  site->policy = *policy;
  site->today = policy->now / DAY_SECONDS;
  reading->site = site;
  reading->folder = folder;
  reading->words = psd_text_over(words, room);
  bool done = read_folder(reading);
  free(reading);
  if (done)
    return site;
  psd_site_close(site);
  return NULL;
}

void psd_site_close(psd_site *site) {
  if (site == NULL)
    return;
  psd_free_authorities(site);
  psd_free_dsa(site);
  psd_free_rates(site);
  psd_free_days(site);
  psd_free_certificates(site);
  free_locks(site);
  free(site->totals);
  free(site);
}

const char *psd_site_note(const psd_site *site, size_t index) {
  if (index == PSD_SITE_NOTES && site->note_count > PSD_SITE_NOTES)
    return "there are more notes on the folder than are told here";
  return index < site->note_count && index < PSD_SITE_NOTES ? site->notes[index] : NULL;
}

/* Pieces are dated anew that were made before. */
static bool dates_nothing(const psd_claim *claim) {
  return claim->kind == PSD_EVIDENCE_REDATE && claim->profile != PSD_PROFILE_COMPACT &&
         (claim->fields.destination == 0 || claim->fields.destination >= claim->fields.piece_count);
}

static void judge_kind(const psd_claim *claim, psd_piece_verdict *verdict) {
  bool mail = claim->kind != PSD_EVIDENCE_TEST && claim->kind != PSD_EVIDENCE_WITHDRAWAL;
  if (dates_nothing(claim))
    psd_find(verdict, PSD_CHECK_KIND, PSD_CHECK_FAILED, "a redate of no piece before it");
  else if (claim->kind == PSD_EVIDENCE_REDATE && claim->fields.destination != 0)
    psd_find(verdict, PSD_CHECK_KIND, PSD_CHECK_PASSED, "date correction: good only beside piece %lu",
             (unsigned long)claim->fields.destination);
  else if (claim->kind == PSD_EVIDENCE_REDATE || claim->kind == PSD_EVIDENCE_CORRECTION)
    psd_find(verdict, PSD_CHECK_KIND, PSD_CHECK_PASSED, "%s: good only beside another",
             psd_evidence_kind_words(claim->kind));
  else
    psd_find(verdict, PSD_CHECK_KIND, mail ? PSD_CHECK_PASSED : PSD_CHECK_FAILED, "%s%s",
             psd_evidence_kind_words(claim->kind), claim->kind == PSD_EVIDENCE_TEST ? "; not valid for mail" : "");
}

void psd_judge_date(const psd_site *site, uint64_t date, psd_piece_verdict *verdict) {
  char words[PSD_DAY_WORDS];
  uint64_t day = 0;
  if (date == 0) {
    psd_find(verdict, PSD_CHECK_DATE, PSD_CHECK_UNKNOWN, "the date of mailing is not known");
    return;
  }
  bool there = psd_day_of_date(date, &day);
  (void)psd_date_words(words, date);
  if (!there)
    psd_find(verdict, PSD_CHECK_DATE, PSD_CHECK_FAILED, "there is no date %s", words);
  else if (day + site->policy.days < site->today)
    psd_find(verdict, PSD_CHECK_DATE, PSD_CHECK_FAILED, "%s is more than %u days ago", words, site->policy.days);
  else if (day > site->today + site->policy.ahead)
    psd_find(verdict, PSD_CHECK_DATE, PSD_CHECK_FAILED, "%s is ahead", words);
  else
    psd_find(verdict, PSD_CHECK_DATE, PSD_CHECK_PASSED, "%s", words);
}

static void judge_full(const psd_site *site, const psd_claim *claim, psd_piece_verdict *verdict) {
  const psd_certificate *certificate = psd_judge_certificate(site, claim, verdict);
  psd_judge_revocation(site, certificate, claim->fields.date, verdict);
  psd_judge_signature(site, certificate, claim, verdict);
}

void psd_site_judge(const psd_site *site, psd_claim *claim, const psd_piece_facts *facts, psd_piece_verdict *verdict) {
  psd_token_input input = {
      .serial = claim->fields.serial, .postage = claim->fields.postage, .piece_count = claim->fields.piece_count};
  memcpy(input.vendor, claim->fields.vendor, sizeof input.vendor);
  memcpy(input.model, claim->fields.model, sizeof input.model);
  if (claim->profile == PSD_PROFILE_COMPACT) {
    psd_find(verdict, PSD_CHECK_CERTIFICATE, PSD_CHECK_UNKNOWN, "a compact indicium has none");
    psd_judge_compact(site, claim, verdict);
    psd_judge_revoked_psd(site, claim, verdict);
  } else {
    judge_full(site, claim, verdict);
  }
  judge_kind(claim, verdict);
  psd_judge_date(site, claim->fields.date, verdict);
  psd_judge_rate(site, claim, verdict);
  input.date = claim->fields.date;
  psd_judge_tokens(site, &input, facts, verdict);
  psd_judge_registers(site, claim, verdict);
  psd_find(verdict, PSD_CHECK_DUPLICATE, PSD_CHECK_UNKNOWN, "nobody has looked whether it was seen before");
}

void psd_site_judge_token(const psd_site *site, const psd_token_input *input, const psd_piece_facts *facts,
                          psd_piece_verdict *verdict) {
  *verdict = (psd_piece_verdict){.accepted = false};
  if (input->postage == 0)
    psd_find(verdict, PSD_CHECK_KIND, PSD_CHECK_FAILED, "without postage: a test has tokens too");
  psd_judge_date(site, input->date, verdict);
  psd_judge_tokens(site, input, facts, verdict);
}
