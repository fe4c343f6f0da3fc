/* What status words mean: for those who talk to a card, not for the card. */
#include "psd/spec/status.h"

#define PSD_STATUS(name, value, meaning) {value, #name, meaning},
const psd_status psd_statuses[] = {
#include "status.def"
};
#undef PSD_STATUS

const size_t psd_status_count = sizeof psd_statuses / sizeof psd_statuses[0];

const psd_status *psd_status_of(uint16_t value) {
  uint16_t high = (uint16_t)(value & 0xFF00);
  if (high == PSD_SW_MORE_DATA || high == PSD_SW_EXACT_LENGTH)
    value = high;
  else if ((value & 0xFFF0) == PSD_SW_TRIES_LEFT)
    value = PSD_SW_TRIES_LEFT;
  for (size_t i = 0; i < psd_status_count; i++)
    if (psd_statuses[i].value == value)
      return &psd_statuses[i];
  return NULL;
}
