/* Files that appear whole: whoever opens one sees what was there before or what is there now. */
#ifndef PSD_SERVER_ADMIN_FILE_H
#define PSD_SERVER_ADMIN_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define PSD_ADMIN_PATH 1024U

typedef struct psd_admin_file {
  FILE *out; /* what is written to */
  char path[PSD_ADMIN_PATH], temporary[PSD_ADMIN_PATH];
  mode_t mode;
} psd_admin_file;

/* FOLDER/NAME, or NAME where `folder` is NULL. Returns PSD_EXIT_DONE, or the exit status after telling why. */
int psd_admin_file_begin(psd_admin_file *file, const char *folder, const char *name, mode_t mode);
/* Puts it in its place, on the disk; or, unless `keep`, takes away what was written. Returns PSD_EXIT_DONE, or the exit
 * status after telling why. */
int psd_admin_file_end(psd_admin_file *file, bool keep);
/* Makes a folder, unless it is there. */
int psd_admin_folder(const char *path);

#endif
