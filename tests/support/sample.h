/* A valid value for every object that can be written, and a card personalised with them. */
#ifndef PSD_TEST_SAMPLE_H
#define PSD_TEST_SAMPLE_H

#include "rig.h"

/* Bytes of the longest sample. */
#define SAMPLE_MAX 300U

/* Hexadecimal; NULL for an object that the card makes itself. The clock is RIG_TIME, the PIN RIG_PIN, the PUK RIG_PUK.
 */
const char *sample_value(psd_object_id id);

/* Appends the object's BER-TLV to a block for STORE DATA. */
void sample_put(psd_buffer *block, psd_object_id id);
/* The same with another value, in hexadecimal. */
void sample_put_value(psd_buffer *block, psd_object_id id, const char *value);
/* Every mandatory object, but the one given (PSD_OBJECT_COUNT: none left out). */
void sample_put_mandatory(psd_buffer *block, psd_object_id but);

/* STORE DATA, through the secure channel that is open: block `number`, the last one or not. Extended where it must be.
 */
uint16_t sample_store(rig *r, const psd_buffer *block, bool last, uint8_t number);

/* Brings a blank card to INITIALIZED the way a personaliser does: selected, the channel opened with everything secured,
 * all objects of the table in one block. The PSD is selected and the channel open when it returns. */
void sample_personalise(rig *r);

#endif
