#include "scan.h"

#include "verify/turn.h"

#include <cairo.h>
#include <stdlib.h>
#include <string.h>

#define WHITE 255

static bool blank_scan(psd_scan *scan, unsigned width, unsigned height) {
  *scan = (psd_scan){.grey = malloc((size_t)width * height), .width = width, .height = height};
  if (scan->grey != NULL)
    memset(scan->grey, WHITE, (size_t)width * height);
  return scan->grey != NULL;
}

/* The picture, whatever its form, on white paper. */
static cairo_surface_t *on_paper(cairo_surface_t *picture, int width, int height) {
  cairo_surface_t *paper = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
  cairo_t *cr = cairo_create(paper);
  cairo_set_source_rgb(cr, 1, 1, 1);
  cairo_paint(cr);
  cairo_set_source_surface(cr, picture, 0, 0);
  cairo_paint(cr);
  cairo_destroy(cr);
  cairo_surface_flush(paper);
  return paper;
}

static void take_green(cairo_surface_t *paper, psd_scan *scan) {
  const uint8_t *data = cairo_image_surface_get_data(paper);
  size_t stride = (size_t)cairo_image_surface_get_stride(paper);
  for (size_t y = 0; y < scan->height; y++)
    for (size_t x = 0; x < scan->width; x++) {
      uint32_t pixel;
      memcpy(&pixel, data + y * stride + 4 * x, sizeof pixel);
      scan->grey[y * scan->width + x] = (uint8_t)(pixel >> 8);
    }
}

bool psd_scan_read(const char *path, psd_scan *scan) {
  cairo_surface_t *picture = cairo_image_surface_create_from_png(path);
  int width = cairo_image_surface_get_width(picture), height = cairo_image_surface_get_height(picture);
  *scan = (psd_scan){.grey = NULL};
  bool done = cairo_surface_status(picture) == CAIRO_STATUS_SUCCESS && width > 0 && height > 0 &&
              blank_scan(scan, (unsigned)width, (unsigned)height);
  if (done) {
    cairo_surface_t *paper = on_paper(picture, width, height);
    take_green(paper, scan);
    cairo_surface_destroy(paper);
  }
  cairo_surface_destroy(picture);
  return done;
}

void psd_scan_free(psd_scan *scan) {
  free(scan->grey);
  scan->grey = NULL;
}

void psd_scan_turn(psd_scan *scan, double degrees) {
  psd_scan turned;
  turned.grey = psd_turn(scan->grey, scan->width, scan->height, degrees, &turned.width, &turned.height);
  if (turned.grey == NULL)
    abort();
  psd_scan_free(scan);
  *scan = turned;
}

/* Means along lines of `count` dots, `step` bytes from one to the next. */
static void blur_line(uint8_t *line, size_t count, size_t step, unsigned reach, uint8_t *room) {
  for (size_t i = 0; i < count; i++)
    room[i] = line[i * step];
  for (size_t i = 0; i < count; i++) {
    size_t first = i > reach ? i - reach : 0, last = i + reach < count ? i + reach : count - 1;
    unsigned sum = 0;
    for (size_t j = first; j <= last; j++)
      sum += room[j];
    line[i * step] = (uint8_t)(sum / (last - first + 1));
  }
}

void psd_scan_blur(psd_scan *scan, unsigned reach) {
  uint8_t *room = malloc(scan->width > scan->height ? scan->width : scan->height);
  if (room == NULL)
    abort();
  for (size_t y = 0; y < scan->height; y++)
    blur_line(scan->grey + y * scan->width, scan->width, 1, reach, room);
  for (size_t x = 0; x < scan->width; x++)
    blur_line(scan->grey + x, scan->height, scan->width, reach, room);
  free(room);
}

void psd_scan_fade(psd_scan *scan, uint8_t black, uint8_t white) {
  for (size_t i = 0; i < (size_t)scan->width * scan->height; i++)
    scan->grey[i] = (uint8_t)(black + scan->grey[i] * (white - black) / WHITE);
}

void psd_scan_pepper(psd_scan *scan, unsigned permille, uint32_t seed) {
  for (size_t i = 0; i < (size_t)scan->width * scan->height; i++) {
    /* Numerical Recipes' generator; its high bits are good enough for dirt. */
    seed = seed * 1664525U + 1013904223U;
    if ((seed >> 12) % 1000 < permille)
      scan->grey[i] = (seed >> 30 & 1) != 0 ? WHITE : 0;
  }
}
