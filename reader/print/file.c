#include "print/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names that are tried: others may be left of programs that were killed. */
#define ATTEMPTS 100U
#define SUFFIX_ROOM 40U

static psd_result refuse(psd_whole_file *file, int why, psd_error *error) {
  return psd_error_set(error, PSD_REFUSED, "%.200s cannot be written: %s", file->path, strerror(why));
}

static int make_beside(psd_whole_file *file) {
  size_t room = strlen(file->path) + SUFFIX_ROOM;
  file->temporary = malloc(room);
  if (file->temporary == NULL)
    return -1;
  int fd = -1;
  for (unsigned i = 0; fd < 0 && i < ATTEMPTS; i++) {
    (void)snprintf(file->temporary, room, "%s.%ld-%u.new", file->path, (long)getpid(), i);
    fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
    if (fd < 0 && errno != EEXIST)
      break;
  }
  return fd;
}

psd_result psd_whole_file_begin(psd_whole_file *file, const char *path, psd_error *error) {
  *file = (psd_whole_file){.path = path};
  int fd = make_beside(file);
  if (fd >= 0)
    file->stream = fdopen(fd, "wb");
  if (file->stream != NULL)
    return PSD_OK;
  (void)refuse(file, errno, error);
  if (fd >= 0) {
    (void)close(fd);
    (void)unlink(file->temporary);
  }
  free(file->temporary);
  file->temporary = NULL;
  return PSD_REFUSED;
}

bool psd_whole_file_write(psd_whole_file *file, const void *data, size_t length) {
  if (file->why == 0 && fwrite(data, 1, length, file->stream) != length)
    file->why = errno;
  return file->why == 0;
}

psd_result psd_whole_file_end(psd_whole_file *file, psd_result so_far, psd_error *error) {
  if (file->why == 0 && so_far == PSD_OK && (fflush(file->stream) != 0 || fsync(fileno(file->stream)) != 0))
    file->why = errno;
  if (fclose(file->stream) != 0 && file->why == 0 && so_far == PSD_OK)
    file->why = errno;
  if (file->why == 0 && so_far == PSD_OK && rename(file->temporary, file->path) != 0)
    file->why = errno;
  if (file->why != 0)
    so_far = refuse(file, file->why, error);
  if (so_far != PSD_OK)
    (void)unlink(file->temporary);
  free(file->temporary);
  file->stream = NULL;
  file->temporary = NULL;
  return so_far;
}

void psd_whole_file_drop(psd_whole_file *file) {
  psd_error unused;
  if (file->stream != NULL)
    (void)psd_whole_file_end(file, PSD_SYSTEM, &unused);
}

psd_result psd_whole_file_put(const char *path, const void *data, size_t length, psd_error *error) {
  psd_whole_file file;
  psd_result result = psd_whole_file_begin(&file, path, error);
  if (result != PSD_OK)
    return result;
  (void)psd_whole_file_write(&file, data, length); /* a failure is remembered, and told at the end */
  return psd_whole_file_end(&file, PSD_OK, error);
}
