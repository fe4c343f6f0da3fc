/* A connection to the meter server: what a process of it has of one Host. */
#ifndef PSD_SYSTEM_SERVER_H
#define PSD_SYSTEM_SERVER_H

#include "world.h"

typedef struct server_end server_end;

/* The server greets. */
server_end *server_call(world *w);
void server_hang_up(server_end *end);
/* False once the server has closed it, or was killed. */
bool server_is_there(const server_end *end);
/* A frame from the Host; all that follows from it is done when this returns. */
void server_take(server_end *end, psd_frame_type type, const uint8_t *body, size_t length);
/* The next frame for the Host; false if there is none. */
bool server_give(server_end *end, psd_frame_type *type, psd_buffer *body);

#endif
