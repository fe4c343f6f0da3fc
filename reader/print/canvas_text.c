/* Letters on the canvas. */
#include "print/canvas.h"

#include "psd/spec/chars.h"

#include <math.h>
#include <string.h>

/* The family that fontconfig always has an answer to. Letters of meters are narrow. */
#define FAMILY "sans"
#define NARROW 0.9
/* Least size of a text that may be cut, and what it ends with then. */
#define LEAST 0.6
#define CUT "..."
#define LINE_ROOM 600U
/* Ink of the watermark, and its rim: the rim stays where a printer knows black and white alone. */
#define PALE 0.08
#define RIM 0.5
#define RIM_WIDTH 0.12

static void choose(psd_canvas *canvas, double size, bool bold) {
  cairo_matrix_t matrix;
  cairo_select_font_face(canvas->cr, FAMILY, CAIRO_FONT_SLANT_NORMAL,
                         bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_matrix_init_scale(&matrix, size * NARROW, size);
  cairo_set_font_matrix(canvas->cr, &matrix);
}

static double width_of(psd_canvas *canvas, const char *text) {
  cairo_text_extents_t extents;
  cairo_text_extents(canvas->cr, text, &extents);
  return extents.x_advance;
}

/* Takes the last character away, and ends with what says so. */
static void shorten(char *line, size_t *kept) {
  do
    (*kept)--;
  while (*kept > 0 && ((uint8_t)line[*kept] & 0xC0U) == 0x80U);
  memcpy(line + *kept, CUT, sizeof CUT);
}

/* Copies as much of the text as has room, whole characters. What is longer is too wide for any paper. */
static size_t copy(char line[LINE_ROOM], const char *text) {
  size_t length = strlen(text), kept = 0;
  while (kept < length) {
    size_t next = psd_utf8_length((const uint8_t *)text + kept, length - kept);
    if (next == 0 || kept + next > LINE_ROOM - sizeof CUT)
      break;
    kept += next;
  }
  memcpy(line, text, kept);
  line[kept] = '\0';
  return kept;
}

/* Makes the text fit: the font gets its size, `line` its characters. Returns its width. */
static double fit(psd_canvas *canvas, const psd_place *place, const char *text, char line[LINE_ROOM]) {
  size_t kept = copy(line, text);
  choose(canvas, place->size, place->bold);
  double width = width_of(canvas, line);
  if (width <= place->width)
    return width;
  choose(canvas, place->size * fmax(place->width / width, place->may_cut ? LEAST : 0), place->bold);
  /* A hundredth, so that rounding cuts nothing that was made to fit. */
  while ((width = width_of(canvas, line)) > place->width * 1.01 && place->may_cut && kept > 0)
    shorten(line, &kept);
  return width;
}

void psd_canvas_text(psd_canvas *canvas, psd_place place, const char *text) {
  char line[LINE_ROOM];
  double spare = place.width - fit(canvas, &place, text, line);
  double shift = place.align == PSD_ALIGN_LEFT ? 0 : place.align == PSD_ALIGN_MIDDLE ? spare / 2 : spare;
  psd_canvas_dip(canvas, place.white ? 0 : 1);
  cairo_move_to(canvas->cr, place.x + shift, place.y + place.size * PSD_CAPITAL);
  cairo_show_text(canvas->cr, line);
}

/* Leaves the box alone from now on: whatever is not it (far beyond any paper) may be drawn to. */
static void spare(psd_canvas *canvas, psd_box box) {
  const double far = 1000;
  cairo_rectangle(canvas->cr, -far, -far, 2 * far, 2 * far);
  cairo_rectangle(canvas->cr, box.x, box.y, box.width, box.height);
  cairo_set_fill_rule(canvas->cr, CAIRO_FILL_RULE_EVEN_ODD);
  cairo_clip(canvas->cr);
  cairo_set_fill_rule(canvas->cr, CAIRO_FILL_RULE_WINDING);
}

void psd_canvas_watermark(psd_canvas *canvas, psd_box box, double angle, const char *word, psd_box spared) {
  cairo_save(canvas->cr);
  spare(canvas, spared);
  cairo_translate(canvas->cr, box.x + box.width / 2, box.y + box.height / 2);
  cairo_rotate(canvas->cr, -angle);
  choose(canvas, 1, true);
  /* The word of size 1 is `length` long and a capital high: turned, it takes so much of the box. */
  double length = width_of(canvas, word), across = sin(angle), along = cos(angle);
  double size =
      fmin(box.width / (length * along + PSD_CAPITAL * across), box.height / (length * across + PSD_CAPITAL * along));
  choose(canvas, size, true);
  cairo_move_to(canvas->cr, -size * length / 2, size * PSD_CAPITAL / 2);
  cairo_text_path(canvas->cr, word);
  psd_canvas_dip(canvas, PALE);
  cairo_fill_preserve(canvas->cr);
  psd_canvas_dip(canvas, RIM);
  cairo_set_line_width(canvas->cr, RIM_WIDTH);
  cairo_stroke(canvas->cr);
  cairo_restore(canvas->cr);
}
