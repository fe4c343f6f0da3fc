/* One piece, in full. */
#include <inttypes.h>

#include "psd/spec/amount.h"
#include "verify/report.h"
#include "verify/report_words.h"

static const char *result_words(psd_check_result result) {
  static const char *const words[] = {
      [PSD_CHECK_UNKNOWN] = "unknown", [PSD_CHECK_PASSED] = "ok", [PSD_CHECK_FAILED] = "FAILED"};
  return words[result];
}

static void line(const char *name, const char *value) {
  (void)printf("  %-13s %s\n", name, value);
}

static void line_number(const char *name, uint64_t number) {
  (void)printf("  %-13s %" PRIu64 "\n", name, number);
}

static void line_amount(const char *name, uint64_t mills) {
  char words[PSD_AMOUNT_WORDS];
  line(name, psd_amount_words(words, mills));
}

/* What the field of the destination is used for. */
static void show_destination(const psd_claim *claim) {
  if (claim->kind == PSD_EVIDENCE_REDATE)
    line_number("dated anew", claim->fields.destination);
  else if (claim->kind == PSD_EVIDENCE_WITHDRAWAL)
    line_amount("withdrawn", claim->fields.destination);
  else if (claim->fields.destination != 0)
    (void)printf("  %-13s %011" PRIu64 "\n", "destination", claim->fields.destination);
}

/* What a compact indicium has not. */
static void show_full(const psd_claim *claim) {
  line_amount("ascending", claim->fields.ascending);
  line_amount("descending", claim->fields.descending);
  line_number("certificate", claim->fields.certificate);
  (void)printf("  %-13s %05" PRIu64 "\n", "licensing ZIP", claim->fields.zip);
  show_destination(claim);
}

static void show_claim(const psd_site *site, const psd_claim *claim) {
  char words[PSD_WORDS_ROOM];
  line("profile", psd_profile_of(claim->profile)->name);
  line("kind", psd_evidence_kind_words(claim->kind));
  line_amount("postage", claim->fields.postage);
  line("date", claim->fields.date != 0 ? psd_claim_date_words(claim, words) : "not known");
  line("PSD", psd_claim_device_words(claim, words));
  line_number("piece", claim->fields.piece_count);
  line("rate", psd_claim_rate_words(site, claim, words));
  if (claim->profile != PSD_PROFILE_COMPACT)
    show_full(claim);
}

/* Of what is no indicium nothing more is looked at, and so nothing is told. */
static bool is_told(const psd_piece_verdict *verdict, unsigned check) {
  return verdict->checks[check].words[0] != '\0' || verdict->checks[check].result != PSD_CHECK_UNKNOWN;
}

void psd_show_checks(const psd_piece_verdict *verdict) {
  for (unsigned i = 0; i < PSD_CHECK_COUNT; i++)
    if (is_told(verdict, i))
      (void)printf("  %-13s %-8s %s\n", psd_check_name((psd_check)i), result_words(verdict->checks[i].result),
                   verdict->checks[i].words);
}

void psd_show_piece(const psd_site *site, const psd_origin *origin, const psd_claim *claim,
                    const psd_piece_verdict *verdict) {
  char name[PSD_ORIGIN_ROOM];
  psd_check reason = psd_piece_reason(verdict);
  (void)printf("%s\n", psd_origin_words(origin, name));
  if (psd_claim_is_told(verdict)) {
    show_claim(site, claim);
    (void)putchar('\n');
  }
  psd_show_checks(verdict);
  if (verdict->accepted)
    (void)puts("accepted");
  else
    (void)printf("refused: %s: %s\n", psd_check_name(reason), verdict->checks[reason].words);
}

/* As psd(1) shows amounts: a string of dollars, and a number of mills beside it. */
static void json_amount(psd_json *json, const char *name, const char *mills, uint64_t amount) {
  char words[PSD_AMOUNT_WORDS];
  psd_json_string(json, name, psd_amount_words(words, amount));
  psd_json_number(json, mills, amount);
}

static void json_rate(psd_json *json, const psd_site *site, const psd_claim *claim) {
  psd_rate_row row;
  if (claim->row == PSD_ROW_UNRATED)
    return;
  psd_json_number(json, "rate_row", claim->row);
  if (!psd_claim_rate_row(site, claim, &row))
    return;
  const char *name = psd_mail_class_name(row.mail_class);
  if (name != NULL)
    psd_json_string(json, "class", name);
  if (row.zone != 0)
    psd_json_number(json, "zone", row.zone);
  psd_json_number(json, "grams", row.grams);
}

static void json_full(psd_json *json, const psd_claim *claim) {
  json_amount(json, "ascending", "ascending_mills", claim->fields.ascending);
  json_amount(json, "descending", "descending_mills", claim->fields.descending);
  psd_json_number(json, "certificate", claim->fields.certificate);
  psd_json_number(json, "zip", claim->fields.zip);
  if (claim->kind == PSD_EVIDENCE_REDATE)
    psd_json_number(json, "dated_anew", claim->fields.destination);
  else if (claim->kind == PSD_EVIDENCE_WITHDRAWAL)
    json_amount(json, "withdrawn", "withdrawn_mills", claim->fields.destination);
  else if (claim->fields.destination != 0)
    psd_json_number(json, "destination", claim->fields.destination);
}

static void json_claim(psd_json *json, const psd_site *site, const psd_claim *claim) {
  char words[PSD_WORDS_ROOM];
  psd_json_string(json, "profile", psd_profile_of(claim->profile)->name);
  psd_json_string(json, "kind", psd_evidence_kind_name(claim->kind));
  json_amount(json, "postage", "postage_mills", claim->fields.postage);
  if (claim->fields.date != 0)
    psd_json_string(json, "date", psd_claim_date_words(claim, words));
  psd_json_string(json, "psd", psd_claim_device_words(claim, words));
  psd_json_number(json, "piece_count", claim->fields.piece_count);
  json_rate(json, site, claim);
  if (claim->profile != PSD_PROFILE_COMPACT)
    json_full(json, claim);
}

void psd_json_checks(psd_json *json, const psd_piece_verdict *verdict, psd_check reason) {
  static const char *const results[] = {
      [PSD_CHECK_UNKNOWN] = "unknown", [PSD_CHECK_PASSED] = "ok", [PSD_CHECK_FAILED] = "failed"};
  psd_json_object(json, "checks");
  for (unsigned i = 0; i < PSD_CHECK_COUNT; i++) {
    if (!is_told(verdict, i))
      continue;
    psd_json_object(json, psd_check_name((psd_check)i));
    psd_json_string(json, "result", results[verdict->checks[i].result]);
    psd_json_string(json, "words", verdict->checks[i].words);
    psd_json_end_object(json);
  }
  psd_json_end_object(json);
  psd_json_bool(json, "accepted", verdict->accepted);
  if (!verdict->accepted)
    psd_json_string(json, "reason", psd_check_name(reason));
}

void psd_json_piece(psd_json *json, const psd_site *site, const psd_origin *origin, const psd_claim *claim,
                    const psd_piece_verdict *verdict) {
  psd_json_object(json, NULL);
  psd_json_string(json, "file", origin->path);
  if (origin->line > 0)
    psd_json_number(json, "line", origin->line);
  if (origin->symbol > 0)
    psd_json_number(json, "symbol", origin->symbol);
  if (claim->length > 0)
    psd_json_hex(json, "indicium", claim->bytes, claim->length);
  if (psd_claim_is_told(verdict))
    json_claim(json, site, claim);
  psd_json_checks(json, verdict, psd_piece_reason(verdict));
  psd_json_end_object(json);
}
