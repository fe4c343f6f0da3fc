#include "kms/log_entry.h"

#include <string.h>

static const char record_label[] = "psd kms log";
static const char head_label[] = "psd kms log head";

static psd_part label(const char *text) {
  return (psd_part){text, strlen(text)};
}

bool psd_kms_entry_hash(const uint8_t entry[PSD_KMS_ENTRY], uint8_t hash[PSD_HASH]) {
  return psd_hash(&(psd_part){entry, PSD_KMS_ENTRY}, 1, hash);
}

bool psd_kms_entry_make(psd_kms_tail *tail, const psd_pair *key, psd_kms_record *record, uint8_t entry[PSD_KMS_ENTRY]) {
  psd_buffer out = psd_buffer_over(entry, PSD_SIZE_KMS_RECORD);
  record->index = tail->count;
  memcpy(record->previous, tail->hash, sizeof record->previous);
  psd_put_message(&out, PSD_MESSAGE_KMS_RECORD, record);
  const psd_part parts[] = {label(record_label), {entry, PSD_SIZE_KMS_RECORD}};
  if (out.overflow || tail->count == UINT32_MAX || !psd_pair_sign(key, parts, 2, entry + PSD_SIZE_KMS_RECORD))
    return false;
  tail->count++;
  return psd_kms_entry_hash(entry, tail->hash);
}

bool psd_kms_entry_signed(const uint8_t *point, const uint8_t entry[PSD_KMS_ENTRY]) {
  const psd_part parts[] = {label(record_label), {entry, PSD_SIZE_KMS_RECORD}};
  return psd_point_verify(point, parts, 2, entry + PSD_SIZE_KMS_RECORD);
}

bool psd_kms_head_make(const psd_kms_tail *tail, const psd_pair *key,
                       uint8_t bytes[PSD_SIZE_KMS_HEAD + PSD_KMS_SIGNATURE]) {
  psd_kms_head head = {.count = tail->count};
  psd_buffer out = psd_buffer_over(bytes, PSD_SIZE_KMS_HEAD);
  memcpy(head.hash, tail->hash, sizeof head.hash);
  psd_put_message(&out, PSD_MESSAGE_KMS_HEAD, &head);
  const psd_part parts[] = {label(head_label), {bytes, PSD_SIZE_KMS_HEAD}};
  return psd_pair_sign(key, parts, 2, bytes + PSD_SIZE_KMS_HEAD);
}

bool psd_kms_head_open(const uint8_t *point, const uint8_t *bytes, size_t length, psd_kms_tail *head) {
  psd_kms_head fields;
  const psd_part parts[] = {label(head_label), {bytes, PSD_SIZE_KMS_HEAD}};
  if (length != PSD_SIZE_KMS_HEAD + PSD_KMS_SIGNATURE ||
      !psd_parse_message(bytes, PSD_SIZE_KMS_HEAD, PSD_MESSAGE_KMS_HEAD, &fields) ||
      !psd_point_verify(point, parts, 2, bytes + PSD_SIZE_KMS_HEAD))
    return false;
  head->count = (uint32_t)fields.count;
  memcpy(head->hash, fields.hash, sizeof head->hash);
  return true;
}
