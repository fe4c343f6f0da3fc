#include "kms/revoked_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 128U
#define FIRST_CAPACITY 64U

/* RFC 5280, 5.3.1. removeFromCRL is for lists of what changed, which these are not. */
static const struct reason {
  const char *name;
  unsigned code;
} reasons[] = {
    {"unspecified", 0},          {"keyCompromise", 1},      {"cACompromise", 2},
    {"affiliationChanged", 3},   {"superseded", 4},         {"certificateHold", 6},
    {"cessationOfOperation", 5}, {"privilegeWithdrawn", 9}, {"aACompromise", 10},
};

static bool say(char *why, const char *path, size_t line, const char *words) {
  (void)snprintf(why, PSD_KMS_WHY_MAX, "%.100s, line %zu: %.60s", path, line, words);
  return false;
}

/* Digits up to a comma, which is passed over. */
static bool take_number(const char **at, uint64_t *number) {
  uint64_t value = 0;
  const char *from = *at;
  for (; **at >= '0' && **at <= '9'; (*at)++) {
    if (value > (UINT64_MAX - 9U) / 10U)
      return false;
    value = value * 10U + (uint64_t)(**at - '0');
  }
  *number = value;
  return *at != from && *(*at)++ == ',';
}

static bool take_reason(const char *words, unsigned *reason) {
  for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
    if (strcmp(reasons[i].name, words) != 0)
      continue;
    *reason = reasons[i].code;
    return true;
  }
  return false;
}

/* What is wrong with a line; NULL for nothing. */
static const char *take_line(const char *line, uint64_t now, psd_x509_revoked *entry) {
  if (!take_number(&line, &entry->serial) || entry->serial == 0)
    return "it needs a serial number first, above 0";
  if (!take_number(&line, &entry->time) || entry->time > now)
    return "its time is none, or not in the past";
  return take_reason(line, &entry->reason) ? NULL : "its reason is none, such as keyCompromise";
}

static bool add(psd_kms_revoked_list *revoked, const psd_x509_revoked *entry) {
  /* Powers of two: full whenever the count is one. */
  if (revoked->count == 0 || (revoked->count >= FIRST_CAPACITY && (revoked->count & (revoked->count - 1U)) == 0)) {
    size_t capacity = revoked->count == 0 ? FIRST_CAPACITY : 2U * revoked->count;
    psd_x509_revoked *more = realloc(revoked->list, capacity * sizeof *more);
    if (more == NULL)
      return false;
    revoked->list = more;
  }
  revoked->list[revoked->count++] = *entry;
  return true;
}

static bool read_lines(FILE *file, const char *path, uint64_t now, psd_kms_revoked_list *revoked, char *why) {
  char line[LINE_MAX_BYTES];
  for (size_t number = 1; fgets(line, sizeof line, file) != NULL; number++) {
    psd_x509_revoked entry;
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] == '\0' || (number == 1 && strcmp(line, "serial,time,reason") == 0))
      continue;
    const char *wrong = take_line(line, now, &entry);
    if (wrong != NULL)
      return say(why, path, number, wrong);
    if (revoked->count == PSD_KMS_REVOKED_MOST || !add(revoked, &entry))
      return say(why, path, number, "there is no room for so many");
  }
  return ferror(file) == 0 || say(why, path, 0, strerror(errno));
}

static int by_serial(const void *a, const void *b) {
  const psd_x509_revoked *one = a, *other = b;
  return (one->serial > other->serial) - (one->serial < other->serial);
}

/* One certificate has one entry in a list (RFC 5280, 5.3). */
static bool check_twice(psd_kms_revoked_list *revoked, const char *path, char *why) {
  if (revoked->count > 0)
    qsort(revoked->list, revoked->count, sizeof *revoked->list, by_serial);
  for (size_t i = 1; i < revoked->count; i++)
    if (revoked->list[i].serial == revoked->list[i - 1U].serial) {
      (void)snprintf(why, PSD_KMS_WHY_MAX, "%.100s: certificate %llu is in it twice", path,
                     (unsigned long long)revoked->list[i].serial);
      return false;
    }
  return true;
}

bool psd_kms_revoked_read(const char *path, uint64_t now, psd_kms_revoked_list *revoked, char why[PSD_KMS_WHY_MAX]) {
  *revoked = (psd_kms_revoked_list){.count = 0};
  FILE *file = fopen(path, "re");
  if (file == NULL) {
    (void)snprintf(why, PSD_KMS_WHY_MAX, "%.100s: %.70s", path, strerror(errno));
    return false;
  }
  bool done = read_lines(file, path, now, revoked, why) && check_twice(revoked, path, why);
  (void)fclose(file);
  if (done)
    return true;
  free(revoked->list);
  revoked->list = NULL;
  return false;
}
