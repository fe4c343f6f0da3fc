#include "psd/program/json.h"

#include "psd/spec/chars.h"

#include <inttypes.h>
#include <string.h>

psd_json psd_json_on(FILE *out) {
  return (psd_json){.out = out};
}

psd_json psd_json_lines_on(FILE *out) {
  return (psd_json){.out = out, .compact = true};
}

/* The next line, where there are several. */
static void break_line(const psd_json *json) {
  if (json->compact)
    return;
  fputc('\n', json->out);
  for (unsigned i = 0; i < json->depth; i++)
    fputs("  ", json->out);
}

static void put_quoted(FILE *out, const uint8_t *at, size_t left) {
  fputc('"', out);
  while (left > 0) {
    size_t length = psd_utf8_length(at, left);
    if (length == 0)
      fputs("\\ufffd", out);
    else if (*at == '"' || *at == '\\')
      fprintf(out, "\\%c", *at);
    else if (psd_utf8_control(at, length))
      fprintf(out, "\\u%04x", at[length - 1]); /* C1: the second byte is the code */
    else
      fwrite(at, 1, length, out);
    at += length == 0 ? 1 : length;
    left -= length == 0 ? 1 : length;
  }
  fputc('"', out);
}

/* What stands before a value: a comma, a new line, the key. */
static void lead_in(psd_json *json, const char *key) {
  if (json->more)
    fputc(',', json->out);
  if (json->depth > 0)
    break_line(json);
  if (key != NULL) {
    put_quoted(json->out, (const uint8_t *)key, strlen(key));
    fputs(json->compact ? ":" : ": ", json->out);
  }
  json->more = true;
}

static void open_with(psd_json *json, const char *key, char bracket) {
  lead_in(json, key);
  fputc(bracket, json->out);
  json->depth++;
  json->more = false;
}

static void close_with(psd_json *json, char bracket) {
  json->depth--;
  if (json->more)
    break_line(json);
  fputc(bracket, json->out);
  json->more = json->depth > 0;
  if (json->depth == 0)
    fputc('\n', json->out);
}

void psd_json_object(psd_json *json, const char *key) {
  open_with(json, key, '{');
}

void psd_json_array(psd_json *json, const char *key) {
  open_with(json, key, '[');
}

void psd_json_end_object(psd_json *json) {
  close_with(json, '}');
}

void psd_json_end_array(psd_json *json) {
  close_with(json, ']');
}

void psd_json_text(psd_json *json, const char *key, const void *text, size_t length) {
  lead_in(json, key);
  put_quoted(json->out, text, length);
}

void psd_json_string(psd_json *json, const char *key, const char *text) {
  psd_json_text(json, key, text, strlen(text));
}

void psd_json_hex(psd_json *json, const char *key, const void *bytes, size_t length) {
  const uint8_t *at = bytes;
  lead_in(json, key);
  fputc('"', json->out);
  for (size_t i = 0; i < length; i++) {
    fputc("0123456789ABCDEF"[at[i] >> 4], json -> out);
    fputc("0123456789ABCDEF"[at[i] & 0xF], json -> out);
  }
  fputc('"', json->out);
}

void psd_json_number(psd_json *json, const char *key, uint64_t number) {
  lead_in(json, key);
  fprintf(json->out, "%" PRIu64, number);
}

void psd_json_signed(psd_json *json, const char *key, int64_t number) {
  lead_in(json, key);
  fprintf(json->out, "%" PRId64, number);
}

void psd_json_bool(psd_json *json, const char *key, bool value) {
  lead_in(json, key);
  fputs(value ? "true" : "false", json->out);
}
