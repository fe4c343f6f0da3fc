#include "reader_print_support.h"

#include "read_back.h"

#include <cairo.h>
#include <dirent.h>
#include <fontconfig/fontconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/psd-print-XXXXXX";

static void empty_folder(void) {
  DIR *all = opendir(folder);
  for (struct dirent *entry; all != NULL && (entry = readdir(all)) != NULL;)
    (void)unlink(in_folder(entry->d_name));
  (void)closedir(all);
  (void)rmdir(folder);
}

int print_check_run(const char *suite, const psd_check_test *tests, size_t count) {
  if (mkdtemp(folder) == NULL) {
    perror(folder);
    return 1;
  }
  int status = psd_check_run(suite, tests, count);
  empty_folder();
  /* What they keep for the next picture would be taken for a leak. */
  cairo_debug_reset_static_data();
  FcFini();
  return status;
}

psd_print_job a_job(psd_profile_id profile, psd_symbology symbology, uint8_t first) {
  static uint8_t bytes[256 + PSD_INDICIUM_MAX];
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (uint8_t)i;
  return (psd_print_job){.head = {.kind = PSD_EVIDENCE_POSTAGE,
                                  .profile = profile,
                                  .date = 20261122,
                                  .mail_class = PSD_CLASS_OF_FIRST,
                                  .postage = 730,
                                  .piece_count = 123,
                                  .vendor_digits = 5,
                                  .vendor_token = 1234,
                                  .postal_digits = 5,
                                  .postal_token = 67890},
                         .indicium = bytes + first,
                         .length = psd_profile_of(profile)->size,
                         .device = {.vendor = "PS", .model = "D1", .serial = 0xA0B0C0D},
                         .place = "SPRINGFIELD IL 62701",
                         .symbology = symbology,
                         .dpi = 300};
}

const char *in_folder(const char *name) {
  static char paths[4][sizeof folder + 300];
  static unsigned next;
  char *path = paths[next++ % 4];
  (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

size_t files_in_folder(void) {
  size_t count = 0;
  DIR *all = opendir(folder);
  for (struct dirent *entry; all != NULL && (entry = readdir(all)) != NULL;)
    count += entry->d_name[0] != '.';
  (void)closedir(all);
  return count;
}

void print(const psd_print_job *job, const char *name) {
  psd_error error = {.words = ""};
  psd_picture picture;
  CU_ASSERT_TRUE_FATAL(psd_picture_of(name, &picture));
  if (psd_print(job, picture, in_folder(name), &error) != PSD_OK)
    (void)printf("\n%s: %s\n", name, error.words);
  CU_ASSERT_STRING_EQUAL_FATAL(error.words, "");
}

psd_scan print_and_scan(const psd_print_job *job) {
  psd_scan scan;
  print(job, "picture.png");
  CU_ASSERT_TRUE_FATAL(psd_scan_read(in_folder("picture.png"), &scan));
  return scan;
}

static void is_job(const psd_print_job *job, const psd_read_back *found, const char *decoder) {
  bool right =
      found->count == 1 && found->length == job->length && memcmp(found->bytes, job->indicium, job->length) == 0;
  if (!right)
    (void)printf("\n%s, %zu bytes, symbology %d, %u dpi: %u symbols, %zu bytes\n", decoder, job->length,
                 (int)job->symbology, job->dpi, found->count, found->length);
  CU_ASSERT_TRUE(right);
}

void zxing_reads(const psd_print_job *job, const psd_scan *scan) {
  psd_read_back found;
  CU_ASSERT_TRUE(psd_read_zxing(scan, &found));
  is_job(job, &found, "zxing");
  CU_ASSERT_STRING_EQUAL(found.symbology, job->symbology == PSD_SYMBOL_PDF417 ? "PDF417" : "DataMatrix");
}

void dmtx_reads(const psd_print_job *job, const psd_scan *scan) {
  psd_read_back found;
  CU_ASSERT_TRUE(psd_read_dmtx(scan, &found));
  is_job(job, &found, "dmtx");
}
