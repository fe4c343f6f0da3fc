/* Entropy from the operating system. */
#ifndef PSD_PORT_ENTROPY_OS_H
#define PSD_PORT_ENTROPY_OS_H

#include "psd/ports.h"

/* getrandom(2): blocks until the kernel's generator is seeded, and fails rather than give less than was asked for. */
psd_entropy psd_entropy_os(void);

#endif
