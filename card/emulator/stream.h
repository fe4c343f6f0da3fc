/* The byte stream between a virtual reader and a card, as vpcd speaks it (virtualsmartcard, "Protocol between vpcd and
 * vpicc"): each message is its length in two bytes, most significant first, and that many bytes. One byte alone is a
 * control word; everything else is a command APDU. The parser knows no sockets: bytes go in, in pieces of any size,
 * events come out. */
#ifndef PSD_EMULATOR_STREAM_H
#define PSD_EMULATOR_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PSD_VPCD_HEADER 2U
#define PSD_VPCD_MESSAGE_MAX 65535U

typedef enum psd_vpcd_stream_kind {
  PSD_VPCD_MORE,      /* all bytes are taken, no message is complete */
  PSD_VPCD_POWER_OFF, /* control word 0 */
  PSD_VPCD_POWER_ON,  /* control word 1 */
  PSD_VPCD_RESET,     /* control word 2 */
  PSD_VPCD_ATR,       /* control word 4: the only one that is answered */
  PSD_VPCD_COMMAND,   /* a command APDU, well-formed or not; another single byte is one too */
  PSD_VPCD_MALFORMED  /* an empty message: neither a control word nor a command */
} psd_vpcd_stream_kind;

typedef struct psd_vpcd_stream_event {
  psd_vpcd_stream_kind kind;
  const uint8_t *command; /* PSD_VPCD_COMMAND: its bytes, in the parser, valid until the next feed */
  size_t length;
} psd_vpcd_stream_event;

typedef struct psd_vpcd_stream {
  size_t have;   /* bytes of header and message received so far */
  size_t length; /* of the message, once the header is there */
  uint8_t message[PSD_VPCD_MESSAGE_MAX];
} psd_vpcd_stream;

/* Empties the parser and wipes what it held. A zeroed parser is an empty one. */
void psd_vpcd_stream_start(psd_vpcd_stream *stream);

/* Takes bytes up to the end of the next message and tells what it was; PSD_VPCD_MORE takes them all. Returns how many
 * were taken: call again with the rest until PSD_VPCD_MORE. What the last command held is wiped at the next call. */
size_t psd_vpcd_stream_feed(psd_vpcd_stream *stream, const uint8_t *bytes, size_t length, psd_vpcd_stream_event *event);

/* True while a message has begun and not ended. */
bool psd_vpcd_stream_inside(const psd_vpcd_stream *stream);

#endif
