#include "probe_card.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t answer_to_reset[] = {0x3B, 0x84, 0x80, 0x01, 'N', 'U', 'L', 'L', 0x1E};

struct psd_card {
  atomic_bool on;
  atomic_uint power_ons, power_offs, resets, commands;
  sem_t working, released;
};

size_t psd_card_size(void) {
  return sizeof(psd_card);
}

psd_card *psd_card_init(void *memory, const psd_ports *ports) {
  (void)ports;
  psd_card *card = memory;
  atomic_init(&card->on, false);
  atomic_init(&card->power_ons, 0);
  atomic_init(&card->power_offs, 0);
  atomic_init(&card->resets, 0);
  atomic_init(&card->commands, 0);
  (void)sem_init(&card->working, 0, 0);
  (void)sem_init(&card->released, 0, 0);
  return card;
}

psd_card *psd_probe_new(void) {
  static const psd_ports none;
  void *memory = malloc(psd_card_size());
  return memory == NULL ? NULL : psd_card_init(memory, &none);
}

psd_probe_counts psd_probe_count(const psd_card *card) {
  return (psd_probe_counts){.power_ons = atomic_load(&card->power_ons),
                            .power_offs = atomic_load(&card->power_offs),
                            .resets = atomic_load(&card->resets),
                            .commands = atomic_load(&card->commands),
                            .on = atomic_load(&card->on)};
}

void psd_probe_wait_working(psd_card *card) {
  while (sem_wait(&card->working) != 0)
    continue;
}

void psd_probe_release(psd_card *card) {
  (void)sem_post(&card->released);
}

bool psd_card_manufacture(psd_card *card, const psd_card_birth *birth) {
  return !atomic_load(&card->on) && birth->key_version >= 1 && birth->key_version <= 127;
}

void psd_card_power_on(psd_card *card) {
  atomic_fetch_add(&card->power_ons, 1);
  atomic_store(&card->on, true);
}

void psd_card_power_off(psd_card *card) {
  atomic_fetch_add(&card->power_offs, 1);
  atomic_store(&card->on, false);
}

void psd_card_reset(psd_card *card) {
  atomic_fetch_add(&card->resets, 1);
  atomic_store(&card->on, true);
}

bool psd_card_is_on(const psd_card *card) {
  return atomic_load(&card->on);
}

const uint8_t *psd_card_atr(const psd_card *card, size_t *length) {
  *length = atomic_load(&card->on) ? sizeof answer_to_reset : 0;
  return answer_to_reset;
}

static size_t answer(const uint8_t *command, size_t length, uint8_t *response) {
  bool fits = length <= PSD_CARD_DATA_MAX;
  size_t data = fits ? length : 0;
  memcpy(response, command, data);
  response[data] = fits ? 0x90 : 0x67;
  response[data + 1U] = 0x00;
  return data + 2U;
}

size_t psd_card_transmit(psd_card *card, const uint8_t *command, size_t length, uint8_t *response) {
  if (!atomic_load(&card->on))
    return 0;
  atomic_fetch_add(&card->commands, 1);
  if (length >= 2 && command[1] == PSD_PROBE_WORK) {
    (void)sem_post(&card->working);
    while (sem_wait(&card->released) != 0)
      continue;
  }
  return answer(command, length, response);
}
