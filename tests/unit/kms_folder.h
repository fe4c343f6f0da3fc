/* Keys and log in a folder of the test's own. */
#ifndef PSD_KMS_FOLDER_H
#define PSD_KMS_FOLDER_H

#include "kms_support.h"

#include "kms/vault.h"

#define COST 10U
#define BYTES_MAX 65536U

extern char folder[64];
/* The passphrase, and one that is not. */
extern const psd_part right, wrong;
/* What the last refusal said. */
extern char why[PSD_KMS_WHY_MAX];

/* Makes the folder with new keys: eleven, and 22 records. */
void begin(void);
void end(void);

/* Files of the folder by name: path, content (at most BYTES_MAX bytes), another content, none. */
void path_of(char path[128], const char *name);
size_t load(const char *name, uint8_t *bytes);
void store(const char *name, const uint8_t *bytes, size_t length);
void drop(const char *name);

psd_kms *must_open(void);
bool opens(void);
/* Whether it opens, and all signatures of the log hold; `count`, which may be NULL, is how many records there are. */
bool verifies(uint32_t *count);
/* Appends events that are no changes of keys. */
void append(psd_kms *kms, unsigned count);

#endif
