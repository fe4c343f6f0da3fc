#include "verify/turn.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#define WHITE 255
/* Places between pixels are counted in 1/256. */
#define FINE 256

typedef struct picture {
  const uint8_t *grey;
  int64_t width, height;
} picture;

static int64_t at(const picture *from, int64_t x, int64_t y) {
  bool inside = x >= 0 && y >= 0 && x < from->width && y < from->height;
  return inside ? from->grey[(size_t)(y * from->width + x)] : WHITE;
}

/* The mean of the four pixels around, each as much as it is near. `x` and `y` in 1/256 of a pixel. */
static uint8_t between(const picture *from, int64_t x, int64_t y) {
  int64_t column = x >= 0 ? x / FINE : -1, row = y >= 0 ? y / FINE : -1;
  int64_t right = x - column * FINE, lower = y - row * FINE;
  int64_t above = at(from, column, row) * (FINE - right) + at(from, column + 1, row) * right;
  int64_t below = at(from, column, row + 1) * (FINE - right) + at(from, column + 1, row + 1) * right;
  return (uint8_t)((above * (FINE - lower) + below * lower) / (FINE * FINE));
}

uint8_t *psd_turn(const uint8_t *grey, unsigned width, unsigned height, double degrees, unsigned *turned_width,
                  unsigned *turned_height) {
  const picture from = {grey, width, height};
  double across = sin(degrees * acos(-1) / 180), along = cos(degrees * acos(-1) / 180);
  unsigned wide = (unsigned)ceil(width * fabs(along) + height * fabs(across));
  unsigned high = (unsigned)ceil(width * fabs(across) + height * fabs(along));
  uint8_t *turned = malloc((size_t)wide * high);
  if (turned == NULL)
    return NULL;
  for (unsigned y = 0; y < high; y++) {
    double down = y - high / 2.0;
    for (unsigned x = 0; x < wide; x++) {
      double right = x - wide / 2.0;
      double column = right * along - down * across + width / 2.0, row = right * across + down * along + height / 2.0;
      bool on_it = column > -1 && row > -1 && column < width && row < height;
      turned[(size_t)y * wide + x] =
          on_it ? between(&from, (int64_t)floor(column * FINE), (int64_t)floor(row * FINE)) : WHITE;
    }
  }
  *turned_width = wide;
  *turned_height = high;
  return turned;
}
