/* Pictures that lie askew. */
#ifndef PSD_VERIFY_TURN_H
#define PSD_VERIFY_TURN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Turns a picture of `width` x `height` bytes (0 black, 255 white; at least one, sides at most 65535) by `degrees`
 * against the clock, onto white paper that is large enough: `*turned_width` x `*turned_height`. The caller frees what
 * is returned; NULL if memory is short. */
uint8_t *psd_turn(const uint8_t *grey, unsigned width, unsigned height, double degrees, unsigned *turned_width,
                  unsigned *turned_height);

#ifdef __cplusplus
}
#endif

#endif
