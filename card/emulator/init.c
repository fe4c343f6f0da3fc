#include "emulator/init.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "emulator/holder.h"
#include "emulator/keyfile.h"
#include "port/entropy_os.h"

#define PATH_MAX_BYTES 4096U
/* Of keys made here: the longest there are, under the first version number. */
#define NEW_KEY_SIZE 32U
#define NEW_KEY_VERSION 1U

static bool say(const char *path, const char *what) {
  (void)fprintf(stderr, "psd-card: %s: %s\n", path, what);
  return false;
}

static bool draw_keys(psd_keyfile *keys) {
  psd_entropy entropy = psd_entropy_os();
  keys->version = NEW_KEY_VERSION;
  keys->size = NEW_KEY_SIZE;
  return entropy.read(entropy.device, keys->enc, NEW_KEY_SIZE) &&
         entropy.read(entropy.device, keys->mac, NEW_KEY_SIZE) && entropy.read(entropy.device, keys->dek, NEW_KEY_SIZE);
}

/* Makes keys and writes them to `path`. */
static bool make_keys(const char *path, psd_keyfile *keys) {
  if (!draw_keys(keys))
    return say(path, "the system gives no randomness for the transport keys");
  const char *wrong = psd_keyfile_create(path, keys);
  return wrong == NULL || say(path, wrong);
}

static bool read_keys(const char *path, psd_keyfile *keys) {
  const char *wrong = psd_keyfile_read(path, keys);
  return wrong == NULL || say(path, wrong);
}

/* Asked before there are keys: a card that is there has its own. */
static bool is_free(const char *path) {
  struct stat status;
  return lstat(path, &status) != 0 || say(path, "exists already, and a card is never overwritten: choose another name");
}

static void fill_birth(const psd_options *options, const psd_keyfile *keys, psd_card_birth *birth) {
  *birth = (psd_card_birth){.serial = options->serial, .key_version = keys->version, .key_size = keys->size};
  memcpy(birth->vendor, options->vendor, sizeof birth->vendor);
  memcpy(birth->model, options->model, sizeof birth->model);
  memcpy(birth->enc, keys->enc, sizeof birth->enc);
  memcpy(birth->mac, keys->mac, sizeof birth->mac);
  memcpy(birth->dek, keys->dek, sizeof birth->dek);
}

static bool make_card(const psd_options *options, const psd_keyfile *keys) {
  char why[PSD_HOLDER_WHY_MAX];
  psd_card_birth birth;
  fill_birth(options, keys, &birth);
  bool made = psd_holder_create(options->states[0], &birth, why);
  psd_wipe(&birth, sizeof birth);
  if (!made)
    (void)fprintf(stderr, "psd-card: %s\n", why);
  return made;
}

static void report(const psd_options *options, const char *keys_path, bool made_keys) {
  (void)printf("card %.2s%.2s %08lX made in %s; transport keys %s %s\n", options->vendor, options->model,
               (unsigned long)options->serial, options->states[0], made_keys ? "written to" : "as in", keys_path);
}

int psd_init_card(const psd_options *options) {
  char made_path[PATH_MAX_BYTES];
  psd_keyfile keys;
  bool make = options->keys == NULL;
  const char *path = make ? made_path : options->keys;
  int length = snprintf(made_path, sizeof made_path, "%s.keys", options->states[0]);
  if (length < 0 || (size_t)length >= sizeof made_path) {
    (void)say("--state", strerror(ENAMETOOLONG));
    return PSD_CARD_EXIT_REFUSED;
  }
  if (!is_free(options->states[0]))
    return PSD_CARD_EXIT_REFUSED;
  bool have_keys = make ? make_keys(path, &keys) : read_keys(path, &keys);
  bool done = have_keys && make_card(options, &keys);
  /* Keys of a card that does not exist are of no use, and would be in the way of the next attempt. */
  if (have_keys && make && !done)
    (void)unlink(path);
  psd_wipe(&keys, sizeof keys);
  if (done)
    report(options, path, make);
  return done ? PSD_CARD_EXIT_DONE : PSD_CARD_EXIT_REFUSED;
}
