/* Sockets of the front ends: non-blocking, closed on exec. */
#ifndef PSD_EMULATOR_NET_H
#define PSD_EMULATOR_NET_H

#include <sys/socket.h>

#include "emulator/endpoint.h"

#define PSD_ADDRESSES_MAX 8U

typedef struct psd_address {
  struct sockaddr_storage address;
  socklen_t length;
} psd_address;

/* An endpoint's addresses, those of IPv4 first: vpcd listens on no others. */
typedef struct psd_addresses {
  unsigned count;
  psd_address at[PSD_ADDRESSES_MAX];
} psd_addresses;

/* Looks an endpoint up. Returns NULL, or the reason for which it cannot be (the library's own text). */
const char *psd_net_resolve(const psd_endpoint *endpoint, psd_addresses *addresses);

/* Listens at one address. A Unix socket is made with mode 0600, and takes the place of one that nobody listens at any
 * more. Changes the process's umask for a moment: call it before there are threads. Returns the socket, or -1 with
 * errno. */
int psd_net_listen(const psd_address *address);

/* Begins to connect. Returns a socket that becomes writable when the outcome is known, or -1 with errno. */
int psd_net_connect(const psd_address *address);

/* True if the connection that was begun has come about, with somebody else. */
bool psd_net_connected(int fd);

/* Accepts one connection; -1 if there is none. */
int psd_net_accept(int listener);

/* Lets answers leave at once and notices, some day, a peer that vanished. Does nothing to a Unix socket. */
void psd_net_prepare(int fd);

#endif
