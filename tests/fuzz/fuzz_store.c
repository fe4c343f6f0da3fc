/* The store on memory that holds anything: opened, read, committed to, opened again.
 *
 * Input: one byte for the geometry, then steps: a code (enum step) and its parameters. Beside plain damage there are
 * pages that are rightly framed and sealed around content of the fuzzer's, so that it comes behind the checksums. */
#include "crypto/crypto.h"
#include "fuzz.h"
#include "port/nvm_ram.h"
#include "store/layout.h"

#include <string.h>

#define RECORDS 12U /* that are committed to; memory may name others */
#define SIZE_MOST 16384U
#define PUTS_MOST 4U

enum step {
  STEP_COMMIT, /* puts: how many, then each */
  STEP_OPEN,   /* again */
  STEP_SCRUB,
  STEP_FORMAT,      /* to here: what the store does */
  STEP_CUT,         /* operations until power fails, kind of cut, seed */
  STEP_FLIP,        /* address (2), what to change the byte there by */
  STEP_WRITE,       /* address (2), length, bytes */
  STEP_HEADER,      /* bank, copy, generation */
  STEP_OBSOLETE,    /* bank */
  STEP_TRANSACTION, /* bank, page, sequence, parts, count, length, bytes */
  STEP_ERASE,       /* block */
};
#define STEPS 11U

/* Of a transaction that is put into memory */
enum parts { PART_MARK = 1, PART_NO_SEAL = 2, PART_STRANGE_GENERATION = 4, PART_BODY_IS_HEAD = 8 };

/* What the store must hold, as far as it is known. */
typedef struct model {
  bool known; /* nothing but the store has written since it was read */
  bool blank; /* nothing was ever committed */
  bool there[PSD_STORE_RECORDS_MAX];
  bool broken[PSD_STORE_RECORDS_MAX]; /* there, and not to be read */
  uint16_t length[PSD_STORE_RECORDS_MAX];
  uint32_t checksum[PSD_STORE_RECORDS_MAX];
} model;

static psd_nvm_ram ram;
static psd_nvm nvm;
static psd_store store;
static uint32_t generation; /* of the last bank that was found in force */
static bool damaged;        /* since the store was opened */

static const struct {
  uint32_t page, block, blocks;
} geometries[] = {{64, 256, 8}, {64, 512, 4}, {128, 1024, 2}, {64, 1024, 8}, {512, 4096, 2}};
#define GEOMETRIES (sizeof geometries / sizeof geometries[0])

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  return 0;
}

static void read_model(model *m) {
  static uint8_t value[PSD_STORE_VALUE_MAX];
  memset(m, 0, sizeof *m);
  m->known = true;
  for (uint16_t i = 0; i < PSD_STORE_RECORDS_MAX; i++) {
    size_t length = 0;
    if (store.index[i].address == 0)
      continue; /* quicker than asking for every one that is not there */
    psd_store_result result = psd_store_read(&store, i, value, sizeof value, &length);
    FUZZ_ASSERT((result == PSD_STORE_OK || result == PSD_STORE_CORRUPT) && psd_store_length(&store, i) >= 0);
    m->there[i] = true;
    m->broken[i] = result == PSD_STORE_CORRUPT;
    m->length[i] = (uint16_t)length;
    m->checksum[i] = result == PSD_STORE_OK ? psd_crc32(0, value, length) : 0;
  }
}

static bool same(const model *a, const model *b) {
  return a->blank == b->blank && memcmp(a->there, b->there, sizeof a->there) == 0 &&
         memcmp(a->broken, b->broken, sizeof a->broken) == 0 && memcmp(a->length, b->length, sizeof a->length) == 0 &&
         memcmp(a->checksum, b->checksum, sizeof a->checksum) == 0;
}

/* Power comes back if it failed on the way. */
static psd_store_result open_store(void) {
  psd_store_result result = psd_store_open(&store, &nvm);
  if (ram.off) {
    psd_nvm_ram_power_on(&ram);
    result = psd_store_open(&store, &nvm);
  }
  damaged = false;
  if (result == PSD_STORE_OK)
    generation = store.generation;
  return result;
}

static psd_store_result open_and_read(model *now) {
  size_t length = 0;
  uint8_t value[1];
  psd_store_result result = open_store();
  memset(now, 0, sizeof *now);
  if (result == PSD_STORE_OK)
    read_model(now);
  else
    FUZZ_ASSERT(!store.open && psd_store_read(&store, 0, value, sizeof value, &length) == PSD_STORE_ARGUMENT);
  now->known = result == PSD_STORE_OK || result == PSD_STORE_BLANK;
  now->blank = result == PSD_STORE_BLANK;
  return result;
}

/* Where it is known what was there, it still is, or what was to be made of it; the latter if the store said so. */
static void settle(model *m, const model *after, bool done) {
  model now;
  open_and_read(&now);
  if (m->known)
    FUZZ_ASSERT(now.known && (same(&now, after) || (!done && same(&now, m))));
  *m = now;
}

/* After damage: whatever is found, it is found again. */
static void look_again(model *m) {
  model again;
  psd_store_result first = open_and_read(m);
  FUZZ_ASSERT(open_and_read(&again) == first && same(m, &again));
}

static psd_store_put take_put(psd_cursor *input, uint8_t **value) {
  size_t length = 0;
  uint16_t record = fuzz_u8(input) % RECORDS;
  size_t wanted = fuzz_u8(input);
  if (wanted == 0xFF) { /* no value */
    *value = NULL;
    return (psd_store_put){.record = record};
  }
  *value = fuzz_take(input, wanted * 4U, &length);
  FUZZ_ASSERT(*value != NULL || length == 0);
  return (psd_store_put){.record = record, .length = (uint16_t)length, .value = length > 0 ? *value : (const void *)""};
}

static void apply(model *m, const psd_store_put *put) {
  bool there = put->value != NULL;
  m->there[put->record] = there;
  m->broken[put->record] = false;
  m->length[put->record] = there ? put->length : 0;
  m->checksum[put->record] = there ? psd_crc32(0, put->value, put->length) : 0;
}

static void commit(psd_cursor *input, model *m) {
  psd_store_put puts[PUTS_MOST];
  uint8_t *values[PUTS_MOST] = {NULL};
  model after = *m;
  size_t count = fuzz_u8(input) % (PUTS_MOST + 1U);
  after.blank = after.blank && count == 0;
  for (size_t i = 0; i < count; i++) {
    puts[i] = take_put(input, &values[i]);
    apply(&after, &puts[i]);
  }
  psd_store_result result = psd_store_commit(&store, puts, count);
  FUZZ_ASSERT(result != PSD_STORE_OK || after.known);
  for (size_t i = 0; i < count; i++)
    free(values[i]);
  if (result == PSD_STORE_FULL || result == PSD_STORE_ARGUMENT)
    after = *m;
  settle(m, &after, result == PSD_STORE_OK);
}

static void format(model *m) {
  psd_store_result result = psd_store_format(&store, &nvm);
  FUZZ_ASSERT(result != PSD_STORE_OK || !m->known || m->blank);
  if (result == PSD_STORE_OK)
    *m = (model){.known = true, .blank = true};
  else
    settle(m, m, false);
}

/* The content of one transaction in pages, as the store would write it but for `parts`. */
static uint32_t fill_pages(uint8_t *pages, const uint8_t *content, uint32_t length, uint8_t parts) {
  uint32_t size = nvm.page_size;
  uint32_t taken = 0;
  uint32_t page = 0;
  for (; taken < length; page++) {
    uint32_t some = length - taken < size - 1U ? length - taken : size - 1U;
    uint8_t *to = pages + page * size;
    memset(to, 0xFF, size);
    to[0] = page == 0 || (parts & PART_BODY_IS_HEAD) != 0 ? PSD_STORE_KIND_HEAD : PSD_STORE_KIND_BODY;
    memcpy(to + 1, content + taken, some);
    taken += some;
  }
  return page * size;
}

/* Each put that can be read off the content gets the checksum it should have. */
static void seal_puts(uint8_t *puts, uint32_t length) {
  for (uint32_t at = 0; at + PSD_STORE_PUT_SIZE <= length;) {
    uint8_t *put = puts + at;
    uint16_t size = psd_store_get16(put + 2);
    if (size == PSD_STORE_REMOVED)
      size = 0;
    if (size > length - at - PSD_STORE_PUT_SIZE)
      return;
    uint32_t checksum = psd_crc32(0, put, PSD_STORE_PUT_CHECKSUM);
    checksum = psd_crc32(checksum, put + PSD_STORE_PUT_SIZE, size);
    psd_store_set32(put + PSD_STORE_PUT_CHECKSUM, checksum);
    at += PSD_STORE_PUT_SIZE + size;
  }
}

/* Puts `length` bytes into memory as far as they fit, over whatever is there. */
static void overwrite(uint32_t address, const uint8_t *bytes, size_t length) {
  size_t size = psd_nvm_ram_size(&ram);
  if (address >= size)
    return;
  psd_nvm_ram_rot(&ram, address, bytes, length < size - address ? length : size - address);
}

static void write_transaction(psd_cursor *input) {
  static uint8_t content[PSD_STORE_HEAD_SIZE + 4096 + PSD_STORE_SEAL_SIZE];
  static uint8_t pages[8192];
  uint32_t bank = fuzz_u8(input) % 2U;
  uint32_t address = psd_store_log_start(&nvm, bank) + fuzz_u8(input) * nvm.page_size;
  uint32_t sequence = fuzz_u8(input);
  uint8_t parts = fuzz_u8(input);
  uint16_t count = fuzz_u8(input);
  size_t length = 0;
  uint8_t *bytes = fuzz_take(input, (size_t)fuzz_u8(input) * 4U, &length);
  uint32_t of_bank = (parts & PART_STRANGE_GENERATION) != 0 ? generation + 1U : generation;
  psd_store_head head = {.generation = of_bank, .sequence = sequence, .length = (uint32_t)length, .count = count};
  psd_store_encode_head(content, &head);
  if (length > 0)
    memcpy(content + PSD_STORE_HEAD_SIZE, bytes, length);
  free(bytes);
  seal_puts(content + PSD_STORE_HEAD_SIZE, (uint32_t)length);
  uint32_t whole = PSD_STORE_HEAD_SIZE + (uint32_t)length;
  uint32_t checksum = psd_crc32(0, content, whole);
  psd_store_set32(content + whole, (parts & PART_NO_SEAL) != 0 ? ~checksum : checksum);
  uint32_t used = fill_pages(pages, content, whole + PSD_STORE_SEAL_SIZE, parts);
  overwrite(address, pages, used);
  if ((parts & PART_MARK) == 0)
    return;
  psd_store_mark mark = {.generation = of_bank, .sequence = sequence, .length = (uint32_t)length, .checksum = checksum};
  psd_store_encode_mark(pages, &nvm, &mark);
  overwrite(address + used, pages, nvm.page_size);
}

static void write_header(psd_cursor *input) {
  uint8_t page[PSD_STORE_PAGE_MAX];
  uint32_t bank = fuzz_u8(input) % 2U;
  unsigned copy = fuzz_u8(input) % 2U;
  psd_store_encode_bank(page, &nvm, fuzz_u8(input));
  overwrite(psd_store_header_page(&nvm, bank, copy), page, nvm.page_size);
}

static void write_obsolete(psd_cursor *input) {
  uint8_t page[PSD_STORE_PAGE_MAX];
  psd_store_encode_obsolete(page, &nvm);
  overwrite(psd_store_obsolete_page(&nvm, fuzz_u8(input) % 2U), page, nvm.page_size);
}

static void write_raw(psd_cursor *input) {
  uint32_t address = fuzz_u16(input);
  size_t length = 0;
  uint8_t *bytes = fuzz_take(input, fuzz_u8(input), &length);
  overwrite(address, bytes, length);
  free(bytes);
}

static void flip(psd_cursor *input) {
  uint32_t address = fuzz_u16(input) % (uint32_t)psd_nvm_ram_size(&ram);
  uint8_t changed = (uint8_t)(ram.bytes[address] ^ fuzz_u8(input));
  overwrite(address, &changed, 1);
}

static void erase(psd_cursor *input) {
  static uint8_t blank[SIZE_MOST];
  memset(blank, 0xFF, sizeof blank);
  overwrite(fuzz_u8(input) % nvm.block_count * nvm.block_size, blank, nvm.block_size);
}

/* Damage: what is known before it is not known after it. */
static void damage(enum step step, psd_cursor *input, model *m) {
  switch (step) {
  case STEP_FLIP:
    flip(input);
    break;
  case STEP_WRITE:
    write_raw(input);
    break;
  case STEP_HEADER:
    write_header(input);
    break;
  case STEP_OBSOLETE:
    write_obsolete(input);
    break;
  case STEP_TRANSACTION:
    write_transaction(input);
    break;
  default:
    erase(input);
    break;
  }
  m->known = false;
  damaged = true;
}

static void arm_cut(psd_cursor *input) {
  ram.cut_in = fuzz_u8(input);
  ram.cut = (psd_nvm_ram_cut)(fuzz_u8(input) % PSD_NVM_RAM_CUTS);
  ram.seed = fuzz_u8(input);
}

/* What the store does. It takes no notice of damage that comes while it is open. */
static void use(enum step step, psd_cursor *input, model *m) {
  if (damaged)
    look_again(m);
  switch (step) {
  case STEP_COMMIT:
    commit(input, m);
    break;
  case STEP_SCRUB:
    settle(m, m, psd_store_scrub(&store) == PSD_STORE_OK);
    break;
  case STEP_FORMAT:
    format(m);
    break;
  default:
    settle(m, m, true);
    break;
  }
}

static void run_step(psd_cursor *input, model *m) {
  enum step step = (enum step)(fuzz_u8(input) % STEPS);
  if (step <= STEP_FORMAT)
    use(step, input, m);
  else if (step == STEP_CUT)
    arm_cut(input);
  else
    damage(step, input, m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  psd_cursor input = psd_cursor_over(data, size);
  model m = {.known = true, .blank = true};
  size_t at = fuzz_u8(&input) % GEOMETRIES;
  FUZZ_ASSERT(psd_nvm_ram_create(&ram, geometries[at].page, geometries[at].block, geometries[at].blocks));
  nvm = psd_nvm_ram_port(&ram);
  FUZZ_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  generation = store.generation;
  damaged = false;
  while (input.left > 0)
    run_step(&input, &m);
  FUZZ_ASSERT(ram.violations == 0);
  psd_nvm_ram_destroy(&ram);
  return 0;
}
