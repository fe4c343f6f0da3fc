#include "reader_support.h"

#include "psd/reader/card.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POINT                                                                                                          \
  "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"                                                 \
  "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"

const char *const support_point = POINT;
const char *const support_key_file = "# of the rig\n"
                                     "version = 1\n"
                                     "enc = 404142434445464748494a4b4c4d4e4f\n"
                                     "mac = 505152535455565758595A5B5C5D5E5F\n"
                                     "dek = 606162636465666768696A6B6C6D6E6F\n";
const char *const support_profile = "vendor = PS\n"
                                    "model = 01\n"
                                    "serial = 0000002A\n"
                                    "funds = separate\n"
                                    "minimum_postage = 0.001\n"
                                    "maximum_postage = 99.99\n"
                                    "maximum_descending = 10000\n"
                                    "minimum_refill = 1\n"
                                    "maximum_refill = 5000\n"
                                    "clock = now\n"
                                    "warn_days = 90\n"
                                    "lock_days = 120\n"
                                    "pin_tries = 3\n"
                                    "puk_tries = 10\n"
                                    "minimum_pin = 5\n"
                                    "pin = 12345\n"
                                    "puk = 87654321\n"
                                    "vendor_key_id = 7\n"
                                    "vendor_key = " POINT "\n"
                                    "device_key_scheme = 1000-key\n"
                                    "device_key_pointer = 999\n"
                                    "device_key = 0102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20\n"
                                    "vendor_token_key = "
                                    "2102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20\n"
                                    "vendor_token_pointer = 17\n"
                                    "postal_token_key = "
                                    "4102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F20\n"
                                    "postal_token_pointer = 0\n"
                                    "postal_token_digits = 8\n"
                                    "ca_key = " POINT "\n"
                                    "rate_key = " POINT "\n"
                                    "rate_key_id = 4294967295\n";

void sandbox_create(sandbox *box) {
  static const char template[] = "/tmp/psd-test-XXXXXX";
  memcpy(box->path, template, sizeof template);
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(box->path));
}

void sandbox_destroy(sandbox *box) {
  DIR *folder = opendir(box->path);
  CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
  struct dirent *entry;
  while ((entry = readdir(folder)) != NULL)
    if (entry->d_name[0] != '.')
      (void)unlinkat(dirfd(folder), entry->d_name, 0);
  (void)closedir(folder);
  (void)rmdir(box->path);
}

const char *sandbox_path(const sandbox *box, const char *name) {
  static char paths[4][192];
  static unsigned next;
  char *path = paths[next++ % 4];
  CU_ASSERT_FATAL(snprintf(path, sizeof paths[0], "%s/%s", box->path, name) < (int)sizeof paths[0]);
  return path;
}

const char *sandbox_write(const sandbox *box, const char *name, const char *text) {
  const char *path = sandbox_path(box, name);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  CU_ASSERT_FATAL(fd >= 0);
  CU_ASSERT_EQUAL_FATAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  (void)close(fd);
  return path;
}

psd_host_keys support_keys(void) {
  psd_card_birth birth = rig_birth();
  psd_host_keys keys = {.version = birth.key_version, .size = birth.key_size};
  memcpy(keys.enc, birth.enc, birth.key_size);
  memcpy(keys.mac, birth.mac, birth.key_size);
  memcpy(keys.dek, birth.dek, birth.key_size);
  return keys;
}

psd_host *support_host(rig *r) {
  psd_transport *transport = NULL;
  psd_host *host = NULL;
  psd_error error;
  CU_ASSERT_EQUAL_FATAL(psd_transport_card(r->card, &transport, &error), PSD_OK);
  CU_ASSERT_EQUAL_FATAL(psd_host_open(transport, &host, &error), PSD_OK);
  return host;
}

typedef struct evil {
  psd_transport *inner;
  support_meddler *meddle;
  void *context;
} evil;

static psd_result evil_connect(void *device, psd_error *error) {
  return psd_transport_connect(((evil *)device)->inner, error);
}

static psd_result evil_reset(void *device, psd_error *error) {
  return psd_transport_reset(((evil *)device)->inner, error);
}

static psd_result evil_atr(void *device, uint8_t atr[PSD_ATR_MAX], size_t *length, psd_error *error) {
  return psd_transport_atr(((evil *)device)->inner, atr, length, error);
}

static psd_result evil_transmit(void *device, const uint8_t *command, size_t length, uint8_t *response, size_t capacity,
                                size_t *response_length, psd_error *error) {
  evil *reader = device;
  psd_result result =
      psd_transport_transmit(reader->inner, command, length, response, capacity, response_length, error);
  if (result == PSD_OK)
    reader->meddle(reader->context, command, length, response, response_length, capacity);
  return result;
}

static psd_result evil_begin(void *device, psd_error *error) {
  return psd_transport_begin(((evil *)device)->inner, error);
}

static psd_result evil_end(void *device, psd_error *error) {
  return psd_transport_end(((evil *)device)->inner, error);
}

static bool evil_short_only(void *device) {
  return psd_transport_short_only(((evil *)device)->inner);
}

static void evil_close(void *device) {
  psd_transport_close(((evil *)device)->inner);
  free(device);
}

psd_transport *support_evil(psd_transport *inner, support_meddler *meddle, void *context) {
  static const psd_transport_table table = {
      .connect = evil_connect,
      .reset = evil_reset,
      .atr = evil_atr,
      .transmit = evil_transmit,
      .begin = evil_begin,
      .end = evil_end,
      .short_only = evil_short_only,
      .close = evil_close,
  };
  evil *reader = calloc(1, sizeof *reader);
  CU_ASSERT_PTR_NOT_NULL_FATAL(reader);
  *reader = (evil){.inner = inner, .meddle = meddle, .context = context};
  psd_transport *transport = psd_transport_new(&table, reader, "evil reader");
  CU_ASSERT_PTR_NOT_NULL_FATAL(transport);
  return transport;
}
