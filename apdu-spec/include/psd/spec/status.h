/* Status words (status.def). ISO/IEC 7816-4:2005, 5.1.3. */
#ifndef PSD_SPEC_STATUS_H
#define PSD_SPEC_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PSD_STATUS(name, value, meaning) PSD_SW_##name = (value),
enum psd_sw {
#include "status.def"
};
#undef PSD_STATUS

typedef struct psd_status {
  uint16_t value;
  const char *name;
  const char *meaning;
} psd_status;

/* The rows, in the order of the table. */
extern const psd_status psd_statuses[];
extern const size_t psd_status_count;

/* The row of a status word; 61xx, 63Cx and 6Cxx find the row of their zero. NULL for one the card never sends. */
const psd_status *psd_status_of(uint16_t value);

/* True for 9000 and the warnings 62xx and 63xx: only with these has an answer data, or a MAC of secure messaging. */
bool psd_status_carries_data(uint16_t value);

#endif
