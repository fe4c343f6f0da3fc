/* The funds of a card on paper, and the key management system that authorizes them: the other ends of a refill and of a
 * withdrawal (docs/funds.md), which do whatever a test wants of them. */
#ifndef PSD_PAPER_FUNDS_H
#define PSD_PAPER_FUNDS_H

#include "paper_card.h"

/* Amounts above it are refused by the key management system. */
#define PAPER_MOST 5000000U

typedef struct paper_funds {
  paper_card *card;
  uint64_t ascending[2], descending[2];
  psd_operation operation;             /* the last */
  uint8_t last[PSD_FUNDS_REQUEST_MAX]; /* the last answer about funds */
  size_t last_length;
  unsigned commands; /* carried out */
  uint64_t ahead;    /* seconds, of its clock */
  /* What it does wrong: */
  uint8_t refused;   /* INS of the command that is refused; 0 for none */
  uint16_t status;   /* with this, */
  uint8_t altered;   /* INS of the command whose answer is altered; 0 for none: */
  size_t alter_byte; /* this byte is, */
  uint8_t alter_by;  /* by these bits, */
  bool alter_signed; /* before it is signed */
} paper_funds;

/* A card with nothing in it. */
void paper_funds_create(paper_funds *funds, paper_card *card);
/* Puts registers and operation into what the card's next audit says. */
void paper_funds_tell(const paper_funds *funds);
/* Pays out of the descending register of a group, as for an indicium. */
void paper_funds_pay(paper_funds *funds, psd_group group, uint64_t amount);
/* Carries out one command about funds; `answer` gets data and status word. Returns their length. */
size_t paper_funds_command(paper_funds *funds, const uint8_t *command, size_t length, uint8_t answer[PAPER_RECORD]);
/* A CARD_DATA record with data and status word. Returns its length. */
size_t paper_funds_seal(paper_funds *funds, const uint8_t *answer, size_t length, uint8_t record[PAPER_RECORD]);
/* The signal of a HOST_ANSWER; -1 if it is not authentic. `result` gets the FUNDS_RESULT behind it, `operation` NONE
 * without one. */
int paper_funds_answer(paper_card *card, psd_host_operation operation, const uint8_t *record, size_t length,
                       psd_funds_result *result);

/* What the key management system answers to `fund` and to `receipt`, as paper_kms; REFUSED with `signal`. */
psd_frame_type paper_funds_authorize(const paper_card *card, const uint8_t *body, size_t length,
                                     uint8_t answer[PAPER_RECORD], size_t *answer_length, psd_signal *signal);
psd_frame_type paper_funds_verify(const paper_card *card, const uint8_t *body, size_t length, psd_signal *signal);

#endif
