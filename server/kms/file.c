#include "kms/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_BYTES 64U

int psd_kms_folder_open(const char *path) {
  struct stat status;
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0)
    return -1;
  if (fstat(folder, &status) != 0 || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    (void)close(folder);
    errno = EPERM;
    return -1;
  }
  return folder;
}

int psd_kms_folder_make(const char *path) {
  if (mkdir(path, S_IRWXU) != 0 && errno != EEXIST)
    return -1;
  return psd_kms_folder_open(path);
}

int psd_kms_file_open(int folder, const char *name, int flags) {
  return openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
}

ssize_t psd_kms_file_read(int folder, const char *name, uint8_t *data, size_t capacity) {
  struct stat status;
  int file = psd_kms_file_open(folder, name, O_RDONLY);
  if (file < 0)
    return -1;
  bool done = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  if (done && (size_t)status.st_size > capacity) {
    errno = EFBIG;
    done = false;
  }
  done = done && psd_kms_read_all(file, data, (size_t)status.st_size, 0);
  int why = errno;
  (void)close(file);
  errno = why;
  return done ? (ssize_t)status.st_size : -1;
}

bool psd_kms_write_all(int file, const uint8_t *data, size_t length, off_t at) {
  while (length > 0) {
    ssize_t written = pwrite(file, data, length, at);
    if (written < 0 && errno != EINTR)
      return false;
    if (written > 0) {
      data += written;
      length -= (size_t)written;
      at += written;
    }
  }
  return true;
}

bool psd_kms_read_all(int file, uint8_t *data, size_t length, off_t at) {
  while (length > 0) {
    ssize_t got = pread(file, data, length, at);
    if (got == 0)
      errno = EIO;
    if (got == 0 || (got < 0 && errno != EINTR))
      return false;
    if (got > 0) {
      data += got;
      length -= (size_t)got;
      at += got;
    }
  }
  return true;
}

bool psd_kms_file_replace(int folder, const char *name, const uint8_t *data, size_t length, bool folder_too) {
  char temporary[NAME_MAX_BYTES];
  (void)snprintf(temporary, sizeof temporary, "%s.new", name);
  /* What an attempt that was killed has left. */
  if (unlinkat(folder, temporary, 0) != 0 && errno != ENOENT)
    return false;
  int file = psd_kms_file_open(folder, temporary, O_WRONLY | O_CREAT | O_EXCL);
  if (file < 0)
    return false;
  bool done = psd_kms_write_all(file, data, length, 0) && fdatasync(file) == 0;
  done = close(file) == 0 && done;
  done = done && renameat(folder, temporary, folder, name) == 0 && (!folder_too || fsync(folder) == 0);
  if (!done) {
    int why = errno;
    (void)unlinkat(folder, temporary, 0);
    errno = why;
  }
  return done;
}
