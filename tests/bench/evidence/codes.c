/* bench-codes FOLDER: symbols of indicia, made and read. Times are of the processor, since a picture waits for the disk
 * in the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"
#include "print/symbol.h"
#include "zxing.h"

#define PATH_SIZE 4096
#define SYMBOLS 2000U
#define PICTURES 20U
#define READS 7U
#define DPI 300U
#define ASKEW 7.0 /* degrees */

static const uint8_t *indicium(void) {
  static uint8_t bytes[PSD_INDICIUM_MAX];
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (uint8_t)(37U * i + 11U);
  return bytes;
}

static psd_print_job job_of(bool envelope, psd_symbology symbology) {
  return (psd_print_job){.head = {.kind = PSD_EVIDENCE_POSTAGE,
                                  .profile = PSD_PROFILE_P256,
                                  .date = 20261122,
                                  .mail_class = PSD_CLASS_OF_FIRST,
                                  .postage = 730,
                                  .piece_count = 123,
                                  .vendor_digits = 5,
                                  .vendor_token = 1234,
                                  .postal_digits = 5,
                                  .postal_token = 67890},
                         .indicium = indicium(),
                         .length = PSD_INDICIUM_MAX,
                         .device = {.vendor = "PS", .model = "D1", .serial = 7},
                         .place = "SPRINGFIELD IL 62701",
                         .sender = "SENDER\n1 MAIN STREET\nSPRINGFIELD IL 62701",
                         .addressee = "ADDRESSEE\n2 BROADWAY\nNEW YORK NY 10001",
                         .symbology = symbology,
                         .envelope = envelope,
                         .dpi = DPI};
}

/* Symbols as modules: libzint alone. */
static void measure_symbol(const char *name, psd_symbology symbology) {
  psd_symbol symbol;
  psd_error error = {.words = ""};
  bench_samples samples = bench_samples_make(SYMBOLS);
  for (unsigned i = 0; i < SYMBOLS; i++) {
    uint64_t start = bench_now_computing();
    psd_result result = psd_symbol_make(symbology, indicium(), PSD_INDICIUM_MAX, &symbol, &error);
    bench_add(&samples, bench_now_computing() - start, 1);
    if (result != PSD_OK)
      bench_die("%s", error.words);
  }
  bench_row_percentiles(&samples, "codes.symbol.%s", name);
}

static void print(const psd_print_job *job, psd_picture picture, const char *path) {
  psd_error error = {.words = ""};
  if (psd_print(job, picture, path, &error) != PSD_OK)
    bench_die("%s", error.words);
}

static void measure_picture(const char *name, bool envelope, psd_picture picture, const char *path) {
  const psd_print_job job = job_of(envelope, PSD_SYMBOL_DATA_MATRIX);
  bench_samples samples = bench_samples_make(PICTURES);
  print(&job, picture, path); /* fonts are looked up with the first */
  for (unsigned i = 0; i < PICTURES; i++) {
    uint64_t start = bench_now_computing();
    print(&job, picture, path);
    bench_add(&samples, bench_now_computing() - start, 1);
  }
  bench_row_percentiles(&samples, "codes.%s.%s", envelope ? "envelope" : "stamp", name);
}

typedef bool reader(const psd_scan *scan, psd_read_back *found);

/* How long, and of how many reads it was right: a decoder may fail. */
static void measure_reader(const char *name, const char *picture, reader *read, const psd_scan *scan) {
  psd_read_back found;
  unsigned right = 0;
  bench_samples samples = bench_samples_make(READS);
  for (unsigned i = 0; i < READS; i++) {
    uint64_t start = bench_now_computing();
    bool done = read(scan, &found);
    bench_add(&samples, bench_now_computing() - start, 1);
    right += done && found.count == 1 && found.length == PSD_INDICIUM_MAX &&
             memcmp(found.bytes, indicium(), PSD_INDICIUM_MAX) == 0;
  }
  bench_row((double)right / READS, "codes.read.%s.%s.right", picture, name);
  bench_row_percentiles(&samples, "codes.read.%s.%s", picture, name);
}

static void measure_readers(const char *picture, bool matrix, const psd_scan *scan) {
  measure_reader("psd", picture, psd_read_zxing, scan);
  measure_reader("zxing", picture, zxing_once, scan);
  if (matrix)
    measure_reader("dmtx", picture, psd_read_dmtx, scan);
}

/* As a scanner sees it on a bad day. */
static void lay_askew(psd_scan *scan) {
  psd_scan_turn(scan, ASKEW);
  psd_scan_blur(scan, 1);
  psd_scan_fade(scan, 50, 210);
  psd_scan_pepper(scan, 3, 1);
}

static void read_picture(const char *name, bool envelope, psd_symbology symbology, const char *path) {
  char askew[64];
  psd_scan scan;
  const psd_print_job job = job_of(envelope, symbology);
  print(&job, PSD_PICTURE_PNG, path);
  bench_need(psd_scan_read(path, &scan), "picture");
  (void)snprintf(askew, sizeof askew, "%s_askew", name);
  measure_readers(name, symbology == PSD_SYMBOL_DATA_MATRIX, &scan);
  lay_askew(&scan);
  measure_readers(askew, symbology == PSD_SYMBOL_DATA_MATRIX, &scan);
  psd_scan_free(&scan);
}

int main(int argc, char **argv) {
  char path[PATH_SIZE];
  if (argc != 2) {
    (void)fputs("usage: bench-codes FOLDER\n", stderr);
    return 2;
  }
  int length = snprintf(path, sizeof path, "%s/picture", argv[1]);
  bench_need(length > 0 && (size_t)length < sizeof path, "room for the path");
  measure_symbol("matrix", PSD_SYMBOL_DATA_MATRIX);
  measure_symbol("pdf417", PSD_SYMBOL_PDF417);
  for (unsigned envelope = 0; envelope < 2; envelope++) {
    measure_picture("png", envelope == 1, PSD_PICTURE_PNG, path);
    measure_picture("svg", envelope == 1, PSD_PICTURE_SVG, path);
    measure_picture("pdf", envelope == 1, PSD_PICTURE_PDF, path);
  }
  read_picture("stamp", false, PSD_SYMBOL_DATA_MATRIX, path);
  read_picture("pdf417", false, PSD_SYMBOL_PDF417, path);
  read_picture("envelope", true, PSD_SYMBOL_DATA_MATRIX, path);
  return 0;
}
