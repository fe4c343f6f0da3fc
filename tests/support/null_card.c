/* A card that does nothing: it implements psd/card.h, answers 9000 to every command and keeps no state. What a command
 * costs with it is what the way to the card costs. */
#include "psd/card.h"

/* T=0 and T=1, historical bytes "NULL". */
static const uint8_t answer_to_reset[] = {0x3B, 0x84, 0x80, 0x01, 'N', 'U', 'L', 'L', 0x1E};

struct psd_card {
  bool on;
};

size_t psd_card_size(void) {
  return sizeof(psd_card);
}

psd_card *psd_card_init(void *memory, const psd_ports *ports) {
  (void)ports;
  psd_card *card = memory;
  card->on = false;
  return card;
}

bool psd_card_manufacture(psd_card *card, const psd_card_birth *birth) {
  return !card->on && birth->key_version >= 1 && birth->key_version <= 127;
}

void psd_card_power_on(psd_card *card) {
  card->on = true;
}

void psd_card_power_off(psd_card *card) {
  card->on = false;
}

void psd_card_reset(psd_card *card) {
  card->on = true;
}

bool psd_card_is_on(const psd_card *card) {
  return card->on;
}

const uint8_t *psd_card_atr(const psd_card *card, size_t *length) {
  *length = card->on ? sizeof answer_to_reset : 0;
  return answer_to_reset;
}

size_t psd_card_transmit(psd_card *card, const uint8_t *command, size_t length, uint8_t *response) {
  (void)command;
  (void)length;
  response[0] = 0x90;
  response[1] = 0x00;
  return card->on ? 2 : 0;
}
