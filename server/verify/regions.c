#include "verify/regions.h"

#include <stdlib.h>

/* A picture is looked at in square blocks, some 256 along its longer side. */
#define BLOCKS 256U
#define BLOCK_LEAST 4U
#define SIDE_LEAST 16U /* of a symbol: 8 modules of 2 pixels */
#define LONGEST 6U     /* times as long as wide */
#define CONTRAST_LEAST 24U

typedef struct block {
  unsigned x, y;
} block;

typedef struct blocks {
  const uint8_t *grey;
  size_t stride;
  unsigned picture_width, picture_height;
  unsigned side;          /* of a block, pixels */
  unsigned width, height; /* blocks */
  bool *ink;
  block *waiting; /* those whose neighbours are still to be looked at */
  uint8_t limit;  /* darker is ink */
} blocks;

/* The middle between paper and ink: what a hundredth of the picture exceeds, and what a symbol of the smallest size
 * would be dark in. 0 where there is no ink. */
static uint8_t limit_of(const blocks *at) {
  size_t counts[256] = {0}, all = 0, seen;
  unsigned dark = 0, light = 255;
  for (unsigned y = 0; y < at->picture_height; y += 2)
    for (unsigned x = 0; x < at->picture_width; x += 2, all++)
      counts[at->grey[y * at->stride + x]]++;
  for (seen = counts[dark]; seen < SIDE_LEAST * SIDE_LEAST / 8 && dark < 255; seen += counts[dark])
    dark++;
  for (seen = counts[light]; seen <= all / 100 && light > 0; seen += counts[light])
    light--;
  return (uint8_t)(light > dark + CONTRAST_LEAST ? (dark + light) / 2 : 0);
}

/* True if an eighth of the block is ink. */
static bool is_ink(const blocks *at, unsigned column, unsigned row) {
  unsigned left = column * at->side, top = row * at->side, dark = 0;
  unsigned right = left + at->side < at->picture_width ? left + at->side : at->picture_width;
  unsigned bottom = top + at->side < at->picture_height ? top + at->side : at->picture_height;
  for (unsigned y = top; y < bottom; y++)
    for (unsigned x = left; x < right; x++)
      dark += at->grey[y * at->stride + x] < at->limit ? 1U : 0U;
  return dark * 8U >= (right - left) * (bottom - top);
}

static void look(blocks *at) {
  at->limit = limit_of(at);
  for (unsigned row = 0; row < at->height; row++)
    for (unsigned column = 0; column < at->width; column++)
      at->ink[(size_t)row * at->width + column] = is_ink(at, column, row);
}

/* The blocks with ink around one wait from now on, behind the `count` that do; returns how many. */
static size_t await_neighbours(blocks *at, block of, size_t count) {
  for (unsigned row = of.y > 0 ? of.y - 1 : 0; row <= of.y + 1 && row < at->height; row++)
    for (unsigned column = of.x > 0 ? of.x - 1 : 0; column <= of.x + 1 && column < at->width; column++) {
      bool *ink = &at->ink[(size_t)row * at->width + column];
      if (*ink)
        at->waiting[count++] = (block){column, row};
      *ink = false;
    }
  return count;
}

/* Takes all ink that hangs together with a block, corners included; `region` in blocks. */
static void collect(blocks *at, block start, psd_region *region) {
  size_t count = 0;
  unsigned left = start.x, right = left, top = start.y, bottom = top;
  at->ink[(size_t)start.y * at->width + start.x] = false;
  at->waiting[count++] = start;
  while (count > 0) {
    const block next = at->waiting[--count];
    left = next.x < left ? next.x : left;
    right = next.x > right ? next.x : right;
    top = next.y < top ? next.y : top;
    bottom = next.y > bottom ? next.y : bottom;
    count = await_neighbours(at, next, count);
  }
  *region = (psd_region){left, top, right - left + 1, bottom - top + 1};
}

/* Widens the extent from `*from` on by `margin` on both sides, and keeps it within `most`. */
static void widen(unsigned *from, unsigned *size, unsigned margin, unsigned most) {
  unsigned end = *from + *size + margin;
  *from = *from > margin ? *from - margin : 0;
  *size = (end < most ? end : most) - *from;
}

/* From blocks to pixels, with a margin of two blocks and an eighth: a corner that hangs together with nothing is part
 * of the symbol too. */
static psd_region in_pixels(const blocks *at, const psd_region *region) {
  psd_region wide = {region->left * at->side, region->top * at->side, region->width * at->side,
                     region->height * at->side};
  widen(&wide.left, &wide.width, 2 * at->side + wide.width / 8, at->picture_width);
  widen(&wide.top, &wide.height, 2 * at->side + wide.height / 8, at->picture_height);
  return wide;
}

static bool may_be_symbol(const blocks *at, const psd_region *region) {
  return region->width * at->side >= SIDE_LEAST && region->height * at->side >= SIDE_LEAST &&
         region->width <= region->height * LONGEST && region->height <= region->width * LONGEST;
}

static uint64_t area(const psd_region *region) {
  return (uint64_t)region->width * region->height;
}

/* Puts it into its place by size; the last one falls out of a full list. */
static void insert(psd_regions *regions, const psd_region *region) {
  size_t place = regions->count;
  while (place > 0 && area(&regions->list[place - 1]) < area(region))
    place--;
  if (place == PSD_REGIONS_MOST)
    return;
  regions->count += regions->count < PSD_REGIONS_MOST ? 1 : 0;
  for (size_t i = regions->count - 1; i > place; i--)
    regions->list[i] = regions->list[i - 1];
  regions->list[place] = *region;
}

/* What hangs together with a block of ink, if it may be a symbol. */
static void take(blocks *at, block start, psd_regions *regions) {
  psd_region region;
  collect(at, start, &region);
  if (!may_be_symbol(at, &region))
    return;
  region = in_pixels(at, &region);
  insert(regions, &region);
}

static void find(blocks *at, psd_regions *regions) {
  look(at);
  for (unsigned row = 0; row < at->height; row++)
    for (unsigned column = 0; column < at->width; column++)
      if (at->ink[(size_t)row * at->width + column])
        take(at, (block){column, row}, regions);
}

bool psd_regions_find(const uint8_t *grey, unsigned width, unsigned height, size_t stride, psd_regions *regions) {
  blocks at = {.grey = grey, .stride = stride, .picture_width = width, .picture_height = height};
  unsigned longer = width > height ? width : height;
  at.side = longer / BLOCKS > BLOCK_LEAST ? longer / BLOCKS : BLOCK_LEAST;
  at.width = (width + at.side - 1) / at.side;
  at.height = (height + at.side - 1) / at.side;
  at.ink = calloc((size_t)at.width * at.height, sizeof *at.ink);
  at.waiting = calloc((size_t)at.width * at.height, sizeof *at.waiting);
  bool done = at.ink != NULL && at.waiting != NULL;
  regions->count = 0;
  if (done)
    find(&at, regions);
  free(at.ink);
  free(at.waiting);
  return done;
}
