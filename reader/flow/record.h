/* Records (docs/handshake.md): AES-256-GCM under one traffic key, each with the next sequence number; in suite classic,
 * triple-DES. */
#ifndef PSD_READER_RECORD_H
#define PSD_READER_RECORD_H

#include "psd/spec/session.h"

/* One direction. */
typedef struct psd_record_key {
  uint8_t bytes[PSD_TRAFFIC_KEY]; /* key and vector */
  uint64_t sequence;              /* of the next record */
  psd_suite suite;                /* 0 is as good as any that is not classic */
} psd_record_key;

#define PSD_RECORD_KEY 32U    /* bytes of key, before the vector */
#define PSD_RECORD_VECTOR 12U /* bytes of vector */

/* How a suite seals: `length` bytes from `in` to `out`, and the tag of them and of the frame's type; and back. False
 * when the library fails, or the tag is wrong. */
typedef struct psd_record_cipher {
  bool (*seal)(const uint8_t *key, const uint8_t vector[PSD_RECORD_VECTOR], uint8_t type, const uint8_t *in,
               size_t length, uint8_t *out, uint8_t tag[PSD_GCM_TAG]);
  bool (*open)(const uint8_t *key, const uint8_t vector[PSD_RECORD_VECTOR], uint8_t type, const uint8_t *in,
               size_t length, uint8_t *out, const uint8_t tag[PSD_GCM_TAG]);
} psd_record_cipher;
/* Suite classic, in builds that have it. */
extern const psd_record_cipher psd_record_classic;

/* Appends the record of `length` bytes of text, PSD_GCM_TAG bytes longer. False when it does not fit, the sequence
 * numbers are used up, or the library fails; the key then stays as it was. */
bool psd_record_seal(psd_record_key *key, psd_frame_type type, const void *text, size_t length, psd_buffer *out);

/* Appends the text of a record. False, with nothing appended, when it is not the next authentic one. */
bool psd_record_open(psd_record_key *key, psd_frame_type type, const void *record, size_t length, psd_buffer *out);

#endif
