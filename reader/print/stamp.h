/* The stamp: symbol, words, and SPECIMEN across it. */
#ifndef PSD_PRINT_STAMP_H
#define PSD_PRINT_STAMP_H

#include "print/canvas.h"
#include "print/words.h"

/* Between the right edge of an envelope less its margin of 1/4 inch and the FIM's clear zone: what stands beside the
 * FIM may not be wider (envelope.c). */
#define PSD_STAMP_HEAD_WIDTH 38.1
/* From the top of the stamp to what is below the FIM's clear zone, and clear of it. */
#define PSD_STAMP_HEAD_HEIGHT 10.6

typedef struct psd_stamp {
  psd_symbology symbology;
  psd_symbol symbol;
  double module; /* mm, as it is printed */
  psd_print_words words;
  double width, height; /* mm, without margins */
} psd_stamp;

/* Makes the stamp for a picture whose dots have that side (psd_canvas_dot). PSD_BAD_INPUT for what cannot be printed.
 */
psd_result psd_stamp_make(const psd_print_job *job, double dot, psd_stamp *stamp, psd_error *error);
/* Draws it with its upper left corner there. Of a stamp that is wider than PSD_STAMP_HEAD_WIDTH, `beside_fim` leaves
 * room at the upper left. */
void psd_stamp_draw(psd_canvas *canvas, const psd_stamp *stamp, double x, double y, bool beside_fim);

#endif
