/* The Host's way to a card (EP 114, VM 204): results, transports, and the readers of this machine.
 *
 * A transport is a table of functions, so that everything above it runs unchanged on a reader of PC/SC, on a socket and
 * on a card in the same process. One thread at a time uses a transport; several transports are independent. */
#ifndef PSD_READER_H
#define PSD_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a call ended. */
typedef enum psd_result {
  PSD_OK = 0,
  PSD_REFUSED,    /* the card answered an error, psd_error.status has its status word; or the server did */
  PSD_BAD_ANSWER, /* what came back cannot be the answer of a sound card */
  PSD_BAD_INPUT,  /* an argument or a file makes no sense; nothing was sent */
  PSD_NO_SERVICE, /* pcscd is not running */
  PSD_NO_READER,  /* no such reader */
  PSD_NO_CARD,    /* no card in the reader, or nobody behind the socket */
  PSD_NO_SERVER,  /* nobody behind the address of a meter server or a key management system */
  PSD_DENIED,     /* this user may not */
  PSD_BUSY,       /* another program holds the card */
  PSD_RESET,      /* another program reset the card: selection, PIN and secure channel are gone; begin again */
  PSD_LOST,       /* the card or the connection went away in the middle */
  PSD_TIMEOUT,    /* no answer in time */
  PSD_SYSTEM,     /* out of memory, or the cryptographic library failed */
} psd_result;

#define PSD_ERROR_WORDS 320U

/* Why a call did not end in PSD_OK. `words` is one line for a person, without a full stop. */
typedef struct psd_error {
  psd_result result;
  uint16_t status; /* status word of PSD_REFUSED, otherwise 0 */
  char words[PSD_ERROR_WORDS];
} psd_error;

/* Fills in `error`, printf-like, and returns `result`, so that a caller can return it at once. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
psd_result
psd_error_set(psd_error *error, psd_result result, const char *format, ...);

/* True for the results that say that card, reader or connection could not be reached. */
bool psd_result_unreachable(psd_result result);

/* Bytes of the longest answer to reset (ISO/IEC 7816-3:2006, 8.1). */
#define PSD_ATR_MAX 33U
/* Bytes of the longest answer: 65536 of data and SW1-SW2. */
#define PSD_RESPONSE_MAX 65538U

typedef struct psd_transport psd_transport;

/* What a transport can do. `device` is handed to every function. */
typedef struct psd_transport_table {
  /* Reaches the card and powers it. */
  psd_result (*connect)(void *device, psd_error *error);
  /* Warm reset. */
  psd_result (*reset)(void *device, psd_error *error);
  /* The answer to reset. */
  psd_result (*atr)(void *device, uint8_t atr[PSD_ATR_MAX], size_t *length, psd_error *error);
  /* One command, one answer of at most `capacity` bytes, SW1-SW2 included. */
  psd_result (*transmit)(void *device, const uint8_t *command, size_t length, uint8_t *response, size_t capacity,
                         size_t *response_length, psd_error *error);
  /* Keeps other programs away from the card until `end`. PSD_RESET, and nothing has begun, if one of them has reset it
   * since the last call of any kind. */
  psd_result (*begin)(void *device, psd_error *error);
  psd_result (*end)(void *device, psd_error *error);
  /* True if the protocol in use carries short APDUs only (T=0). */
  bool (*short_only)(void *device);
  /* Leaves the card and frees `device`; whatever state the transport is in. */
  void (*close)(void *device);
} psd_transport_table;

/* Makes a transport; `name` (copied) is what people call it. The transport owns `device` from here on. NULL, with
 * `device` closed, when there is no memory. */
psd_transport *psd_transport_new(const psd_transport_table *table, void *device, const char *name);

/* The functions of the table. An answer that is shorter than SW1-SW2 is PSD_BAD_ANSWER. */
psd_result psd_transport_connect(psd_transport *transport, psd_error *error);
psd_result psd_transport_reset(psd_transport *transport, psd_error *error);
psd_result psd_transport_atr(psd_transport *transport, uint8_t atr[PSD_ATR_MAX], size_t *length, psd_error *error);
psd_result psd_transport_transmit(psd_transport *transport, const uint8_t *command, size_t length, uint8_t *response,
                                  size_t capacity, size_t *response_length, psd_error *error);
psd_result psd_transport_begin(psd_transport *transport, psd_error *error);
psd_result psd_transport_end(psd_transport *transport, psd_error *error);
bool psd_transport_short_only(psd_transport *transport);
const char *psd_transport_name(const psd_transport *transport);
/* Frees it; NULL is fine. */
void psd_transport_close(psd_transport *transport);

/* A reader of PC/SC. `name` is a part of its name, or NULL for the first one with a card. Waits up to `wait_ms`
 * milliseconds for a reader and a card to be there (0: they must be there now); the wait ends with the event, it does
 * not poll. On PSD_OK the caller owns `*transport`, which is not connected yet. */
psd_result psd_transport_pcsc(const char *name, unsigned wait_ms, psd_transport **transport, psd_error *error);

/* A card behind a socket: "host:port", "[address]:port", or the path of a Unix socket (anything with a slash or without
 * a colon). Speaks vpcd's framing, in which this end is the reader: length (2 bytes, most significant first), then an
 * APDU or one control byte: 0 power off, 1 power on, 2 reset, 4 send the answer to reset. An answer that takes longer
 * than a minute is PSD_TIMEOUT. The caller owns `*transport`, which is not connected yet. */
psd_result psd_transport_socket(const char *address, psd_transport **transport, psd_error *error);

/* A reader of this machine. */
typedef struct psd_reader_info {
  char *name;
  bool present; /* a card is in it */
  bool in_use;  /* by a program that shares it with nobody */
  bool mute;    /* the card does not answer to reset */
  uint8_t atr[PSD_ATR_MAX];
  size_t atr_length; /* 0 without a card */
} psd_reader_info;

/* The readers of PC/SC, in its order. No readers is PSD_OK with a count of 0. Free with psd_reader_list_free. */
psd_result psd_reader_list(psd_reader_info **readers, size_t *count, psd_error *error);
void psd_reader_list_free(psd_reader_info *readers, size_t count);

#endif
