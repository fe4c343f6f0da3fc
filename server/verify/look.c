#include "verify/look.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "psd/spec/chars.h"
#include "verify/line.h"
#include "verify/picture.h"

#define FIRST_ROOM 4U

void psd_findings_free(psd_findings *findings) {
  free(findings->claims);
  free(findings->verdicts);
  free(findings->origins);
  *findings = (psd_findings){.count = 0};
}

/* The block with room for `size` bytes; the old one, and `made` false, if there is no memory. */
static void *resized(void *block, size_t size, bool *made) {
  void *larger = realloc(block, size);
  if (larger != NULL)
    return larger;
  *made = false;
  return block;
}

static bool make_room(psd_findings *findings, size_t capacity) {
  bool made = true;
  findings->claims = resized(findings->claims, capacity * sizeof *findings->claims, &made);
  findings->verdicts = resized(findings->verdicts, capacity * sizeof *findings->verdicts, &made);
  findings->origins = resized(findings->origins, capacity * sizeof *findings->origins, &made);
  findings->capacity = made ? capacity : findings->capacity;
  return made;
}

void psd_findings_expect(psd_findings *findings, size_t count) {
  if (findings->capacity < count && !make_room(findings, count))
    findings->failed = true;
}

bool psd_findings_add(psd_findings *findings, const psd_origin *origin, size_t *at) {
  if (findings->count == findings->capacity && !make_room(findings, 2 * findings->capacity + FIRST_ROOM)) {
    findings->failed = true;
    return false;
  }
  *at = findings->count++;
  findings->origins[*at] = *origin;
  memset(&findings->claims[*at], 0, sizeof findings->claims[*at]);
  memset(&findings->verdicts[*at], 0, sizeof findings->verdicts[*at]);
  return true;
}

void psd_findings_refuse(psd_findings *findings, const psd_origin *origin, psd_check check, const char *why) {
  size_t at;
  if (psd_findings_add(findings, origin, &at))
    psd_find(&findings->verdicts[at], check, PSD_CHECK_FAILED, "%s", why);
}

/* An indicium that was found; `symbol` says in what. */
static void judge(const psd_site *site, const uint8_t *bytes, size_t length, const char *symbol,
                  const psd_piece_facts *facts, const psd_origin *origin, psd_findings *findings) {
  size_t at;
  if (!psd_findings_add(findings, origin, &at))
    return;
  psd_claim *claim = &findings->claims[at];
  psd_piece_verdict *verdict = &findings->verdicts[at];
  bool formed = psd_claim_read(bytes, length, claim, verdict);
  psd_find(verdict, PSD_CHECK_SYMBOL, PSD_CHECK_PASSED, "%s", symbol);
  if (formed)
    psd_site_judge(site, claim, facts, verdict);
}

void psd_look_at_line(const psd_site *site, char *text, size_t length, const psd_origin *origin,
                      psd_findings *findings) {
  psd_line line;
  const char *why = psd_line_parse(text, length, &line);
  if (why != NULL)
    psd_findings_refuse(findings, origin, PSD_CHECK_FORM, why);
  else
    judge(site, line.bytes, line.length, "not from a picture", &line.facts, origin, findings);
}

psd_file_kind psd_file_kind_of(const uint8_t *bytes, size_t length) {
  if (psd_scan_begins(bytes, length))
    return PSD_FILE_PICTURE;
  if (length > 0 && length < PSD_FILE_HEAD && (bytes[0] == PSD_INDICIUM_VERSION || bytes[0] == PSD_COMPACT_VERSION))
    return PSD_FILE_INDICIUM;
  return memchr(bytes, 0, length) == NULL ? PSD_FILE_TEXT : PSD_FILE_OTHER;
}

/* The search for the symbols of a picture. */
typedef struct search {
  const psd_site *site;
  const psd_piece_facts *facts;
  psd_origin origin;
  psd_findings *findings;
} search;

static void on_symbol(void *user, const uint8_t *bytes, size_t length, const char *symbology) {
  search *at = user;
  at->origin.symbol++;
  judge(at->site, bytes, length, symbology, at->facts, &at->origin, at->findings);
}

static void look_at_picture(FILE *in, search *at) {
  char words[PSD_CHECK_WORDS];
  psd_scan picture;
  size_t first = at->findings->count;
  if (!psd_scan_read(in, &picture, words, sizeof words)) {
    psd_findings_refuse(at->findings, &at->origin, PSD_CHECK_SYMBOL, words);
    return;
  }
  bool done = psd_decode_picture(picture.grey, picture.width, picture.height, picture.width, on_symbol, at);
  psd_scan_free(&picture);
  if (at->origin.symbol == 0)
    psd_findings_refuse(at->findings, &at->origin, PSD_CHECK_SYMBOL,
                        done ? "neither a Data Matrix nor a PDF417 symbol is in the picture" : "memory is short");
  else if (at->origin.symbol == 1 && at->findings->count > first)
    at->findings->origins[first].symbol = 0;
}

/* Hexadecimal digits, with blanks and line ends between them, as bytes; 0 if they are none. */
static size_t hex_bytes(const uint8_t *text, size_t length, uint8_t *bytes, size_t capacity) {
  char digits[PSD_FILE_HEAD * 2];
  size_t count = 0;
  for (size_t i = 0; i < length; i++) {
    if (isspace(text[i]) != 0)
      continue;
    if (count == sizeof digits)
      return 0;
    digits[count++] = (char)text[i];
  }
  return psd_hex_bytes(digits, count, bytes, capacity);
}

/* An indicium as bytes, or as text. */
static void look_at_bytes(FILE *in, const search *at) {
  uint8_t text[PSD_FILE_HEAD * 3], bytes[PSD_FILE_HEAD];
  size_t length = fread(text, 1, sizeof text, in);
  if (psd_file_kind_of(text, length) == PSD_FILE_INDICIUM) {
    judge(at->site, text, length, "not from a picture", at->facts, &at->origin, at->findings);
    return;
  }
  length = length < sizeof text ? hex_bytes(text, length, bytes, sizeof bytes) : 0;
  if (length > 0)
    judge(at->site, bytes, length, "not from a picture", at->facts, &at->origin, at->findings);
  else
    psd_findings_refuse(at->findings, &at->origin, PSD_CHECK_SYMBOL,
                        "it is no picture that can be read (PNG, PGM, PPM), and no indicium");
}

void psd_look_at_file(const psd_site *site, FILE *in, const psd_piece_facts *facts, const psd_origin *origin,
                      psd_findings *findings) {
  uint8_t head[PSD_PICTURE_HEAD];
  search at = {.site = site, .facts = facts, .origin = *origin, .findings = findings};
  size_t length = fread(head, 1, sizeof head, in);
  rewind(in);
  if (psd_scan_begins(head, length))
    look_at_picture(in, &at);
  else
    look_at_bytes(in, &at);
}
