/* Lists of revoked certificates. The log is told before one leaves; its number is that of its record, so that a later
 * list has a greater one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kms/certificate.h"
#include "kms/commands.h"
#include "kms/notice.h"
#include "kms/revoked_list.h"

#define DAY 86400U
#define DAYS_UNSAID 30U

/* A list, made. */
typedef struct made_list {
  uint8_t *der;
  size_t length;
} made_list;

static bool note(psd_kms *kms, const psd_kms_key *ca, size_t count, const made_list *made, uint64_t now) {
  psd_kms_events events = {.count = 0};
  psd_kms_event event = {.event = PSD_KMS_EVENT_REVOKED,
                         .time = now,
                         .kind = PSD_KMS_CA,
                         .key = ca->identifier,
                         .from = ca->state,
                         .to = ca->state,
                         .sequence = (uint32_t)count};
  return psd_hash(&(psd_part){made->der, made->length}, 1, event.digest) && psd_kms_note(&events, &event) &&
         psd_kms_record_events(kms, &events);
}

/* Number and record go together: between the two nobody else writes to the log. */
static bool make(psd_kms *kms, const psd_kms_options *options, const psd_kms_revoked_list *revoked, made_list *made,
                 char *why) {
  uint64_t now = psd_kms_now(), until = now + (options->days != 0 ? options->days : DAYS_UNSAID) * (uint64_t)DAY;
  if (psd_kms_archive_begin(kms, why) == NULL)
    return false;
  const psd_kms_key *ca = psd_kms_command_ca_key(psd_kms_keys(kms), options->identifier, why);
  bool done = ca != NULL;
  const psd_kms_revoked_list_wish wish = {
      .revoked = revoked->list, .count = revoked->count, .number = psd_kms_next_record(kms), .validity = {now, until}};
  if (done && !(psd_kms_revocation_list(psd_kms_keys(kms), ca, &wish, &made->der, &made->length) &&
                note(kms, ca, revoked->count, made, now))) {
    (void)snprintf(why, PSD_KMS_WHY_MAX, "the list cannot be made, or the log not be written");
    done = false;
  }
  psd_kms_archive_end(kms);
  return done;
}

static bool print(const made_list *made, char *why) {
  size_t capacity = made->length / 2U * 3U + 128U;
  char *pem = malloc(capacity);
  bool done = pem != NULL && psd_x509_crl_pem((psd_part){made->der, made->length}, pem, capacity);
  if (done)
    (void)fputs(pem, stdout);
  else
    (void)snprintf(why, PSD_KMS_WHY_MAX, "the list cannot be printed");
  free(pem);
  return done;
}

int psd_kms_command_crl(const psd_kms_options *options) {
  char why[PSD_KMS_WHY_MAX];
  psd_kms_revoked_list revoked;
  made_list made = {.der = NULL};
  if (!psd_kms_revoked_read(options->revoked, psd_kms_now(), &revoked, why))
    return psd_kms_command_refused(why);
  psd_kms *kms = psd_kms_command_open(options);
  bool done = kms != NULL && make(kms, options, &revoked, &made, why) && print(&made, why);
  bool opened = kms != NULL;
  psd_kms_close(kms);
  free(made.der);
  free(revoked.list);
  if (done)
    return PSD_EXIT_DONE;
  return opened ? psd_kms_command_refused(why) : PSD_EXIT_REFUSED;
}
