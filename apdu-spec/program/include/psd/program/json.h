/* Writes JSON (RFC 8259), one object or array after the other, each on its own line. */
#ifndef PSD_PROGRAM_JSON_H
#define PSD_PROGRAM_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct psd_json {
  FILE *out;
  unsigned depth;
  bool more;    /* something stands before at this depth */
  bool compact; /* no line breaks and blanks inside */
} psd_json;

psd_json psd_json_on(FILE *out);
/* The same, each object or array on one line: for logs. */
psd_json psd_json_lines_on(FILE *out);
/* Opens an object or an array; `key` is NULL inside an array and at the top. */
void psd_json_object(psd_json *json, const char *key);
void psd_json_array(psd_json *json, const char *key);
void psd_json_end_object(psd_json *json);
void psd_json_end_array(psd_json *json);
/* Text of any bytes: what is no UTF-8 becomes U+FFFD. */
void psd_json_text(psd_json *json, const char *key, const void *text, size_t length);
void psd_json_string(psd_json *json, const char *key, const char *text);
void psd_json_hex(psd_json *json, const char *key, const void *bytes, size_t length);
void psd_json_number(psd_json *json, const char *key, uint64_t number);
/* The same for one that may be below zero. */
void psd_json_signed(psd_json *json, const char *key, int64_t number);
void psd_json_bool(psd_json *json, const char *key, bool value);

#endif
