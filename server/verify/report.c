/* Lines, and files of columns, about many pieces. */
#include "verify/report.h"

#include <inttypes.h>
#include <string.h>

#include "psd/spec/amount.h"
#include "psd/spec/text.h"
#include "verify/report_words.h"

psd_check psd_piece_reason(const psd_piece_verdict *verdict) {
  for (unsigned i = 0; i < PSD_CHECK_COUNT; i++)
    if (verdict->checks[i].result == PSD_CHECK_FAILED)
      return (psd_check)i;
  return PSD_CHECK_SIGNATURE;
}

bool psd_claim_is_told(const psd_piece_verdict *verdict) {
  return verdict->checks[PSD_CHECK_FORM].result == PSD_CHECK_PASSED;
}

void psd_report_begin(const psd_report *report) {
  if (report->csv != NULL)
    (void)fputs("piece,result,reason,why,indicium,profile,kind,psd,piece_count,date,postage,ascending,descending\n",
                report->csv);
  if (report->evidence != NULL)
    (void)fputs("DEVICE,PIECE,AMOUNT,ASCENDING\n", report->evidence);
}

static void count(psd_verify_tally *tally, const psd_piece_verdict *verdict) {
  tally->pieces++;
  if (!verdict->accepted) {
    tally->refused[psd_piece_reason(verdict)]++;
    return;
  }
  tally->accepted++;
  for (unsigned i = 0; i < PSD_CHECK_COUNT; i++)
    tally->unknown[i] += verdict->checks[i].result == PSD_CHECK_UNKNOWN ? 1 : 0;
}

/* A text as a column (RFC 4180). */
static void put_column(FILE *out, const char *text) {
  (void)fputc('"', out);
  for (; *text != '\0'; text++) {
    if (*text == '"')
      (void)fputc('"', out);
    (void)fputc(*text, out);
  }
  (void)fputc('"', out);
}

static void put_hex(FILE *out, const uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length; i++)
    (void)fprintf(out, "%02X", bytes[i]);
}

static void put_amount(FILE *out, uint64_t mills) {
  char words[PSD_AMOUNT_WORDS];
  (void)fputs(psd_amount_words(words, mills), out);
}

/* The columns that only an indicium has. */
static void put_claim(FILE *out, const psd_claim *claim) {
  char device[PSD_WORDS_ROOM], date[PSD_WORDS_ROOM];
  (void)fprintf(out, ",%s,%s,%s,%" PRIu64 ",%s,", psd_profile_of(claim->profile)->name,
                psd_evidence_kind_name(claim->kind), psd_claim_device_words(claim, device), claim->fields.piece_count,
                psd_claim_date_words(claim, date));
  put_amount(out, claim->fields.postage);
  if (claim->profile == PSD_PROFILE_COMPACT) {
    (void)fputs(",,\n", out);
    return;
  }
  (void)fputc(',', out);
  put_amount(out, claim->fields.ascending);
  (void)fputc(',', out);
  put_amount(out, claim->fields.descending);
  (void)fputc('\n', out);
}

static void report_csv(FILE *out, const psd_origin *origin, const psd_claim *claim, const psd_piece_verdict *verdict) {
  char name[PSD_ORIGIN_ROOM];
  psd_check reason = psd_piece_reason(verdict);
  put_column(out, psd_origin_words(origin, name));
  if (verdict->accepted) {
    (void)fputs(",accepted,,,", out);
  } else {
    (void)fprintf(out, ",refused,%s,", psd_check_name(reason));
    put_column(out, verdict->checks[reason].words);
    (void)fputc(',', out);
  }
  put_hex(out, claim->bytes, claim->length);
  if (psd_claim_is_told(verdict))
    put_claim(out, claim);
  else
    (void)fputs(",,,,,,,,\n", out);
}

/* What a PSD has signed is evidence against it, whether the piece is good for mail or not. */
static void report_evidence(FILE *out, const psd_claim *claim, const psd_piece_verdict *verdict) {
  char device[PSD_WORDS_ROOM];
  if (verdict->checks[PSD_CHECK_SIGNATURE].result != PSD_CHECK_PASSED)
    return;
  (void)fprintf(out, "%s,%" PRIu64 ",", psd_claim_device_words(claim, device), claim->fields.piece_count);
  put_amount(out, claim->fields.postage);
  (void)fputc(',', out);
  if (claim->profile != PSD_PROFILE_COMPACT)
    put_amount(out, claim->fields.ascending);
  (void)fputc('\n', out);
}

static void report_words(FILE *out, const psd_origin *origin, const psd_piece_verdict *verdict) {
  char name[PSD_ORIGIN_ROOM];
  psd_check reason = psd_piece_reason(verdict);
  if (!verdict->accepted)
    (void)fprintf(out, "%s: refused: %s: %s\n", psd_origin_words(origin, name), psd_check_name(reason),
                  verdict->checks[reason].words);
}

void psd_report_piece(psd_report *report, const psd_origin *origin, const psd_claim *claim,
                      const psd_piece_verdict *verdict) {
  count(&report->tally, verdict);
  if (report->words != NULL)
    report_words(report->words, origin, verdict);
  if (report->json != NULL)
    psd_json_piece(report->json, NULL, origin, claim, verdict);
  if (report->csv != NULL)
    report_csv(report->csv, origin, claim, verdict);
  if (report->evidence != NULL)
    report_evidence(report->evidence, claim, verdict);
}

void psd_report_flush(const psd_report *report) {
  if (report->words != NULL)
    (void)fflush(report->words);
  if (report->json != NULL)
    (void)fflush(report->json->out);
  if (report->csv != NULL)
    (void)fflush(report->csv);
}

static uint64_t per_second(const psd_verify_tally *tally, uint64_t milliseconds) {
  return milliseconds > 0 ? tally->pieces * 1000U / milliseconds : 0;
}

void psd_show_tally(FILE *out, const psd_verify_tally *tally, uint64_t milliseconds) {
  (void)fprintf(out, "%" PRIu64 " piece%s in %" PRIu64 ".%" PRIu64 " s", tally->pieces, tally->pieces == 1 ? "" : "s",
                milliseconds / 1000U, milliseconds % 1000U / 100U);
  if (milliseconds > 0)
    (void)fprintf(out, ", %" PRIu64 " a second", per_second(tally, milliseconds));
  (void)fprintf(out, "\n%10" PRIu64 "  accepted\n", tally->accepted);
  for (unsigned i = 0; i < PSD_CHECK_COUNT; i++)
    if (tally->refused[i] != 0)
      (void)fprintf(out, "%10" PRIu64 "  refused: %s\n", tally->refused[i], psd_check_name((psd_check)i));
  for (unsigned i = 0; i < PSD_CHECK_COUNT; i++)
    if (tally->unknown[i] != 0)
      (void)fprintf(out, "%10" PRIu64 "  of the accepted: %s unknown\n", tally->unknown[i],
                    psd_check_name((psd_check)i));
}

static void json_counts(psd_json *json, const char *name, const uint64_t counts[PSD_CHECK_COUNT]) {
  psd_json_object(json, name);
  for (unsigned i = 0; i < PSD_CHECK_COUNT; i++)
    if (counts[i] != 0)
      psd_json_number(json, psd_check_name((psd_check)i), counts[i]);
  psd_json_end_object(json);
}

void psd_json_tally(psd_json *json, const psd_verify_tally *tally, uint64_t milliseconds) {
  psd_json_number(json, "pieces", tally->pieces);
  psd_json_number(json, "accepted", tally->accepted);
  psd_json_number(json, "refused", tally->pieces - tally->accepted);
  json_counts(json, "refused_for", tally->refused);
  json_counts(json, "accepted_with_unknown", tally->unknown);
  psd_json_number(json, "milliseconds", milliseconds);
  psd_json_number(json, "per_second", per_second(tally, milliseconds));
}
