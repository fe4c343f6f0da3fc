/* bench-indicia: how long a card takes to make an indicium.
 *
 *   bench-indicia in FOLDER           in this process: memory in RAM, and state files in the folder
 *   bench-indicia make STATE          a state file for psd-card or the IFD handler
 *   bench-indicia at NAME=TARGET...   through a way to such a card (path.h) */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "measure.h"
#include "meter/change.h"
#include "meter/evidence.h"
#include "meter/token.h"
#include "path.h"
#include "port/file_io.h"
#include "port/nvm_file.h"
#include "stage.h"

#define PATH_SIZE 4096
#define TURNS 60U
#define TURN 10U /* of one thing before it is the next one's turn */
#define DURABLE 150U
#define QUICK 1500U

static const psd_profile_id profiles[] = {PSD_PROFILE_DSA, PSD_PROFILE_P256, PSD_PROFILE_COMPACT};
#define PROFILES (sizeof profiles / sizeof profiles[0])

static const char *name_of(psd_profile_id profile) {
  return psd_profile_of(profile)->name;
}

/* In RAM, in processor time: what an indicium consists of
 * ---------------------------------------------------------------------------------------------------------------- */

typedef struct task {
  psd_card *card;
  psd_profile_id profile;
  uint8_t command[STAGE_COMMAND];
  size_t command_length;
  uint8_t evidence[PSD_EVIDENCE_MAX]; /* that was made last */
  size_t evidence_length;
} task;

static void create(task *what) {
  uint8_t answer[PSD_CARD_RESPONSE_MAX];
  stage_check("CREATE INDICIUM", answer, psd_card_transmit(what->card, what->command, what->command_length, answer));
}

/* The library's operation, and nothing else. */
static void sign(task *what) {
  static const uint8_t secret[PSD_P256_SECRET] = {0x12, 0x34, 0x56}, digest[PSD_SHA256_SIZE] = {0x78};
  uint8_t signature[PSD_P256_SIGNATURE], mac[PSD_COMPACT_MAC];
  psd_drbg *drbg = &what->card->drbg;
  bool done = false;
  if (what->profile == PSD_PROFILE_P256)
    done = psd_p256_sign(drbg, secret, digest, sizeof digest, signature);
  else if (what->profile == PSD_PROFILE_DSA)
    done = psd_dsa_sign(drbg, secret, digest, sizeof digest, signature);
  else
    done = psd_tokens_compact(what->card, 20260101, digest, mac) == PSD_SW_OK;
  bench_need(done, "signature");
}

/* The digital tokens of both domains. */
static void make_tokens(task *what) {
  const psd_token_input input = {
      .vendor = "PS", .model = "D1", .serial = 7, .postage = STAGE_POSTAGE, .date = 20260101};
  psd_evidence_head head = {.kind = PSD_EVIDENCE_POSTAGE};
  bench_need(psd_tokens_make(what->card, &input, &head) == PSD_SW_OK && head.postal_digits > 0, "tokens");
}

/* The same commit once more: core, record of the log, and the evidence. */
static void commit(task *what) {
  psd_change change;
  psd_change_begin(&change, what->card);
  change.next.postage.piece_count++;
  psd_change_put(&change, PSD_RECORD_EVIDENCE, what->evidence, what->evidence_length);
  psd_change_log(&change, what->card, PSD_EVENT_EVIDENCED, 0, 0);
  bench_need(psd_change_commit(&change, what->card) == PSD_SW_OK, "commit");
}

typedef struct part {
  const char *name;
  void (*run)(task *what);
  bench_samples samples;
} part;

static void take_last(task *what) {
  psd_buffer out = psd_buffer_over(what->evidence, sizeof what->evidence);
  create(what);
  bench_need(psd_evidence_last(what->card, &out) == PSD_SW_OK, "last evidence");
  what->evidence_length = out.length;
}

static void measure_parts(psd_card *card, psd_profile_id profile) {
  part parts[] = {
      {"whole", create, {0}}, {"signature", sign, {0}}, {"commit", commit, {0}}, {"tokens", make_tokens, {0}}};
  task what = {.card = card, .profile = profile};
  what.command_length = stage_letter(profile, what.command);
  take_last(&what);
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
    parts[i].samples = bench_samples_make(TURNS);
  for (unsigned turn = 0; turn < TURNS; turn++)
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
      uint64_t start = bench_now_computing();
      for (unsigned j = 0; j < TURN; j++)
        parts[i].run(&what);
      bench_add(&parts[i].samples, bench_now_computing() - start, TURN);
    }
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
    bench_row_percentiles(&parts[i].samples, "indicium.%s.ram.%s", name_of(profile), parts[i].name);
}

/* On the clock: state files, and ways to them
 * ---------------------------------------------------------------------------------------------------------------- */

typedef size_t carry(void *to, const uint8_t *command, size_t length, uint8_t *answer);

static size_t carry_within(void *to, const uint8_t *command, size_t length, uint8_t *answer) {
  return psd_card_transmit(to, command, length, answer);
}

static size_t carry_along(void *to, const uint8_t *command, size_t length, uint8_t *answer) {
  return bench_path_transmit(to, command, length, answer);
}

static void measure_way(const char *name, carry *way, void *to, unsigned count) {
  static uint8_t answer[BENCH_ANSWER_MAX];
  for (size_t i = 0; i < PROFILES; i++) {
    uint8_t command[STAGE_COMMAND];
    size_t length = stage_letter(profiles[i], command);
    bench_samples samples = bench_samples_make(count);
    uint64_t begin = bench_now();
    for (unsigned j = 0; j < count; j++) {
      uint64_t start = bench_now();
      size_t answered = way(to, command, length, answer);
      bench_add(&samples, bench_now() - start, 1);
      stage_check(name, answer, answered);
    }
    bench_row(count * 1e9 / (double)(bench_now() - begin), "indicium.%s.%s.rate", name_of(profiles[i]), name);
    bench_row_percentiles(&samples, "indicium.%s.%s", name_of(profiles[i]), name);
  }
}

static void path_in(char path[PATH_SIZE], const char *folder, const char *name) {
  int length = snprintf(path, PATH_SIZE, "%s/%s.state", folder, name);
  bench_need(length > 0 && length < PATH_SIZE, "room for the path");
}

static void measure_file(const char *folder, const char *name, bool sync) {
  char path[PATH_SIZE];
  path_in(path, folder, name);
  psd_holder *holder = stage_in_file(path, sync);
  measure_way(name, carry_within, psd_holder_card(holder), sync ? DURABLE : QUICK);
  psd_holder_close(holder);
}

/* What the medium itself does: one page written and synced. */
static void measure_medium(const char *folder) {
  char path[PATH_SIZE], message[PSD_NVM_FILE_MESSAGE];
  psd_nvm_file file;
  uint8_t page[PSD_NVM_FILE_PAGE] = {0};
  path_in(path, folder, "medium");
  if (!psd_nvm_file_create(&file, path, true, message))
    bench_die("%s: %s", path, message);
  uint64_t begin = bench_now();
  for (unsigned i = 0; i < DURABLE; i++) {
    page[0]++;
    bench_need(psd_file_write(file.descriptor, page, sizeof page, PSD_NVM_FILE_HEADER) &&
                   psd_file_sync(file.descriptor),
               "write");
  }
  bench_row(DURABLE * 1e9 / (double)(bench_now() - begin), "indicium.medium.rate");
  psd_nvm_file_close(&file);
}

static int measure_in(const char *folder) {
  stage_ram ram;
  stage_in_ram(&ram);
  for (size_t i = 0; i < PROFILES; i++)
    measure_parts(ram.card, profiles[i]);
  stage_end(&ram);
  /* It goes up and down: before, between and after. */
  measure_medium(folder);
  measure_file(folder, "quick", false);
  measure_medium(folder);
  measure_file(folder, "durable", true);
  measure_medium(folder);
  return 0;
}

static int make(const char *path) {
  psd_holder_close(stage_in_file(path, true));
  return 0;
}

static void measure_at(char *argument) {
  static uint8_t answer[BENCH_ANSWER_MAX];
  char *target = strchr(argument, '=');
  bench_need(target != NULL, "target");
  *target++ = '\0';
  bench_path *path = bench_path_open(target);
  stage_check("SELECT", answer, bench_path_transmit(path, stage_select, sizeof stage_select, answer));
  stage_check("VERIFY", answer, bench_path_transmit(path, stage_verify, sizeof stage_verify, answer));
  measure_way(argument, carry_along, path, strstr(argument, "quick") != NULL ? QUICK : DURABLE);
  bench_path_close(path);
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "in") == 0)
    return measure_in(argv[2]);
  if (argc == 3 && strcmp(argv[1], "make") == 0)
    return make(argv[2]);
  if (argc < 3 || strcmp(argv[1], "at") != 0) {
    (void)fputs("usage: bench-indicia in FOLDER | make STATE | at NAME=TARGET...\n", stderr);
    return 2;
  }
  for (int i = 2; i < argc; i++)
    measure_at(argv[i]);
  return 0;
}
