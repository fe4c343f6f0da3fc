/* The host's end of the secure channel (GlobalPlatform Amendment D), for commands that are secured rightly whatever is
 * in them: all key lengths, S8 and S16, all levels. */
#ifndef PSD_FUZZ_HOST_H
#define PSD_FUZZ_HOST_H

#include "stage.h"

#define HOST_COMMAND_MOST 4096U

typedef struct host {
  uint8_t level;
  size_t key_size, mac_size;
  uint8_t s_enc[32], s_mac[32], s_rmac[32];
  uint8_t chaining[16];
  uint32_t counter;
  uint8_t command[HOST_COMMAND_MOST]; /* the last one sent, as it was sent */
  size_t length;
} host;

/* How a command is to be sent. */
typedef struct host_plan {
  uint8_t cla; /* without secure messaging */
  uint8_t ins, p1, p2;
  bool extended;  /* Lc and Le, even where the short form would do */
  bool wants;     /* Le: all there is */
  uint8_t damage; /* 0, or: which of the last bytes of the command is damaged */
} host_plan;

/* INITIALIZE UPDATE and EXTERNAL AUTHENTICATE, with the keys that the card has now. The card's cryptogram must be
 * right. */
void host_open(host *h, rig *r, uint8_t level, uint8_t mac_size);
/* Sends `length` bytes of data. An answer that must be secured is checked and taken out of its security: its data is
 * then in `r->response`. */
uint16_t host_send(host *h, rig *r, const host_plan *plan, const uint8_t *data, size_t length);
/* Enciphers a key under the key-encryption key that the card has now, as PUT KEY wants it. */
void host_put_key(const rig *r, psd_buffer *out, const uint8_t *key, size_t size);

#endif
