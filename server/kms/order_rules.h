/* Which of the provider's commands are authenticated for a PSD, and with which content (docs/funds.md, "The provider's
 * orders"). */
#ifndef PSD_KMS_ORDER_RULES_H
#define PSD_KMS_ORDER_RULES_H

#include "kms/service.h"

/* An order before it is one. */
typedef struct psd_kms_wanted {
  const psd_kms_service *service;
  psd_part content;
  const psd_k4 *k4; /* of the PSD it is for */
} psd_kms_wanted;

/* PSD_SIGNAL_NONE, or why it is refused: LIMIT above the policy, REQUEST for what cannot be right. */
psd_signal psd_kms_may_order(uint64_t ins, uint64_t p1, const psd_kms_wanted *wanted);

#endif
