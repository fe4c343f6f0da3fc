/* bench-process: the card in this process, without any way to it.
 *
 *   bench-process FOLDER        where state files are made; it must be on the medium that is to be measured */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "context.h"
#include "emulator/holder.h"
#include "iso7816/pin.h"
#include "measure.h"
#include "meter/change.h"
#include "port/file_io.h"
#include "port/nvm_file.h"
#include "stack.h"

#define PATH_SIZE 4096
#define APDU_SAMPLES 20000U
#define POWER_SAMPLES 300U
#define ROUNDS 11U
#define RATE_NS UINT64_C(1000000000) /* how long a rate is measured */
#define RECORD 16U                   /* in the store of its own */
#define RECORD_SIZE 100U
#define PIN "123456"

typedef struct state_file {
  char path[PATH_SIZE];
} state_file;

static state_file in_folder(const char *folder, const char *name) {
  state_file file;
  int length = snprintf(file.path, sizeof file.path, "%s/%s", folder, name);
  bench_need(length > 0 && (size_t)length < sizeof file.path, "room for the path");
  return file;
}

/* As personalisation leaves it. */
static void put_pin(psd_card *card) {
  psd_pin pin;
  psd_change change;
  uint8_t encoded[PSD_SIZE_PIN_RECORD];
  bench_need(psd_pin_parse((const uint8_t *)PIN, strlen(PIN), &pin) && psd_pin_make(card, &pin, 3, encoded), "PIN");
  psd_change_begin(&change, card);
  psd_change_put(&change, PSD_RECORD_PIN, encoded, sizeof encoded);
  psd_change_log(&change, card, PSD_EVENT_PIN_CHANGED, 0, 0);
  bench_need(psd_change_commit(&change, card) == PSD_SW_OK, "commit of the PIN");
}

/* A card in a new file, with a PIN, powered on. */
static psd_holder *new_card(const char *folder, const char *name, bool sync) {
  char why[PSD_HOLDER_WHY_MAX];
  const psd_card_birth birth = {.vendor = "PS", .model = "D1", .serial = 1, .key_version = 1, .key_size = 16};
  state_file file = in_folder(folder, name);
  if (!psd_holder_create(file.path, &birth, why))
    bench_die("%s", why);
  psd_holder *holder = psd_holder_open(file.path, sync, why);
  if (holder != NULL) {
    psd_card_power_on(psd_holder_card(holder));
    put_pin(psd_holder_card(holder));
    return holder;
  }
  bench_die("%s", why);
}

/* More commands without cryptography and without a commit, in the PSD. */
static const uint8_t get_data_ram[] = {0x00, 0xCA, 0xDF, 0x23, 0x00}; /* registers */
static const uint8_t get_data_all[] = {0x00, 0xCB, 0x3F, 0xFF, 0x00, 0x00, 0x02, 0x5C, 0x00, 0x00, 0x00};
static const uint8_t read_binary[] = {0x00, 0xB0, 0x83, 0x00, 0x00}; /* the file of the registers */
static const uint8_t read_record[] = {0x00, 0xB2, 0x01, 0x2C, 0x00}; /* the newest of the log */
static const uint8_t verify_status[] = {0x00, 0x20, 0x00, 0x81};
static const uint8_t manage_channel[] = {0x00, 0x70, 0x80, 0x01}; /* closes one that is not open */
static const uint8_t unknown[] = {0x00, 0xFE, 0x00, 0x00};
static const bench_command more_commands[] = {
    {"get_data_ram", get_data_ram, sizeof get_data_ram, true, 0x9000},
    {"read_binary", read_binary, sizeof read_binary, true, 0x9000},
    {"read_record", read_record, sizeof read_record, true, 0x9000},
    {"verify_status", verify_status, sizeof verify_status, true, 0x63C3},
    {"manage_channel", manage_channel, sizeof manage_channel, true, 0x6A86},
    {"unknown", unknown, sizeof unknown, true, 0x6D00},
    {"get_data_all", get_data_all, sizeof get_data_all, true, 0x9000},
};

static void run_once(psd_card *card, const bench_command *command) {
  static uint8_t answer[PSD_CARD_RESPONSE_MAX];
  bench_check_answer(command, answer, psd_card_transmit(card, command->bytes, command->length, answer));
}

static void sample(psd_card *card, const bench_command *command, bench_samples *samples) {
  uint8_t answer[PSD_CARD_RESPONSE_MAX];
  size_t length = 0;
  for (size_t i = 0; i < samples->capacity; i++) {
    uint64_t start = bench_now();
    length = psd_card_transmit(card, command->bytes, command->length, answer);
    bench_add(samples, bench_now() - start, 1);
  }
  bench_check_answer(command, answer, length);
}

static void measure_command(psd_card *card, const bench_command *command) {
  bench_samples samples = bench_samples_make(APDU_SAMPLES);
  sample(card, command, &samples);
  bench_row_percentiles(&samples, "path.process.%s", command->name);
}

static void measure_commands(psd_card *card) {
  for (size_t i = 0; i < BENCH_COMMAND_COUNT; i++)
    measure_command(card, &bench_commands()[i]);
  for (size_t i = 0; i < sizeof more_commands / sizeof more_commands[0]; i++)
    measure_command(card, &more_commands[i]);
}

/* Several cards in one process: a thread each, as the front ends have it. */
typedef struct driver {
  psd_card *card;
  bench_samples samples;
  pthread_t thread;
} driver;

static void *run_thread(void *argument) {
  driver *at = argument;
  sample(at->card, &bench_commands()[BENCH_GET_DATA], &at->samples);
  return NULL;
}

/* The mean of the drivers' medians. */
static double median_of(driver *drivers, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    drivers[i].samples = bench_samples_make(APDU_SAMPLES);
    bench_need(pthread_create(&drivers[i].thread, NULL, run_thread, &drivers[i]) == 0, "threads");
  }
  for (size_t i = 0; i < count; i++) {
    (void)pthread_join(drivers[i].thread, NULL);
    sum += bench_percentile(&drivers[i].samples, 50);
    bench_samples_free(&drivers[i].samples);
  }
  return sum / (double)count;
}

static void measure_two(psd_card *first, psd_card *second) {
  driver drivers[] = {{.card = first}, {.card = second}};
  double alone[ROUNDS];
  double all[ROUNDS];
  bench_samples medians[] = {{.us = alone, .capacity = ROUNDS}, {.us = all, .capacity = ROUNDS}};
  run_once(first, &bench_commands()[BENCH_SELECT]);
  run_once(second, &bench_commands()[BENCH_SELECT]);
  for (unsigned i = 0; i < ROUNDS; i++)
    for (size_t j = 0; j < 2; j++)
      medians[j].us[medians[j].count++] = median_of(drivers, j + 1);
  bench_row(bench_percentile(&medians[0], 50), "together.process.alone");
  bench_row(bench_percentile(&medians[1], 50), "together.process.all");
}

static void measure_power(psd_card *card, const char *key) {
  bench_samples samples = bench_samples_make(POWER_SAMPLES);
  for (unsigned i = 0; i < POWER_SAMPLES; i++) {
    uint64_t start = bench_now();
    psd_card_power_on(card);
    bench_add(&samples, bench_now() - start, 1);
  }
  bench_need(psd_card_state(card) != PSD_STATE_FAULTED, "card without a fault");
  bench_row_percentiles(&samples, "power_on.%s", key);
}

/* How often a second something can be done that goes to the medium. */
typedef struct task {
  void (*run)(struct task *task);
  psd_card *card;
  psd_store *store;
  const psd_nvm_file *file;
  uint8_t value[RECORD_SIZE];
} task;

static double rate_of(task *what) {
  unsigned count = 0;
  uint64_t start = bench_now();
  uint64_t took = 0;
  while (took < RATE_NS) {
    what->run(what);
    count++;
    took = bench_now() - start;
  }
  return (double)count * 1e9 / (double)took;
}

static void verify(task *what) {
  static const uint8_t bytes[] = {0x00, 0x20, 0x00, 0x81, 0x06, '1', '2', '3', '4', '5', '6'};
  static const bench_command command = {"verify", bytes, sizeof bytes, true, 0x9000};
  run_once(what->card, &command);
}

static void measure_verify(psd_card *card, const char *key) {
  task what = {.run = verify, .card = card};
  run_once(card, &bench_commands()[BENCH_SELECT]);
  bench_row(rate_of(&what), "rate.verify.%s", key);
}

static void commit(task *what) {
  const psd_store_put put = {.record = RECORD, .length = sizeof what->value, .value = what->value};
  what->value[0]++;
  bench_need(psd_store_commit(what->store, &put, 1) == PSD_STORE_OK, "commit");
}

/* What the medium itself does: one page written and synced. */
static void write_page(task *what) {
  uint8_t page[PSD_NVM_FILE_PAGE] = {0};
  what->value[0]++;
  page[0] = what->value[0];
  bool ok = psd_file_write(what->file->descriptor, page, sizeof page, PSD_NVM_FILE_HEADER) &&
            psd_file_sync(what->file->descriptor);
  bench_need(ok, "write");
}

static void create(psd_nvm_file *file, const char *folder, const char *name, bool sync) {
  char message[PSD_NVM_FILE_MESSAGE];
  state_file path = in_folder(folder, name);
  if (!psd_nvm_file_create(file, path.path, sync, message))
    bench_die("%s: %s", path.path, message);
}

/* The deepest stack below psd_card_transmit is that of one of these; VERIFY with its commits is among them. */
static void *run_everything(void *argument) {
  task what = {.run = verify, .card = argument};
  for (size_t i = 0; i < BENCH_COMMAND_COUNT; i++)
    run_once(what.card, &bench_commands()[i]);
  for (size_t i = 0; i < sizeof more_commands / sizeof more_commands[0]; i++)
    run_once(what.card, &more_commands[i]);
  verify(&what);
  return NULL;
}

static void measure_stack(psd_card *card) {
  bench_row((double)bench_stack(run_everything, card), "size.stack");
}

/* Commits of one record of 100 bytes, hand-overs from bank to bank included. */
static void measure_commits(const char *folder, const char *key, bool sync) {
  psd_nvm_file file;
  psd_store store;
  create(&file, folder, key, sync);
  psd_nvm nvm = psd_nvm_file_port(&file);
  bench_need(psd_store_format(&store, &nvm) == PSD_STORE_OK, "store");
  task what = {.run = commit, .store = &store};
  bench_row(rate_of(&what), "rate.commit.%s", key);
  psd_nvm_file_close(&file);
}

static void measure_medium(const char *folder) {
  psd_nvm_file file;
  create(&file, folder, "medium", true);
  task what = {.run = write_page, .file = &file};
  bench_row(rate_of(&what), "rate.medium");
  psd_nvm_file_close(&file);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    (void)fputs("usage: bench-process FOLDER\n", stderr);
    return 2;
  }
  psd_holder *durable = new_card(argv[1], "durable.state", true);
  psd_holder *fast = new_card(argv[1], "fast.state", false);
  bench_row((double)psd_card_size(), "size.context");
  measure_commands(psd_holder_card(durable));
  measure_two(psd_holder_card(durable), psd_holder_card(fast));
  measure_power(psd_holder_card(durable), "new");
  measure_stack(psd_holder_card(durable));
  measure_verify(psd_holder_card(durable), "sync");
  measure_verify(psd_holder_card(fast), "no_sync");
  measure_power(psd_holder_card(fast), "used");
  psd_holder_close(durable);
  psd_holder_close(fast);
  measure_medium(argv[1]);
  measure_commits(argv[1], "sync", true);
  measure_commits(argv[1], "no_sync", false);
  return 0;
}
