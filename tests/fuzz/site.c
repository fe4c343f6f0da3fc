#define _XOPEN_SOURCE 700 /* mkdtemp, nftw */
#include "fuzz_site.h"

#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const psd_verify_policy fuzz_site_policy = {.now = 1795348800, .days = 3, .ahead = 1};

static char folder[] = "/tmp/psd-fuzz-site.XXXXXX";
static psd_pair *pair;

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk) {
  (void)status;
  (void)type;
  (void)walk;
  return remove(path);
}

static void forget(void) {
  (void)nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  psd_pair_free(pair);
}

const char *fuzz_site_folder(void) {
  return folder;
}

static void path_of(const char *name, char path[128]) {
  (void)snprintf(path, 128, "%s/%s", folder, name);
}

void fuzz_site_put(const char *name, const void *data, size_t length) {
  char path[128];
  path_of(name, path);
  FILE *out = fopen(path, "w");
  FUZZ_ASSERT(out != NULL && chmod(path, 0600) == 0);
  FUZZ_ASSERT(length == 0 || fwrite(data, 1, length, out) == length);
  FUZZ_ASSERT(fclose(out) == 0);
}

void fuzz_site_remove(const char *name) {
  char path[128];
  path_of(name, path);
  FUZZ_ASSERT(unlink(path) == 0);
}

void fuzz_site_sign(const char *label, const void *data, size_t length, uint8_t signature[64]) {
  const psd_part parts[] = {{label, strlen(label)}, {data, length}};
  FUZZ_ASSERT(psd_pair_sign(pair, parts, 2, signature));
}

static void make_folders(void) {
  static const char *const names[] = {"ca", "certificates", "crl", "rates", "days", "dsa"};
  char path[128];
  FUZZ_ASSERT(mkdtemp(folder) != NULL);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    path_of(names[i], path);
    FUZZ_ASSERT(mkdir(path, 0700) == 0);
  }
}

void fuzz_site_make(void) {
  static const char *const names[] = {"rates.pem", "vendor.pem", "postal.pem"};
  uint8_t point[PSD_POINT];
  char pem[PSD_PEM_MAX];
  FUZZ_ASSERT(psd_evp_start());
  make_folders();
  pair = psd_pair_new();
  FUZZ_ASSERT(pair != NULL && atexit(forget) == 0);
  psd_pair_point(pair, point);
  FUZZ_ASSERT(psd_point_pem(point, pem));
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    fuzz_site_put(names[i], pem, strlen(pem));
}

void fuzz_site_put_day(void) {
  uint8_t memory[PSD_SIZE_DAY_TABLE + 2 * PSD_SIZE_METER_KEY + 64];
  psd_day_table head = {.magic = "PSDT", .format = 1, .order = PSD_TOKEN_BY_METER, .date = 20261122, .count = 2};
  for (head.domain = PSD_TOKENS_VENDOR; head.domain <= PSD_TOKENS_POSTAL; head.domain++) {
    psd_buffer out = psd_buffer_over(memory, sizeof memory);
    psd_put_message(&out, PSD_MESSAGE_DAY_TABLE, &head);
    for (uint64_t serial = 1; serial <= 2; serial++) {
      psd_put(&out, "PSD1", 4);
      psd_put_uint(&out, serial, 4);
      FUZZ_ASSERT(psd_random(psd_put_room(&out, PSD_SIZE_DAY_KEY), PSD_SIZE_DAY_KEY));
    }
    size_t length = out.length;
    fuzz_site_sign(PSD_DAY_TABLE_LABEL, memory, length, psd_put_room(&out, 64));
    fuzz_site_put(head.domain == PSD_TOKENS_VENDOR ? "days/v.day" : "days/p.day", memory, out.length);
  }
}
