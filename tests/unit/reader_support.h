/* What the tests of the reader share: files of their own, a card on a socket, and an evil reader. */
#ifndef PSD_READER_SUPPORT_H
#define PSD_READER_SUPPORT_H

#include "check.h"
#include "psd/reader/personalize.h"
#include "rig.h"

/* A folder that is removed with what is in it. Fatal CUnit assertion on failure. */
typedef struct sandbox {
  char path[64];
} sandbox;
void sandbox_create(sandbox *box);
void sandbox_destroy(sandbox *box);
/* "FOLDER/name", in static memory that the fourth call from now uses again. */
const char *sandbox_path(const sandbox *box, const char *name);
/* Writes a file that its owner alone may read; returns its path as sandbox_path does. */
const char *sandbox_write(const sandbox *box, const char *name, const char *text);

/* The transport keys of rig_birth. */
psd_host_keys support_keys(void);
/* The same as a key file. */
extern const char *const support_key_file;
/* A profile that has everything; PIN 12345, PUK 87654321. */
extern const char *const support_profile;
/* The generator point of P-256 (FIPS 186-4, D.1.2.3), uncompressed: a public key like any other. */
extern const char *const support_point;

/* A transport that passes everything on to `inner` (which it owns), and then lets `meddle` have the answer. `capacity`
 * is the room the answer has. */
typedef void support_meddler(void *context, const uint8_t *command, size_t length, uint8_t *answer,
                             size_t *answer_length, size_t capacity);
psd_transport *support_evil(psd_transport *inner, support_meddler *meddle, void *context);

/* A host on the rig's card. */
psd_host *support_host(rig *r);

#endif
