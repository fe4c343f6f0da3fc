/* What a card that is fuzzed needs for evidence of postage. */
#ifndef PSD_FUZZ_STAGE_EVIDENCE_H
#define PSD_FUZZ_STAGE_EVIDENCE_H

#include "context.h"

typedef struct stage_secrets {
  const uint8_t *token;    /* of the postal domain, 32 bytes */
  const uint8_t *key_pair; /* PSD_P256_SECRET bytes */
  const uint8_t *dsa;      /* PSD_DSA_SECRET bytes */
} stage_secrets;

/* Gives it identity, licence, certificate, every profile, these keys and a rate table. Asserts with CUnit. */
void stage_load_evidence(psd_card *card, const stage_secrets *of);

#endif
