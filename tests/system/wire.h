/* The wire between the Host and the meter server of a world. */
#ifndef PSD_SYSTEM_WIRE_H
#define PSD_SYSTEM_WIRE_H

#include "world.h"

/* Every link that is opened from now on leads to this world's meter server. */
void wire_to(world *w);

#endif
