/* Memory that rotted: every bit and every byte of a small personalised card. The card works and is what it was, or it
 * is FAULTED and tells nothing but what is so. It never guesses. */
#include "card_picture.h"
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 64U
#define BLOCK 1024U
#define BLOCKS 4U

static rig r;
static picture sound;
static picture_answers answers;
static unsigned long changes, faulted;

/* A card in service, with a PIN, a label and a few records in its log, in memory that has little else. */
static void make_card(void) {
  rig_create_erased(&r);
  psd_nvm_ram_destroy(&r.ram);
  CU_ASSERT_TRUE_FATAL(psd_nvm_ram_create(&r.ram, PAGE, BLOCK, BLOCKS));
  psd_ports ports = rig_ports(&r);
  psd_card_init(r.card, &ports);
  psd_card_birth birth = rig_birth();
  CU_ASSERT_TRUE_FATAL(psd_card_manufacture(r.card, &birth));
  psd_card_power_on(r.card);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_hex(&r, "00DADF31 05 48656C6C6F"), PSD_SW_OK);
  psd_card_reset(r.card);
  picture_take(&r, &sound);
  picture_ask(&r, &answers);
}

static void complain(uint32_t address, uint8_t value) {
  CU_FAIL("rotten memory");
  fprintf(stderr, "\n  byte %u (page %u) made %02X: fault %d\n", address, address / PAGE, value, (int)r.card->fault);
}

/* Powers up with what is in memory now. True if the card is what it was, or FAULTED and honest. With `tried` memory
 * failed while a PIN was verified: the try may have been counted. */
static bool honest(bool tried) {
  picture found;
  psd_card_reset(r.card);
  changes++;
  if (r.card->fault == PSD_FAULT_NONE) {
    picture_take(&r, &found);
    if (tried && found.pin.tries + 1 == sound.pin.tries)
      found.pin.tries++;
    return picture_same(&sound, &found);
  }
  faulted++;
  return psd_card_state(r.card) == PSD_STATE_FAULTED && picture_answers_true(&r, &answers, &answers) &&
         rig_verify(&r, RIG_PIN) == PSD_SW_CONDITIONS;
}

/* Makes the byte another one, looks, and puts it back. */
static void try_byte(const uint8_t *image, uint32_t address, uint8_t value) {
  psd_nvm_ram_load(&r.ram, image);
  psd_nvm_ram_rot(&r.ram, address, &value, 1);
  if (!honest(false))
    complain(address, value);
}

static void every_bit_of_the_memory(void) {
  make_card();
  uint32_t size = (uint32_t)psd_nvm_ram_size(&r.ram);
  uint8_t *image = malloc(size);
  CU_ASSERT_PTR_NOT_NULL_FATAL(image);
  psd_nvm_ram_save(&r.ram, image);
  changes = faulted = 0;
  for (uint32_t address = 0; address < size; address++) {
    for (unsigned bit = 0; bit < 8; bit++)
      try_byte(image, address, (uint8_t)(image[address] ^ 1U << bit));
    try_byte(image, address, 0x00);
    try_byte(image, address, 0xFF);
    try_byte(image, address, (uint8_t)~image[address]);
  }
  printf("(%lu changes, %lu made the card FAULTED) ", changes, faulted);
  CU_ASSERT(faulted > 0 && faulted < changes);
  psd_nvm_ram_load(&r.ram, image);
  CU_ASSERT(honest(false) && r.card->fault == PSD_FAULT_NONE);
  free(image);
  rig_destroy(&r);
}

/* A change that the card makes on rotten memory must not take rotten values for good ones. */
static void every_bit_and_a_change_after_it(void) {
  make_card();
  uint32_t size = (uint32_t)psd_nvm_ram_size(&r.ram);
  uint8_t *image = malloc(size);
  CU_ASSERT_PTR_NOT_NULL_FATAL(image);
  psd_nvm_ram_save(&r.ram, image);
  changes = faulted = 0;
  for (uint32_t address = 0; address < size; address++) {
    psd_nvm_ram_load(&r.ram, image);
    psd_nvm_ram_flip(&r.ram, address, address % 8);
    psd_card_reset(r.card);
    bool works = r.card->fault == PSD_FAULT_NONE;
    bool verified = rig_select(&r) == PSD_SW_OK && rig_verify(&r, RIG_PIN) == PSD_SW_OK;
    if (verified != works || !honest(false))
      complain(address, r.ram.bytes[address]);
  }
  CU_ASSERT_EQUAL(r.ram.violations, 0);
  printf("(%lu changes, %lu made the card FAULTED) ", changes, faulted);
  free(image);
  rig_destroy(&r);
}

/* Rot under a card that is on: it was sound when it was powered up. */
static void every_bit_under_a_card_that_is_on(void) {
  make_card();
  rig_copy on;
  rig_save(&r, &on);
  uint32_t size = (uint32_t)psd_nvm_ram_size(&r.ram);
  for (uint32_t address = 0; address < size; address++) {
    rig_restore(&r, &on);
    psd_nvm_ram_flip(&r.ram, address, address % 8);
    if (!picture_answers_true(&r, &answers, &answers))
      complain(address, r.ram.bytes[address]);
    uint16_t status = rig_verify(&r, RIG_PIN);
    bool failed = status == PSD_SW_MEMORY_FAILURE || r.card->fault != PSD_FAULT_NONE;
    if ((status != PSD_SW_OK && !failed) || !honest(status == PSD_SW_MEMORY_FAILURE))
      complain(address, r.ram.bytes[address]);
  }
  rig_forget(&on);
  rig_destroy(&r);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"every bit and every byte", every_bit_of_the_memory},
      {"every byte, and a change after it", every_bit_and_a_change_after_it},
      {"every byte under a card that is on", every_bit_under_a_card_that_is_on},
  };
  return psd_check_run("rotten memory", tests, PSD_CHECK_COUNT(tests));
}
