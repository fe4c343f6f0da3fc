/* A card that makes evidence of postage in every profile, in RAM or in a state file. */
#ifndef PSD_BENCH_STAGE_H
#define PSD_BENCH_STAGE_H

#include "context.h"
#include "emulator/holder.h"
#include "port/nvm_ram.h"
#include "psd/spec/evidence.h"

/* A card whose memory is in RAM; everything else is the system's, as in psd-card. */
typedef struct stage_ram {
  psd_nvm_ram memory;
  psd_card *card;
} stage_ram;

/* The certificate's number, and the postage of the letter that is asked for. */
#define STAGE_CERTIFICATE 7U
#define STAGE_POSTAGE 730U

/* Each leaves the card on, its PSD selected, its PIN given. What goes wrong ends the program. */
void stage_in_ram(stage_ram *ram);
void stage_end(stage_ram *ram);
/* A new state file at `path`. */
psd_holder *stage_in_file(const char *path, bool sync);

/* CREATE INDICIUM of a letter of 28 g, today; `command` has room for STAGE_COMMAND bytes. Returns its length. */
#define STAGE_COMMAND 64U
size_t stage_letter(psd_profile_id profile, uint8_t command[STAGE_COMMAND]);

/* SELECT and VERIFY, for a card that is reached otherwise. */
#define STAGE_SELECT_LENGTH 10U
#define STAGE_VERIFY_LENGTH 11U
extern const uint8_t stage_select[STAGE_SELECT_LENGTH], stage_verify[STAGE_VERIFY_LENGTH];
/* Ends the program if an answer does not end with 9000. */
void stage_check(const char *what, const uint8_t *answer, size_t length);

#endif
