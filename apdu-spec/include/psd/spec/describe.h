/* Bytes into words, for traces and for people. Secrets are never among the words: data of commands that the table marks
 * HIDE, objects in SECRET format and fields of kind SECRET show their length alone.
 *
 * Each function appends to `text`, keeps it NUL-terminated, and cuts what does not fit. */
#ifndef PSD_SPEC_DESCRIBE_H
#define PSD_SPEC_DESCRIBE_H

#include "psd/spec/apdu.h"

typedef struct psd_text {
  char *at; /* the memory, `capacity` bytes, stays its owner's */
  size_t capacity;
  size_t length; /* without the NUL */
} psd_text;

/* An empty text over `capacity` (at least 1) bytes. */
psd_text psd_text_over(char *memory, size_t capacity);
/* Appends, printf-like. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void psd_say(psd_text *text, const char *format, ...);
/* Appends bytes in hexadecimal. */
void psd_say_hex(psd_text *text, const void *data, size_t length);
/* Appends an amount of mills as money, "12.345" or "12.34". */
void psd_say_amount(psd_text *text, uint64_t mills);
/* Appends a time of seconds since 1970 as "2026-11-21 17:45:00 UTC". */
void psd_say_time(psd_text *text, uint64_t seconds);

/* One field of a layout, `field->size` bytes; of a secret only its length. */
void psd_say_field(psd_text *text, const psd_field *field, const uint8_t *bytes);
/* One value of a format of objects.def: "ascending register 1.00, descending register 9.00, ...". */
void psd_describe_value(psd_text *text, psd_format format, const void *value, size_t length);
/* A list of data objects, one after the other; known tags by name. */
void psd_describe_list(psd_text *text, psd_cursor list);
/* "VERIFY P1 00 P2 81, 6 secret bytes". `length` bytes of any content. */
void psd_describe_command(psd_text *text, const uint8_t *command, size_t length);
/* The answer to that command: "postage registers: ...; 9000 done". */
void psd_describe_response(psd_text *text, const uint8_t *command, size_t command_length, const uint8_t *response,
                           size_t response_length);
/* "9000 done", "63C2 verification failed; ... (2 left)". */
void psd_describe_status(psd_text *text, uint16_t status);
/* An answer to reset, piece by piece (ISO/IEC 7816-3:2006, 8; historical bytes 7816-4:2005, 8.1.1), a line each. */
void psd_describe_atr(psd_text *text, const uint8_t *bytes, size_t length);

#endif
