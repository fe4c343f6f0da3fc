/* The cards of one reader: the state files of a folder, each in a slot of its own.
 *
 * At first the files are put into the slots in the order of their names. A card keeps its slot while its file is there;
 * a new one goes into the first slot that is free. */
#ifndef PSD_EMULATOR_IFD_FOLDER_H
#define PSD_EMULATOR_IFD_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#define PSD_IFD_SLOTS_LEAST 4U
/* pcscd has 16 readers in all, and gives up a reader for which they do not suffice. */
#define PSD_IFD_SLOTS_MOST 8U
#define PSD_IFD_SUFFIX ".state"

typedef struct psd_ifd_folder psd_ifd_folder;

/* Opens what a DEVICENAME names: a folder, of PSD_IFD_SLOTS_LEAST slots, or one for each state file but not more than
 * PSD_IFD_SLOTS_MOST; or a single state file, with one slot. Returns NULL with errno if the folder cannot be read. */
psd_ifd_folder *psd_ifd_folder_open(const char *device);
void psd_ifd_folder_close(psd_ifd_folder *folder);

/* The folder itself. */
const char *psd_ifd_folder_path(const psd_ifd_folder *folder);
unsigned psd_ifd_folder_slots(const psd_ifd_folder *folder);

/* Looks at the folder, and writes the path of the state file in slot `slot` to `path`. Returns false if the slot is
 * empty. From any thread. */
bool psd_ifd_folder_look(psd_ifd_folder *folder, unsigned slot, char *path, size_t capacity);

#endif
