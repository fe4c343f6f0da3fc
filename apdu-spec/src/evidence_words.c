/* Names and words of evidence.def, for programs: the card has no use for them. */
#include "psd/spec/evidence.h"

#include <string.h>

typedef struct named {
  uint8_t value;
  const char *name, *words;
} named;

static const named kinds[] = {
#define PSD_EVIDENCE_KIND(NAME, value, name, words) {value, name, words},
#include "evidence.def"
};
static const named classes[] = {
#define PSD_MAIL_CLASS(NAME, value, name, words) {value, name, words},
#include "evidence.def"
};
static const named domains[] = {
#define PSD_TOKEN_DOMAIN(NAME, value, name, words) {value, name, words},
#include "evidence.def"
};
static const named orders[] = {
#define PSD_TOKEN_ORDER(NAME, value, name, words) {value, name, words},
#include "evidence.def"
};
#define FIND(table, value) find(table, sizeof(table) / sizeof((table)[0]), value)

static const named *find(const named *table, size_t count, uint64_t value) {
  static const named none = {0, NULL, NULL};
  for (size_t i = 0; i < count; i++)
    if (table[i].value == value)
      return &table[i];
  return &none;
}

const char *psd_evidence_kind_name(uint64_t kind) {
  return FIND(kinds, kind)->name;
}

const char *psd_evidence_kind_words(uint64_t kind) {
  return FIND(kinds, kind)->words;
}

const char *psd_mail_class_name(uint64_t mail_class) {
  return FIND(classes, mail_class)->name;
}

const char *psd_mail_class_words(uint64_t mail_class) {
  return FIND(classes, mail_class)->words;
}

const char *psd_token_domain_name(uint64_t domain) {
  return FIND(domains, domain)->name;
}

const char *psd_token_order_name(uint64_t order) {
  return FIND(orders, order)->name;
}

static bool find_name(const named *table, size_t count, const char *name, uint8_t *value) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(table[i].name, name) != 0)
      continue;
    *value = table[i].value;
    return true;
  }
  return false;
}

bool psd_mail_class_named(const char *name, uint8_t *mail_class) {
  return find_name(classes, sizeof classes / sizeof classes[0], name, mail_class);
}

bool psd_token_domain_named(const char *name, uint8_t *domain) {
  return find_name(domains, sizeof domains / sizeof domains[0], name, domain);
}

bool psd_token_order_named(const char *name, uint8_t *order) {
  return find_name(orders, sizeof orders / sizeof orders[0], name, order);
}
