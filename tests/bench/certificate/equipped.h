/* Cards whose certificate meter is in use, in RAM or in a state file, and what they are asked for. */
#ifndef PSD_BENCH_EQUIPPED_H
#define PSD_BENCH_EQUIPPED_H

#include "emulator/holder.h"
#include "services.h"

/* Their slots: SERVICES_USER, SERVICES_POSTMARK, SERVICES_RSA_USER, SERVICES_RSA_POSTMARK, and: */
#define EQUIPPED_AGENT 5U
#define EQUIPPED_FREE 6U

/* Each has funds for more than is asked for, and a line of credit. Inside bench_inside only. */
void equipped_in_ram(services *s);
/* A new state file at `path`; the card's clock goes on from RIG_TIME. `bench` is of services_free and of no other use.
 */
psd_holder *equipped_in_file(services *s, rig *bench, const char *path, bool sync);

/* What a card is asked for. */
typedef enum asked_kind {
  ASKED_STAMP,
  ASKED_SIGN,
  ASKED_PAY,
  ASKED_VALIDATE,
  ASKED_REQUEST,
  ASKED_ISSUE,
  ASKED_KINDS
} asked_kind;
const char *asked_name(asked_kind kind);

typedef struct asked {
  uint8_t bytes[AUTHORITY_ANSWER_MAX + 16];
  size_t length;
} asked;
/* The command, after it was carried out once by this card. Keys are P-256 or, of stamps and signatures, of
 * `algorithm`. */
asked asked_of(services *s, asked_kind kind, psd_algorithm algorithm);
/* The same, asked for anew; in process, the card is first made ready for it: a request wants an empty slot. */
void asked_again(asked *command);
void asked_make_ready(services *s, asked_kind kind);
/* The slot whose key signs. */
uint8_t asked_slot(asked_kind kind, psd_algorithm algorithm);

#endif
