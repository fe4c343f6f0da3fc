/* A device that fails: the store says so, and holds one of the two states when it is opened again. */
#include <string.h>

#include "check.h"
#include "port/nvm_ram.h"
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

static void start(void) {
  CU_ASSERT_FATAL(psd_nvm_ram_create(&ram, PAGE, BLOCK, BLOCKS));
  nvm = psd_nvm_ram_port(&ram);
  model = (psd_model){.longest = 100};
}

static void done(void) {
  CU_ASSERT(ram.violations == 0);
  psd_nvm_ram_destroy(&ram);
}

typedef enum fault { READ, PROGRAM, ERASE, SYNC, FAULTS } fault;

static uint64_t *countdown(fault which) {
  switch (which) {
  case READ:
    return &ram.fail_read_in;
  case PROGRAM:
    return &ram.fail_program_in;
  case ERASE:
    return &ram.fail_erase_in;
  case SYNC:
  case FAULTS:
    break;
  }
  return &ram.fail_sync_in;
}

/* Fails each call of a kind in turn until none is left to fail; returns how many there were. */
static unsigned commit_with_faults(const uint8_t *image, fault which) {
  for (uint64_t n = 1;; n++) {
    psd_nvm_ram_load(&ram, image);
    CU_ASSERT_FATAL(psd_store_open(&store, &nvm) == PSD_STORE_OK);
    *countdown(which) = n;
    psd_store_result result = psd_model_change_commit(&store, &change);
    bool failed = *countdown(which) == 0;
    *countdown(which) = 0;
    CU_ASSERT_FATAL(result == (failed ? PSD_STORE_IO : PSD_STORE_OK));
    CU_ASSERT_FATAL(store.open == !failed);
    CU_ASSERT_FATAL(psd_store_open(&store, &nvm) == PSD_STORE_OK);
    bool is_new = psd_model_matches(&change.after, &store);
    CU_ASSERT_FATAL(is_new || (failed && psd_model_matches(&model, &store)));
    CU_ASSERT_FATAL(psd_model_change_commit(&store, &change) == PSD_STORE_OK);
    CU_ASSERT_FATAL(psd_model_matches(&change.after, &store));
    if (!failed)
      return (unsigned)n - 1U;
  }
}

static void a_commit_survives_every_failure_of_the_device(void) {
  static uint8_t image[SIZE];
  unsigned count[FAULTS] = {0};
  uint64_t seed = 3;
  start();
  CU_ASSERT_FATAL(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  for (unsigned i = 0; i < 25; i++) {
    psd_model_change_make(&change, &model, RECORDS, &seed);
    if (i > 0) {
      psd_nvm_ram_save(&ram, image);
      for (fault which = READ; which < FAULTS; which++)
        count[which] += commit_with_faults(image, which);
      psd_nvm_ram_load(&ram, image);
      CU_ASSERT_FATAL(psd_store_open(&store, &nvm) == PSD_STORE_OK);
    }
    CU_ASSERT_FATAL(psd_model_change_commit(&store, &change) == PSD_STORE_OK);
    model = change.after;
  }
  for (fault which = READ; which < FAULTS; which++)
    CU_ASSERT(count[which] > 4);
  done();
}

/* Over a log with transactions that are longer and shorter than what is read at once, and the torn end of one. */
static void open_reports_every_read_that_fails(void) {
  psd_store_put put = {.record = 1, .length = 500, .value = change.values};
  start();
  CU_ASSERT_FATAL(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  for (uint16_t length = 530; length < 545; length += 7) {
    put.length = length;
    CU_ASSERT_FATAL(psd_store_commit(&store, &put, 1) == PSD_STORE_OK);
  }
  put = (psd_store_put){.record = 2, .length = 5, .value = "short"};
  CU_ASSERT_FATAL(psd_store_commit(&store, &put, 1) == PSD_STORE_OK);
  put.length = 2;
  ram.cut_in = 1;
  ram.cut = PSD_NVM_RAM_HALF;
  CU_ASSERT_FATAL(psd_store_commit(&store, &put, 1) == PSD_STORE_IO);
  psd_nvm_ram_power_on(&ram);
  for (uint64_t n = 1;; n++) {
    ram.fail_read_in = n;
    psd_store_result result = psd_store_open(&store, &nvm);
    if (ram.fail_read_in != 0)
      break;
    CU_ASSERT(result == PSD_STORE_IO && !store.open);
    CU_ASSERT(n < 1000);
  }
  CU_ASSERT(store.open && psd_store_length(&store, 1) == 544 && psd_store_length(&store, 2) == 5);
  done();
}

static void open_reports_a_sync_that_fails(void) {
  psd_store_put put = {.record = 1, .length = 3, .value = "new"};
  start();
  CU_ASSERT_FATAL(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  ram.fail_program_in = 2; /* the mark */
  CU_ASSERT(psd_store_commit(&store, &put, 1) == PSD_STORE_IO);
  ram.fail_sync_in = 1;
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_IO);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT(store.stale && psd_store_length(&store, 1) == 3);
  done();
}

static void format_reports_every_failure(void) {
  for (fault which = READ; which < FAULTS; which++) {
    for (uint64_t n = 1;; n++) {
      start();
      /* A format that was cut while it wrote both copies of the header. */
      static const uint8_t torn[] = {0x0F, 'P', 'S', 'D'};
      psd_nvm_ram_rot(&ram, 0, torn, sizeof torn);
      *countdown(which) = n;
      psd_store_result result = psd_store_format(&store, &nvm);
      bool failed = *countdown(which) == 0;
      *countdown(which) = 0;
      CU_ASSERT(result == (failed ? PSD_STORE_IO : PSD_STORE_OK));
      CU_ASSERT(store.open == !failed);
      CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_BLANK);
      CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_OK);
      done();
      if (!failed)
        break;
    }
  }
}

/* The first commit fails: there is still no card, and mending what it left does not make one. */
static void a_first_commit_that_fails_leaves_it_blank(void) {
  psd_store_put put = {.record = 1, .length = 3, .value = "new"};
  start();
  CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  ram.cut_in = 1;
  ram.cut = PSD_NVM_RAM_HALF;
  CU_ASSERT(psd_store_commit(&store, &put, 1) == PSD_STORE_IO);
  psd_nvm_ram_power_on(&ram);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_BLANK);
  CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_OK && store.stale);
  CU_ASSERT(psd_store_commit(&store, NULL, 0) == PSD_STORE_OK);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_BLANK);
  CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT(psd_store_scrub(&store) == PSD_STORE_OK);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_BLANK);
  CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT(psd_store_commit(&store, &put, 1) == PSD_STORE_OK);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_OK && !store.stale);
  done();
}

static void format_reports_a_sync_that_fails_on_a_header_that_is_there(void) {
  start();
  CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  ram.fail_sync_in = 1;
  CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_IO);
  CU_ASSERT(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  done();
}

static void scrub_reports_every_failure(void) {
  static uint8_t image[SIZE];
  uint64_t seed = 9;
  start();
  CU_ASSERT_FATAL(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  for (unsigned i = 0; i < 3; i++) {
    psd_model_change_make(&change, &model, RECORDS, &seed);
    CU_ASSERT_FATAL(psd_model_change_commit(&store, &change) == PSD_STORE_OK);
    model = change.after;
  }
  psd_nvm_ram_save(&ram, image);
  for (fault which = READ; which < FAULTS; which++) {
    for (uint64_t n = 1;; n++) {
      psd_nvm_ram_load(&ram, image);
      CU_ASSERT_FATAL(psd_store_open(&store, &nvm) == PSD_STORE_OK);
      *countdown(which) = n;
      psd_store_result result = psd_store_scrub(&store);
      bool failed = *countdown(which) == 0;
      *countdown(which) = 0;
      CU_ASSERT(result == (failed ? PSD_STORE_IO : PSD_STORE_OK));
      CU_ASSERT_FATAL(psd_store_open(&store, &nvm) == PSD_STORE_OK);
      CU_ASSERT(psd_model_matches(&model, &store));
      CU_ASSERT(psd_store_scrub(&store) == PSD_STORE_OK);
      CU_ASSERT(psd_model_matches(&model, &store));
      if (!failed)
        break;
    }
  }
  done();
}

static void a_read_that_fails_gives_nothing(void) {
  psd_store_put put = {.record = 1, .length = 6, .value = "secret"};
  char value[8] = "--------";
  size_t length = 99;
  start();
  CU_ASSERT_FATAL(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT_FATAL(psd_store_commit(&store, &put, 1) == PSD_STORE_OK);
  ram.fail_read_in = 1;
  CU_ASSERT(psd_store_read(&store, 1, value, sizeof value, &length) == PSD_STORE_IO);
  CU_ASSERT(length == 0 && memcmp(value, "\0\0\0\0\0\0--", 8) == 0);
  CU_ASSERT(psd_store_read(&store, 1, value, sizeof value, &length) == PSD_STORE_OK);
  CU_ASSERT(length == 6 && memcmp(value, "secret", 6) == 0);
  done();
}

/* Programs the pages of a value of 1200 bytes, and fails the second time a part of it is handed over. */
static void a_long_value_is_copied_whole_or_not_at_all(void) {
  static uint8_t value[1200];
  memset(value, 7, sizeof value);
  psd_store_put put = {.record = 1, .length = sizeof value, .value = value};
  start();
  CU_ASSERT_FATAL(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT_FATAL(psd_store_commit(&store, &put, 1) == PSD_STORE_OK);
  store.stale = true;
  ram.fail_read_in = 2;
  CU_ASSERT(psd_store_commit(&store, NULL, 0) == PSD_STORE_IO);
  CU_ASSERT(psd_store_open(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT(psd_store_length(&store, 1) == (int32_t)sizeof value);
  done();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a commit survives every failure of the device", a_commit_survives_every_failure_of_the_device},
      {"open reports every read that fails", open_reports_every_read_that_fails},
      {"open reports a sync that fails", open_reports_a_sync_that_fails},
      {"format reports every failure", format_reports_every_failure},
      {"a first commit that fails leaves it blank", a_first_commit_that_fails_leaves_it_blank},
      {"format reports a sync that fails, on a header that is there",
       format_reports_a_sync_that_fails_on_a_header_that_is_there},
      {"scrub reports every failure", scrub_reports_every_failure},
      {"a read that fails gives nothing", a_read_that_fails_gives_nothing},
      {"a long value is copied whole or not at all", a_long_value_is_copied_whole_or_not_at_all},
  };
  return psd_check_run("store faults", tests, PSD_CHECK_COUNT(tests));
}
