#include "port/nvm_ram.h"

#include <stdlib.h>
#include <string.h>

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t chance(uint64_t *state) {
  *state += UINT64_C(0x9E3779B97F4A7C15);
  uint64_t z = *state;
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

static bool counted_down(uint64_t *count) {
  if (*count == 0)
    return false;
  (*count)--;
  return *count == 0;
}

size_t psd_nvm_ram_size(const psd_nvm_ram *ram) {
  return (size_t)ram->block_size * ram->block_count;
}

static uint8_t erased_or(const uint8_t *data, size_t i) {
  return data == NULL ? 0xFF : data[i];
}

/* Lets an operation change some of the bits it should, of the bytes at `to`. `data` is NULL for erasing. */
static void weaken(uint8_t *to, const uint8_t *data, size_t length, uint64_t *seed) {
  for (size_t i = 0; i < length; i++) {
    uint8_t changes = (uint8_t)(to[i] ^ erased_or(data, i));
    to[i] ^= (uint8_t)(changes & chance(seed));
  }
}

static void fill(uint8_t *to, const uint8_t *data, size_t from, size_t end) {
  for (size_t i = from; i < end; i++)
    to[i] = erased_or(data, i);
}

static void tear(psd_nvm_ram_cut cut, uint8_t *to, const uint8_t *data, size_t length, uint64_t *seed) {
  switch (cut) {
  case PSD_NVM_RAM_HALF:
    fill(to, data, 0, length / 2);
    break;
  case PSD_NVM_RAM_REST:
    fill(to, data, length / 2, length);
    break;
  case PSD_NVM_RAM_WEAK:
    weaken(to, data, length, seed);
    break;
  case PSD_NVM_RAM_NOISE:
    for (size_t i = 0; i < length; i++)
      to[i] = (uint8_t)chance(seed);
    break;
  case PSD_NVM_RAM_CLEAN:
  case PSD_NVM_RAM_REORDER:
  case PSD_NVM_RAM_KILL:
    break;
  }
}

/* Programming clears bits and never sets one; erasing sets them all. */
static void carry_out(uint8_t *to, const uint8_t *data, size_t length) {
  for (size_t i = 0; i < length; i++)
    to[i] = data == NULL ? 0xFF : (uint8_t)(to[i] & data[i]);
}

static const uint8_t *pending_bytes(const psd_nvm_ram *ram, const psd_nvm_ram_pending *one) {
  return one->erase ? NULL : ram->pending_data + one->data;
}

/* Every operation since the last sync meets its own fate, whatever that of the others is. */
static void reorder(psd_nvm_ram *ram) {
  static const psd_nvm_ram_cut torn[] = {PSD_NVM_RAM_HALF, PSD_NVM_RAM_REST, PSD_NVM_RAM_WEAK, PSD_NVM_RAM_NOISE};
  for (size_t i = 0; i < ram->pending_count; i++) {
    const psd_nvm_ram_pending *one = &ram->pending[i];
    uint64_t fate = chance(&ram->seed) % 8;
    if (fate < 4)
      carry_out(ram->durable + one->address, pending_bytes(ram, one), one->length);
    else if (fate == 4)
      tear(torn[chance(&ram->seed) % 4], ram->durable + one->address, pending_bytes(ram, one), one->length, &ram->seed);
  }
  memcpy(ram->bytes, ram->durable, psd_nvm_ram_size(ram));
}

static void forget_pending(psd_nvm_ram *ram) {
  ram->pending_count = 0;
  ram->data_length = 0;
}

/* `data` is NULL for erasing; nothing is being worked on if `length` is 0. */
static void power_fails(psd_nvm_ram *ram, uint32_t address, const uint8_t *data, uint32_t length) {
  ram->off = true;
  if (ram->cut == PSD_NVM_RAM_KILL)
    return;
  if (ram->cut == PSD_NVM_RAM_REORDER) {
    reorder(ram);
  } else {
    tear(ram->cut, ram->bytes + address, data, length, &ram->seed);
    memcpy(ram->durable, ram->bytes, psd_nvm_ram_size(ram));
  }
  forget_pending(ram);
}

static bool grow(void **memory, size_t *capacity, size_t wanted, size_t size) {
  if (wanted <= *capacity)
    return true;
  size_t larger = *capacity < 16 ? 16 : *capacity;
  while (larger < wanted)
    larger *= 2;
  void *moved = realloc(*memory, larger * size);
  if (moved == NULL)
    return false;
  *memory = moved;
  *capacity = larger;
  return true;
}

static bool remember(psd_nvm_ram *ram, uint32_t address, const uint8_t *data, uint32_t length) {
  size_t bytes = data == NULL ? 0 : length;
  void *list = ram->pending;
  void *contents = ram->pending_data;
  bool ok = grow(&list, &ram->pending_capacity, ram->pending_count + 1, sizeof *ram->pending) &&
            grow(&contents, &ram->data_capacity, ram->data_length + bytes + 1, 1);
  ram->pending = list;
  ram->pending_data = contents;
  if (!ok)
    return false;
  ram->pending[ram->pending_count++] =
      (psd_nvm_ram_pending){.address = address, .length = length, .data = ram->data_length, .erase = data == NULL};
  if (data != NULL)
    memcpy(ram->pending_data + ram->data_length, data, length);
  ram->data_length += bytes;
  return true;
}

/* One page or one block. */
static bool operate(psd_nvm_ram *ram, uint32_t address, const uint8_t *data, uint32_t length, uint64_t *fail_in) {
  if (ram->off)
    return false;
  ram->operations++;
  bool cut = counted_down(&ram->cut_in);
  if (cut && ram->cut == PSD_NVM_RAM_REORDER && !remember(ram, address, data, length))
    return false;
  if (cut) {
    power_fails(ram, address, data, length);
    return false;
  }
  if (counted_down(fail_in) || !remember(ram, address, data, length))
    return false;
  carry_out(ram->bytes + address, data, length);
  return true;
}

static bool refuse(psd_nvm_ram *ram) {
  ram->violations++;
  return false;
}

static bool in_range(const psd_nvm_ram *ram, uint32_t address, size_t length) {
  size_t size = psd_nvm_ram_size(ram);
  return address <= size && length <= size - address;
}

static bool ram_read(void *device, uint32_t address, void *data, size_t length) {
  psd_nvm_ram *ram = device;
  if (ram->off)
    return false;
  if (!in_range(ram, address, length))
    return refuse(ram);
  ram->reads++;
  if (counted_down(&ram->fail_read_in))
    return false;
  if (length > 0)
    memcpy(data, ram->bytes + address, length);
  return true;
}

static bool is_erased(const psd_nvm_ram *ram, uint32_t address) {
  for (uint32_t i = 0; i < ram->page_size; i++)
    if (ram->bytes[address + i] != 0xFF)
      return false;
  return true;
}

static bool ram_program(void *device, uint32_t address, const void *data, size_t length) {
  psd_nvm_ram *ram = device;
  const uint8_t *from = data;
  if (ram->off)
    return false;
  if (!in_range(ram, address, length) || address % ram->page_size != 0 || length % ram->page_size != 0)
    return refuse(ram);
  for (size_t done = 0; done < length; done += ram->page_size) {
    uint32_t page = address + (uint32_t)done;
    if (!is_erased(ram, page))
      return refuse(ram);
    ram->programs++;
    ram->programmed[page / ram->block_size]++;
    if (!operate(ram, page, from + done, ram->page_size, &ram->fail_program_in))
      return false;
  }
  return true;
}

static bool ram_erase(void *device, uint32_t block) {
  psd_nvm_ram *ram = device;
  if (ram->off)
    return false;
  if (block >= ram->block_count)
    return refuse(ram);
  ram->erases++;
  ram->wear[block]++;
  return operate(ram, block * ram->block_size, NULL, ram->block_size, &ram->fail_erase_in);
}

static bool ram_sync(void *device) {
  psd_nvm_ram *ram = device;
  if (ram->off)
    return false;
  ram->operations++;
  ram->syncs++;
  if (counted_down(&ram->cut_in)) {
    power_fails(ram, 0, NULL, 0);
    return false;
  }
  if (counted_down(&ram->fail_sync_in))
    return false;
  for (size_t i = 0; i < ram->pending_count; i++) {
    uint32_t address = ram->pending[i].address;
    memcpy(ram->durable + address, ram->bytes + address, ram->pending[i].length);
  }
  forget_pending(ram);
  return true;
}

bool psd_nvm_ram_create(psd_nvm_ram *ram, uint32_t page_size, uint32_t block_size, uint32_t block_count) {
  *ram = (psd_nvm_ram){.page_size = page_size, .block_size = block_size, .block_count = block_count};
  size_t size = psd_nvm_ram_size(ram);
  ram->wear = calloc(block_count, sizeof *ram->wear);
  ram->programmed = calloc(block_count, sizeof *ram->programmed);
  ram->bytes = malloc(size);
  ram->durable = malloc(size);
  if (ram->wear == NULL || ram->programmed == NULL || ram->bytes == NULL || ram->durable == NULL) {
    psd_nvm_ram_destroy(ram);
    return false;
  }
  memset(ram->bytes, 0xFF, size);
  memset(ram->durable, 0xFF, size);
  return true;
}

void psd_nvm_ram_destroy(psd_nvm_ram *ram) {
  free(ram->wear);
  free(ram->programmed);
  free(ram->bytes);
  free(ram->durable);
  free(ram->pending);
  free(ram->pending_data);
  *ram = (psd_nvm_ram){.page_size = 0};
}

psd_nvm psd_nvm_ram_port(psd_nvm_ram *ram) {
  return (psd_nvm){.device = ram,
                   .page_size = ram->page_size,
                   .block_size = ram->block_size,
                   .block_count = ram->block_count,
                   .read = ram_read,
                   .program = ram_program,
                   .erase = ram_erase,
                   .sync = ram_sync};
}

void psd_nvm_ram_power_on(psd_nvm_ram *ram) {
  ram->off = false;
  ram->cut_in = 0;
  ram->fail_read_in = ram->fail_program_in = ram->fail_erase_in = ram->fail_sync_in = 0;
}

void psd_nvm_ram_save(const psd_nvm_ram *ram, uint8_t *image) {
  memcpy(image, ram->bytes, psd_nvm_ram_size(ram));
}

void psd_nvm_ram_load(psd_nvm_ram *ram, const uint8_t *image) {
  memcpy(ram->bytes, image, psd_nvm_ram_size(ram));
  memcpy(ram->durable, image, psd_nvm_ram_size(ram));
  forget_pending(ram);
  psd_nvm_ram_power_on(ram);
}

void psd_nvm_ram_rot(psd_nvm_ram *ram, uint32_t address, const void *data, size_t length) {
  memcpy(ram->bytes + address, data, length);
  memcpy(ram->durable + address, data, length);
}

void psd_nvm_ram_flip(psd_nvm_ram *ram, uint32_t address, unsigned bit) {
  uint8_t flipped = (uint8_t)(ram->bytes[address] ^ 1U << bit);
  psd_nvm_ram_rot(ram, address, &flipped, 1);
}
