/* A whole envelope: sender, addressee, FIM and stamp. */
#ifndef PSD_PRINT_ENVELOPE_H
#define PSD_PRINT_ENVELOPE_H

#include "print/stamp.h"

/* Number 10: 9 1/2 by 4 1/8 inches, mm. */
#define PSD_ENVELOPE_WIDTH 241.3
#define PSD_ENVELOPE_HEIGHT 104.8

typedef struct psd_envelope {
  psd_print_address sender, addressee;
} psd_envelope;

/* Takes the addresses. PSD_BAD_INPUT for what cannot be printed. */
psd_result psd_envelope_make(const psd_print_job *job, psd_envelope *envelope, psd_error *error);
void psd_envelope_draw(psd_canvas *canvas, const psd_envelope *envelope, const psd_stamp *stamp);

#endif
