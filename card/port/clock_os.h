/* The system's clock. */
#ifndef PSD_PORT_CLOCK_OS_H
#define PSD_PORT_CLOCK_OS_H

#include "psd/ports.h"

/* CLOCK_REALTIME, which may be set back or forth at any time: the card guards against that. 0 before 1970. */
psd_oscillator psd_clock_os(void);

#endif
