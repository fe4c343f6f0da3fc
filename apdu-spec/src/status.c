#include "psd/spec/status.h"

bool psd_status_carries_data(uint16_t value) {
  unsigned sw1 = value >> 8;
  return value == PSD_SW_OK || sw1 == 0x62 || sw1 == 0x63;
}
