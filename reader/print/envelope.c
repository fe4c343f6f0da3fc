/* Places are those of the Domestic Mail Manual: 202 (elements on the face of a mailpiece), 8 (FIM), 604.4 (indicia). */
#include "print/envelope.h"

#define INCH 25.4
/* Of the stamp from the upper and the right edge. */
#define MARGIN (INCH / 4)
/* FIM D, for evidence in a symbol: bars 1/32 inch wide and 5/8 inch high, 1/16 inch from one to the next, from the
 * upper edge down; the rightmost 2 inches from the right edge. */
#define FIM_D "111010111"
#define FIM_BARS 9U
#define FIM_HEIGHT (INCH * 5 / 8)
#define FIM_PITCH (INCH / 16)
#define FIM_BAR (INCH / 32)
#define FIM_RIGHT (INCH * 2)
/* The addressee stands in what machines read: from 2 3/4 inches above the lower edge to 5/8 inch above it; letters of
 * 10 to 12 points. */
#define ADDRESSEE_X 100.0
#define ADDRESSEE_Y 45.0
#define ADDRESSEE_SIZE 4.0
#define ADDRESSEE_PITCH 6.2
#define ADDRESSEE_WIDTH (PSD_ENVELOPE_WIDTH - INCH / 2 - ADDRESSEE_X)
#define SENDER_X 10.0
#define SENDER_Y 9.0
#define SENDER_SIZE 3.0
#define SENDER_PITCH 4.5
#define SENDER_WIDTH 75.0

psd_result psd_envelope_make(const psd_print_job *job, psd_envelope *envelope, psd_error *error) {
  psd_result result = psd_print_address_of(job->sender, "sender", &envelope->sender, error);
  return result == PSD_OK ? psd_print_address_of(job->addressee, "addressee", &envelope->addressee, error) : result;
}

static void draw_fim(psd_canvas *canvas) {
  double first = PSD_ENVELOPE_WIDTH - FIM_RIGHT - FIM_BAR - (FIM_BARS - 1) * FIM_PITCH;
  for (unsigned i = 0; i < FIM_BARS; i++)
    if (FIM_D[i] == '1')
      psd_canvas_bar(canvas, (psd_box){first + i * FIM_PITCH, 0, FIM_BAR, FIM_HEIGHT});
}

static void draw_address(psd_canvas *canvas, const psd_print_address *address, psd_place place, double pitch) {
  for (size_t i = 0; i < address->count; i++) {
    psd_canvas_text(canvas, place, address->lines[i]);
    place.y += pitch;
  }
}

void psd_envelope_draw(psd_canvas *canvas, const psd_envelope *envelope, const psd_stamp *stamp) {
  draw_fim(canvas);
  draw_address(canvas, &envelope->sender,
               (psd_place){.x = SENDER_X, .y = SENDER_Y, .width = SENDER_WIDTH, .size = SENDER_SIZE, .may_cut = true},
               SENDER_PITCH);
  draw_address(
      canvas, &envelope->addressee,
      (psd_place){
          .x = ADDRESSEE_X, .y = ADDRESSEE_Y, .width = ADDRESSEE_WIDTH, .size = ADDRESSEE_SIZE, .may_cut = true},
      ADDRESSEE_PITCH);
  psd_stamp_draw(canvas, stamp, PSD_ENVELOPE_WIDTH - MARGIN - stamp->width, MARGIN, true);
}
