/* The site's folder while it is read: each file that is not what it should be ends the reading with one line. */
#ifndef PSD_VERIFY_FOLDER_H
#define PSD_VERIFY_FOLDER_H

#include <stdio.h>

#include "psd/spec/text.h"
#include "verify/site.h"

#define PSD_PATH_ROOM 1024U

struct psd_site_reading {
  psd_site *site;
  const char *folder;
  char name[PSD_PATH_ROOM]; /* the file that is read, in the folder: "certificates/ps.pem" */
  char path[PSD_PATH_ROOM]; /* the same with the folder before it */
  psd_text words;           /* why it failed; empty while it has not */
  const void *keys;         /* what its reader checks it with */
};

/* Says "NAME: " and what; returns false. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
bool psd_site_damaged(psd_site_reading *reading, const char *format, ...);
/* Adds a note: "NAME: " and what. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void psd_site_remark(psd_site_reading *reading, const char *format, ...);

typedef bool psd_file_reader(psd_site_reading *reading);
/* Every file of the subfolder that ends so, in the order of names. A subfolder that is not there has none. */
bool psd_each_file(psd_site_reading *reading, const char *subfolder, const char *ending, psd_file_reader *read);
/* One file of the folder itself; nothing if it is not there. */
bool psd_one_file(psd_site_reading *reading, const char *name, psd_file_reader *read);

/* The bytes of the file, at most `most`, with a zero behind them; free them. A secret one must be its owner's alone. */
bool psd_file_bytes(psd_site_reading *reading, size_t most, bool secret, uint8_t **data, size_t *length);
/* The file, opened for reading: an ordinary one, for a pipe or a device might never end. NULL with the reason told;
 * close it. */
FILE *psd_file_stream(psd_site_reading *reading);
/* The public keys (P-256, PEM) of a file of the folder; none if it is not there. */
bool psd_file_keys(psd_site_reading *reading, const char *name, psd_public_keys *keys);
/* True if one of the keys has signed label and data. */
bool psd_keys_signed(const psd_public_keys *keys, const char *label, psd_part data, const uint8_t signature[64]);

/* Rows with room for one more; NULL, and the reading has failed, without memory (`rows` is as it was then). */
void *psd_room_for_row(psd_site_reading *reading, void *rows, size_t count, size_t size);

#endif
