#include "port/nvm_file.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include "port/file_io.h"

static off_t at(uint32_t address) {
  return (off_t)PSD_NVM_FILE_HEADER + (off_t)address;
}

static bool fail(psd_nvm_file *file) {
  file->error = errno != 0 ? errno : EIO;
  return false;
}

static bool usable(const psd_nvm_file *file) {
  return file->descriptor >= 0 && file->error == 0;
}

static bool in_range(const psd_nvm_file *file, uint32_t address, size_t length) {
  size_t size = (size_t)file->block_size * file->block_count;
  return address <= size && length <= size - address;
}

static bool file_read(void *device, uint32_t address, void *data, size_t length) {
  psd_nvm_file *file = device;
  return usable(file) && in_range(file, address, length) && psd_file_read(file->descriptor, data, length, at(address));
}

/* A flash cannot program a page twice: nor can this. */
static bool is_erased(const psd_nvm_file *file, uint32_t address, size_t length) {
  uint8_t bytes[512];
  for (size_t done = 0; done < length;) {
    size_t some = length - done < sizeof bytes ? length - done : sizeof bytes;
    if (!psd_file_read(file->descriptor, bytes, some, at(address) + (off_t)done))
      return false;
    if (bytes[0] != 0xFF || memcmp(bytes, bytes + 1, some - 1) != 0)
      return false;
    done += some;
  }
  return true;
}

static bool file_program(void *device, uint32_t address, const void *data, size_t length) {
  psd_nvm_file *file = device;
  if (!usable(file) || !in_range(file, address, length) || address % file->page_size != 0 ||
      length % file->page_size != 0 || !is_erased(file, address, length))
    return false;
  return psd_file_write(file->descriptor, data, length, at(address)) || fail(file);
}

static off_t wear_at(uint32_t block) {
  return (off_t)PSD_FILE_WEAR + (off_t)block * 4;
}

bool psd_nvm_file_wear(const psd_nvm_file *file, uint32_t block, uint32_t *erases) {
  uint8_t bytes[4];
  if (block >= file->block_count || !psd_file_read(file->descriptor, bytes, sizeof bytes, wear_at(block)))
    return false;
  *erases = psd_file_get32(bytes);
  return true;
}

static bool count_erase(const psd_nvm_file *file, uint32_t block) {
  uint32_t erases = 0;
  uint8_t bytes[4];
  if (!psd_nvm_file_wear(file, block, &erases))
    return false;
  psd_file_set32(bytes, erases == UINT32_MAX ? erases : erases + 1);
  return psd_file_write(file->descriptor, bytes, sizeof bytes, wear_at(block));
}

static bool file_erase(void *device, uint32_t block) {
  psd_nvm_file *file = device;
  if (!usable(file) || block >= file->block_count)
    return false;
  off_t start = at(block * file->block_size);
  if (count_erase(file, block) && psd_file_fill(file->descriptor, 0xFF, file->block_size, start))
    return true;
  return fail(file);
}

static bool file_sync(void *device) {
  psd_nvm_file *file = device;
  if (!usable(file))
    return false;
  /* After a sync that failed, what is read need not be what is on the medium: nothing more is told from it. */
  return !file->durable || psd_file_sync(file->descriptor) || fail(file);
}

psd_nvm psd_nvm_file_port(psd_nvm_file *file) {
  return (psd_nvm){.device = file,
                   .page_size = file->page_size,
                   .block_size = file->block_size,
                   .block_count = file->block_count,
                   .read = file_read,
                   .program = file_program,
                   .erase = file_erase,
                   .sync = file_sync};
}
