/* What stands on a stamp beside the symbol, in words. */
#ifndef PSD_PRINT_WORDS_H
#define PSD_PRINT_WORDS_H

#include "psd/reader/print.h"

#define PSD_PRINT_LINE 512U

typedef struct psd_print_words {
  char title[16];  /* "US POSTAGE" */
  char amount[32]; /* "$0.73" */
  char date[16];   /* "NOV 22 2026" */
  char rated[40];  /* "FIRST-CLASS LETTER"; of a redate, which piece; "" for nothing */
  char kind[24];   /* "REDATE"; "" for postage */
  char device[16]; /* "PS D1 00000001" */
  char piece[24];  /* "PIECE 123" */
  char tokens[40]; /* "V 12345   P 67890"; "" for none */
  char place[PSD_PRINT_LINE];
} psd_print_words;

typedef struct psd_print_address {
  char lines[PSD_PRINT_ADDRESS_LINES][PSD_PRINT_LINE];
  size_t count;
} psd_print_address;

/* Puts the job into words. PSD_BAD_INPUT for what makes no sense, or cannot be printed. */
psd_result psd_print_words_of(const psd_print_job *job, psd_print_words *words, psd_error *error);
/* The place, as one line. PSD_BAD_INPUT for what cannot be printed. */
psd_result psd_print_place_of(const char *text, char place[PSD_PRINT_LINE], psd_error *error);
/* The lines of an address that are not blank; `whose` is what an error calls it. PSD_BAD_INPUT for more than there is
 * room for, and for what cannot be printed. */
psd_result psd_print_address_of(const char *text, const char *whose, psd_print_address *address, psd_error *error);

#endif
