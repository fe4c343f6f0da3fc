/* BER-TLV as ISO/IEC 7816-4:2005, 5.2.2 allows it: tags of one to three bytes, definite lengths in the fewest bytes.
 * Indefinite, over-long and truncated forms are refused. */
#ifndef PSD_SPEC_TLV_H
#define PSD_SPEC_TLV_H

#include "psd/spec/cursor.h"

typedef struct psd_tlv {
  uint32_t tag;
  psd_cursor value;
} psd_tlv;

/* True for a tag whose value is a list of data objects (5.2.2.1: bit 6 of the first byte). */
bool psd_tag_constructed(uint32_t tag);
/* Takes a tag; 0 (and the cursor fails) when it is malformed. */
uint32_t psd_take_tag(psd_cursor *cursor);
/* Takes the next data object. False at the end, or when it is malformed: then the cursor has failed too. */
bool psd_take_tlv(psd_cursor *cursor, psd_tlv *tlv);
/* Finds the first data object `tag` in a list. False if there is none or the list is malformed before it. */
bool psd_find_tlv(psd_cursor list, uint32_t tag, psd_tlv *tlv);

/* Appends a tag of one to three bytes. */
void psd_put_tag(psd_buffer *buffer, uint32_t tag);
/* Appends one data object. */
void psd_put_tlv(psd_buffer *buffer, uint32_t tag, const void *value, size_t length);
/* Opens a data object whose length is not known yet; what is appended until psd_close_tlv is its value. Returns
 * what psd_close_tlv needs; they may be nested. */
size_t psd_open_tlv(psd_buffer *buffer, uint32_t tag);
/* Puts the length in its place. Without room for it the buffer overflows. */
void psd_close_tlv(psd_buffer *buffer, size_t opened);

#endif
