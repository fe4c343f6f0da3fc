/* Files that a command of psd-verify looks at: an object of the certificate meter, and the message that it is of. */
#ifndef PSD_VERIFY_DOCUMENT_H
#define PSD_VERIFY_DOCUMENT_H

#include "psd/program/json.h"
#include "psd/proof/proof.h"

/* Longest object; those of the card have 2048 at most. */
#define PSD_OBJECT_MAX 65536U

typedef struct psd_object {
  uint8_t data[PSD_OBJECT_MAX];
  size_t length;
} psd_object;

/* Reads one; false, with a line on standard error, if it cannot be read, or is too long. */
bool psd_object_read(const char *path, psd_object *object);
psd_proof_bytes psd_object_bytes(const psd_object *object);
/* The digest of a file, of any length; false, with a line on standard error, if it cannot be read. */
bool psd_digest_file(const char *path, const psd_digest_row *row, uint8_t digest[PSD_DIGEST_MAX]);

/* How a check ended, and at which step of VM figure 4. */
typedef struct psd_finding {
  psd_proof_result result;
  char why[PSD_PROOF_WHY_MAX]; /* where it does not hold */
} psd_finding;
unsigned psd_finding_step(psd_proof_result result);

/* "valid", or "refused: certificate: ..." */
void psd_show_finding(const psd_finding *finding);
void psd_json_finding(psd_json *json, const psd_finding *finding);
/* Who has signed: a line of words each, or a member of the object. */
void psd_show_signer(const psd_proof_signer *signer);
void psd_json_signer(psd_json *json, const char *key, const psd_proof_signer *signer);
/* "name          value", as psd-verify has every fact. `text` is somebody else's. */
void psd_show_fact(const char *name, const char *text);
void psd_show_time(const char *name, uint64_t time);
void psd_show_amount(const char *name, uint64_t mills);
void psd_show_number(const char *name, uint64_t number);

#endif
