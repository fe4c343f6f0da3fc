/* PIN and PUK as they are parsed and kept. */
#ifndef PSD_ISO7816_PIN_H
#define PSD_ISO7816_PIN_H

#include "context.h"

#define PSD_PIN_MIN 4U
#define PSD_PIN_MAX 16U
#define PSD_PIN_PADDING 0xFFU

/* A value inside a command; its bytes stay the command's. */
typedef struct psd_pin {
  const uint8_t *bytes;
  size_t length;
} psd_pin;

/* Takes off the padding. False unless 4 to 16 printable ASCII bytes are left. */
bool psd_pin_parse(const uint8_t *data, size_t length, psd_pin *pin);
/* Makes the record of a value with a fresh salt. False when randomness failed. */
bool psd_pin_make(psd_card *card, const psd_pin *pin, uint64_t tries, uint8_t out[PSD_SIZE_PIN_RECORD]);
/* Reads the record PSD_RECORD_PIN or PSD_RECORD_PUK. The caller wipes it; on failure there is nothing to wipe. */
psd_store_result psd_pin_read(const psd_card *card, uint16_t record, psd_pin_record *pin);
/* No channel stays verified by a PIN that was replaced or blocked. */
void psd_pin_forget(psd_card *card);

#endif
