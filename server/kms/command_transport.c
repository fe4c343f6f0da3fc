/* Transport keys of new cards, in files that psd-card init --transport-keys reads. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kms/commands.h"
#include "kms/derive.h"
#include "kms/file.h"
#include "kms/notice.h"
#include "psd/spec/text.h"

#define TEXT_MAX 512U
#define PATH_MAX_BYTES 4096U

static void say_key(psd_text *text, const char *name, const uint8_t key[32]) {
  psd_say(text, "%s = ", name);
  psd_say_hex(text, key, 32);
  psd_say(text, "\n");
}

/* Never overwrites a file; leaves none behind that is not whole. */
static bool write_file(const char *path, const char *text, size_t length) {
  int file = psd_kms_file_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL);
  if (file < 0)
    return false;
  bool done = psd_kms_write_all(file, (const uint8_t *)text, length, 0) && fsync(file) == 0;
  int reason = errno;
  (void)close(file);
  if (!done)
    (void)unlink(path);
  errno = reason;
  return done;
}

static bool write_keys(const psd_kms_key *master, const psd_kms_device *device, const char *path) {
  uint8_t keys[PSD_KMS_TRANSPORT_SIZE];
  char memory[TEXT_MAX];
  psd_text text = psd_text_over(memory, sizeof memory);
  bool done = master != NULL && psd_kms_transport_keys(master, device, keys);
  psd_say(&text, "# transport keys of one card: keep them secret\nversion = %u\n", PSD_KMS_TRANSPORT_VERSION);
  say_key(&text, "enc", keys);
  say_key(&text, "mac", keys + 32);
  say_key(&text, "dek", keys + 64);
  done = done && write_file(path, memory, text.length);
  psd_secret_wipe(keys, sizeof keys);
  psd_secret_wipe(memory, sizeof memory);
  return done;
}

/* The log is told first: keys that left are in it, whatever happens to the file. */
static bool hand_out(psd_kms *kms, const psd_kms_device *device, const char *path) {
  const psd_kms_key *master = psd_keyring_active(psd_kms_keys(kms), PSD_KMS_TRANSPORT);
  psd_kms_events events = {.count = 0};
  psd_kms_event event = {.event = PSD_KMS_EVENT_TRANSPORT, .time = psd_kms_now(), .kind = PSD_KMS_TRANSPORT};
  event.key = master != NULL ? master->identifier : 0;
  event.about_device = true;
  event.device = *device;
  return psd_kms_note(&events, &event) && psd_kms_record_events(kms, &events) && write_keys(master, device, path);
}

static bool each(const psd_kms_options *options, psd_kms *kms, char *why) {
  char path[PATH_MAX_BYTES];
  for (unsigned i = 0; i < options->serial_count; i++) {
    psd_kms_device device = psd_kms_device_of(options->vendor, options->model, options->serials[i]);
    int length = options->out != NULL ? snprintf(path, sizeof path, "%s", options->out)
                                      : snprintf(path, sizeof path, "%s/%08lX.keys", options->out_dir,
                                                 (unsigned long)options->serials[i]);
    errno = ENAMETOOLONG;
    if (length < 0 || (size_t)length >= sizeof path || !hand_out(kms, &device, path)) {
      (void)snprintf(why, PSD_KMS_WHY_MAX, "%.100s: %.80s", path,
                     errno == EEXIST ? "exists already, and a key file is never overwritten" : strerror(errno));
      return false;
    }
  }
  return true;
}

int psd_kms_command_transport(const psd_kms_options *options) {
  char why[PSD_KMS_WHY_MAX];
  psd_kms *kms = psd_kms_command_open(options);
  if (kms == NULL)
    return PSD_EXIT_REFUSED;
  bool done = each(options, kms, why);
  psd_kms_close(kms);
  return done ? PSD_EXIT_DONE : psd_kms_command_refused(why);
}
