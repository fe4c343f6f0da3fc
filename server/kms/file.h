/* Files of the key management system's folder: opened by name within it, following no link, readable by their owner
 * alone. */
#ifndef PSD_KMS_FILE_H
#define PSD_KMS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Opens the folder; -1 with errno. */
int psd_kms_folder_open(const char *path);
/* The same, or makes it. */
int psd_kms_folder_make(const char *path);
/* Opens a file in the folder with the flags of open(2); -1 with errno. */
int psd_kms_file_open(int folder, const char *name, int flags);
/* Reads a file that has at most `capacity` bytes; -1 with errno (EFBIG for a longer one). */
ssize_t psd_kms_file_read(int folder, const char *name, uint8_t *data, size_t capacity);
/* Puts a file in place of another: whoever opens it sees the old or the new one whole, after a power cut as well.
 * `folder_too`: also waits until the folder is on the disk; without it the old file may come back after a power cut. */
bool psd_kms_file_replace(int folder, const char *name, const uint8_t *data, size_t length, bool folder_too);
/* All of it or false. */
bool psd_kms_write_all(int file, const uint8_t *data, size_t length, off_t at);
bool psd_kms_read_all(int file, uint8_t *data, size_t length, off_t at);

#endif
