#include "verify/line.h"

#include <string.h>
#include <strings.h>

#include "psd/spec/chars.h"

#define COLUMNS 4U
#define HEADING "indicium"

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

static bool begins_heading(const char *text, size_t length) {
  return length >= strlen(HEADING) && strncasecmp(text, HEADING, strlen(HEADING)) == 0;
}

bool psd_line_is_none(const char *text, size_t length, bool first) {
  while (length > 0 && is_blank(text[length - 1]))
    length--;
  return length == 0 || (first && begins_heading(text, length));
}

bool psd_token_parse(const char *words, uint64_t *token, unsigned *digits) {
  *token = 0;
  for (*digits = 0; words[*digits] >= '0' && words[*digits] <= '9' && *digits <= PSD_TOKEN_DIGITS_MOST; ++*digits)
    *token = *token * 10U + (uint64_t)(words[*digits] - '0');
  return words[*digits] == '\0' && *digits >= PSD_TOKEN_DIGITS_LEAST && *digits <= PSD_TOKEN_DIGITS_MOST;
}

/* Takes the quotation marks away, in place; what follows the column, or NULL if they are not closed. */
static char *unquote(char *at, char **column) {
  char *to = at;
  *column = at;
  for (at++; *at != '\0'; at++) {
    if (*at == '"' && at[1] != '"') {
      *to = '\0';
      return at + 1;
    }
    at += *at == '"' ? 1 : 0;
    *to++ = *at;
  }
  return NULL;
}

/* Cuts a line into columns, in place; how many there are, or 0 if it cannot be cut. */
static size_t cut(char *at, char *columns[COLUMNS]) {
  for (size_t count = 0; count < COLUMNS;) {
    char *end = at + strcspn(at, ",");
    if (*at == '"')
      end = unquote(at, &columns[count]);
    else
      columns[count] = at;
    count++;
    if (end == NULL || (*end != ',' && *end != '\0'))
      return 0;
    if (*end == '\0')
      return count;
    *end = '\0';
    at = end + 1;
  }
  return 0;
}

static const char *take_bytes(const char *digits, psd_line *line) {
  size_t length = strlen(digits);
  if (length > 2 * sizeof line->bytes)
    return "the indicium is longer than any";
  line->length = psd_hex_bytes(digits, length, line->bytes, sizeof line->bytes);
  return line->length > 0 ? NULL : "the indicium is not in pairs of hexadecimal digits";
}

static bool take_token(const char *words, bool *given, uint64_t *token, unsigned *digits) {
  *given = words[0] != '\0';
  return !*given || psd_token_parse(words, token, digits);
}

const char *psd_line_parse(char *text, size_t length, psd_line *line) {
  static char nothing[] = "";
  char *columns[COLUMNS] = {nothing, nothing, nothing, nothing};
  *line = (psd_line){.length = 0};
  while (length > 0 && is_blank(text[length - 1]))
    length--;
  text[length] = '\0';
  if (length > PSD_LINE_MAX)
    return "the line is too long";
  if (strlen(text) != length)
    return "the line is no text";
  if (cut(text, columns) == 0)
    return "the line has not the columns INDICIUM,ADDRESSEE,VENDOR_TOKEN,POSTAL_TOKEN";
  const char *why = take_bytes(columns[0], line);
  if (why != NULL)
    return why;
  psd_piece_facts *facts = &line->facts;
  facts->addressee = columns[1][0] != '\0' ? columns[1] : NULL;
  if (!take_token(columns[2], &facts->vendor_given, &facts->vendor_token, &facts->vendor_digits) ||
      !take_token(columns[3], &facts->postal_given, &facts->postal_token, &facts->postal_digits))
    return "a token is not of 2 to 8 digits";
  return NULL;
}
