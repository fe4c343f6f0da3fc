/* The ports: all that a card needs from outside. Whoever builds a card fills in these tables of functions. */
#ifndef PSD_PORTS_H
#define PSD_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Non-volatile memory that behaves as NOR flash: erased bytes read as FF; a page may be programmed once after its block
 * was erased; a power cut may leave the page or block that was being worked on in any state at all. What was programmed
 * before a successful sync survives a power cut; what was programmed after it may or may not, in any order.
 * Each function returns false on failure. `device` is handed to every one of them. */
typedef struct psd_nvm {
  void *device;
  uint32_t page_size;   /* bytes, the unit of programming; a power of two, at least 64 */
  uint32_t block_size;  /* bytes, the unit of erasure; a multiple of page_size */
  uint32_t block_count; /* blocks; even, at least 2 */
  /* Reads `length` bytes at `address`. */
  bool (*read)(void *device, uint32_t address, void *data, size_t length);
  /* Programs whole erased pages: `address` and `length` are multiples of page_size. */
  bool (*program)(void *device, uint32_t address, const void *data, size_t length);
  /* Erases block number `block`. */
  bool (*erase)(void *device, uint32_t block);
  /* Makes everything before durable. */
  bool (*sync)(void *device);
} psd_nvm;

/* Entropy for the card's random generator: `length` bytes, each of full entropy. Returns false on failure. */
typedef struct psd_entropy {
  void *device;
  bool (*read)(void *device, uint8_t *data, size_t length);
} psd_entropy;

/* The oscillator behind the secure clock (VM 232): seconds since 1970-01-01 UTC, as far as the device knows them. The
 * card itself makes sure that its clock never goes backwards. */
typedef struct psd_oscillator {
  void *device;
  uint64_t (*seconds)(void *device);
} psd_oscillator;

typedef struct psd_ports {
  psd_nvm nvm;
  psd_entropy entropy;
  psd_oscillator oscillator;
} psd_ports;

#endif
