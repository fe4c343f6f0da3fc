/* The Host's connection to a meter server (EP step 200), and the factory's to a server's control socket or to a key
 * management system: frames over a stream (docs/handshake.md, "Frames").
 *
 * Every wait has an end: a peer that is silent, or takes nothing, is PSD_TIMEOUT. After any failure the two ends no
 * longer agree on where a frame begins, so the link is closed and every further call is PSD_LOST. */
#ifndef PSD_READER_LINK_H
#define PSD_READER_LINK_H

#include "psd/reader.h"
#include "psd/spec/session.h"

typedef struct psd_link psd_link;

/* Who is called. */
typedef enum psd_peer {
  PSD_PEER_METER,   /* a meter server */
  PSD_PEER_CONTROL, /* the control socket of a meter server */
  PSD_PEER_KMS,     /* a key management system */
} psd_peer;

/* Connects to "host:port", "[address]:port" or the path of a Unix socket. `limit_ms` bounds the attempt to connect and,
 * later, each frame: 1 to 3600000. Nobody there is PSD_NO_SERVER. The caller owns `*link`: psd_link_close. */
psd_result psd_link_open(psd_peer peer, const char *address, unsigned limit_ms, psd_link **link, psd_error *error);
/* Closes it; NULL is fine. */
void psd_link_close(psd_link *link);

/* "meter server at 127.0.0.1:7816"; the link's, and valid as long. */
const char *psd_link_name(const psd_link *link);
/* False once it was closed by a failure. */
bool psd_link_is_open(const psd_link *link);

/* Sends one frame of at most PSD_FRAME_BODY_MAX bytes of body (PSD_BAD_INPUT otherwise, and the link stays open). */
psd_result psd_link_send(psd_link *link, psd_frame_type type, const void *body, size_t length, psd_error *error);

/* Receives one frame and appends its body to `body`. A frame longer than PSD_FRAME_BODY_MAX or than the room that is
 * left, or of a type that is none, is PSD_BAD_ANSWER. */
psd_result psd_link_receive(psd_link *link, psd_frame_type *type, psd_buffer *body, psd_error *error);

/* Hangs up, but keeps the link for psd_link_name. */
void psd_link_hang_up(psd_link *link);

/* What an error signal says. Returns false when the bytes are none. The words are those of the table, or "signal 99".
 */
#define PSD_SIGNAL_WORDS 96U
bool psd_signal_read(psd_cursor body, psd_error_signal *signal, char words[PSD_SIGNAL_WORDS]);

/* What the factory asks a key management system for, and a meter server's control socket. Each is one request and its
 * answer. A refusal is PSD_REFUSED with the signal's words. */

/* KMS_MANUFACTURE: the keys of a new PSD. `modulus` gets the modulus of K1 in its RSA form (256 or 384 bytes) and `rsa`
 * its head, where suite rsa or classic was asked for; otherwise `*modulus_length` is 0. The answer holds secrets: the
 * caller wipes it. Anything but PSD_OK leaves it wiped. */
#define PSD_MODULUS_MAX 384U
typedef struct psd_new_keys {
  psd_kms_manufactured keys;
  psd_rsa_key rsa;
  uint8_t modulus[PSD_MODULUS_MAX];
  size_t modulus_length;
  psd_token_key vendor_token, postal_token; /* a set of 0 where there is none */
} psd_new_keys;
psd_result psd_link_manufacture(psd_link *kms, const psd_kms_manufacture *wanted, psd_new_keys *keys, psd_error *error);

/* KMS_ENDORSE: WRAPPED_K4 (PSD_SIZE_WRAPPED_K4 bytes) with the public key that the PSD has made. */
psd_result psd_link_endorse(psd_link *kms, const psd_kms_endorse *wanted, uint8_t wrapped[PSD_SIZE_WRAPPED_K4],
                            psd_error *error);

/* KMS_TOKEN_KEY: the token key of a new PSD, of the domain that this key management system has. The caller wipes it;
 * anything but PSD_OK leaves it wiped. */
psd_result psd_link_token_key(psd_link *kms, const psd_kms_token_key *wanted, psd_token_key *key, psd_error *error);

/* KMS_REGISTER: PSD_OK when the token is that of a PSD which holds its token key. The key management system is in its
 * registration role. */
psd_result psd_link_register(psd_link *kms, const psd_kms_register *proof, psd_error *error);

/* ENROL: a PSD was manufactured. */
psd_result psd_link_enrol(psd_link *control, const psd_enrol *psd, psd_error *error);

#endif
