#include "vectors.h"

#include "port/clock_os.h"
#include "port/entropy_os.h"
#include "port/nvm_file.h"
#include "port/nvm_ram.h"
#include "psd/reader/card.h"
#include "staged.h"

#include <stdlib.h>

#define WAIT_MS 10000U
#define PAGE 64U
#define BLOCK 4096U
#define BLOCKS 16U

static psd_ports ports_over(psd_nvm nvm) {
  return (psd_ports){.nvm = nvm, .entropy = psd_entropy_os(), .oscillator = psd_clock_os()};
}

/* A card in the state, in memory the caller frees; off again. */
static psd_card *make_card(psd_nvm nvm, psd_state state) {
  psd_ports ports = ports_over(nvm);
  psd_card_birth birth = staged_birth();
  void *memory = malloc(psd_card_size());
  if (memory == NULL)
    return NULL;
  psd_card *card = psd_card_init(memory, &ports);
  bool made = psd_card_manufacture(card, &birth);
  if (made) {
    psd_card_power_on(card);
    made = staged_enter(card, state);
    psd_card_power_off(card);
  }
  if (made)
    return card;
  free(memory);
  return NULL;
}

bool vector_prepare(const char *path, psd_state state) {
  char message[PSD_NVM_FILE_MESSAGE];
  psd_nvm_file file;
  if (!psd_nvm_file_create(&file, path, true, message)) {
    fprintf(stderr, "%s: %s\n", path, message);
    return false;
  }
  psd_card *card = make_card(psd_nvm_file_port(&file), state);
  bool made = card != NULL && psd_nvm_file_publish(&file, message);
  if (!made)
    fprintf(stderr, "%s: the card could not be made\n", path);
  free(card);
  psd_nvm_file_close(&file);
  return made;
}

static bool run_over(vector_file *file, psd_result reached, psd_transport *transport, psd_error *error,
                     unsigned *exchanges) {
  if (reached == PSD_OK)
    reached = psd_transport_connect(transport, error);
  if (reached == PSD_OK)
    reached = psd_transport_reset(transport, error);
  bool right = reached == PSD_OK && vector_run(file, transport, exchanges);
  if (reached != PSD_OK)
    fprintf(stderr, "%s: %s\n", file->name, error->words);
  else
    psd_transport_close(transport);
  return right;
}

static bool run_in_process(vector_file *file, unsigned *exchanges) {
  psd_nvm_ram ram;
  if (!psd_nvm_ram_create(&ram, PAGE, BLOCK, BLOCKS))
    return false;
  psd_card *card = make_card(psd_nvm_ram_port(&ram), file->state);
  bool right = false;
  if (card != NULL) {
    psd_error error;
    psd_transport *transport = NULL;
    psd_result reached = psd_transport_card(card, &transport, &error);
    right = run_over(file, reached, transport, &error, exchanges);
  }
  free(card);
  psd_nvm_ram_destroy(&ram);
  return right;
}

bool vector_run_on(vector_file *file, const vector_target *target, unsigned *exchanges) {
  psd_error error;
  psd_transport *transport = NULL;
  if (target->card == NULL && target->reader == NULL)
    return run_in_process(file, exchanges);
  psd_result reached = target->card != NULL ? psd_transport_socket(target->card, &transport, &error)
                                            : psd_transport_pcsc(target->reader, WAIT_MS, &transport, &error);
  return run_over(file, reached, transport, &error, exchanges);
}
