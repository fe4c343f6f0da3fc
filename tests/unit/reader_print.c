/* What is printed can be read back, by decoders that are not of the encoder's making. */
#include "print/symbol.h"
#include "reader_print_support.h"

#include <stdlib.h>
#include <string.h>

static const psd_profile_id profiles[] = {PSD_PROFILE_DSA, PSD_PROFILE_P256, PSD_PROFILE_COMPACT};
static const psd_symbology symbologies[] = {PSD_SYMBOL_DATA_MATRIX, PSD_SYMBOL_PDF417};

/* As it comes out of a scanner: askew, smeared, pale and dirty. */
static void through_scanner(psd_scan *scan, double degrees, unsigned dpi) {
  psd_scan_turn(scan, degrees);
  psd_scan_blur(scan, dpi / 300);
  psd_scan_fade(scan, 50, 220);
  psd_scan_pepper(scan, 8, dpi);
}

static void print_and_read(psd_print_job *job, double degrees) {
  psd_scan scan = print_and_scan(job);
  zxing_reads(job, &scan);
  if (job->symbology == PSD_SYMBOL_DATA_MATRIX)
    dmtx_reads(job, &scan);
  through_scanner(&scan, degrees, job->dpi);
  zxing_reads(job, &scan);
  if (job->symbology == PSD_SYMBOL_DATA_MATRIX)
    dmtx_reads(job, &scan);
  psd_scan_free(&scan);
}

/* Each profile in each symbology. PDF417 at 600 dpi is turned a little only: the rest is a matter of the same angle. */
static void read_back_at(unsigned dpi) {
  double degrees = 2.5;
  for (size_t i = 0; i < PSD_CHECK_COUNT(profiles); i++)
    for (size_t j = 0; j < PSD_CHECK_COUNT(symbologies); j++) {
      psd_print_job job = a_job(profiles[i], symbologies[j], (uint8_t)(100 * i + 70 * j));
      job.dpi = dpi;
      print_and_read(&job, job.symbology == PSD_SYMBOL_PDF417 && dpi == 600 ? 2.5 : degrees);
      degrees = -degrees * 1.25;
    }
}

static void at_300_dpi(void) {
  read_back_at(300);
}

static void at_600_dpi(void) {
  read_back_at(600);
}

/* Sides of modules are whole dots whatever the dpi is; nobody else's dpi is a nice number. */
static void at_other_dpi(void) {
  static const unsigned all[] = {PSD_PRINT_DPI_LEAST, 203, 360, PSD_PRINT_DPI_MOST};
  for (size_t i = 0; i < PSD_CHECK_COUNT(all); i++) {
    psd_print_job job = a_job(PSD_PROFILE_P256, symbologies[i % 2], 0);
    job.dpi = all[i];
    psd_scan scan = print_and_scan(&job);
    zxing_reads(&job, &scan);
    psd_scan_free(&scan);
  }
}

static void upside_down(void) {
  psd_print_job job = a_job(PSD_PROFILE_P256, PSD_SYMBOL_DATA_MATRIX, 0);
  psd_scan scan = print_and_scan(&job);
  psd_scan_turn(&scan, 187);
  zxing_reads(&job, &scan);
  dmtx_reads(&job, &scan);
  psd_scan_free(&scan);
}

/* Neither the FIM nor the addresses keep the symbol from being found. */
static void on_envelopes(void) {
  for (size_t i = 0; i < PSD_CHECK_COUNT(symbologies); i++) {
    psd_print_job job = a_job(PSD_PROFILE_P256, symbologies[i], 0);
    job.envelope = true;
    job.sender = "Quincy Adams Wagstaff\n1 Elm Street\nSpringfield IL 62701";
    job.addressee = "Addressee\n2 Palm Street\nBeverly Hills CA 90210";
    psd_scan scan = print_and_scan(&job);
    CU_ASSERT_EQUAL(scan.width, 2850);
    CU_ASSERT_EQUAL(scan.height, 1238);
    psd_scan_turn(&scan, 1.5);
    zxing_reads(&job, &scan);
    psd_scan_free(&scan);
  }
}

/* A symbol alone, 4 dots a module. */
static psd_scan paint(const psd_symbol *symbol) {
  const unsigned side = 4, quiet = 4 * side;
  psd_scan scan = {.width = symbol->columns * side + 2 * quiet,
                   .height = symbol->rows * symbol->row_height * side + 2 * quiet};
  scan.grey = malloc((size_t)scan.width * scan.height);
  CU_ASSERT_PTR_NOT_NULL_FATAL(scan.grey);
  memset(scan.grey, 255, (size_t)scan.width * scan.height);
  for (unsigned y = 0; y < scan.height - 2 * quiet; y++)
    for (unsigned x = 0; x < scan.width - 2 * quiet; x++)
      if (symbol->dark[y / side / symbol->row_height * symbol->columns + x / side])
        scan.grey[(size_t)(y + quiet) * scan.width + x + quiet] = 0;
  return scan;
}

static void carries(const psd_print_job *job) {
  psd_symbol symbol;
  psd_error error;
  CU_ASSERT_EQUAL_FATAL(psd_symbol_make(job->symbology, job->indicium, job->length, &symbol, &error), PSD_OK);
  psd_scan scan = paint(&symbol);
  zxing_reads(job, &scan);
  psd_scan_free(&scan);
}

/* Every value in every profile and symbology, and what an encoder might take for text, digits or the end. */
static void every_byte(void) {
  static uint8_t alike[PSD_INDICIUM_MAX];
  static const char fills[] = {'\0', '\x01', '0', 'A', ' ', '\x80', '\xE8', '\xFF'};
  for (size_t i = 0; i < PSD_CHECK_COUNT(profiles) * PSD_CHECK_COUNT(symbologies); i++) {
    psd_profile_id profile = profiles[i / 2];
    psd_symbology symbology = symbologies[i % 2];
    for (unsigned first = 0; first < 256; first += psd_profile_of(profile)->size) {
      psd_print_job job = a_job(profile, symbology, (uint8_t)first);
      carries(&job);
    }
    for (size_t j = 0; j < sizeof fills; j++) {
      psd_print_job job = a_job(profile, symbology, 0);
      memset(alike, fills[j], sizeof alike);
      job.indicium = alike;
      carries(&job);
    }
  }
}

/* The forms that docs/printing.md promises. */
static void forms(void) {
  static const unsigned sides[] = {40, 44, 20}, rows[] = {18, 21, 11};
  for (size_t i = 0; i < PSD_CHECK_COUNT(profiles); i++) {
    psd_symbol symbol;
    psd_error error;
    psd_print_job job = a_job(profiles[i], PSD_SYMBOL_DATA_MATRIX, 150);
    CU_ASSERT_EQUAL(psd_symbol_make(job.symbology, job.indicium, job.length, &symbol, &error), PSD_OK);
    CU_ASSERT_EQUAL(symbol.columns, sides[i]);
    CU_ASSERT_EQUAL(symbol.rows, sides[i]);
    CU_ASSERT_EQUAL(psd_symbol_make(PSD_SYMBOL_PDF417, job.indicium, job.length, &symbol, &error), PSD_OK);
    CU_ASSERT_EQUAL(symbol.columns, 205);
    CU_ASSERT_EQUAL(symbol.rows, rows[i]);
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"every profile and symbology at 300 dpi, clean and scanned", at_300_dpi},
      {"every profile and symbology at 600 dpi, clean and scanned", at_600_dpi},
      {"other dpi", at_other_dpi},
      {"upside down", upside_down},
      {"whole envelopes, askew", on_envelopes},
      {"symbols carry every byte value", every_byte},
      {"symbols have the form they are meant to have", forms},
  };
  return print_check_run("reader_print", tests, PSD_CHECK_COUNT(tests));
}
