/* The Host's end of a conversation with one card: a transport, a logical channel, and the secure channel if one is
 * open.
 *
 * psd_host_send turns what is meant into what crosses the wire: it secures the command when a secure channel is open,
 * breaks it into a chain when the card or the protocol has no extended form, fetches what waits behind 61xx, repeats
 * with the length that 6Cxx asks for, and opens the answer. However the card answers, it ends: every further round must
 * bring at least one byte, and the answer has a greatest length. */
#ifndef PSD_READER_HOST_H
#define PSD_READER_HOST_H

#include "psd/reader.h"
#include "psd/spec/apdu.h"

typedef struct psd_host psd_host;

/* Connects `transport` and reads the card's capabilities from its answer to reset (ISO/IEC 7816-4:2005, 8.1.1.2.7).
 * Takes the transport over; when it fails, the transport is closed. The conversation is on the basic channel, and
 * nothing is selected. Free with psd_host_close. */
psd_result psd_host_open(psd_transport *transport, psd_host **host, psd_error *error);

/* Leaves nothing open behind: a channel of our own is closed; on the basic one, when a PIN or a secure channel was
 * presented, the master file is selected, which ends both (ISO/IEC 7816-4:2005, 5.4). Closes the transport, wipes and
 * frees the memory. NULL is fine. */
void psd_host_close(psd_host *host);

/* Why the last function that took this host did not end in PSD_OK. */
const psd_error *psd_host_error(const psd_host *host);
/* The last status word the card answered; 0 before the first. */
uint16_t psd_host_status(const psd_host *host);
/* The transport, which stays the host's. */
psd_transport *psd_host_transport(psd_host *host);
/* The logical channel in use, 0 to 19. */
uint8_t psd_host_channel(const psd_host *host);

/* Keeps other programs away from the card until psd_host_end. When one of them has reset the card before, the
 * conversation is on the basic channel again, and nothing is selected or presented. */
psd_result psd_host_begin(psd_host *host);
/* Lets them in again. Returns `result`, what was done in between, and leaves its error; if that was PSD_OK, how the
 * ending went. */
psd_result psd_host_end(psd_host *host, psd_result result);

/* Reaches the card again after PSD_RESET, PSD_LOST or PSD_TIMEOUT, where it is (it may have been taken out and put
 * back), and keeps other programs away from it again. The conversation is on the basic channel, and nothing is selected
 * or presented. */
psd_result psd_host_reconnect(psd_host *host);

/* Opens a logical channel that the card chooses, and goes on there, so that programs on the basic channel keep what
 * they have selected and presented. A card without one to spare refuses; the conversation then stays where it is. */
psd_result psd_host_open_channel(psd_host *host);

/* Sends one command and appends the data of its answer to `answer` (NULL when none is expected). The class byte comes
 * without channel and secure messaging bits. PSD_OK for 9000 and for the warnings 62xx; any other status word is
 * PSD_REFUSED. After PSD_RESET the conversation is on the basic channel again. Data longer than `answer` has room for
 * is PSD_BAD_ANSWER. */
psd_result psd_host_send(psd_host *host, const psd_apdu *command, psd_buffer *answer);

/* The same for a row of the command table: class, instruction, parameters that have one value, and whether the command
 * goes in clear come from the row. `ne` is the most bytes of answer wanted, 0 for none, PSD_NE_ALL for all there are.
 */
psd_result psd_host_command(psd_host *host, psd_command_id id, uint8_t p1, uint8_t p2, const void *data, size_t nc,
                            size_t ne, psd_buffer *answer);

/* An error of this host's own, printf-like, for functions that build on it. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
psd_result
psd_host_fail(psd_host *host, psd_result result, const char *format, ...);

#endif
