#include "verify/picture.h"

#include <ctype.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#define WHITE 0xFFU

static const uint8_t png_head[PSD_PICTURE_HEAD] = {0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A};

static bool begins_png(const uint8_t *bytes, size_t length) {
  return length >= sizeof png_head && memcmp(bytes, png_head, sizeof png_head) == 0;
}

static bool begins_pnm(const uint8_t *bytes, size_t length) {
  return length >= 3 && bytes[0] == 'P' && (bytes[1] == '5' || bytes[1] == '6') &&
         (isspace(bytes[2]) != 0 || bytes[2] == '#');
}

bool psd_scan_begins(const uint8_t *bytes, size_t length) {
  return begins_png(bytes, length) || begins_pnm(bytes, length);
}

static bool refuse(char *words, size_t room, const char *why) {
  (void)snprintf(words, room, "%s", why);
  return false;
}

/* Memory for a picture of this size, if there may be one. */
static bool make(psd_scan *picture, uint64_t width, uint64_t height, char *words, size_t room) {
  if (width == 0 || height == 0)
    return refuse(words, room, "the picture is empty");
  if (width > PSD_PICTURE_SIDE || height > PSD_PICTURE_SIDE || width * height > PSD_PICTURE_PIXELS)
    return refuse(words, room, "the picture is too large: at most 100 million pixels, 65535 a side");
  *picture = (psd_scan){.width = (unsigned)width, .height = (unsigned)height};
  picture->grey = malloc((size_t)(width * height));
  return picture->grey != NULL || refuse(words, room, "no memory for the picture");
}

static bool read_png(FILE *in, psd_scan *picture, char *words, size_t room) {
  png_image image = {.version = PNG_IMAGE_VERSION};
  const png_color white = {WHITE, WHITE, WHITE};
  if (png_image_begin_read_from_stdio(&image, in) == 0) {
    (void)snprintf(words, room, "the PNG cannot be read: %s", image.message);
    return false;
  }
  image.format = PNG_FORMAT_GRAY;
  bool made = make(picture, image.width, image.height, words, room);
  if (!made || png_image_finish_read(&image, &white, picture->grey, (png_int_32)image.width, NULL) == 0) {
    if (made)
      (void)snprintf(words, room, "the PNG cannot be read: %s", image.message);
    png_image_free(&image);
    psd_scan_free(picture);
    return false;
  }
  png_image_free(&image);
  return true;
}

/* The next number of a head, in decimal; blanks and comments stand before it. */
static bool take_number(FILE *in, uint64_t *number) {
  int c = fgetc(in);
  while (c == '#' || (c != EOF && isspace(c) != 0)) {
    if (c == '#')
      while (c != EOF && c != '\n')
        c = fgetc(in);
    else
      c = fgetc(in);
  }
  bool any = c >= '0' && c <= '9';
  for (*number = 0; c >= '0' && c <= '9' && *number <= UINT32_MAX; c = fgetc(in))
    *number = *number * 10U + (uint64_t)(c - '0');
  return any && c != EOF && isspace(c) != 0;
}

/* A row of samples, of one byte or two, as grey; three samples are red, green and blue (BT.601). */
static void turn_grey(const uint8_t *row, const psd_scan *picture, uint8_t *grey, unsigned samples, unsigned size,
                      unsigned most) {
  static const unsigned weights[2][3] = {{1000, 0, 0}, {299, 587, 114}};
  for (unsigned x = 0; x < picture->width; x++) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < samples; i++, row += size)
      sum += (uint64_t)weights[samples == 3 ? 1 : 0][i] * (size == 2 ? (unsigned)row[0] << 8 | row[1] : row[0]);
    uint64_t shade = sum * WHITE / (1000U * (uint64_t)most);
    grey[x] = (uint8_t)(shade < WHITE ? shade : WHITE);
  }
}

static bool read_rows(FILE *in, psd_scan *picture, unsigned samples, unsigned most) {
  const unsigned size = most > 255 ? 2 : 1;
  const size_t length = (size_t)picture->width * samples * size;
  uint8_t *row = malloc(length);
  bool done = row != NULL;
  for (size_t y = 0; done && y < picture->height; y++) {
    done = fread(row, 1, length, in) == length;
    if (done)
      turn_grey(row, picture, picture->grey + y * picture->width, samples, size, most);
  }
  free(row);
  return done;
}

static bool read_pnm(FILE *in, psd_scan *picture, char *words, size_t room) {
  uint64_t width, height, most;
  (void)fgetc(in);
  unsigned samples = fgetc(in) == '6' ? 3 : 1;
  if (!take_number(in, &width) || !take_number(in, &height) || !take_number(in, &most) || most == 0 || most > 65535)
    return refuse(words, room, "the head of the PGM or PPM is none");
  if (!make(picture, width, height, words, room))
    return false;
  if (read_rows(in, picture, samples, (unsigned)most))
    return true;
  psd_scan_free(picture);
  return refuse(words, room, "the PGM or PPM is cut off");
}

bool psd_scan_read(FILE *in, psd_scan *picture, char *words, size_t room) {
  uint8_t head[PSD_PICTURE_HEAD];
  *picture = (psd_scan){.grey = NULL};
  size_t length = fread(head, 1, sizeof head, in);
  rewind(in);
  if (begins_png(head, length))
    return read_png(in, picture, words, room);
  if (begins_pnm(head, length))
    return read_pnm(in, picture, words, room);
  return refuse(words, room, "it is no picture: PNG, PGM and PPM can be read");
}

void psd_scan_free(psd_scan *picture) {
  free(picture->grey);
  picture->grey = NULL;
}
