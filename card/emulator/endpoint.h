/* Where a front end connects or listens, as a person writes it. */
#ifndef PSD_EMULATOR_ENDPOINT_H
#define PSD_EMULATOR_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#define PSD_ENDPOINT_HOST_MAX 255U /* bytes of a host's name (RFC 1035, 2.3.4) */
#define PSD_ENDPOINT_PATH_MAX 107U /* bytes of a Unix socket's path (unix(7)) */
#define PSD_ENDPOINT_TEXT_MAX 272U /* bytes that psd_endpoint_text needs, the NUL included */

typedef struct psd_endpoint {
  bool local;    /* a Unix socket at `path`; otherwise `host` and `port` */
  uint16_t port; /* never 0 */
  char host[PSD_ENDPOINT_HOST_MAX + 1U];
  char path[PSD_ENDPOINT_PATH_MAX + 1U];
} psd_endpoint;

/* Parses HOST:PORT, [IPv6]:PORT or :PORT (then localhost). Returns false for anything else. */
bool psd_endpoint_parse_tcp(const char *text, psd_endpoint *endpoint);

/* The same, or the path of a Unix socket: text with a slash in it or without a colon. */
bool psd_endpoint_parse(const char *text, psd_endpoint *endpoint);

/* The endpoint of card `index`, from 0: the first one's port plus `index`; its path, from card 1 on with ".INDEX"
 * behind it. Returns false if there is no such port or the path grows too long. */
bool psd_endpoint_nth(const psd_endpoint *first, unsigned index, psd_endpoint *endpoint);

/* "localhost:35963", "[::1]:35963", or the path. */
void psd_endpoint_text(const psd_endpoint *endpoint, char text[PSD_ENDPOINT_TEXT_MAX]);

#endif
