/* What makes the process a hard place to take keys from. */
#ifndef PSD_KMS_HARDEN_H
#define PSD_KMS_HARDEN_H

#include <stdbool.h>

/* First of all: no core dumps, no debugger, files readable by their owner alone, writes to closed sockets as errors,
 * and a locked heap for OpenSSL's private keys. */
void psd_kms_harden_start(void);
/* Locks all memory, now and later. False if the system refuses; the keys are then locked by themselves as far as it
 * goes. To be called once everything large is done. */
bool psd_kms_harden_lock(void);
/* True if the build can do without what a sanitizer needs. */
bool psd_kms_harden_may_filter(void);
/* From here on only the system calls that serving takes. */
bool psd_kms_harden_filter(void);

#endif
