#include "admin/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/command.h"

static int failed(const psd_admin_file *file) {
  return psd_admin_refuse("%s cannot be written: %s", file->path, strerror(errno));
}

/* A name beside the file's own, which begins with a dot: nobody takes it for one of the folder's. */
static bool name_both(psd_admin_file *file, const char *folder, const char *name) {
  const char *base = strrchr(name, '/');
  base = base != NULL ? base + 1 : name;
  int length =
      snprintf(file->path, sizeof file->path, "%s%s%s", folder != NULL ? folder : "", folder != NULL ? "/" : "", name);
  if (length < 0 || (size_t)length + sizeof "..XXXXXX" > sizeof file->path || base[0] == '\0')
    return false;
  size_t before = (size_t)length - strlen(base);
  (void)snprintf(file->temporary, sizeof file->temporary, "%.*s.%s.XXXXXX", (int)before, file->path, base);
  return true;
}

int psd_admin_file_begin(psd_admin_file *file, const char *folder, const char *name, mode_t mode) {
  *file = (psd_admin_file){.mode = mode};
  if (!name_both(file, folder, name))
    return psd_admin_refuse("%s is no name of a file, or too long", name);
  int fd = mkstemp(file->temporary);
  if (fd < 0)
    return failed(file);
  file->out = fdopen(fd, "w");
  if (file->out != NULL)
    return PSD_EXIT_DONE;
  int status = failed(file);
  (void)close(fd);
  (void)unlink(file->temporary);
  return status;
}

/* The name is as durable as the bytes. */
static bool sync_folder(const char *path) {
  char folder[PSD_ADMIN_PATH];
  const char *slash = strrchr(path, '/');
  (void)snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path + 1),
                 slash == NULL ? "." : path);
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool done = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0)
    (void)close(fd);
  return done;
}

int psd_admin_file_end(psd_admin_file *file, bool keep) {
  int fd = fileno(file->out);
  bool written = keep && fflush(file->out) == 0 && !ferror(file->out) && fchmod(fd, file->mode) == 0 && fsync(fd) == 0;
  int status = keep && !written ? failed(file) : PSD_EXIT_DONE;
  if (fclose(file->out) != 0 && written) {
    status = failed(file);
    written = false;
  }
  if (written && rename(file->temporary, file->path) == 0 && sync_folder(file->path))
    return PSD_EXIT_DONE;
  status = status == PSD_EXIT_DONE && keep ? failed(file) : status;
  (void)unlink(file->temporary);
  return status;
}

int psd_admin_folder(const char *path) {
  if (mkdir(path, 0755) == 0 || errno == EEXIST)
    return PSD_EXIT_DONE;
  return psd_admin_refuse("%s cannot be made: %s", path, strerror(errno));
}
