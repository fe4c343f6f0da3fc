/* The flash in RAM: it keeps the rules of a flash, and cuts and fails as it is told. */
#include <string.h>

#include "check.h"
#include "port/nvm_ram.h"

#define PAGE 64U
#define BLOCK 256U
#define BLOCKS 4U
#define SIZE (BLOCK * BLOCKS)

static psd_nvm_ram ram;
static psd_nvm nvm;
static uint8_t zeros[BLOCK];

static void start(void) {
  CU_ASSERT_FATAL(psd_nvm_ram_create(&ram, PAGE, BLOCK, BLOCKS));
  nvm = psd_nvm_ram_port(&ram);
}

static void done(void) {
  psd_nvm_ram_destroy(&ram);
}

static bool program(uint32_t address, const void *data, size_t length) {
  return nvm.program(nvm.device, address, data, length);
}

static bool erase(uint32_t block) {
  return nvm.erase(nvm.device, block);
}

static bool sync(void) {
  return nvm.sync(nvm.device);
}

/* How many bits of `length` bytes at `address` are 0. */
static unsigned programmed(uint32_t address, uint32_t length) {
  unsigned bits = 0;
  for (uint32_t i = 0; i < length; i++)
    for (unsigned bit = 0; bit < 8; bit++)
      bits += ((unsigned)ram.bytes[address + i] >> bit & 1U) ^ 1U;
  return bits;
}

static void cut_next(psd_nvm_ram_cut kind, uint64_t seed) {
  ram.cut_in = 1;
  ram.cut = kind;
  ram.seed = seed;
}

static void erased_bytes_read_as_ff(void) {
  uint8_t bytes[SIZE];
  start();
  CU_ASSERT(psd_nvm_ram_size(&ram) == SIZE);
  CU_ASSERT(nvm.page_size == PAGE && nvm.block_size == BLOCK && nvm.block_count == BLOCKS);
  CU_ASSERT(nvm.read(nvm.device, 0, bytes, sizeof bytes));
  for (size_t i = 0; i < sizeof bytes; i++)
    CU_ASSERT_FATAL(bytes[i] == 0xFF);
  done();
}

static void a_page_is_programmed_once(void) {
  uint8_t bytes[3];
  start();
  CU_ASSERT(program(BLOCK + PAGE, "the first page, and it is not filled up by these words of it....", PAGE));
  CU_ASSERT(nvm.read(nvm.device, BLOCK + PAGE + 4, bytes, 3) && memcmp(bytes, "fir", 3) == 0);
  CU_ASSERT(!program(BLOCK + PAGE, zeros, PAGE));
  CU_ASSERT(!program(BLOCK, zeros, 2U * PAGE));
  CU_ASSERT(ram.violations == 2);
  CU_ASSERT(erase(1));
  CU_ASSERT(program(BLOCK + PAGE, zeros, PAGE));
  CU_ASSERT(ram.violations == 2);
  done();
}

static void what_no_flash_does_is_refused(void) {
  uint8_t bytes[PAGE];
  start();
  CU_ASSERT(!program(1, zeros, PAGE));
  CU_ASSERT(!program(0, zeros, PAGE - 1U));
  CU_ASSERT(!program(SIZE, zeros, PAGE));
  CU_ASSERT(!program(SIZE - PAGE, zeros, 2U * PAGE));
  CU_ASSERT(!erase(BLOCKS));
  CU_ASSERT(!nvm.read(nvm.device, SIZE - 1U, bytes, 2));
  CU_ASSERT(!nvm.read(nvm.device, SIZE + 1U, bytes, 0));
  CU_ASSERT(ram.violations == 7);
  CU_ASSERT(nvm.read(nvm.device, SIZE - 1U, bytes, 1));
  CU_ASSERT(nvm.read(nvm.device, SIZE, bytes, 0));
  CU_ASSERT(ram.violations == 7);
  CU_ASSERT(programmed(0, SIZE) == 0);
  done();
}

static void operations_and_wear_are_counted(void) {
  start();
  CU_ASSERT(program(0, zeros, 3U * PAGE) && program(BLOCK, zeros, PAGE) && erase(0) && erase(0) && erase(3) && sync());
  CU_ASSERT(ram.programs == 4 && ram.erases == 3 && ram.syncs == 1 && ram.operations == 8 && ram.reads == 0);
  CU_ASSERT(ram.wear[0] == 2 && ram.wear[1] == 0 && ram.wear[2] == 0 && ram.wear[3] == 1);
  CU_ASSERT(ram.programmed[0] == 3 && ram.programmed[1] == 1 && ram.programmed[3] == 0);
  done();
}

static void after_a_cut_nothing_works_until_power_is_back(void) {
  uint8_t byte = 0;
  start();
  ram.cut_in = 3;
  ram.cut = PSD_NVM_RAM_CLEAN;
  CU_ASSERT(program(0, zeros, PAGE));
  CU_ASSERT(sync());
  CU_ASSERT(!program(PAGE, zeros, 2U * PAGE));
  CU_ASSERT(ram.off && ram.operations == 3);
  CU_ASSERT(!nvm.read(nvm.device, 0, &byte, 1) && !program(BLOCK, zeros, PAGE) && !erase(0) && !sync());
  CU_ASSERT(ram.operations == 3 && ram.violations == 0);
  psd_nvm_ram_power_on(&ram);
  CU_ASSERT(!ram.off && nvm.read(nvm.device, 0, &byte, 1) && byte == 0);
  CU_ASSERT(programmed(PAGE, SIZE - PAGE) == 0);
  CU_ASSERT(program(PAGE, zeros, PAGE));
  done();
}

static void a_page_can_be_torn_in_every_way(void) {
  static const struct {
    psd_nvm_ram_cut kind;
    unsigned first, second; /* bits programmed in each half of the page; 1 for some */
  } ways[] = {{PSD_NVM_RAM_CLEAN, 0, 0},
              {PSD_NVM_RAM_HALF, 256, 0},
              {PSD_NVM_RAM_REST, 0, 256},
              {PSD_NVM_RAM_WEAK, 1, 1},
              {PSD_NVM_RAM_NOISE, 1, 1}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(ways); i++) {
    start();
    CU_ASSERT(program(0, zeros, PAGE));
    cut_next(ways[i].kind, 5);
    CU_ASSERT(!program(PAGE, zeros, PAGE));
    CU_ASSERT(programmed(0, PAGE) == 512);
    unsigned first = programmed(PAGE, 32);
    unsigned second = programmed(PAGE + 32, 32);
    CU_ASSERT(ways[i].first == 1 ? first > 50 && first < 200 : first == ways[i].first);
    CU_ASSERT(ways[i].second == 1 ? second > 50 && second < 200 : second == ways[i].second);
    CU_ASSERT(programmed(2U * PAGE, SIZE - 2U * PAGE) == 0);
    done();
  }
}

static void a_block_can_be_torn_in_every_way(void) {
  static const psd_nvm_ram_cut ways[] = {PSD_NVM_RAM_CLEAN, PSD_NVM_RAM_HALF, PSD_NVM_RAM_REST, PSD_NVM_RAM_WEAK,
                                         PSD_NVM_RAM_NOISE};
  static const unsigned bits[] = {2048, 1024, 1024, 1, 1};
  for (size_t i = 0; i < PSD_CHECK_COUNT(ways); i++) {
    start();
    CU_ASSERT(program(BLOCK, zeros, BLOCK));
    cut_next(ways[i], 6);
    CU_ASSERT(!erase(1));
    unsigned left = programmed(BLOCK, BLOCK);
    CU_ASSERT(bits[i] == 1 ? left > 500 && left < 1500 : left == bits[i]);
    CU_ASSERT(programmed(0, SIZE) == left);
    done();
  }
}

/* Each operation since the last sync may be lost, whatever becomes of the others; none before it. */
static void reordering_loses_any_of_what_was_not_synced(void) {
  unsigned seen = 0;
  for (uint64_t seed = 0; seed < 200; seed++) {
    start();
    CU_ASSERT(program(0, zeros, PAGE) && sync());
    CU_ASSERT(program(PAGE, zeros, PAGE) && program(2U * PAGE, zeros, PAGE));
    cut_next(PSD_NVM_RAM_REORDER, seed);
    CU_ASSERT(!sync());
    CU_ASSERT(programmed(0, PAGE) == 512);
    unsigned first = programmed(PAGE, PAGE);
    unsigned second = programmed(2U * PAGE, PAGE);
    seen |= 1U << ((first == 512 ? 1U : 0U) + (second == 512 ? 2U : 0U));
    seen |= (first != 0 && first != 512) ? 16U : 0U;
    CU_ASSERT(programmed(0, SIZE) == 512 + first + second);
    done();
  }
  CU_ASSERT(seen == 31U);
}

static void what_was_erased_but_not_synced_may_come_back(void) {
  bool back = false;
  bool both = false;
  for (uint64_t seed = 0; seed < 100; seed++) {
    uint8_t page[PAGE];
    start();
    memset(page, 0xF0, sizeof page);
    CU_ASSERT(program(0, page, PAGE) && program(PAGE, page, PAGE) && sync());
    memset(page, 0x0F, sizeof page);
    CU_ASSERT(erase(0) && program(0, page, PAGE));
    cut_next(PSD_NVM_RAM_REORDER, seed);
    CU_ASSERT(!sync());
    back = back || (ram.bytes[0] == 0xF0 && ram.bytes[PAGE] == 0xF0);
    both = both || ram.bytes[0] == 0x00; /* programmed over what was not erased */
    done();
  }
  CU_ASSERT(back && both);
}

/* The program ends, the machine does not: what was written is read, but a later cut may still take it. */
static void a_kill_leaves_what_was_not_synced_in_the_balance(void) {
  bool lost = false;
  for (uint64_t seed = 0; seed < 50; seed++) {
    start();
    CU_ASSERT(program(0, zeros, PAGE));
    cut_next(PSD_NVM_RAM_KILL, 0);
    CU_ASSERT(!program(PAGE, zeros, PAGE) && ram.off);
    psd_nvm_ram_power_on(&ram);
    CU_ASSERT(programmed(0, SIZE) == 512);
    cut_next(PSD_NVM_RAM_REORDER, seed);
    CU_ASSERT(!sync());
    lost = lost || programmed(0, SIZE) == 0;
    done();
  }
  CU_ASSERT(lost);
}

static void each_kind_of_call_can_be_made_to_fail(void) {
  uint8_t byte = 0;
  start();
  ram.fail_read_in = 2;
  CU_ASSERT(nvm.read(nvm.device, 0, &byte, 1) && !nvm.read(nvm.device, 0, &byte, 1));
  CU_ASSERT(nvm.read(nvm.device, 0, &byte, 1));
  ram.fail_program_in = 2;
  CU_ASSERT(!program(0, zeros, 3U * PAGE));
  CU_ASSERT(programmed(0, SIZE) == 512);
  CU_ASSERT(program(PAGE, zeros, PAGE));
  ram.fail_erase_in = 1;
  CU_ASSERT(!erase(0) && programmed(0, BLOCK) == 1024 && erase(0) && programmed(0, BLOCK) == 0);
  ram.fail_sync_in = 1;
  CU_ASSERT(!sync() && ram.pending_count > 0);
  CU_ASSERT(sync() && ram.pending_count == 0);
  CU_ASSERT(!ram.off);
  ram.fail_sync_in = 1;
  psd_nvm_ram_power_on(&ram);
  CU_ASSERT(sync());
  done();
}

static void images_bits_and_bytes_can_be_set(void) {
  static uint8_t image[SIZE];
  start();
  CU_ASSERT(program(PAGE, zeros, PAGE));
  psd_nvm_ram_save(&ram, image);
  psd_nvm_ram_flip(&ram, 5, 7);
  psd_nvm_ram_flip(&ram, PAGE, 0);
  CU_ASSERT(ram.bytes[5] == 0x7F && ram.bytes[PAGE] == 0x01);
  psd_nvm_ram_rot(&ram, 9, "abc", 3);
  CU_ASSERT(memcmp(ram.bytes + 9, "abc", 3) == 0);
  ram.cut_in = 1;
  CU_ASSERT(!sync());
  psd_nvm_ram_load(&ram, image);
  CU_ASSERT(!ram.off && memcmp(ram.bytes, image, SIZE) == 0 && programmed(0, SIZE) == 512);
  /* What was loaded is durable. */
  cut_next(PSD_NVM_RAM_REORDER, 1);
  CU_ASSERT(!sync() && memcmp(ram.bytes, image, SIZE) == 0);
  done();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"erased bytes read as FF", erased_bytes_read_as_ff},
      {"a page is programmed once", a_page_is_programmed_once},
      {"what no flash does is refused", what_no_flash_does_is_refused},
      {"operations and wear are counted", operations_and_wear_are_counted},
      {"after a cut nothing works until power is back", after_a_cut_nothing_works_until_power_is_back},
      {"a page can be torn in every way", a_page_can_be_torn_in_every_way},
      {"a block can be torn in every way", a_block_can_be_torn_in_every_way},
      {"reordering loses any of what was not synced", reordering_loses_any_of_what_was_not_synced},
      {"what was erased but not synced may come back", what_was_erased_but_not_synced_may_come_back},
      {"a kill leaves what was not synced in the balance", a_kill_leaves_what_was_not_synced_in_the_balance},
      {"each kind of call can be made to fail", each_kind_of_call_can_be_made_to_fail},
      {"images, bits and bytes can be set", images_bits_and_bytes_can_be_set},
  };
  return psd_check_run("flash in RAM", tests, PSD_CHECK_COUNT(tests));
}
