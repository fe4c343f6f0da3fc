/* Symbols in pictures: wherever they stand, whichever way they are turned, several in one; and pictures that are none.
 */
#define _XOPEN_SOURCE 700
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zint.h>

#include "verify/decode.h"
#include "verify/picture.h"
#include "verify_process.h"

/* Pages
 * ----------------------------------------------------------------------------------------------------------------*/

typedef struct page {
  unsigned width, height;
  uint8_t *grey;
} page;

static page blank(unsigned width, unsigned height) {
  page made = {width, height, malloc((size_t)width * height)};
  CU_ASSERT_PTR_NOT_NULL_FATAL(made.grey);
  memset(made.grey, 0xFF, (size_t)width * height);
  return made;
}

/* Draws a symbol with its upper left corner at a place, turned by `degrees`, `pixels` a module. */
static void draw(page *on, int symbology, const uint8_t *bytes, size_t length, unsigned left, unsigned top,
                 unsigned pixels, double degrees) {
  struct zint_symbol *symbol = ZBarcode_Create();
  CU_ASSERT_PTR_NOT_NULL_FATAL(symbol);
  symbol->symbology = symbology;
  symbol->input_mode = DATA_MODE;
  symbol->option_3 = symbology == BARCODE_DATAMATRIX ? DM_SQUARE : 0;
  symbol->scale = (float)pixels / 2;
  CU_ASSERT_FATAL(ZBarcode_Encode_and_Buffer(symbol, bytes, (int)length, 0) < ZINT_ERROR);
  const double width = symbol->bitmap_width, height = symbol->bitmap_height;
  const double turn = degrees * 3.14159265358979 / 180, across = cos(turn), along = sin(turn);
  const double reach = sqrt(width * width + height * height);
  const unsigned side = (unsigned)(degrees == 0 ? (width > height ? width : height) : reach) + 1;
  for (unsigned y = 0; y < side && top + y < on->height; y++) {
    for (unsigned x = 0; x < side && left + x < on->width; x++) {
      double dx = x - (degrees == 0 ? width : side) / 2, dy = y - (degrees == 0 ? height : side) / 2;
      double sx = floor(across * dx + along * dy + width / 2), sy = floor(across * dy - along * dx + height / 2);
      if (sx >= 0 && sy >= 0 && sx < width && sy < height)
        on->grey[(size_t)(top + y) * on->width + left + x] =
            (uint8_t)symbol->bitmap[((size_t)sy * (size_t)width + (size_t)sx) * 3];
    }
  }
  ZBarcode_Delete(symbol);
}

/* Grey paper, pale ink, and a speck on every so many pixels: as from a scanner. */
static void soil(page *on) {
  uint32_t state = 1;
  for (size_t i = 0; i < (size_t)on->width * on->height; i++) {
    state = state * 1664525U + 1013904223U;
    unsigned shade = 50U + on->grey[i] * 160U / 255U + (state >> 24) % 24U;
    on->grey[i] = (uint8_t)((state >> 16) % 400U == 0 ? 30 : shade);
  }
}

static void save(const page *what, const char *name) {
  FILE *out = fopen(at(name), "wb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(out);
  (void)fprintf(out, "P5\n# a page\n%u %u\n255\n", what->width, what->height);
  CU_ASSERT_EQUAL(fwrite(what->grey, 1, (size_t)what->width * what->height, out), (size_t)what->width * what->height);
  CU_ASSERT_EQUAL(fclose(out), 0);
}

/* What was found. */
typedef struct found {
  unsigned count;
  uint64_t firsts; /* bits: 1 << first byte */
  unsigned wrong;  /* symbols with other bytes than were drawn */
} found;

#define LENGTH 113U

static void on_symbol(void *user, const uint8_t *bytes, size_t length, const char *symbology) {
  found *all = user;
  bool right = length == LENGTH;
  for (size_t i = 0; right && i < length; i++)
    right = bytes[i] == (uint8_t)(bytes[0] + 37U * i);
  all->count++;
  all->wrong += right && symbology != NULL ? 0 : 1;
  all->firsts |= length > 0 ? UINT64_C(1) << (bytes[0] % 64U) : 0;
}

static void draw_first(page *on, int symbology, uint8_t first, unsigned left, unsigned top, unsigned pixels,
                       double degrees) {
  uint8_t bytes[LENGTH];
  for (size_t i = 0; i < LENGTH; i++)
    bytes[i] = (uint8_t)(first + 37U * i);
  draw(on, symbology, bytes, LENGTH, left, top, pixels, degrees);
}

static found look(const page *at_page) {
  found all = {.count = 0};
  CU_ASSERT(psd_decode_picture(at_page->grey, at_page->width, at_page->height, at_page->width, on_symbol, &all));
  CU_ASSERT_EQUAL(all.wrong, 0);
  return all;
}

/* Tests
 * ----------------------------------------------------------------------------------------------------------------*/

/* zxing-cpp alone looks at the middle lines only. */
static void test_places(void) {
  static const unsigned places[][2] = {{0, 0}, {900, 30}, {30, 900}, {900, 900}, {450, 470}};
  static const int symbologies[] = {BARCODE_DATAMATRIX, BARCODE_PDF417};
  for (size_t i = 0; i < 5; i++) {
    for (size_t j = 0; j < 2; j++) {
      page on = blank(1400, 1100);
      draw_first(&on, symbologies[j], 5, places[i][0], places[i][1], j == 0 ? 4 : 2, 0);
      CU_ASSERT_EQUAL(look(&on).firsts, 1U << 5);
      free(on.grey);
    }
  }
}

static void test_turned(void) {
  static const double degrees[] = {7, -7, 30, 45, 90, 135, 180, 270};
  for (size_t i = 0; i < sizeof degrees / sizeof degrees[0]; i++) {
    page on = blank(900, 700);
    draw_first(&on, BARCODE_DATAMATRIX, 6, 500, 60, 5, degrees[i]);
    soil(&on);
    found all = look(&on);
    if (all.firsts != 1U << 6)
      fprintf(stderr, "%f degrees: %u\n", degrees[i], all.count);
    CU_ASSERT_EQUAL(all.firsts, 1U << 6);
    free(on.grey);
  }
}

static void test_several(void) {
  page on = blank(1600, 1200);
  for (uint8_t i = 0; i < 6; i++)
    draw_first(&on, i == 3 ? BARCODE_PDF417 : BARCODE_DATAMATRIX, i, 60 + (i % 3U) * 500U, 80 + (i / 3U) * 500U,
               i == 3 ? 2 : 4, 0);
  found all = look(&on);
  CU_ASSERT_EQUAL(all.count, 6);
  CU_ASSERT_EQUAL(all.firsts, 63);
  free(on.grey);
}

/* A copy is a piece of its own: who counts them finds it out. */
static void test_copies(void) {
  for (unsigned pdf417 = 0; pdf417 <= 1; pdf417++) {
    page on = blank(1600, 1200);
    for (unsigned i = 0; i < 3; i++)
      draw_first(&on, pdf417 != 0 ? BARCODE_PDF417 : BARCODE_DATAMATRIX, 5, 60 + i % 2U * 800U, 80 + i / 2U * 600U,
                 pdf417 != 0 ? 2 : 4, 0);
    found all = look(&on);
    CU_ASSERT_EQUAL(all.count, 3);
    CU_ASSERT_EQUAL(all.firsts, 1U << 5);
    free(on.grey);
  }
}

/* Limits, and pages with nothing, or nothing but noise. */
static void test_nothing(void) {
  page on = blank(1000, 800);
  CU_ASSERT_EQUAL(look(&on).count, 0);
  soil(&on);
  CU_ASSERT_EQUAL(look(&on).count, 0);
  memset(on.grey, 0, (size_t)1000 * 800);
  CU_ASSERT_EQUAL(look(&on).count, 0);
  uint32_t state = 7;
  for (size_t i = 0; i < (size_t)1000 * 800; i++)
    on.grey[i] = (state = state * 1664525U + 1013904223U) >> 31 != 0 ? 0xFF : 0;
  CU_ASSERT_EQUAL(look(&on).count, 0);
  for (unsigned side = 1; side < 40; side++) {
    on.width = on.height = side;
    CU_ASSERT_EQUAL(look(&on).count, 0);
  }
  found all = {.count = 0};
  CU_ASSERT_FALSE(psd_decode_picture(on.grey, 0, 5, 5, on_symbol, &all));
  CU_ASSERT_FALSE(psd_decode_picture(on.grey, 5, 0, 5, on_symbol, &all));
  CU_ASSERT_FALSE(psd_decode_picture(on.grey, 5, 5, 4, on_symbol, &all));
  CU_ASSERT_FALSE(psd_decode_picture(on.grey, PSD_PICTURE_SIDE + 1, 1, PSD_PICTURE_SIDE + 1, on_symbol, &all));
  CU_ASSERT_FALSE(psd_decode_picture(on.grey, 20000, 20000, 20000, on_symbol, &all));
  free(on.grey);
}

/* Kilobytes that the program has had at most. */
static long most_memory(void) {
  struct rusage usage;
  CU_ASSERT_EQUAL_FATAL(getrusage(RUSAGE_SELF, &usage), 0);
  return usage.ru_maxrss;
}

/* Turned, a strip would need the paper of its length squared. */
static void test_strip(void) {
  page on = blank(PSD_PICTURE_SIDE, 1);
  uint32_t state = 7;
  for (size_t i = 0; i < PSD_PICTURE_SIDE; i++)
    on.grey[i] = (state = state * 1664525U + 1013904223U) >> 31 != 0 ? 0xFF : 0;
  long before = most_memory();
  CU_ASSERT_EQUAL(look(&on).count, 0);
  on = (page){1, PSD_PICTURE_SIDE, on.grey};
  CU_ASSERT_EQUAL(look(&on).count, 0);
  CU_ASSERT(most_memory() - before < 200000);
  free(on.grey);
}

/* A PNG of the piece, by zint. */
static size_t make_png(const char *name, uint32_t number) {
  char digits[PIECE_DIGITS];
  uint8_t bytes[PSD_INDICIUM_MAX];
  struct stat status;
  piece(number, digits);
  size_t length = psd_check_hex(digits, bytes, sizeof bytes);
  struct zint_symbol *symbol = ZBarcode_Create();
  CU_ASSERT_PTR_NOT_NULL_FATAL(symbol);
  symbol->symbology = BARCODE_DATAMATRIX;
  symbol->input_mode = DATA_MODE;
  symbol->option_3 = DM_SQUARE;
  (void)snprintf(symbol->outfile, sizeof symbol->outfile, "%s", at(name));
  CU_ASSERT_FATAL(ZBarcode_Encode_and_Print(symbol, bytes, (int)length, 0) < ZINT_ERROR);
  ZBarcode_Delete(symbol);
  CU_ASSERT_EQUAL_FATAL(stat(at(name), &status), 0);
  return (size_t)status.st_size;
}

/* Reads `length` bytes as a picture; true if they are one. */
static bool reads(const uint8_t *bytes, size_t length) {
  char words[96] = "";
  psd_scan scan;
  uint8_t *exact = malloc(length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
  memcpy(exact, bytes, length);
  FILE *in = fmemopen(exact, length, "rb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(in);
  bool done = psd_scan_read(in, &scan, words, sizeof words);
  CU_ASSERT(done ? words[0] == '\0' : words[0] != '\0');
  CU_ASSERT_PTR_NULL(strchr(words, '\n'));
  (void)fclose(in);
  free(exact);
  if (done)
    psd_scan_free(&scan);
  return done;
}

static void test_cut_off(void) {
  static uint8_t bytes[8192];
  begin();
  size_t length = make_png("1.png", 1);
  FILE *in = fopen(at("1.png"), "rb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(in);
  CU_ASSERT_EQUAL_FATAL(fread(bytes, 1, sizeof bytes, in), length);
  (void)fclose(in);
  CU_ASSERT(reads(bytes, length));
  /* Its last chunk, IEND, has 12 bytes and nothing in it. */
  for (size_t i = 1; i + 12 < length; i++)
    CU_ASSERT_FALSE(reads(bytes, i));
  /* One bit turned: read or not, but not beyond its end. */
  for (size_t i = 8; i < length; i++) {
    bytes[i] ^= 0x10;
    (void)reads(bytes, length);
    bytes[i] ^= 0x10;
  }
  bytes[16] = 0x7F; /* a width of two thousand million */
  CU_ASSERT_FALSE(reads(bytes, length));
  static const char *const heads[] = {"P5\n99999 99999\n255\n",
                                      "P5 20000 20000 255 ",
                                      "P5\n0 5\n255\n",
                                      "P5\n5 5\n0\n",
                                      "P5\n5 5\n65536\n",
                                      "P5\n5",
                                      "P5\n5 5\n255\nabc",
                                      "P5\nx",
                                      "P6\n5 5\n255\nabc",
                                      "P5\n# no end",
                                      "P5\n18446744073709551617 1\n255\n"};
  for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
    CU_ASSERT_FALSE(reads((const uint8_t *)heads[i], strlen(heads[i])));
  CU_ASSERT(reads((const uint8_t *)"P5\n#x\n2 2\n255\nabcd", 18));
  CU_ASSERT(reads((const uint8_t *)"P6 1 1 65535\nabcdef", 19));
}

/* A directory is gone through, its links are not; what is no picture there is nobody's business. */
static void test_directory(void) {
  char digits[PIECE_DIGITS];
  uint8_t bytes[PSD_INDICIUM_MAX];
  begin();
  CU_ASSERT_EQUAL(mkdir(at("mail"), 0700), 0);
  CU_ASSERT_EQUAL(mkdir(at("mail/b"), 0700), 0);
  CU_ASSERT_EQUAL(mkdir(at("none"), 0700), 0);
  (void)make_png("mail/a.png", 1);
  (void)make_png("mail/c.PNG", 2);
  (void)make_png("mail/b/3.png", 3);
  CU_ASSERT_EQUAL(symlink(at("mail/a.png"), at("mail/link.png")), 0);
  CU_ASSERT_EQUAL(symlink(bench_folder(), at("mail/up")), 0);
  put_text("mail/notes.txt", "nothing");
  put_text("mail/bad.png", "\x89PNG\r\n\x1A\n");
  put_text("mail/.hidden.png", "");
  page on = blank(900, 500);
  for (uint32_t i = 4; i < 6; i++) {
    piece(i, digits);
    size_t length = psd_check_hex(digits, bytes, sizeof bytes);
    draw(&on, BARCODE_DATAMATRIX, bytes, length, (i - 4) * 450 + 40, 100, 4, 0);
  }
  save(&on, "mail/two.pgm");
  free(on.grey);
  CU_ASSERT_EQUAL(RUN("batch", "--csv", "-", at("mail"), at("none")), 1);
  CU_ASSERT_EQUAL(times(",accepted,"), 5);
  CU_ASSERT_EQUAL(times("refused"), 2);
  CU_ASSERT(has("/mail/bad.png\",refused,symbol,\"the PNG cannot be read: "));
  CU_ASSERT(has("/none\",refused,symbol,\"no picture is in it\""));
  CU_ASSERT(has("files left out: 1; pictures end in .png"));
  CU_ASSERT(has("two.pgm, symbol 2\",accepted"));
  const char *names[] = {"/a.png", "/b/3.png", "/bad.png", "/c.PNG", "/two.pgm, symbol 1"};
  for (size_t i = 0; i + 1 < sizeof names / sizeof names[0]; i++)
    CU_ASSERT(strstr(output, names[i]) < strstr(output, names[i + 1]));
  CU_ASSERT_EQUAL(RUN("indicium", at("mail/two.pgm")), 1);
  CU_ASSERT_EQUAL(times("refused: duplicate: "), 2);
}

static const psd_check_test tests[] = {
    {"symbols anywhere on a page", test_places},
    {"symbols turned, on a soiled page", test_turned},
    {"several symbols on a page", test_several},
    {"copies on a page", test_copies},
    {"pages without symbols, and sizes that are refused", test_nothing},
    {"strips", test_strip},
    {"pictures that are cut off, or damaged", test_cut_off},
    {"directories", test_directory},
};

int main(void) {
  if (!psd_evp_start())
    return 2;
  int status = psd_check_run("symbols in pictures", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
