/* Passwords as the Host stretches them (docs/handshake.md, "Password"), for the operator who sets one: the realm and
 * the parameters have to be those of the server's greeting. */
#ifndef PSD_SERVER_PASSWORD_H
#define PSD_SERVER_PASSWORD_H

#include "psd/spec/session.h"

/* What psd-server says in its greeting unless it is told otherwise. */
#define PSD_PASSWORD_REALM "psd test server"
#define PSD_PASSWORD_MEMORY 65536U /* KiB */
#define PSD_PASSWORD_PASSES 3U
#define PSD_PASSWORD_LANES 1U
/* The same as text, for help. */
#define PSD_PASSWORD_DEFAULTS "65536, 3, 1"
/* What a Host accepts. */
#define PSD_PASSWORD_MEMORY_LEAST 8192U
#define PSD_PASSWORD_MEMORY_MOST 1048576U
#define PSD_PASSWORD_PASSES_MOST 16U
#define PSD_PASSWORD_LANES_MOST 16U
#define PSD_PASSWORD_VERIFIER 32U

/* The realm as the greeting has it, padded with blanks. False unless it is 1 to 32 printable ASCII characters. */
bool psd_password_realm(const char *realm, uint8_t padded[32]);

/* Argon2id of the password, for the user `name`; takes `memory` KiB and a good while. False, and `verifier` wiped, if a
 * parameter is out of bounds, the name has not 1 to 32 bytes, the password is empty, or there is no memory. */
bool psd_password_stretch(const char *realm, const char *name, const void *password, size_t length, uint32_t memory,
                          uint32_t passes, uint32_t lanes, uint8_t verifier[PSD_PASSWORD_VERIFIER]);

#endif
