/* The file: PNG at true size, whole or not at all, and what is refused. */
#include "reader_print_support.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t read_file(const char *name, uint8_t *bytes, size_t capacity) {
  int fd = open(in_folder(name), O_RDONLY);
  ssize_t got = read(fd, bytes, capacity);
  (void)close(fd);
  return got > 0 ? (size_t)got : 0;
}

/* ISO/IEC 15948, 11.3.5.3: pHYs has dots a meter, and unit 1. 300 dpi are 11811 of them. */
static void says_its_dpi(void) {
  uint8_t head[64];
  psd_print_job job = a_job(PSD_PROFILE_COMPACT, PSD_SYMBOL_DATA_MATRIX, 0);
  print(&job, "stamp.png");
  CU_ASSERT_EQUAL_FATAL(read_file("stamp.png", head, sizeof head), sizeof head);
  psd_check_bytes(head, 8, "89504E470D0A1A0A", "signature");
  psd_check_bytes(head + 12, 4, "49484452", "IHDR");
  psd_check_bytes(head + 33, 21, "00000009 70485973 00002E23 00002E23 01 78A53F76", "pHYs");
  job.dpi = 600;
  print(&job, "stamp.png");
  CU_ASSERT_EQUAL_FATAL(read_file("stamp.png", head, sizeof head), sizeof head);
  psd_check_bytes(head + 33, 21, "00000009 70485973 00005C46 00005C46 01 1494 4341", "pHYs");
}

static bool is_black(const psd_scan *scan, size_t x, size_t y) {
  return scan->grey[y * scan->width + x] == 0;
}

/* The symbol, `columns` modules wide, begins 3 mm from the left and upper edges: all dots of a module are alike. */
static void modules_are_dots(unsigned dpi, psd_symbology symbology, unsigned columns, unsigned rows, double top) {
  /* No bytes that the encoder could squeeze. */
  psd_print_job job = a_job(PSD_PROFILE_P256, symbology, 143);
  job.dpi = dpi;
  psd_scan scan = print_and_scan(&job);
  size_t x = (size_t)lround(3 * dpi / 25.4), y = (size_t)lround(top * dpi / 25.4), side = 1;
  CU_ASSERT_TRUE_FATAL(is_black(&scan, x, y) && !is_black(&scan, x - 1, y) && !is_black(&scan, x, y - 1));
  /* The first bar of PDF417 is 8 modules wide; the first row of a Data Matrix has one dark, one light, and so on. */
  while (is_black(&scan, x + side, y))
    side++;
  side /= symbology == PSD_SYMBOL_PDF417 ? 8 : 1;
  CU_ASSERT(side >= 2);
  for (size_t row = 0; row < rows * side; row++)
    for (size_t column = 0; column < columns * side; column++) {
      uint8_t dot = scan.grey[(y + row) * scan.width + x + column];
      uint8_t corner = scan.grey[(y + row - row % side) * scan.width + x + column - column % side];
      if (dot != corner || (dot != 0 && dot != 255))
        CU_FAIL_FATAL("a module that is no square of dots");
    }
  CU_ASSERT_FALSE(is_black(&scan, x + columns * side, y));
  CU_ASSERT_FALSE(is_black(&scan, x, y + rows * side));
  psd_scan_free(&scan);
}

static void modules(void) {
  static const unsigned all[] = {150, 203, 300, 450, 600, 1200};
  for (size_t i = 0; i < PSD_CHECK_COUNT(all); i++) {
    modules_are_dots(all[i], PSD_SYMBOL_DATA_MATRIX, 44, 44, 3);
    modules_are_dots(all[i], PSD_SYMBOL_PDF417, 205, 63, 13.6);
  }
}

/* True if the column `inches` from the right edge is black from the upper edge to just above `down` inches. */
static bool bar_at(const psd_scan *scan, double inches, double down) {
  size_t x = scan->width - 1 - (size_t)lround(inches * 600), end = (size_t)lround(down * 600) - 2;
  for (size_t y = 0; y < end; y++)
    if (!is_black(scan, x, y))
      return false;
  return !is_black(scan, x, end + 4);
}

/* DMM 708.9.3: the rightmost bar 2 inches from the right edge, bars 1/32 inch wide, 1/16 inch from one to the next, 5/8
 * inch high. FIM D is 111010111. The clear zone from 1 3/4 to 3 inches from the right has nothing else. */
static void fim(void) {
  psd_print_job job = a_job(PSD_PROFILE_COMPACT, PSD_SYMBOL_PDF417, 0);
  job.envelope = true;
  job.dpi = 600;
  psd_scan scan = print_and_scan(&job);
  for (unsigned i = 0; i < 9; i++) {
    double middle = 2 + 1.0 / 64 + (8 - i) / 16.0;
    CU_ASSERT_EQUAL(bar_at(&scan, middle, 0.625), "111010111"[i] == '1');
    CU_ASSERT_FALSE(is_black(&scan, scan.width - 1 - (size_t)lround((middle + 1.0 / 32) * 600), 100));
  }
  for (size_t y = 0; y < 375; y++)
    for (size_t x = scan.width - 1800; x < scan.width - 1050; x++)
      if ((x < scan.width - 1519 || x > scan.width - 1200) && scan.grey[y * scan.width + x] != 255)
        CU_FAIL_FATAL("something else in the FIM's clear zone");
  psd_scan_free(&scan);
}

/* Dots of 8 % ink, several side by side, which no edge of a letter has: SPECIMEN. From row `first` on. */
static size_t pale_dots(const psd_scan *scan, size_t first) {
  static const uint8_t pale[] = {235, 235, 235, 235};
  size_t count = 0, all = (size_t)scan->width * scan->height - sizeof pale;
  for (size_t i = first * scan->width; i < all; i++)
    count += memcmp(scan->grey + i, pale, sizeof pale) == 0;
  return count;
}

/* It is there, and not behind the last line, which has the tokens. */
static void says_specimen(void) {
  for (unsigned i = 0; i < 4; i++) {
    psd_print_job job = a_job(i < 2 ? PSD_PROFILE_P256 : PSD_PROFILE_COMPACT,
                              i % 2 == 0 ? PSD_SYMBOL_DATA_MATRIX : PSD_SYMBOL_PDF417, 0);
    job.dpi = 600;
    psd_scan scan = print_and_scan(&job);
    CU_ASSERT(pale_dots(&scan, 0) > (size_t)scan.width * scan.height / 100);
    CU_ASSERT_EQUAL(pale_dots(&scan, scan.height - (size_t)lround((3 + 2.6) * 600 / 25.4)), 0);
    psd_scan_free(&scan);
  }
}

static void names(void) {
  psd_picture picture;
  CU_ASSERT_TRUE(psd_picture_of("a.png", &picture) && picture == PSD_PICTURE_PNG);
  CU_ASSERT_TRUE(psd_picture_of("x.y/b.SVG", &picture) && picture == PSD_PICTURE_SVG);
  CU_ASSERT_TRUE(psd_picture_of(".pdf", &picture) && picture == PSD_PICTURE_PDF);
  CU_ASSERT_FALSE(psd_picture_of("a.png.gz", &picture));
  CU_ASSERT_FALSE(psd_picture_of("png", &picture));
  CU_ASSERT_FALSE(psd_picture_of("a.png/b", &picture));
  CU_ASSERT_FALSE(psd_picture_of("", &picture));
  CU_ASSERT_FALSE(psd_picture_of(NULL, &picture));
}

static mode_t mode_under(mode_t mask) {
  struct stat status = {.st_mode = 0};
  psd_print_job job = a_job(PSD_PROFILE_COMPACT, PSD_SYMBOL_DATA_MATRIX, 0);
  mode_t before = umask(mask);
  print(&job, "mode.png");
  (void)umask(before);
  CU_ASSERT_EQUAL(stat(in_folder("mode.png"), &status), 0);
  (void)unlink(in_folder("mode.png"));
  return status.st_mode & 07777;
}

static void modes(void) {
  CU_ASSERT_EQUAL(mode_under(0), 0644);
  CU_ASSERT_EQUAL(mode_under(077), 0600);
}

/* It must be refused, in one line, and leave no file behind. */
static void refused(const psd_print_job *job, psd_picture picture, const char *path, psd_result how) {
  psd_error error = {.words = ""};
  size_t before = files_in_folder();
  CU_ASSERT_EQUAL(psd_print(job, picture, path, &error), how);
  CU_ASSERT_EQUAL(error.result, how);
  CU_ASSERT(error.words[0] != '\0' && strchr(error.words, '\n') == NULL);
  CU_ASSERT_EQUAL(files_in_folder(), before);
}

static void not_writable(void) {
  psd_print_job job = a_job(PSD_PROFILE_P256, PSD_SYMBOL_DATA_MATRIX, 0);
  refused(&job, PSD_PICTURE_PNG, in_folder("nowhere/stamp.png"), PSD_REFUSED);
  (void)mkdir(in_folder("there.png"), 0700);
  refused(&job, PSD_PICTURE_PNG, in_folder("there.png"), PSD_REFUSED);
  (void)rmdir(in_folder("there.png"));
}

/* A file that cannot grow, as on a full disk: what was there before stays. */
static void cut_short(void) {
  static const psd_picture pictures[] = {PSD_PICTURE_PNG, PSD_PICTURE_SVG, PSD_PICTURE_PDF};
  psd_print_job job = a_job(PSD_PROFILE_P256, PSD_SYMBOL_DATA_MATRIX, 0);
  struct rlimit usual;
  uint8_t before[32], after[32];
  print(&job, "whole.png");
  CU_ASSERT_EQUAL(read_file("whole.png", before, sizeof before), sizeof before);
  CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &usual), 0);
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  for (size_t i = 0; i < PSD_CHECK_COUNT(pictures); i++)
    for (rlim_t size = 0; size < 6000; size += 5000) {
      (void)setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = size, .rlim_max = usual.rlim_max});
      refused(&job, pictures[i], in_folder("whole.png"), PSD_REFUSED);
      (void)setrlimit(RLIMIT_FSIZE, &usual);
    }
  (void)signal(SIGXFSZ, handler);
  CU_ASSERT_EQUAL(read_file("whole.png", after, sizeof after), sizeof after);
  CU_ASSERT_EQUAL(memcmp(before, after, sizeof before), 0);
  psd_scan scan;
  CU_ASSERT_TRUE_FATAL(psd_scan_read(in_folder("whole.png"), &scan));
  zxing_reads(&job, &scan);
  psd_scan_free(&scan);
}

static void not_printable(void) {
  psd_print_job bad[24];
  size_t count = 0;
  for (size_t i = 0; i < PSD_CHECK_COUNT(bad); i++)
    bad[i] = a_job(PSD_PROFILE_P256, PSD_SYMBOL_DATA_MATRIX, 0);
  bad[count++].dpi = PSD_PRINT_DPI_LEAST - 1;
  bad[count++].dpi = PSD_PRINT_DPI_MOST + 1;
  bad[count++].dpi = 0;
  bad[count++].length = 112;
  bad[count++].length = 0;
  bad[count++].indicium = NULL;
  bad[count++].head.profile = 0;
  bad[count++].head.profile = PSD_PROFILE_DSA; /* has 89 bytes */
  bad[count++].head.kind = PSD_EVIDENCE_KINDS;
  bad[count++].head.postage = PSD_POSTAGE_MOST + 1;
  bad[count].head.kind = PSD_EVIDENCE_WITHDRAWAL;
  bad[count++].head.destination = PSD_ASCENDING_MOST + 1;
  bad[count++].head.date = 20260229;
  bad[count++].head.date = 0;
  bad[count++].head.vendor_token = 100000; /* 6 digits, not 5 */
  bad[count++].head.vendor_digits = PSD_TOKEN_DIGITS_MOST + 1;
  bad[count++].head.postal_digits = PSD_TOKEN_DIGITS_LEAST - 1;
  bad[count++].head.postal_digits = 255;
  bad[count++].device.vendor[0] = 7;
  bad[count++].device.model[1] = 0xFF;
  bad[count++].place = "SPRING\x1B[2JFIELD";
  bad[count++].place = "\xC2\x9B";      /* a control character of C1 */
  bad[count++].place = "SPRING\xFF";    /* no UTF-8 */
  bad[count++].place = "\xED\xA0\x80x"; /* half of a surrogate pair */
  CU_ASSERT(count <= PSD_CHECK_COUNT(bad));
  for (size_t i = 0; i < count; i++)
    refused(&bad[i], PSD_PICTURE_PNG, in_folder("bad.png"), PSD_BAD_INPUT);
}

/* Before there is evidence there is no indicium to look at; texts and dpi are refused all the same. */
static void before_evidence(void) {
  psd_error error;
  psd_print_job job = {.place = "SPRINGFIELD", .addressee = "\a", .dpi = 600};
  CU_ASSERT_EQUAL(psd_print_check(&job, PSD_PICTURE_PNG, &error), PSD_OK); /* a stamp has no addressee */
  job.envelope = true;
  CU_ASSERT_EQUAL(psd_print_check(&job, PSD_PICTURE_PNG, &error), PSD_BAD_INPUT);
  job.addressee = "Beverly Hills";
  CU_ASSERT_EQUAL(psd_print_check(&job, PSD_PICTURE_PNG, &error), PSD_OK);
  job.dpi = PSD_PRINT_DPI_MOST + 1;
  CU_ASSERT_EQUAL(psd_print_check(&job, PSD_PICTURE_PNG, &error), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(psd_print_check(&job, PSD_PICTURE_SVG, &error), PSD_OK);
  job.place = "\x7F";
  CU_ASSERT_EQUAL(psd_print_check(&job, PSD_PICTURE_SVG, &error), PSD_BAD_INPUT);
}

static void bad_addresses(void) {
  psd_print_job job = a_job(PSD_PROFILE_P256, PSD_SYMBOL_DATA_MATRIX, 0);
  job.envelope = true;
  job.sender = "1\n2\n3\n4\n5\n6\n7";
  refused(&job, PSD_PICTURE_PDF, in_folder("bad.pdf"), PSD_BAD_INPUT);
  job.sender = "\a";
  refused(&job, PSD_PICTURE_PDF, in_folder("bad.pdf"), PSD_BAD_INPUT);
  job.sender = NULL;
  job.addressee = "good\n\xC0\x80";
  refused(&job, PSD_PICTURE_PDF, in_folder("bad.pdf"), PSD_BAD_INPUT);
  job.addressee = "\n1\r\n2\n\n3\n4\t\n \n5\n6\n\n";
  print(&job, "good.pdf");
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a PNG says its dpi", says_its_dpi},
      {"modules are whole dots", modules},
      {"FIM D at its place", fim},
      {"every stamp says SPECIMEN", says_specimen},
      {"names of files", names},
      {"modes of files", modes},
      {"where no file can be written", not_writable},
      {"a file that cannot be finished", cut_short},
      {"what cannot be printed", not_printable},
      {"what can be looked at before there is evidence", before_evidence},
      {"addresses that cannot be printed", bad_addresses},
  };
  return print_check_run("reader_print_file", tests, PSD_CHECK_COUNT(tests));
}
