/* Damage to the store's memory: what was committed is read back as it was, or reported as lost. Never a changed value,
 * never an older state. The cases are those of the table in docs/store.md. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "crypto/crypto.h"
#include "port/nvm_ram.h"
#include "store/layout.h"
#include "store/store.h"
#include "store_model.h"

#define PAGE 64U
#define BLOCK 256U
#define BLOCKS 16U
#define SIZE (BLOCK * BLOCKS)
#define RECORDS 6U

static psd_nvm_ram ram;
static psd_nvm nvm;
static psd_store store;
static psd_model model;
static psd_model_change change;
static uint8_t image[SIZE];
static uint64_t seed;

static void commit_some(unsigned commits) {
  for (unsigned i = 0; i < commits; i++) {
    psd_model_change_make(&change, &model, RECORDS, &seed);
    CU_ASSERT_FATAL(psd_model_change_commit(&store, &change) == PSD_STORE_OK);
    model = change.after;
  }
  psd_nvm_ram_save(&ram, image);
}

static void start(unsigned commits) {
  seed = 11;
  model = (psd_model){.longest = 100};
  CU_ASSERT_FATAL(psd_nvm_ram_create(&ram, PAGE, BLOCK, BLOCKS));
  nvm = psd_nvm_ram_port(&ram);
  CU_ASSERT_FATAL(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  commit_some(commits);
}

/* Commits until the store is at transaction `sequence` of generation `generation`. */
static void start_at(uint32_t generation, uint32_t sequence) {
  start(1);
  while (store.generation != generation || store.sequence != sequence)
    commit_some(1);
}

static void done(void) {
  CU_ASSERT(ram.violations == 0);
  psd_nvm_ram_destroy(&ram);
}

static void fill(uint32_t page, uint8_t byte) {
  uint8_t bytes[PAGE];
  memset(bytes, byte, sizeof bytes);
  psd_nvm_ram_rot(&ram, page, bytes, sizeof bytes);
}

/* Opens; true if the committed state is there and the store goes on, false if it says that it is damaged. Anything else
 * is a failure. */
static bool survives(void) {
  psd_store_result result = psd_store_open(&store, &nvm);
  if (result == PSD_STORE_CORRUPT)
    return false;
  CU_ASSERT_FATAL(result == PSD_STORE_OK);
  CU_ASSERT_FATAL(psd_model_matches(&model, &store));
  psd_store_put put = {.record = RECORDS, .length = 4, .value = "next"};
  CU_ASSERT_FATAL(psd_store_commit(&store, &put, 1) == PSD_STORE_OK);
  CU_ASSERT_FATAL(psd_store_open(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT_FATAL(!store.stale && psd_store_length(&store, RECORDS) == 4);
  put.value = NULL;
  CU_ASSERT_FATAL(psd_store_commit(&store, &put, 1) == PSD_STORE_OK);
  CU_ASSERT_FATAL(psd_model_matches(&model, &store));
  return true;
}

static bool open_is_corrupt(void) {
  return psd_store_open(&store, &nvm) == PSD_STORE_CORRUPT && !store.open;
}

/* The `nth` page of a kind in the bank in force, from 1. */
static uint32_t page_of(psd_store_kind kind, unsigned nth) {
  uint32_t start_of_log = psd_store_log_start(&nvm, store.bank);
  uint32_t end = psd_store_log_end(&nvm, store.bank);
  for (uint32_t page = start_of_log; page < end; page += PAGE)
    if (ram.bytes[page] == kind && --nth == 0)
      return page;
  CU_FAIL_FATAL("no such page");
  return 0;
}

static void every_bit_is_guarded(uint32_t generation, uint32_t sequence) {
  unsigned harmless = 0;
  start_at(generation, sequence);
  for (uint32_t address = 0; address < SIZE; address++) {
    for (unsigned bit = 0; bit < 8; bit++) {
      psd_nvm_ram_load(&ram, image);
      psd_nvm_ram_flip(&ram, address, bit);
      harmless += survives();
    }
  }
  printf("(%u of %u harmless) ", harmless, SIZE * 8U);
  CU_ASSERT(harmless > SIZE * 8U / 4U && harmless < SIZE * 8U);
  done();
}

static void no_bit_that_rots_changes_a_value(void) {
  every_bit_is_guarded(1, 4);
  every_bit_is_guarded(2, 1);
  every_bit_is_guarded(3, 3);
}

static void every_page_is_guarded(uint32_t generation, uint32_t sequence) {
  start_at(generation, sequence);
  for (uint32_t page = 0; page < SIZE; page += PAGE) {
    for (unsigned way = 0; way < 4; way++) {
      static const uint8_t bytes[] = {0x00, 0xFF, 0x55, 0x69};
      psd_nvm_ram_load(&ram, image);
      fill(page, bytes[way]);
      (void)survives();
    }
    for (uint32_t other = 0; other < SIZE; other += PAGE) {
      psd_nvm_ram_load(&ram, image);
      psd_nvm_ram_rot(&ram, page, image + other, PAGE);
      (void)survives();
    }
  }
  done();
}

static void no_page_that_is_lost_or_misplaced_changes_a_value(void) {
  every_page_is_guarded(1, 4);
  every_page_is_guarded(2, 1);
  every_page_is_guarded(3, 3);
}

/* Rot while the store is open is found when the value is read, and is not copied as if it were sound. */
static void rot_is_found_by_reading_and_by_compaction(void) {
  unsigned lost = 0;
  start_at(2, 2);
  for (uint32_t address = 0; address < SIZE; address += 3) {
    psd_nvm_ram_load(&ram, image);
    CU_ASSERT_FATAL(psd_store_open(&store, &nvm) == PSD_STORE_OK);
    psd_nvm_ram_flip(&ram, address, address % 8);
    uint8_t value[PSD_STORE_VALUE_MAX];
    uint8_t wanted[PSD_STORE_VALUE_MAX];
    bool changed = false;
    for (uint16_t record = 0; record < RECORDS; record++) {
      size_t length = 0;
      memset(value, 0xA5, sizeof value);
      psd_store_result result = psd_store_read(&store, record, value, sizeof value, &length);
      size_t expected = model.version[record] == 0 ? 0 : psd_model_value(&model, record, wanted);
      changed = changed || result == PSD_STORE_CORRUPT;
      CU_ASSERT_FATAL(result == PSD_STORE_CORRUPT ||
                      result == (model.version[record] == 0 ? PSD_STORE_ABSENT : PSD_STORE_OK));
      CU_ASSERT_FATAL(length == (result == PSD_STORE_OK ? expected : 0));
      CU_ASSERT_FATAL(result != PSD_STORE_OK || memcmp(value, wanted, length) == 0);
      for (size_t i = 0; result == PSD_STORE_CORRUPT && i < expected; i++)
        CU_ASSERT_FATAL(value[i] == 0); /* wiped */
    }
    lost += changed;
    store.stale = true; /* so that the next commit copies */
    psd_store_result result = psd_store_commit(&store, NULL, 0);
    CU_ASSERT_FATAL(result == (changed ? PSD_STORE_CORRUPT : PSD_STORE_OK));
    CU_ASSERT_FATAL(store.open == !changed);
  }
  CU_ASSERT(lost > 10);
  done();
}

/* The table: one transaction, the last. */

static void marked_but_body_lost_is_corrupt(void) {
  start_at(1, 3);
  psd_nvm_ram_flip(&ram, page_of(PSD_STORE_KIND_HEAD, 3) + 30, 2);
  CU_ASSERT(open_is_corrupt());
  done();
}

static void marked_but_head_lost_is_corrupt(void) {
  static const uint8_t ways[] = {0x00, 0xFF};
  for (size_t i = 0; i < sizeof ways; i++) {
    start_at(1, 3);
    fill(page_of(PSD_STORE_KIND_HEAD, 3), ways[i]);
    CU_ASSERT(open_is_corrupt());
    done();
  }
}

static void sealed_is_committed_whatever_the_mark(void) {
  static const uint8_t ways[] = {0x00, 0xFF, 0x69};
  for (uint32_t nth = 1; nth <= 3; nth++) {
    for (size_t i = 0; i < sizeof ways; i++) {
      start_at(1, 3);
      fill(page_of(PSD_STORE_KIND_MARK, nth), ways[i]);
      CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_OK);
      CU_ASSERT(store.stale);
      CU_ASSERT(survives());
      CU_ASSERT(store.generation == 2);
      done();
    }
  }
}

static void a_seal_that_rots_is_made_good(void) {
  start(1);
  psd_store_put put = {.record = RECORDS, .length = 4, .value = "four"};
  uint32_t page = store.tail;
  CU_ASSERT(psd_store_commit(&store, &put, 1) == PSD_STORE_OK);
  psd_nvm_ram_flip(&ram, page + 1 + PSD_STORE_HEAD_SIZE + PSD_STORE_PUT_SIZE + 4, 3);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT(store.stale && psd_store_length(&store, RECORDS) == 4);
  CU_ASSERT(psd_store_commit(&store, NULL, 0) == PSD_STORE_OK);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT(!store.stale && store.generation == 2 && psd_store_length(&store, RECORDS) == 4);
  done();
}

static void body_and_mark_lost_is_corrupt(void) {
  start_at(1, 3);
  fill(page_of(PSD_STORE_KIND_MARK, 3), 0x00);
  psd_nvm_ram_flip(&ram, page_of(PSD_STORE_KIND_HEAD, 3) + 30, 2);
  CU_ASSERT(open_is_corrupt());
  done();
}

static void a_mark_that_tells_of_another_body_is_corrupt(void) {
  start_at(1, 3);
  uint32_t page = page_of(PSD_STORE_KIND_MARK, 3);
  uint8_t bytes[PAGE];
  psd_store_mark mark;
  CU_ASSERT(psd_store_decode_mark(ram.bytes + page, &nvm, &mark) == PSD_STORE_PAGE_VALID);
  for (unsigned field = 0; field < 4; field++) {
    psd_store_mark other = mark;
    other.generation += field == 0;
    other.sequence += field == 1;
    other.length += field == 2;
    other.checksum += field == 3;
    psd_store_encode_mark(bytes, &nvm, &other);
    psd_nvm_ram_rot(&ram, page, bytes, sizeof bytes);
    CU_ASSERT(open_is_corrupt());
  }
  done();
}

/* A transaction that was never acknowledged: power was cut before its mark was begun. */
static void unsealed_and_unmarked_never_was(void) {
  start_at(1, 2);
  psd_model_change_make(&change, &model, RECORDS, &seed);
  ram.cut_in = 1;
  ram.cut = PSD_NVM_RAM_HALF;
  CU_ASSERT(psd_model_change_commit(&store, &change) == PSD_STORE_IO);
  CU_ASSERT(!store.open);
  psd_nvm_ram_power_on(&ram);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT(store.stale);
  CU_ASSERT(survives());
  CU_ASSERT(store.generation == 2);
  done();
}

/* Its length is known, and nothing can have been programmed behind it. */
static void something_behind_an_unsealed_end_is_corrupt(void) {
  static const uint8_t value[150] = {1};
  start_at(1, 2);
  uint32_t end = store.tail;
  psd_store_put put = {.record = 0, .length = sizeof value, .value = value};
  CU_ASSERT(psd_store_commit(&store, &put, 1) == PSD_STORE_OK);
  fill(end + PAGE, 0xFF);
  fill(store.tail - PAGE, 0xFF);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT(psd_model_matches(&model, &store));
  fill(store.tail + 4U * PAGE, 0x12);
  CU_ASSERT(open_is_corrupt());
  done();
}

static void heads_that_do_not_follow_are_corrupt(void) {
  start_at(2, 2);
  uint32_t page = page_of(PSD_STORE_KIND_HEAD, 2);
  uint8_t bytes[PAGE];
  psd_store_head head;
  CU_ASSERT(psd_store_decode_head(ram.bytes + page, &nvm, &head) == PSD_STORE_PAGE_VALID);
  for (unsigned field = 0; field < 4; field++) {
    psd_store_head other = head;
    other.generation -= field == 0;
    other.sequence += field == 1;
    other.length = field == 2 ? SIZE : field == 3 ? UINT32_MAX : head.length;
    memcpy(bytes, ram.bytes + page, sizeof bytes);
    psd_store_encode_head(bytes + 1, &other);
    psd_nvm_ram_rot(&ram, page, bytes, sizeof bytes);
    CU_ASSERT(open_is_corrupt());
  }
  done();
}

/* Puts that make no sense under a head, a seal and a mark that hold. */
static void puts_that_make_no_sense_are_corrupt(void) {
  static const uint16_t puts[][2] = {{PSD_STORE_RECORDS_MAX, 4}, {1, 5}, {1, 3}, {1, PSD_STORE_REMOVED - 1U}};
  for (size_t i = 0; i <= PSD_CHECK_COUNT(puts); i++) {
    start(1);
    psd_store_put put = {.record = 1, .length = 4, .value = "four"};
    uint32_t page = store.tail;
    CU_ASSERT(psd_store_commit(&store, &put, 1) == PSD_STORE_OK);
    uint8_t bytes[PAGE];
    memcpy(bytes, ram.bytes + page, sizeof bytes);
    psd_store_head head;
    CU_ASSERT(psd_store_decode_head(bytes, &nvm, &head) == PSD_STORE_PAGE_VALID);
    uint8_t *body = bytes + 1 + PSD_STORE_HEAD_SIZE;
    if (i < PSD_CHECK_COUNT(puts)) {
      psd_store_set16(body, puts[i][0]);
      psd_store_set16(body + 2, puts[i][1]);
    } else {
      head.count = 2;
      psd_store_encode_head(bytes + 1, &head);
    }
    uint32_t checksum = psd_crc32(0, bytes + 1, PSD_STORE_HEAD_SIZE + head.length);
    psd_store_set32(body + head.length, checksum);
    psd_nvm_ram_rot(&ram, page, bytes, sizeof bytes);
    psd_store_mark mark = {
        .generation = head.generation, .sequence = head.sequence, .length = head.length, .checksum = checksum};
    psd_store_encode_mark(bytes, &nvm, &mark);
    psd_nvm_ram_rot(&ram, page + PAGE, bytes, sizeof bytes);
    CU_ASSERT(open_is_corrupt());
    done();
  }
}

/* The headers of the banks. */

static void one_header_copy_is_enough(void) {
  for (uint32_t generation = 1; generation < 4; generation++) {
    for (unsigned copy = 0; copy < 2; copy++) {
      start_at(generation, 2);
      fill(psd_store_header_page(&nvm, store.bank, copy), 0x00);
      CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_OK);
      CU_ASSERT(store.stale);
      CU_ASSERT(survives());
      CU_ASSERT(store.generation == generation + 1);
      done();
    }
  }
}

/* The old bank still holds a whole state, of the past: taking it would give money back. */
static void a_lost_bank_never_brings_back_its_predecessor(void) {
  static const uint8_t ways[] = {0x00, 0xFF, 0x0F};
  for (size_t i = 0; i < sizeof ways; i++) {
    for (uint32_t generation = 2; generation < 4; generation++) {
      start_at(generation, 2);
      for (unsigned copy = 0; copy < 2; copy++)
        fill(psd_store_header_page(&nvm, store.bank, copy), ways[i]);
      CU_ASSERT(open_is_corrupt());
      for (uint32_t byte = 0; byte < 8; byte++)
        psd_nvm_ram_flip(&ram, psd_store_obsolete_page(&nvm, generation % 2U) + byte, 2);
      CU_ASSERT(open_is_corrupt());
      /* Nor can a card be made where one was. */
      CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_ARGUMENT);
      done();
    }
  }
}

static void an_obsolete_page_that_is_lost_is_made_good(void) {
  start_at(2, 2);
  fill(psd_store_obsolete_page(&nvm, 1U - store.bank), 0xFF);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT(store.stale);
  CU_ASSERT(survives());
  CU_ASSERT(store.generation == 3);
  done();
}

static void an_obsolete_page_that_rots_in_force_does_no_harm(void) {
  for (uint32_t generation = 1; generation < 3; generation++) {
    start_at(generation, 2);
    psd_nvm_ram_flip(&ram, psd_store_obsolete_page(&nvm, store.bank) + 9, 4);
    while (store.generation < generation + 3) {
      CU_ASSERT_FATAL(survives());
    }
    done();
  }
}

/* It says that there is a successor, and there is none. */
static void an_obsolete_page_in_force_is_corrupt(void) {
  for (uint32_t generation = 1; generation < 4; generation++) {
    start_at(generation, 2);
    fill(psd_store_obsolete_page(&nvm, store.bank), PSD_STORE_KIND_OBSOLETE);
    CU_ASSERT(open_is_corrupt());
    done();
  }
}

/* A bank of one block: header and log are lost or kept together, and a mark is what tells them from a format that was
 * cut. */
static void the_only_block_lost_is_corrupt(void) {
  psd_store_put put = {.record = 1, .length = 4, .value = "four"};
  CU_ASSERT_FATAL(psd_nvm_ram_create(&ram, PAGE, 16U * PAGE, 2));
  nvm = psd_nvm_ram_port(&ram);
  CU_ASSERT_FATAL(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT_FATAL(psd_store_commit(&store, &put, 1) == PSD_STORE_OK);
  for (unsigned copy = 0; copy < 2; copy++)
    fill(psd_store_header_page(&nvm, 0, copy), 0x00);
  CU_ASSERT(open_is_corrupt());
  CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_ARGUMENT);
  fill(psd_store_log_start(&nvm, 0), 0x00);
  CU_ASSERT(open_is_corrupt());
  done();
}

static void the_only_bank_lost_is_corrupt(void) {
  start_at(1, 3);
  for (unsigned copy = 0; copy < 2; copy++)
    fill(psd_store_header_page(&nvm, 0, copy), 0xFF);
  CU_ASSERT(open_is_corrupt());
  CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_ARGUMENT);
  done();
}

static void memory_overwritten_is_corrupt(void) {
  start_at(1, 3);
  for (uint32_t page = 0; page < SIZE; page += PAGE)
    fill(page, 0x00);
  CU_ASSERT(open_is_corrupt());
  done();
}

static void generations_that_do_not_follow_are_corrupt(void) {
  uint8_t bytes[PAGE];
  static const uint32_t generations[] = {1, 3, 7};
  for (size_t i = 0; i < PSD_CHECK_COUNT(generations); i++) {
    start_at(1, 2);
    psd_store_encode_bank(bytes, &nvm, generations[i]);
    psd_nvm_ram_rot(&ram, psd_store_header_page(&nvm, 1, 0), bytes, sizeof bytes);
    CU_ASSERT(open_is_corrupt());
    done();
  }
  start_at(1, 2);
  psd_store_encode_bank(bytes, &nvm, 2);
  psd_nvm_ram_rot(&ram, psd_store_header_page(&nvm, 0, 1), bytes, sizeof bytes);
  CU_ASSERT(open_is_corrupt());
  done();
}

/* Every bank but the first gets its header after its first transaction. */
static void a_later_bank_without_transactions_is_corrupt(void) {
  start_at(2, 1);
  for (uint32_t page = psd_store_log_start(&nvm, store.bank); page < psd_store_log_end(&nvm, store.bank); page += PAGE)
    fill(page, 0xFF);
  CU_ASSERT(open_is_corrupt());
  done();
}

static void another_format_is_another_version(void) {
  start_at(2, 1);
  for (uint32_t bank = 0; bank < 2; bank++) {
    psd_nvm_ram_load(&ram, image);
    uint32_t page = psd_store_header_page(&nvm, bank, 0);
    uint8_t bytes[25];
    memcpy(bytes, ram.bytes + page, sizeof bytes);
    psd_store_set16(bytes + 7, 2);
    uint8_t checksum[4];
    psd_store_set32(checksum, psd_crc32(0, bytes, sizeof bytes));
    psd_nvm_ram_rot(&ram, page, bytes, sizeof bytes);
    psd_nvm_ram_rot(&ram, page + sizeof bytes, checksum, sizeof checksum);
    CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_VERSION);
    CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_ARGUMENT);
  }
  done();
}

/* A host that writes a value full of marks and heads, of the very transaction that comes next, and then cuts power. */
static void no_value_passes_for_a_page(void) {
  static uint8_t value[8U * PAGE];
  start_at(2, 2);
  for (unsigned shift = 0; shift < 2U * PAGE; shift++) {
    uint8_t pages[2U * PAGE];
    psd_store_mark mark = {.generation = store.generation, .sequence = 3, .length = 8, .checksum = 9};
    psd_store_head head = {.generation = store.generation, .sequence = 3, .length = 8, .count = 1};
    psd_store_encode_mark(pages, &nvm, &mark);
    memset(pages + PAGE, 0xFF, PAGE);
    pages[PAGE] = PSD_STORE_KIND_HEAD;
    psd_store_encode_head(pages + PAGE + 1, &head);
    for (size_t i = 0; i < sizeof value; i++)
      value[i] = pages[(i + shift) % sizeof pages];
    psd_store_put put = {.record = 1, .length = sizeof value, .value = value};
    for (uint64_t n = 1;; n++) {
      psd_nvm_ram_load(&ram, image);
      CU_ASSERT_FATAL(psd_store_open(&store, &nvm) == PSD_STORE_OK);
      ram.cut_in = n;
      ram.cut = PSD_NVM_RAM_REORDER;
      ram.seed = n + shift;
      psd_store_result result = psd_store_commit(&store, &put, 1);
      bool cut = ram.off;
      psd_nvm_ram_power_on(&ram);
      CU_ASSERT_FATAL(cut || result == PSD_STORE_OK);
      CU_ASSERT_FATAL(psd_store_open(&store, &nvm) == PSD_STORE_OK);
      if (psd_store_length(&store, 1) != (int32_t)sizeof value)
        CU_ASSERT_FATAL(cut && psd_model_matches(&model, &store));
      if (!cut)
        break;
    }
  }
  done();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"no bit that rots changes a value", no_bit_that_rots_changes_a_value},
      {"no page that is lost or misplaced changes a value", no_page_that_is_lost_or_misplaced_changes_a_value},
      {"rot is found by reading and by compaction", rot_is_found_by_reading_and_by_compaction},
      {"marked but body lost: corrupt", marked_but_body_lost_is_corrupt},
      {"marked but head lost: corrupt", marked_but_head_lost_is_corrupt},
      {"sealed: committed, whatever the mark", sealed_is_committed_whatever_the_mark},
      {"a seal that rots is made good", a_seal_that_rots_is_made_good},
      {"body and mark lost: corrupt", body_and_mark_lost_is_corrupt},
      {"a mark that tells of another body: corrupt", a_mark_that_tells_of_another_body_is_corrupt},
      {"unsealed and unmarked: never was", unsealed_and_unmarked_never_was},
      {"something behind an unsealed end: corrupt", something_behind_an_unsealed_end_is_corrupt},
      {"heads that do not follow: corrupt", heads_that_do_not_follow_are_corrupt},
      {"puts that make no sense: corrupt", puts_that_make_no_sense_are_corrupt},
      {"one header copy is enough", one_header_copy_is_enough},
      {"a lost bank never brings back its predecessor", a_lost_bank_never_brings_back_its_predecessor},
      {"an obsolete page that is lost is made good", an_obsolete_page_that_is_lost_is_made_good},
      {"an obsolete page that rots in force does no harm", an_obsolete_page_that_rots_in_force_does_no_harm},
      {"an obsolete page in force: corrupt", an_obsolete_page_in_force_is_corrupt},
      {"the only block lost: corrupt", the_only_block_lost_is_corrupt},
      {"the only bank lost: corrupt", the_only_bank_lost_is_corrupt},
      {"memory overwritten: corrupt", memory_overwritten_is_corrupt},
      {"generations that do not follow: corrupt", generations_that_do_not_follow_are_corrupt},
      {"a later bank without transactions: corrupt", a_later_bank_without_transactions_is_corrupt},
      {"another format is another version", another_format_is_another_version},
      {"no value passes for a page", no_value_passes_for_a_page},
  };
  return psd_check_run("store damage", tests, PSD_CHECK_COUNT(tests));
}
