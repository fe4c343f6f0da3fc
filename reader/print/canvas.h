/* Paper of a size in millimeters, and black on it: the one place where cairo is used. Coordinates are millimeters from
 * the upper left corner; on a PNG, edges of bars and modules lie between dots. */
#ifndef PSD_PRINT_CANVAS_H
#define PSD_PRINT_CANVAS_H

#include "print/png.h"
#include "print/symbol.h"

#include <cairo.h>

typedef struct psd_canvas {
  psd_picture picture;
  cairo_t *cr;
  double dot;         /* side of a dot, mm; 0 where there are none */
  psd_png_stream png; /* where the picture goes */
} psd_canvas;

typedef enum psd_align { PSD_ALIGN_LEFT, PSD_ALIGN_MIDDLE, PSD_ALIGN_RIGHT } psd_align;

typedef struct psd_box {
  double x, y, width, height;
} psd_box;

/* Height of a capital letter of a text of size 1. */
#define PSD_CAPITAL 0.73

/* Where a line of text stands: the tops of its capitals at `y`, within `width`; letters of `size` mm. */
typedef struct psd_place {
  double x, y, width, size;
  psd_align align;
  bool bold, white;
  bool may_cut; /* somebody's words, of which the beginning says enough; a number does not */
} psd_place;

/* The side of a dot of that picture, mm; 0 where there are none. */
double psd_canvas_dot(psd_picture picture, unsigned dpi);
/* The side that a module meant to have `module` mm has: on a PNG so many whole dots, at least 2. */
double psd_canvas_module(double dot, double module);

/* White paper. `file` is the caller's, and needed until the end. PSD_SYSTEM if cairo failed; after PSD_OK it must be
 * ended. */
psd_result psd_canvas_begin(psd_canvas *canvas, psd_picture picture, unsigned dpi, double width, double height,
                            psd_whole_file *file, psd_error *error);
/* Writes what is not written yet. PSD_SYSTEM if cairo failed anywhere since the beginning. */
psd_result psd_canvas_end(psd_canvas *canvas, psd_error *error);

/* A black bar, and a white one. */
void psd_canvas_bar(psd_canvas *canvas, psd_box box);
void psd_canvas_blank(psd_canvas *canvas, psd_box box);
/* The modules, `module` mm each (psd_canvas_module), without the quiet zone. */
void psd_canvas_symbol(psd_canvas *canvas, const psd_symbol *symbol, double module, double x, double y);
/* A line of UTF-8, made smaller where it is too wide; if it may be cut, down to 6 tenths of its size. */
void psd_canvas_text(psd_canvas *canvas, psd_place place, const char *text);
/* Pale letters with a rim, as large as the box allows, in its middle and turned by `angle` (radians) against the clock.
 * What is printed over them stays legible, and nothing of them touches `spared`. */
void psd_canvas_watermark(psd_canvas *canvas, psd_box box, double angle, const char *word, psd_box spared);

/* For what is drawn next: how black, 0 to 1. */
void psd_canvas_dip(psd_canvas *canvas, double ink);

#endif
