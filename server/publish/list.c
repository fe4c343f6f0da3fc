/* Lists of revoked certificates: kept, and made anew when one was revoked, or released, or the list is an hour old. */
#include <stdlib.h>
#include <string.h>

#include "crypto/evp.h"
#include "publish/internal.h"

/* What the key management system is to sign: the head's room, and the entries behind it. */
typedef struct draft {
  uint8_t body[PSD_SIZE_KMS_LIST + PSD_REVOKED_MOST * PSD_SIZE_REVOKED_ENTRY];
  psd_buffer entries;
  size_t count;
  uint64_t time, number;
} draft;

static bool put_entry(void *user, const psd_ca_entry *entry) {
  draft *at = user;
  psd_put_message(&at->entries, PSD_MESSAGE_REVOKED_ENTRY,
                  &(psd_revoked_entry){.certificate = entry->number, .time = entry->revoked, .reason = entry->reason});
  at->count++;
  return !at->entries.overflow;
}

static psd_db_result read_entries(psd_db *db, void *context) {
  draft *at = context;
  at->entries = psd_buffer_over(at->body + PSD_SIZE_KMS_LIST, sizeof at->body - PSD_SIZE_KMS_LIST);
  at->count = 0;
  return psd_ca_revoked_list(db, at->time, put_entry, at);
}

static psd_db_result take_number(psd_db *db, void *context) {
  return psd_ca_list_number(db, &((draft *)context)->number);
}

/* Has it signed, and keeps it; under the CA's lock. */
static psd_published make(psd_publish *publish, psd_publish_ca *ca, draft *at, const uint8_t hash[PSD_HASH]) {
  if (psd_publish_transaction(publish, true, take_number, at) != PSD_DB_DONE)
    return PSD_PUBLISHED_LATER;
  psd_kms_list head = {.ca_key = ca->key,
                       .number = at->number,
                       .from = at->time,
                       .until = at->time + PSD_PUBLISH_LIST_GOOD,
                       .count = at->count};
  psd_buffer body = psd_buffer_over(at->body, PSD_SIZE_KMS_LIST);
  psd_put_message(&body, PSD_MESSAGE_KMS_LIST, &head);
  size_t length = PSD_FRAME_BODY_MAX;
  uint8_t *der = malloc(length);
  if (der == NULL)
    return PSD_PUBLISHED_FAILED;
  psd_published result = psd_publish_ask(publish, PSD_FRAME_KMS_LIST, PSD_FRAME_KMS_LISTED, at->body,
                                         PSD_SIZE_KMS_LIST + at->entries.length, der, &length);
  if (result != PSD_PUBLISHED) {
    free(der);
    return result;
  }
  free(ca->list);
  ca->list = der;
  ca->list_length = length;
  ca->list_made = at->time;
  memcpy(ca->list_of, hash, PSD_HASH);
  psd_publish_say(publish, PSD_PUBLISH_INFO, "list of revoked certificates", "made anew");
  return PSD_PUBLISHED;
}

/* Is the list that is kept the one that would be made now? */
static bool stands(const psd_publish_ca *ca, const draft *at, const uint8_t hash[PSD_HASH]) {
  return ca->list != NULL && memcmp(ca->list_of, hash, PSD_HASH) == 0 && at->time >= ca->list_made &&
         at->time - ca->list_made < PSD_PUBLISH_LIST_EVERY;
}

static psd_published copy(const psd_publish_ca *ca, uint8_t **der, size_t *length) {
  *der = malloc(ca->list_length);
  if (*der == NULL)
    return PSD_PUBLISHED_FAILED;
  memcpy(*der, ca->list, ca->list_length);
  *length = ca->list_length;
  return PSD_PUBLISHED;
}

/* Under the CA's lock from the beginning: what was read first is signed first, and no list with a higher number has
 * less in it. */
static psd_published list(psd_publish *publish, psd_publish_ca *ca, draft *at, uint8_t **der, size_t *length) {
  uint8_t hash[PSD_HASH];
  at->time = psd_publish_now();
  if (psd_publish_transaction(publish, false, read_entries, at) != PSD_DB_DONE)
    return PSD_PUBLISHED_LATER;
  if (at->entries.overflow) {
    psd_publish_say(publish, PSD_PUBLISH_WARNING, "list of revoked certificates", "there are too many for one list");
    return PSD_PUBLISHED_FAILED;
  }
  if (!psd_hash(&(psd_part){at->entries.data, at->entries.length}, 1, hash))
    return PSD_PUBLISHED_FAILED;
  psd_published result = stands(ca, at, hash) ? PSD_PUBLISHED : make(publish, ca, at, hash);
  return result == PSD_PUBLISHED ? copy(ca, der, length) : result;
}

psd_published psd_publish_list(psd_publish *publish, psd_publish_ca *ca, uint8_t **der, size_t *length) {
  draft *at = calloc(1, sizeof *at);
  if (at == NULL)
    return PSD_PUBLISHED_FAILED;
  (void)pthread_mutex_lock(&ca->lock);
  psd_published result = list(publish, ca, at, der, length);
  (void)pthread_mutex_unlock(&ca->lock);
  free(at);
  return result;
}
