/* Making, naming, opening and closing state files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/file_io.h"
#include "port/nvm_file.h"

#define MAGIC "PSDNVM"
#define MAGIC_SIZE 6U
#define GEOMETRY_AT 8U
#define SUFFIX ".XXXXXX"

static bool say(char *message, const char *words) {
  snprintf(message, PSD_NVM_FILE_MESSAGE, "%s", words);
  return false;
}

/* The reason is in errno. */
static bool say_why(char *message, const char *what, const char *hint) {
  snprintf(message, PSD_NVM_FILE_MESSAGE, "%s: %s%s", what, strerror(errno), hint);
  return false;
}

static bool lock(int descriptor, char *message) {
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    return true;
  if (errno == EWOULDBLOCK)
    return say(message, "is in use by another process: a card is in one reader at a time");
  return say_why(message, "cannot be locked", "");
}

static uint64_t image_size(const psd_nvm_file *file) {
  return (uint64_t)file->block_size * file->block_count;
}

/* Creating. */

static bool write_blank(const psd_nvm_file *file) {
  uint8_t header[PSD_FILE_WEAR] = MAGIC;
  header[MAGIC_SIZE] = PSD_NVM_FILE_VERSION >> 8;
  header[MAGIC_SIZE + 1] = PSD_NVM_FILE_VERSION & 0xFF;
  psd_file_set32(header + GEOMETRY_AT, file->page_size);
  psd_file_set32(header + GEOMETRY_AT + 4, file->block_size);
  psd_file_set32(header + GEOMETRY_AT + 8, file->block_count);
  /* Every byte is written now, so that the space for it is there later. */
  return psd_file_write(file->descriptor, header, sizeof header, 0) &&
         psd_file_fill(file->descriptor, 0, PSD_NVM_FILE_HEADER - sizeof header, sizeof header) &&
         psd_file_fill(file->descriptor, 0xFF, image_size(file), PSD_NVM_FILE_HEADER) &&
         psd_file_sync(file->descriptor);
}

static bool make_temporary(psd_nvm_file *file, const char *path) {
  size_t length = strlen(path);
  file->path = malloc(length + 1);
  char *name = malloc(length + sizeof SUFFIX);
  if (file->path == NULL || name == NULL) {
    free(name);
    return false;
  }
  memcpy(file->path, path, length + 1);
  snprintf(name, length + sizeof SUFFIX, "%s%s", path, SUFFIX);
  file->descriptor = mkstemp(name);
  if (file->descriptor < 0) {
    free(name);
    return false;
  }
  file->temporary = name;
  return fcntl(file->descriptor, F_SETFD, FD_CLOEXEC) == 0;
}

bool psd_nvm_file_create(psd_nvm_file *file, const char *path, bool durable, char *message) {
  *file = (psd_nvm_file){.descriptor = -1,
                         .durable = durable,
                         .page_size = PSD_NVM_FILE_PAGE,
                         .block_size = PSD_NVM_FILE_BLOCK,
                         .block_count = PSD_NVM_FILE_BLOCKS};
  struct stat found;
  if (lstat(path, &found) == 0)
    return say(message, "exists already, and a card is never overwritten: choose another name");
  bool ok = make_temporary(file, path) || say_why(message, "cannot be made", "");
  ok = ok && lock(file->descriptor, message);
  ok = ok && (write_blank(file) || say_why(message, "cannot be written", ""));
  if (!ok)
    psd_nvm_file_close(file);
  return ok;
}

static bool sync_directory(const char *path) {
  const char *slash = strrchr(path, '/');
  size_t length = slash == NULL ? 0 : (size_t)(slash - path) + 1;
  char *directory = malloc(length + 2);
  if (directory == NULL)
    return false;
  memcpy(directory, path, length);
  memcpy(directory + length, length == 0 ? "." : "", length == 0 ? 2 : 1);
  int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  free(directory);
  if (descriptor < 0)
    return false;
  bool ok = fsync(descriptor) == 0;
  int reason = errno;
  close(descriptor);
  errno = reason;
  return ok;
}

bool psd_nvm_file_publish(psd_nvm_file *file, char *message) {
  if (file->temporary == NULL)
    return say(message, "has its name already");
  if (fsync(file->descriptor) != 0)
    return say_why(message, "cannot be made durable", "");
  /* A link, unlike a rename, refuses to replace what is there. */
  if (link(file->temporary, file->path) != 0) {
    if (errno == EEXIST)
      return say(message, "exists already, and a card is never overwritten: choose another name");
    return say_why(message, "cannot be given its name", "");
  }
  if (unlink(file->temporary) != 0 || !sync_directory(file->path)) {
    say_why(message, "cannot be made durable", "");
    (void)unlink(file->path); /* whoever is told that there is no card takes its keys away */
    return false;
  }
  free(file->temporary);
  file->temporary = NULL;
  return true;
}

/* Opening. */

static bool say_cannot_open(char *message) {
  switch (errno) {
  case ENOENT:
    return say(message, "no such file: make a card with psd-card init");
  case ELOOP:
    return say(message, "is a symbolic link: name the file itself");
  case EACCES:
  case EPERM:
  case EROFS:
    return say_why(message, "cannot be opened for writing", ": a card changes whenever it is used");
  default:
    return say_why(message, "cannot be opened", "");
  }
}

static bool plausible(const psd_nvm_file *file) {
  uint32_t page = file->page_size;
  uint32_t block = file->block_size;
  return page >= 64 && (page & (page - 1)) == 0 && block >= page && block % page == 0 &&
         block <= UINT32_MAX / PSD_NVM_FILE_BLOCKS_MAX && file->block_count >= 2 && file->block_count % 2 == 0 &&
         file->block_count <= PSD_NVM_FILE_BLOCKS_MAX;
}

static bool check_size(const psd_nvm_file *file, uint64_t size, char *message) {
  uint64_t wanted = PSD_NVM_FILE_HEADER + image_size(file);
  if (size == wanted)
    return true;
  snprintf(message, PSD_NVM_FILE_MESSAGE, "is damaged: it has %llu bytes and should have %llu: use a whole copy of it",
           (unsigned long long)size, (unsigned long long)wanted);
  return false;
}

static bool read_header(psd_nvm_file *file, uint64_t size, char *message) {
  uint8_t header[PSD_FILE_WEAR];
  if (size < sizeof header)
    return say(message, "is not the state of a card: it is too short");
  if (!psd_file_read(file->descriptor, header, sizeof header, 0))
    return say_why(message, "cannot be read", "");
  if (memcmp(header, MAGIC, MAGIC_SIZE) != 0)
    return say(message, "is not the state of a card: choose another file");
  unsigned version = (unsigned)header[MAGIC_SIZE] << 8 | header[MAGIC_SIZE + 1];
  if (version != PSD_NVM_FILE_VERSION) {
    snprintf(message, PSD_NVM_FILE_MESSAGE,
             "is of version %u, and this program knows version %u: use the one that made it", version,
             PSD_NVM_FILE_VERSION);
    return false;
  }
  file->page_size = psd_file_get32(header + GEOMETRY_AT);
  file->block_size = psd_file_get32(header + GEOMETRY_AT + 4);
  file->block_count = psd_file_get32(header + GEOMETRY_AT + 8);
  if (!plausible(file))
    return say(message, "is damaged: its header makes no sense: use a whole copy of it");
  return check_size(file, size, message);
}

bool psd_nvm_file_open(psd_nvm_file *file, const char *path, bool durable, char *message) {
  *file = (psd_nvm_file){.descriptor = -1, .durable = durable};
  /* O_NONBLOCK: should the name be that of a device or a FIFO, this returns all the same. */
  file->descriptor = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file->descriptor < 0)
    return say_cannot_open(message);
  struct stat status;
  bool ok = fstat(file->descriptor, &status) == 0 || say_why(message, "cannot be examined", "");
  ok = ok && (S_ISREG(status.st_mode) || say(message, "is not a file: choose another name"));
  ok = ok && lock(file->descriptor, message);
  ok = ok && read_header(file, (uint64_t)status.st_size, message);
  if (!ok)
    psd_nvm_file_close(file);
  return ok;
}

void psd_nvm_file_close(psd_nvm_file *file) {
  if (file->temporary != NULL)
    unlink(file->temporary);
  if (file->descriptor >= 0)
    close(file->descriptor);
  free(file->temporary);
  free(file->path);
  file->temporary = file->path = NULL;
  file->descriptor = -1;
}
