#include "reader_json.h"

#include <stddef.h>
#include <string.h>

#define DEPTH_MAX 32

typedef struct parser {
  const unsigned char *at;
  int depth;
} parser;

static bool value(parser *p);

static void blanks(parser *p) {
  while (*p->at == ' ' || *p->at == '\n' || *p->at == '\t' || *p->at == '\r')
    p->at++;
}

static bool one_of(unsigned char c, const char *set) {
  return c != '\0' && strchr(set, c) != NULL;
}

/* Bytes of one UTF-8 character; 0 for none. Strict enough to find a byte that was passed on unchecked. */
static size_t character(const unsigned char *at) {
  size_t more = at[0] < 0x80 ? 0 : at[0] >= 0xC2 && at[0] < 0xE0 ? 1 : at[0] >= 0xE0 && at[0] < 0xF0 ? 2 : 3;
  if (at[0] >= 0x80 && (at[0] < 0xC2 || at[0] > 0xF4))
    return 0;
  for (size_t i = 1; i <= more; i++)
    if ((at[i] & 0xC0) != 0x80)
      return 0;
  return 1 + more;
}

static bool escape(parser *p) {
  p->at++;
  if (*p->at != 'u') {
    bool known = one_of(*p->at, "\"\\/bfnrt");
    p->at++;
    return known;
  }
  p->at++;
  for (int i = 0; i < 4; i++, p->at++)
    if (!one_of(*p->at, "0123456789abcdefABCDEF"))
      return false;
  return true;
}

static bool string(parser *p) {
  if (*p->at++ != '"')
    return false;
  while (*p->at != '"') {
    if (*p->at < 0x20)
      return false;
    if (*p->at == '\\') {
      if (!escape(p))
        return false;
      continue;
    }
    size_t length = character(p->at);
    if (length == 0)
      return false;
    p->at += length;
  }
  p->at++;
  return true;
}

static bool number(parser *p) {
  const unsigned char *start = p->at;
  while (*p->at >= '0' && *p->at <= '9')
    p->at++;
  return p->at > start && (p->at == start + 1 || *start != '0');
}

static bool word(parser *p, const char *text) {
  bool same = strncmp((const char *)p->at, text, strlen(text)) == 0;
  p->at += same ? strlen(text) : 0;
  return same;
}

/* The members of an object or an array, up to the closing bracket. */
static bool members(parser *p, bool keyed, unsigned char close) {
  p->at++;
  blanks(p);
  if (*p->at == close) {
    p->at++;
    return true;
  }
  for (;;) {
    blanks(p);
    if (keyed) {
      if (!string(p))
        return false;
      blanks(p);
      if (*p->at++ != ':')
        return false;
    }
    if (!value(p))
      return false;
    blanks(p);
    if (*p->at == close) {
      p->at++;
      return true;
    }
    if (*p->at++ != ',')
      return false;
  }
}

static bool value(parser *p) {
  bool ok = ++p->depth <= DEPTH_MAX;
  blanks(p);
  if (*p->at == '{')
    ok = ok && members(p, true, '}');
  else if (*p->at == '[')
    ok = ok && members(p, false, ']');
  else if (*p->at == '"')
    ok = ok && string(p);
  else if (*p->at >= '0' && *p->at <= '9')
    ok = ok && number(p);
  else
    ok = ok && (word(p, "true") || word(p, "false") || word(p, "null"));
  p->depth--;
  return ok;
}

bool json_valid(const char *text) {
  parser p = {.at = (const unsigned char *)text};
  if (!value(&p))
    return false;
  blanks(&p);
  return *p.at == '\0';
}
