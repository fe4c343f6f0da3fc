/* Lines of lists: INDICIUM[,ADDRESSEE[,VENDOR_TOKEN[,POSTAL_TOKEN]]], the indicium in hexadecimal digits. Columns may
 * stand in quotation marks, as RFC 4180 has them. */
#ifndef PSD_VERIFY_LINE_H
#define PSD_VERIFY_LINE_H

#include "verify/verify.h"

#define PSD_LINE_MAX 4096U /* bytes of the longest line, without its end */

typedef struct psd_line {
  uint8_t bytes[PSD_INDICIUM_MAX];
  size_t length;
  psd_piece_facts facts; /* texts lie in the line */
} psd_line;

/* True for a line to pass over: an empty one, or, where it is the first, the heading. */
bool psd_line_is_none(const char *text, size_t length, bool first);
/* Takes a line of `length` bytes apart, in place: text[length] is there and becomes the end. NULL, or what is wrong. */
const char *psd_line_parse(char *text, size_t length, psd_line *line);
/* A token as it is written, from 2 to 8 digits; false for anything else. */
bool psd_token_parse(const char *words, uint64_t *token, unsigned *digits);

#endif
