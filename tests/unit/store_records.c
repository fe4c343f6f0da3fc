/* Records of the store: what is committed is read back, what is not allowed is refused. */
#include <string.h>

#include "check.h"
#include "port/nvm_ram.h"
#include "store/store.h"
#include "store_model.h"

#define PAGE 64U
#define BLOCK 512U
#define BLOCKS 32U

static psd_nvm_ram ram;
static psd_nvm nvm;
static psd_store store;

static void blank(uint32_t page, uint32_t block, uint32_t blocks) {
  CU_ASSERT_FATAL(psd_nvm_ram_create(&ram, page, block, blocks));
  nvm = psd_nvm_ram_port(&ram);
}

static void formatted(void) {
  blank(PAGE, BLOCK, BLOCKS);
  CU_ASSERT_FATAL(psd_store_format(&store, &nvm) == PSD_STORE_OK);
}

static void done(void) {
  CU_ASSERT(ram.violations == 0);
  psd_nvm_ram_destroy(&ram);
}

static psd_store_result put(uint16_t record, const void *value, uint16_t length) {
  psd_store_put one = {.record = record, .length = length, .value = value};
  return psd_store_commit(&store, &one, 1);
}

static void reopen(void) {
  CU_ASSERT_FATAL(psd_store_open(&store, &nvm) == PSD_STORE_OK);
}

static void holds(uint16_t record, const void *value, size_t length) {
  uint8_t found[PSD_STORE_VALUE_MAX];
  size_t found_length = 9999;
  CU_ASSERT(psd_store_length(&store, record) == (int32_t)length);
  CU_ASSERT_FATAL(psd_store_read(&store, record, found, sizeof found, &found_length) == PSD_STORE_OK);
  CU_ASSERT(found_length == length && (length == 0 || memcmp(found, value, length) == 0));
}

static void holds_none(uint16_t record) {
  uint8_t found[4];
  size_t length = 9999;
  CU_ASSERT(psd_store_length(&store, record) == -1);
  CU_ASSERT(psd_store_read(&store, record, found, sizeof found, &length) == PSD_STORE_ABSENT);
  CU_ASSERT(length == 0);
}

static void erased_memory_is_blank(void) {
  blank(PAGE, BLOCK, BLOCKS);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_BLANK);
  CU_ASSERT(!store.open);
  CU_ASSERT(ram.programs == 0 && ram.erases == 0);
  done();
}

static void format_alone_leaves_it_blank(void) {
  formatted();
  CU_ASSERT(store.open);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_BLANK);
  CU_ASSERT(!store.open);
  CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT(psd_store_commit(&store, NULL, 0) == PSD_STORE_OK);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_BLANK);
  CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT(put(0, "a", 1) == PSD_STORE_OK);
  reopen();
  holds(0, "a", 1);
  done();
}

static void format_refuses_what_is_not_blank(void) {
  static const uint8_t foreign[BLOCK] = {1, 2, 3};
  formatted();
  CU_ASSERT(put(3, "kept", 4) == PSD_STORE_OK);
  psd_store other;
  CU_ASSERT(psd_store_format(&other, &nvm) == PSD_STORE_ARGUMENT);
  CU_ASSERT(!other.open);
  reopen();
  holds(3, "kept", 4);
  done();

  blank(PAGE, BLOCK, BLOCKS);
  psd_nvm_ram_rot(&ram, BLOCK * 3, foreign, sizeof foreign);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_CORRUPT);
  CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_ARGUMENT);
  CU_ASSERT(ram.programs == 0 && ram.erases == 0);
  done();
}

static void values_come_back(void) {
  static uint8_t longest[PSD_STORE_VALUE_MAX];
  for (size_t i = 0; i < sizeof longest; i++)
    longest[i] = (uint8_t)(i * 7U);
  formatted();
  CU_ASSERT(put(0, "", 0) == PSD_STORE_OK);
  CU_ASSERT(put(1, "x", 1) == PSD_STORE_OK);
  CU_ASSERT(put(PSD_STORE_RECORDS_MAX - 1U, longest, sizeof longest) == PSD_STORE_OK);
  for (int again = 0; again < 2; again++) {
    holds(0, NULL, 0);
    holds(1, "x", 1);
    holds(PSD_STORE_RECORDS_MAX - 1U, longest, sizeof longest);
    holds_none(2);
    reopen();
  }
  done();
}

static void every_length_comes_back(void) {
  static uint8_t value[PSD_STORE_VALUE_MAX];
  for (size_t i = 0; i < sizeof value; i++)
    value[i] = (uint8_t)(255U - i);
  formatted();
  for (uint16_t length = 0; length < 4U * PAGE; length++) {
    CU_ASSERT_FATAL(put(7, value, length) == PSD_STORE_OK);
    holds(7, value, length);
    reopen();
    holds(7, value, length);
  }
  done();
}

static void later_values_replace_earlier_ones(void) {
  formatted();
  CU_ASSERT(put(5, "first", 5) == PSD_STORE_OK);
  CU_ASSERT(put(5, "2nd", 3) == PSD_STORE_OK);
  holds(5, "2nd", 3);
  reopen();
  holds(5, "2nd", 3);
  done();
}

static void records_can_be_removed(void) {
  formatted();
  CU_ASSERT(put(5, "gone", 4) == PSD_STORE_OK);
  CU_ASSERT(put(6, "kept", 4) == PSD_STORE_OK);
  CU_ASSERT(put(5, NULL, 0) == PSD_STORE_OK);
  holds_none(5);
  CU_ASSERT(put(99, NULL, 0) == PSD_STORE_OK);
  CU_ASSERT(put(98, NULL, 9999) == PSD_STORE_OK);
  reopen();
  holds_none(5);
  holds_none(98);
  holds_none(99);
  holds(6, "kept", 4);
  done();
}

static void one_commit_changes_several_records(void) {
  formatted();
  CU_ASSERT(put(2, "old", 3) == PSD_STORE_OK);
  psd_store_put puts[] = {{.record = 1, .length = 3, .value = "one"},
                          {.record = 2, .value = NULL},
                          {.record = 3, .length = 0, .value = ""},
                          {.record = 4, .length = 4, .value = "four"}};
  CU_ASSERT(psd_store_commit(&store, puts, 4) == PSD_STORE_OK);
  reopen();
  holds(1, "one", 3);
  holds_none(2);
  holds(3, "", 0);
  holds(4, "four", 4);
  done();
}

static void bad_arguments_change_nothing(void) {
  static uint8_t value[PSD_STORE_VALUE_MAX + 1U];
  uint8_t little[3];
  size_t length = 0;
  formatted();
  CU_ASSERT(put(1, "good", 4) == PSD_STORE_OK);
  uint64_t operations = ram.operations;
  CU_ASSERT(put(PSD_STORE_RECORDS_MAX, "x", 1) == PSD_STORE_ARGUMENT);
  CU_ASSERT(put(2, value, sizeof value) == PSD_STORE_ARGUMENT);
  psd_store_put twice[] = {{.record = 1, .length = 1, .value = "a"}, {.record = 1, .value = NULL}};
  CU_ASSERT(psd_store_commit(&store, twice, 2) == PSD_STORE_ARGUMENT);
  CU_ASSERT(psd_store_commit(&store, NULL, 0) == PSD_STORE_OK);
  CU_ASSERT(psd_store_read(&store, PSD_STORE_RECORDS_MAX, little, sizeof little, &length) == PSD_STORE_ARGUMENT);
  CU_ASSERT(psd_store_read(&store, 1, little, sizeof little, &length) == PSD_STORE_ARGUMENT);
  CU_ASSERT(psd_store_length(&store, PSD_STORE_RECORDS_MAX) == -1);
  CU_ASSERT(ram.operations == operations);
  CU_ASSERT(store.open);
  holds(1, "good", 4);
  reopen();
  holds(1, "good", 4);
  done();
}

static void a_store_that_is_not_open_serves_nothing(void) {
  uint8_t value[4];
  size_t length = 0;
  blank(PAGE, BLOCK, BLOCKS);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_BLANK);
  CU_ASSERT(put(1, "x", 1) == PSD_STORE_ARGUMENT);
  CU_ASSERT(psd_store_scrub(&store) == PSD_STORE_ARGUMENT);
  CU_ASSERT(psd_store_read(&store, 1, value, sizeof value, &length) == PSD_STORE_ARGUMENT);
  CU_ASSERT(psd_store_length(&store, 1) == -1);
  done();
}

static void full_memory_keeps_the_old_state(void) {
  static const uint8_t value[1000] = {42};
  formatted();
  uint16_t record = 0;
  psd_store_result result = PSD_STORE_OK;
  while ((result = put(record, value, sizeof value)) == PSD_STORE_OK)
    record++;
  CU_ASSERT(result == PSD_STORE_FULL);
  CU_ASSERT(record == 7); /* of 1008 bytes, in 125 pages of 63 */
  CU_ASSERT(store.open);
  holds_none(record);
  holds(0, value, sizeof value);
  CU_ASSERT(put(record, value, sizeof value) == PSD_STORE_FULL);
  CU_ASSERT(put(0, value, 10) == PSD_STORE_OK);
  CU_ASSERT(put(record, value, sizeof value) == PSD_STORE_OK);
  CU_ASSERT(put(1, NULL, 0) == PSD_STORE_OK);
  reopen();
  holds(0, value, 10);
  holds_none(1);
  holds(record, value, sizeof value);
  done();
}

static void every_record_number_serves(void) {
  blank(PAGE, BLOCK, 64);
  CU_ASSERT_FATAL(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  for (uint16_t record = 0; record < PSD_STORE_RECORDS_MAX; record++)
    CU_ASSERT_FATAL(put(record, &record, sizeof record) == PSD_STORE_OK);
  reopen();
  for (uint16_t record = 0; record < PSD_STORE_RECORDS_MAX; record++)
    holds(record, &record, sizeof record);
  static psd_store_put puts[PSD_STORE_RECORDS_MAX];
  for (uint16_t record = 0; record < PSD_STORE_RECORDS_MAX; record++)
    puts[record] = (psd_store_put){.record = record, .length = 3, .value = "all"};
  CU_ASSERT(psd_store_commit(&store, puts, PSD_STORE_RECORDS_MAX) == PSD_STORE_OK);
  reopen();
  for (uint16_t record = 0; record < PSD_STORE_RECORDS_MAX; record++)
    holds(record, "all", 3);
  done();
}

/* As the model says, over many hand-overs from bank to bank, on one kind of memory. */
static void follows_the_model(uint32_t page, uint32_t block, uint32_t blocks, uint32_t longest) {
  static psd_model_change change;
  psd_model model = {.longest = longest};
  uint64_t seed = page + block;
  blank(page, block, blocks);
  CU_ASSERT_FATAL(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  for (unsigned i = 0; i < 1500; i++) {
    psd_model_change_make(&change, &model, 20, &seed);
    CU_ASSERT_FATAL(psd_model_change_commit(&store, &change) == PSD_STORE_OK);
    model = change.after;
    if (i % 7 == 0)
      CU_ASSERT_FATAL(psd_store_open(&store, &nvm) == PSD_STORE_OK);
    CU_ASSERT(!store.stale && ram.pending_count == 0); /* all of it is durable when the commit returns */
    CU_ASSERT_FATAL(i % 5 != 0 || psd_model_matches(&model, &store));
  }
  CU_ASSERT(psd_model_matches(&model, &store));
  CU_ASSERT(store.generation > 20);
  /* Both banks are worn alike. */
  for (uint32_t i = 0; i < blocks; i++)
    CU_ASSERT(ram.wear[i] >= store.generation / 2 - 1 && ram.wear[i] <= store.generation / 2);
  done();
}

static void many_commits_follow_the_model(void) {
  follows_the_model(64, 512, 32, 200);
  follows_the_model(64, 4096, 2, 100);
  follows_the_model(64, 64, 256, 200);
  follows_the_model(128, 1024, 16, 200);
  follows_the_model(256, 4096, 6, 300);
  follows_the_model(512, 512, 48, 300);
}

static bool in_memory(const char *text) {
  size_t length = strlen(text);
  for (size_t i = 0; i + length <= psd_nvm_ram_size(&ram); i++)
    if (memcmp(ram.bytes + i, text, length) == 0)
      return true;
  return false;
}

static void scrub_leaves_no_old_value(void) {
  formatted();
  CU_ASSERT(put(1, "TOPSECRETKEY", 12) == PSD_STORE_OK);
  CU_ASSERT(put(2, "stays", 5) == PSD_STORE_OK);
  CU_ASSERT(put(1, NULL, 0) == PSD_STORE_OK);
  CU_ASSERT(in_memory("TOPSECRETKEY"));
  CU_ASSERT(psd_store_scrub(&store) == PSD_STORE_OK);
  CU_ASSERT(!in_memory("TOPSECRETKEY") && ram.pending_count == 0);
  holds_none(1);
  holds(2, "stays", 5);
  uint64_t operations = ram.operations;
  CU_ASSERT(psd_store_scrub(&store) == PSD_STORE_OK);
  CU_ASSERT(ram.operations == operations);
  reopen();
  CU_ASSERT(!store.stale);
  CU_ASSERT(psd_store_scrub(&store) == PSD_STORE_OK);
  CU_ASSERT(ram.operations == operations);
  holds(2, "stays", 5);
  CU_ASSERT(put(3, "more", 4) == PSD_STORE_OK);
  reopen();
  holds(2, "stays", 5);
  holds(3, "more", 4);
  done();
}

static void scrub_serves_an_empty_store(void) {
  formatted();
  CU_ASSERT(psd_store_scrub(&store) == PSD_STORE_OK);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_BLANK);
  CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT(put(1, "x", 1) == PSD_STORE_OK);
  CU_ASSERT(put(1, NULL, 0) == PSD_STORE_OK);
  CU_ASSERT(psd_store_scrub(&store) == PSD_STORE_OK);
  reopen();
  holds_none(1);
  done();
}

static void unfit_geometries_are_refused(void) {
  static const uint32_t unfit[][3] = {{32, 512, 32},   {96, 960, 32},  {1024, 4096, 32}, {64, 96, 32}, {64, 32, 32},
                                      {64, 512, 31},   {64, 512, 0},   {64, 128, 2},     {64, 0, 32},  {0, 512, 32},
                                      {512, 4096, 1U}, {64, 64U, 14U}, {64, 1U << 30, 4}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(unfit); i++) {
    blank(PAGE, BLOCK, BLOCKS);
    nvm.page_size = unfit[i][0];
    nvm.block_size = unfit[i][1];
    nvm.block_count = unfit[i][2];
    CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_ARGUMENT);
    CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_ARGUMENT);
    CU_ASSERT(ram.reads == 0 && ram.operations == 0);
    done();
  }
}

static void another_geometry_is_another_version(void) {
  formatted();
  CU_ASSERT(put(1, "x", 1) == PSD_STORE_OK);
  nvm.block_size = 1024;
  nvm.block_count = 16;
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_VERSION);
  CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_ARGUMENT);
  done();
}

static void recovery_neither_programs_nor_erases(void) {
  formatted();
  CU_ASSERT(put(1, "x", 1) == PSD_STORE_OK);
  uint64_t operations = ram.operations;
  ram.reads = 0;
  reopen();
  CU_ASSERT(ram.operations == operations);
  /* A bank has 8 KiB, read half a KiB at a time, and the header pages are six. */
  CU_ASSERT(ram.reads > 0 && ram.reads <= 16 + 6 + 2);
  done();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"erased memory is blank", erased_memory_is_blank},
      {"format alone leaves it blank: nothing was committed", format_alone_leaves_it_blank},
      {"format refuses what is not blank", format_refuses_what_is_not_blank},
      {"values come back, the empty and the longest too", values_come_back},
      {"every length comes back", every_length_comes_back},
      {"later values replace earlier ones", later_values_replace_earlier_ones},
      {"records can be removed", records_can_be_removed},
      {"one commit changes several records", one_commit_changes_several_records},
      {"bad arguments change nothing", bad_arguments_change_nothing},
      {"a store that is not open serves nothing", a_store_that_is_not_open_serves_nothing},
      {"full memory keeps the old state", full_memory_keeps_the_old_state},
      {"every record number serves", every_record_number_serves},
      {"many commits follow the model", many_commits_follow_the_model},
      {"scrub leaves no old value", scrub_leaves_no_old_value},
      {"scrub serves an empty store", scrub_serves_an_empty_store},
      {"unfit geometries are refused", unfit_geometries_are_refused},
      {"another geometry is another version", another_geometry_is_another_version},
      {"recovery neither programs nor erases", recovery_neither_programs_nor_erases},
  };
  return psd_check_run("store records", tests, PSD_CHECK_COUNT(tests));
}
