#include "emulator/holder.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "port/clock_os.h"
#include "port/entropy_os.h"
#include "port/nvm_file.h"

struct psd_holder {
  psd_nvm_file file;
  void *memory; /* the card's */
  psd_card *card;
};

static bool say(char *why, const char *path, const char *what) {
  (void)snprintf(why, PSD_HOLDER_WHY_MAX, "%s: %s", path, what);
  return false;
}

/* A holder around a file that is about to be opened. */
static psd_holder *new_holder(const char *path, char *why) {
  psd_holder *holder = calloc(1, sizeof *holder);
  void *memory = malloc(psd_card_size());
  if (holder == NULL || memory == NULL) {
    free(holder);
    free(memory);
    (void)say(why, path, "out of memory");
    return NULL;
  }
  holder->memory = memory;
  holder->file.descriptor = -1;
  return holder;
}

static void make_card(psd_holder *holder) {
  psd_ports ports = {
      .nvm = psd_nvm_file_port(&holder->file), .entropy = psd_entropy_os(), .oscillator = psd_clock_os()};
  holder->card = psd_card_init(holder->memory, &ports);
}

psd_holder *psd_holder_open(const char *path, bool sync, char why[PSD_HOLDER_WHY_MAX]) {
  char message[PSD_NVM_FILE_MESSAGE];
  psd_holder *holder = new_holder(path, why);
  if (holder == NULL)
    return NULL;
  if (!psd_nvm_file_open(&holder->file, path, sync, message)) {
    (void)say(why, path, message);
    psd_holder_close(holder);
    return NULL;
  }
  make_card(holder);
  return holder;
}

static bool manufacture(psd_holder *holder, const char *path, const psd_card_birth *birth, char *why) {
  char message[PSD_NVM_FILE_MESSAGE];
  if (!psd_nvm_file_create(&holder->file, path, true, message))
    return say(why, path, message);
  make_card(holder);
  if (!psd_card_manufacture(holder->card, birth))
    return say(why, path, "the blank card cannot be written");
  return psd_nvm_file_publish(&holder->file, message) || say(why, path, message);
}

bool psd_holder_create(const char *path, const psd_card_birth *birth, char why[PSD_HOLDER_WHY_MAX]) {
  psd_holder *holder = new_holder(path, why);
  bool made = holder != NULL && manufacture(holder, path, birth, why);
  psd_holder_close(holder);
  return made;
}

psd_card *psd_holder_card(const psd_holder *holder) {
  return holder->card;
}

void psd_holder_close(psd_holder *holder) {
  if (holder == NULL)
    return;
  if (holder->card != NULL && psd_card_is_on(holder->card))
    psd_card_power_off(holder->card);
  psd_nvm_file_close(&holder->file);
  psd_wipe(holder->memory, psd_card_size());
  free(holder->memory);
  free(holder);
}
