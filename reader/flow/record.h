/* Records (docs/handshake.md): AES-256-GCM under one traffic key, each with the next sequence number. */
#ifndef PSD_READER_RECORD_H
#define PSD_READER_RECORD_H

#include "psd/spec/session.h"

/* One direction. */
typedef struct psd_record_key {
  uint8_t bytes[PSD_TRAFFIC_KEY]; /* key and vector */
  uint64_t sequence;              /* of the next record */
} psd_record_key;

/* Appends the record of `length` bytes of text, PSD_GCM_TAG bytes longer. False when it does not fit, the sequence
 * numbers are used up, or the library fails; the key then stays as it was. */
bool psd_record_seal(psd_record_key *key, psd_frame_type type, const void *text, size_t length, psd_buffer *out);

/* Appends the text of a record. False, with nothing appended, when it is not the next authentic one. */
bool psd_record_open(psd_record_key *key, psd_frame_type type, const void *record, size_t length, psd_buffer *out);

#endif
