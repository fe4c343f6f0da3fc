#include "print/words.h"

#include "psd/spec/amount.h"
#include "psd/spec/calendar.h"
#include "psd/spec/chars.h"
#include "psd/spec/text.h"

#include <inttypes.h>
#include <string.h>

#define IN(field) psd_text_over(field, sizeof(field))

/* Appends in capital letters. */
static void say_loud(psd_text *text, const char *words) {
  for (; *words != '\0'; words++)
    psd_say(text, "%c", *words >= 'a' && *words <= 'z' ? *words - 'a' + 'A' : *words);
}

static bool say_date(psd_text *text, uint64_t date) {
  static const char months[][4] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
  uint64_t day;
  if (!psd_day_of_date(date, &day))
    return false;
  psd_say(text, "%s %02u %04u", months[date / 100 % 100 - 1], (unsigned)(date % 100), (unsigned)(date / 10000));
  return true;
}

/* Title, amount, and what is said of the kind: a test and a withdrawal pay for no mail, and must not look so. */
static void say_kind(const psd_evidence_head *head, psd_print_words *words) {
  psd_text title = IN(words->title), amount = IN(words->amount), kind = IN(words->kind), rated = IN(words->rated);
  bool for_mail = head->kind != PSD_EVIDENCE_TEST && head->kind != PSD_EVIDENCE_WITHDRAWAL;
  if (for_mail)
    psd_say(&title, "US POSTAGE");
  else
    say_loud(&title, psd_evidence_kind_name(head->kind));
  psd_say(&amount, "$");
  psd_say_amount(&amount, head->kind == PSD_EVIDENCE_WITHDRAWAL ? head->destination : head->postage);
  if (!for_mail)
    psd_say(&kind, "NOT VALID FOR MAIL");
  else if (head->kind != PSD_EVIDENCE_POSTAGE)
    say_loud(&kind, psd_evidence_kind_name(head->kind));
  if (head->kind == PSD_EVIDENCE_REDATE)
    psd_say(&rated, "OF PIECE %" PRIu64, head->destination);
  else if (psd_mail_class_words(head->mail_class) != NULL)
    say_loud(&rated, psd_mail_class_words(head->mail_class));
}

/* All its digits: a token is a number, but one of so many digits. */
static bool say_token(psd_text *text, char whose, uint64_t digits, uint64_t token) {
  if (digits == 0)
    return true;
  uint64_t most = 1;
  for (uint64_t i = 0; i < digits && i <= PSD_TOKEN_DIGITS_MOST; i++)
    most *= 10;
  psd_say(text, "%s%c %0*" PRIu64, text->length > 0 ? "   " : "", whose, (int)digits, token);
  return digits >= PSD_TOKEN_DIGITS_LEAST && digits <= PSD_TOKEN_DIGITS_MOST && token < most;
}

/* One line of somebody else's text, up to `end`, into `line`; blanks around it are left out. False for what cannot be
 * printed. What is longer than the longest line is cut where it is printed, so that it may be cut here. */
static bool take_line(const char *at, const char *end, char line[PSD_PRINT_LINE]) {
  psd_text text = psd_text_over(line, PSD_PRINT_LINE);
  while (at < end) {
    size_t length = psd_utf8_length((const uint8_t *)at, (size_t)(end - at));
    bool blank = length == 1 && strchr(" \t\r\n", *at) != NULL;
    if (length == 0 || (!blank && psd_utf8_control((const uint8_t *)at, length)))
      return false;
    if (blank && text.length > 0)
      psd_say(&text, " ");
    else if (!blank && text.length + length < PSD_PRINT_LINE)
      psd_say(&text, "%.*s", (int)length, at);
    at += length;
  }
  while (text.length > 0 && line[text.length - 1] == ' ')
    line[--text.length] = '\0';
  return true;
}

static psd_result refuse_text(const char *whose, psd_error *error) {
  return psd_error_set(error, PSD_BAD_INPUT, "the %s has a control character, or is no UTF-8", whose);
}

psd_result psd_print_place_of(const char *text, char place[PSD_PRINT_LINE], psd_error *error) {
  const char *at = text != NULL ? text : "";
  return take_line(at, at + strlen(at), place) ? PSD_OK : refuse_text("place", error);
}

psd_result psd_print_address_of(const char *text, const char *whose, psd_print_address *address, psd_error *error) {
  address->count = 0;
  for (const char *at = text != NULL ? text : ""; *at != '\0';) {
    char line[PSD_PRINT_LINE];
    const char *end = at + strcspn(at, "\n");
    if (!take_line(at, end, line))
      return refuse_text(whose, error);
    if (line[0] != '\0' && address->count == PSD_PRINT_ADDRESS_LINES)
      return psd_error_set(error, PSD_BAD_INPUT, "the %s has more than %u lines", whose, PSD_PRINT_ADDRESS_LINES);
    if (line[0] != '\0')
      memcpy(address->lines[address->count++], line, sizeof line);
    at = *end == '\n' ? end + 1 : end;
  }
  return PSD_OK;
}

psd_result psd_print_words_of(const psd_print_job *job, psd_print_words *words, psd_error *error) {
  const psd_evidence_head *head = &job->head;
  memset(words, 0, sizeof *words);
  if (psd_evidence_kind_name(head->kind) == NULL)
    return psd_error_set(error, PSD_BAD_INPUT, "there is no evidence of kind %" PRIu64, head->kind);
  if (head->postage > PSD_POSTAGE_MOST ||
      (head->kind == PSD_EVIDENCE_WITHDRAWAL && head->destination > PSD_ASCENDING_MOST))
    return psd_error_set(error, PSD_BAD_INPUT, "no indicium has such an amount");
  say_kind(head, words);
  psd_text date = IN(words->date);
  if (!say_date(&date, head->date))
    return psd_error_set(error, PSD_BAD_INPUT, "%" PRIu64 " is no date", head->date);
  psd_text tokens = IN(words->tokens);
  if (!say_token(&tokens, 'V', head->vendor_digits, head->vendor_token) ||
      !say_token(&tokens, 'P', head->postal_digits, head->postal_token))
    return psd_error_set(error, PSD_BAD_INPUT, "a digital token has more or fewer digits than it says");
  if (!psd_printable(&job->device.vendor, 2) || !psd_printable(&job->device.model, 2))
    return psd_error_set(error, PSD_BAD_INPUT, "the vendor or model of the PSD cannot be printed");
  psd_text device = IN(words->device), piece = IN(words->piece);
  psd_say(&device, "%.2s %.2s %08" PRIX64, (const char *)job->device.vendor, (const char *)job->device.model,
          job->device.serial);
  psd_say(&piece, "PIECE %" PRIu64, head->piece_count);
  return psd_print_place_of(job->place, words->place, error);
}
