#include "print/canvas.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <math.h>

#define INCH 25.4
#define POINT (INCH / 72)

double psd_canvas_dot(psd_picture picture, unsigned dpi) {
  return picture == PSD_PICTURE_PNG ? INCH / dpi : 0;
}

double psd_canvas_module(double dot, double module) {
  return dot > 0 ? fmax(round(module / dot), 2) * dot : module;
}

static cairo_status_t pass_on(void *closure, const unsigned char *data, unsigned length) {
  psd_canvas *canvas = closure;
  bool done = canvas->picture == PSD_PICTURE_PNG ? psd_png_write(&canvas->png, data, length)
                                                 : psd_whole_file_write(canvas->png.file, data, length);
  return done ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static cairo_surface_t *make_surface(psd_canvas *canvas, double width, double height) {
  cairo_surface_t *surface;
  if (canvas->picture == PSD_PICTURE_PNG)
    return cairo_image_surface_create(CAIRO_FORMAT_A8, (int)lround(width / canvas->dot),
                                      (int)lround(height / canvas->dot));
  if (canvas->picture == PSD_PICTURE_SVG) {
    surface = cairo_svg_surface_create_for_stream(pass_on, canvas, width, height);
    cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_MM);
    return surface;
  }
  surface = cairo_pdf_surface_create_for_stream(pass_on, canvas, width / POINT, height / POINT);
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, "SPECIMEN of evidence of postage");
  return surface;
}

/* The same letters whatever the picture is, at the same places: no hints of a screen. */
static void choose_letters(cairo_t *cr) {
  cairo_font_options_t *options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  cairo_set_font_options(cr, options);
  cairo_font_options_destroy(options);
}

psd_result psd_canvas_begin(psd_canvas *canvas, psd_picture picture, unsigned dpi, double width, double height,
                            psd_whole_file *file, psd_error *error) {
  *canvas = (psd_canvas){.picture = picture, .dot = psd_canvas_dot(picture, dpi), .png = {.file = file, .dpi = dpi}};
  cairo_surface_t *surface = make_surface(canvas, width, height);
  canvas->cr = cairo_create(surface);
  cairo_surface_destroy(surface); /* lives on in `cr` */
  if (picture == PSD_PICTURE_PNG)
    cairo_scale(canvas->cr, 1 / canvas->dot, 1 / canvas->dot);
  else if (picture == PSD_PICTURE_PDF)
    cairo_scale(canvas->cr, 1 / POINT, 1 / POINT);
  choose_letters(canvas->cr);
  psd_canvas_blank(canvas, (psd_box){0, 0, width, height});
  cairo_status_t status = cairo_status(canvas->cr);
  if (status == CAIRO_STATUS_SUCCESS)
    return PSD_OK;
  cairo_destroy(canvas->cr);
  return psd_error_set(error, PSD_SYSTEM, "cairo: %s", cairo_status_to_string(status));
}

psd_result psd_canvas_end(psd_canvas *canvas, psd_error *error) {
  cairo_surface_t *surface = cairo_surface_reference(cairo_get_target(canvas->cr));
  cairo_status_t status = cairo_status(canvas->cr);
  cairo_destroy(canvas->cr);
  if (status == CAIRO_STATUS_SUCCESS && canvas->picture == PSD_PICTURE_PNG)
    status = cairo_surface_write_to_png_stream(surface, pass_on, canvas);
  cairo_surface_finish(surface);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_status(surface);
  cairo_surface_destroy(surface);
  return status == CAIRO_STATUS_SUCCESS ? PSD_OK
                                        : psd_error_set(error, PSD_SYSTEM, "cairo: %s", cairo_status_to_string(status));
}

/* A PNG is a picture of alpha alone, which cairo writes as one of grey: a quarter of the memory of one in colors. There
 * ink takes from what is on the paper, and white is put on it again. */
void psd_canvas_dip(psd_canvas *canvas, double ink) {
  if (canvas->picture != PSD_PICTURE_PNG) {
    cairo_set_source_rgb(canvas->cr, 1 - ink, 1 - ink, 1 - ink);
    return;
  }
  cairo_set_operator(canvas->cr, ink > 0 ? CAIRO_OPERATOR_DEST_OUT : CAIRO_OPERATOR_OVER);
  cairo_set_source_rgba(canvas->cr, 0, 0, 0, ink > 0 ? ink : 1);
}

static double snap(const psd_canvas *canvas, double at) {
  return canvas->dot > 0 ? round(at / canvas->dot) * canvas->dot : at;
}

static void fill(psd_canvas *canvas, psd_box box, double ink) {
  double x = snap(canvas, box.x), y = snap(canvas, box.y);
  psd_canvas_dip(canvas, ink);
  cairo_rectangle(canvas->cr, x, y, snap(canvas, box.x + box.width) - x, snap(canvas, box.y + box.height) - y);
  cairo_fill(canvas->cr);
}

void psd_canvas_bar(psd_canvas *canvas, psd_box box) {
  fill(canvas, box, 1);
}

void psd_canvas_blank(psd_canvas *canvas, psd_box box) {
  fill(canvas, box, 0);
}

/* Runs of dark modules of a row, as rectangles of the path. */
static void trace_row(psd_canvas *canvas, const psd_symbol *symbol, unsigned row) {
  const bool *dark = symbol->dark + (size_t)row * symbol->columns;
  for (unsigned begin = 0; begin < symbol->columns;) {
    unsigned end = begin;
    while (end < symbol->columns && dark[end])
      end++;
    if (end > begin)
      cairo_rectangle(canvas->cr, begin, row * symbol->row_height, end - begin, symbol->row_height);
    begin = end + 1;
  }
}

void psd_canvas_symbol(psd_canvas *canvas, const psd_symbol *symbol, double module, double x, double y) {
  cairo_save(canvas->cr);
  cairo_translate(canvas->cr, snap(canvas, x), snap(canvas, y));
  cairo_scale(canvas->cr, module, module);
  psd_canvas_dip(canvas, 1);
  cairo_set_antialias(canvas->cr, CAIRO_ANTIALIAS_NONE);
  /* One path, so that no seam shows between modules that touch. */
  for (unsigned row = 0; row < symbol->rows; row++)
    trace_row(canvas, symbol, row);
  cairo_fill(canvas->cr);
  cairo_restore(canvas->cr);
}
