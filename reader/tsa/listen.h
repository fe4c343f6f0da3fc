/* The socket that psd tsa listens at. */
#ifndef PSD_TSA_LISTEN_H
#define PSD_TSA_LISTEN_H

#include "psd/reader.h"

/* Listens at HOST:PORT ([ADDRESS]:PORT for IPv6); `port` gets the number that it has, `local` whether only this machine
 * reaches it. The caller closes `fd`. */
psd_result psd_tsa_listen(const char *address, int *fd, uint16_t *port, bool *local, psd_error *error);

#endif
