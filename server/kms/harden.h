/* What makes the process a hard place to take keys from. */
#ifndef PSD_KMS_HARDEN_H
#define PSD_KMS_HARDEN_H

#include <stdbool.h>

#include "kms/keyring.h"
#include "kms/log.h"

/* First of all: no core dumps, no debugger, files readable by their owner alone, writes to closed sockets as errors,
 * and a locked heap for OpenSSL's private keys. */
void psd_kms_harden_start(void);
/* Locks all memory, now and later, where the system allows it without a limit. Else the ring and
 * OpenSSL's heap are locked as far as the limit goes: false, with one line in `warning` that says what is not kept from
 * being swapped out, and what to do. To be called once everything large is done. */
bool psd_kms_harden_lock(const psd_keyring *ring, char warning[PSD_KMS_WHY_MAX]);
/* True if the build can do without what a sanitizer needs. */
bool psd_kms_harden_may_filter(void);
/* From here on only the system calls that serving takes. */
bool psd_kms_harden_filter(void);

#endif
