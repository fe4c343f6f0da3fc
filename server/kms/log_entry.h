/* The chain of the log: what is hashed and what is signed.
 *
 *     entry     = KMS_RECORD || signature over "psd kms log" || KMS_RECORD
 *     hash      = Hash(entry), which is `previous` of the next record
 *     head      = KMS_HEAD || signature over "psd kms log head" || KMS_HEAD */
#ifndef PSD_KMS_LOG_ENTRY_H
#define PSD_KMS_LOG_ENTRY_H

#include "kms/log.h"

#define PSD_KMS_LOG_FILE "log"
#define PSD_KMS_HEAD_FILE "log.head"

bool psd_kms_entry_hash(const uint8_t entry[PSD_KMS_ENTRY], uint8_t hash[PSD_HASH]);
/* Gives a record its place after `tail`, signs it, and moves `tail` on. */
bool psd_kms_entry_make(psd_kms_tail *tail, const psd_pair *key, psd_kms_record *record, uint8_t entry[PSD_KMS_ENTRY]);
bool psd_kms_head_make(const psd_kms_tail *tail, const psd_pair *key,
                       uint8_t bytes[PSD_SIZE_KMS_HEAD + PSD_KMS_SIGNATURE]);
bool psd_kms_entry_signed(const uint8_t *point, const uint8_t entry[PSD_KMS_ENTRY]);
/* Reads a signed head; false if it is none, or not signed with that key. */
bool psd_kms_head_open(const uint8_t *point, const uint8_t *bytes, size_t length, psd_kms_tail *head);

#endif
