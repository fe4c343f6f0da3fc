/* The data objects of the PSD: reading and writing each as objects.def has it. */
#ifndef PSD_METER_OBJECTS_H
#define PSD_METER_OBJECTS_H

#include "meter/change.h"

/* Appends the value of an object. 9000; 6982 or 6985 as the table says; 6A88 if it was never loaded; 6581. */
uint16_t psd_object_read(psd_card *card, const psd_request *request, const psd_object *object, psd_buffer *out);
/* The same, as a BER-TLV data object; nothing is appended but with 9000. */
uint16_t psd_object_read_tlv(psd_card *card, const psd_request *request, const psd_object *object, psd_buffer *out);

/* Where a change under way keeps what it has encoded until its commit. */
typedef struct psd_object_change {
  psd_change change;
  uint8_t pin[PSD_SIZE_PIN_RECORD];
  uint8_t puk[PSD_SIZE_PIN_RECORD];
  uint64_t seen; /* objects already in this change, one bit each */
} psd_object_change;

/* Checks access and value of one object and adds it to the change. 9000 or the reason: 6982, 6985, 6A80, 6A84. The
 * bytes of `value` must stay until the commit. */
uint16_t psd_object_write(psd_card *card, const psd_request *request, const psd_object *object, psd_cursor value,
                          psd_object_change *change);
/* Commits the change, results as psd_change_commit; no channel stays verified by a PIN that it replaced. */
uint16_t psd_object_commit(psd_card *card, psd_object_change *change);

#endif
