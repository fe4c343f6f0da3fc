/* Inside psd_host, for the files that make it up. */
#ifndef PSD_READER_HOST_STATE_H
#define PSD_READER_HOST_STATE_H

#include "psd/reader/scp03.h"

struct psd_host {
  psd_transport *transport;
  psd_error error;
  uint16_t status;
  uint8_t channel;
  bool extended; /* card and protocol have extended lengths */
  bool chaining; /* the card takes chains of commands */
  bool entered;  /* a PIN or a secure channel was presented */
  bool secured;  /* `session` is open */
  psd_host_scp03 session;
  uint8_t command[PSD_APDU_MAX];       /* as it crosses the wire */
  uint8_t wrapped[PSD_APDU_MAX];       /* data of a secured command */
  uint8_t received[PSD_RESPONSE_MAX];  /* one answer */
  uint8_t collected[PSD_RESPONSE_MAX]; /* data of all answers to one command */
};

/* Forgets the secure channel, if one is open. */
void psd_host_end_session(psd_host *host);

/* The card was reset: forgets what it knew of us. */
void psd_host_forget(psd_host *host);

/* psd_host_send, but never secured: for what the table sends in clear, and for EXTERNAL AUTHENTICATE, which secures
 * itself. */
psd_result psd_host_send_clear(psd_host *host, const psd_apdu *command, psd_buffer *answer);

/* Sends what is there and collects everything the card answers to it in host->collected; `*length` bytes, host->status.
 */
psd_result psd_host_exchange(psd_host *host, const psd_apdu *command, size_t *length);

#endif
