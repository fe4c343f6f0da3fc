/* bench-charged: what the card takes for the services of the certificate meter.
 *
 *   bench-charged in FOLDER           in this process: memory in RAM, and state files in the folder
 *   bench-charged make STATE...       state files for psd-card or the IFD handler
 *   bench-charged at NAME=TARGET...   through a way to such a card (path.h) */
#include <stdio.h>
#include <string.h>

#include "certificate/key.h"
#include "certificate/service.h"
#include "certificate/signing.h"
#include "commands.h"
#include "equipped.h"
#include "inside.h"
#include "measure.h"
#include "path.h"
#include "port/file_io.h"
#include "port/nvm_file.h"
#include "stack.h"
#include "stage.h"

#define PATH_SIZE 4096
#define TURNS 150U
#define DURABLE 60U
#define QUICK 600U

static char **arguments; /* of the program, behind the first */

static const char *algorithm_name(psd_algorithm algorithm) {
  return algorithm == PSD_ALGORITHM_RSA2048 ? "rsa" : "p256";
}

/* In RAM, in processor time: what a service consists of
 * ---------------------------------------------------------------------------------------------------------------- */

typedef struct task {
  services *on;
  asked_kind kind;
  psd_algorithm algorithm;
  asked command;
  psd_key key; /* of the slot */
  uint8_t answer[PSD_CARD_RESPONSE_MAX];
  size_t answered;
} task;

static void carry_out(task *of) {
  of->answered = psd_card_transmit(of->on->r->card, of->command.bytes, of->command.length, of->answer);
  stage_check(asked_name(of->kind), of->answer, of->answered);
}

static void sign(task *of) {
  static const uint8_t digest[PSD_SHA256_SIZE] = {0x78};
  uint8_t signature[PSD_KEY_SIGNATURE_MAX];
  size_t length;
  bench_need(psd_key_sign(of->on->r->card, &of->key, digest, signature, &length) == PSD_SW_OK, "signature");
}

static void generate(task *of) {
  psd_key made;
  bench_need(psd_key_generate(of->on->r->card, PSD_ALGORITHM_P256, &made) == PSD_SW_OK, "key pair");
}

static void agree(task *of) {
  uint8_t secret[PSD_P256_SECRET], point[PSD_P256_POINT], shared[PSD_P256_SECRET];
  bench_need(psd_p256_ephemeral(&of->on->r->card->drbg, secret, point) &&
                 psd_p256_agree(secret, of->key.public, shared),
             "agreement");
}

static void verify(task *of) {
  static uint8_t digest[PSD_SHA256_SIZE] = {0x78}, signature[PSD_P256_SIGNATURE];
  static bool signed_once;
  if (!signed_once)
    signed_once = psd_p256_sign(&of->on->r->card->drbg, of->key.secret, digest, sizeof digest, signature);
  bench_need(psd_p256_verify(of->key.public, digest, sizeof digest, signature), "verification");
}

/* The library's operations with public keys that the service needs, and nothing else. */
static void compute(task *of) {
  if (of->kind == ASKED_VALIDATE) {
    verify(of); /* of the certificate, */
    verify(of); /* of the token */
    return;
  }
  sign(of);
  if (of->kind == ASKED_REQUEST || of->kind == ASKED_ISSUE)
    generate(of);
  if (of->kind == ASKED_ISSUE)
    agree(of);
}

/* The commit of a service that changes nothing but its slot's record, once more: core, call, answer, record of the log.
 * What is written for a request, an issue, and a payment besides is not in it. */
static void commit(task *of) {
  psd_card *card = of->on->r->card;
  psd_signing signing = {0};
  psd_service_step step = {.service = PSD_SERVICE_SIGNING, .slot = asked_slot(of->kind, of->algorithm)};
  psd_buffer out = {.data = of->answer, .capacity = sizeof of->answer, .length = of->answered - 2};
  psd_change_begin(&step.change, card);
  bench_need(psd_slot_read(card, step.slot, &signing.slot) == PSD_SW_OK && psd_service_count(&step.change.next),
             "slot");
  psd_signing_put(&step.change, &signing);
  bench_need(psd_service_end(card, &step, &out, 0, (psd_piece){NULL, 0}) == PSD_SW_OK, "commit");
}

typedef struct part {
  const char *name;
  void (*run)(task *of);
  bench_samples samples;
} part;

static void measure_parts(services *s, asked_kind kind, psd_algorithm algorithm) {
  part parts[] = {{"whole", carry_out, {0}}, {"crypto", compute, {0}}, {"commit", commit, {0}}};
  static task of;
  of = (task){.on = s, .kind = kind, .algorithm = algorithm, .command = asked_of(s, kind, algorithm)};
  uint8_t slot = kind == ASKED_REQUEST ? SERVICES_USER : asked_slot(kind, algorithm);
  bench_need(psd_key_fetch(s->r->card, slot, &of.key) == PSD_SW_OK, "key");
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
    parts[i].samples = bench_samples_make(TURNS);
  for (unsigned turn = 0; turn < TURNS; turn++) {
    asked_again(&of.command);
    asked_make_ready(s, kind);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
      uint64_t start = bench_now_computing();
      parts[i].run(&of);
      bench_add(&parts[i].samples, bench_now_computing() - start, 1);
    }
  }
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
    bench_row_percentiles(&parts[i].samples, "service.%s.%s.ram.%s", asked_name(kind), algorithm_name(algorithm),
                          parts[i].name);
  psd_wipe(&of.key, sizeof of.key);
}

static void *run_task(void *argument) {
  carry_out(argument);
  return NULL;
}

static void measure_stack(services *s, asked_kind kind, psd_algorithm algorithm) {
  static task of;
  of = (task){.on = s, .kind = kind, .algorithm = algorithm, .command = asked_of(s, kind, algorithm)};
  asked_again(&of.command);
  asked_make_ready(s, kind);
  bench_row((double)bench_stack(run_task, &of), "service.%s.%s.stack", asked_name(kind), algorithm_name(algorithm));
}

static void measure_ram(void) {
  static services s;
  equipped_in_ram(&s);
  for (unsigned kind = 0; kind < ASKED_KINDS; kind++) {
    measure_parts(&s, (asked_kind)kind, PSD_ALGORITHM_P256);
    asked_make_ready(&s, (asked_kind)kind);
    measure_stack(&s, (asked_kind)kind, PSD_ALGORITHM_P256);
  }
  for (unsigned kind = 0; kind <= ASKED_SIGN; kind++) {
    measure_parts(&s, (asked_kind)kind, PSD_ALGORITHM_RSA2048);
    measure_stack(&s, (asked_kind)kind, PSD_ALGORITHM_RSA2048);
  }
  bench_row((double)psd_card_size(), "service.context");
  services_end(&s);
}

/* On the clock: state files, and ways to them
 * ---------------------------------------------------------------------------------------------------------------- */

/* Stamps and signatures, of either algorithm. */
#define WANTED 4U
typedef struct wanted {
  asked_kind kind;
  psd_algorithm algorithm;
  asked command;
} wanted;

static void take_wanted(services *s, wanted all[WANTED]) {
  for (unsigned i = 0; i < WANTED; i++) {
    all[i].kind = i % 2 == 0 ? ASKED_STAMP : ASKED_SIGN;
    all[i].algorithm = i < 2 ? PSD_ALGORITHM_P256 : PSD_ALGORITHM_RSA2048;
    all[i].command = asked_of(s, all[i].kind, all[i].algorithm);
  }
}

typedef size_t carry(void *to, const uint8_t *command, size_t length, uint8_t *answer);

static size_t carry_within(void *to, const uint8_t *command, size_t length, uint8_t *answer) {
  return psd_card_transmit(to, command, length, answer);
}

static size_t carry_along(void *to, const uint8_t *command, size_t length, uint8_t *answer) {
  return bench_path_transmit(to, command, length, answer);
}

static void measure_one(const char *name, carry *way, void *to, wanted *of, unsigned count) {
  static uint8_t answer[BENCH_ANSWER_MAX];
  const char *kind = asked_name(of->kind), *algorithm = algorithm_name(of->algorithm);
  bench_samples samples = bench_samples_make(count);
  uint64_t begin = bench_now();
  for (unsigned i = 0; i < count; i++) {
    asked_again(&of->command);
    uint64_t start = bench_now();
    size_t answered = way(to, of->command.bytes, of->command.length, answer);
    bench_add(&samples, bench_now() - start, 1);
    stage_check(name, answer, answered);
  }
  bench_row(count * 1e9 / (double)(bench_now() - begin), "service.%s.%s.%s.rate", kind, algorithm, name);
  bench_row_percentiles(&samples, "service.%s.%s.%s", kind, algorithm, name);
}

static void measure_way(const char *name, carry *way, void *to, wanted all[WANTED], unsigned count) {
  for (unsigned i = 0; i < WANTED; i++)
    measure_one(name, way, to, &all[i], count);
}

static void path_in(char path[PATH_SIZE], const char *name) {
  int length = snprintf(path, PATH_SIZE, "%s/%s.state", arguments[0], name);
  bench_need(length > 0 && length < PATH_SIZE, "room for the path");
}

static void measure_file(const char *name, bool sync) {
  static services s;
  static rig bench;
  static wanted all[WANTED];
  char path[PATH_SIZE];
  path_in(path, name);
  psd_holder *holder = equipped_in_file(&s, &bench, path, sync);
  take_wanted(&s, all);
  measure_way(name, carry_within, bench.card, all, sync ? DURABLE : QUICK);
  services_free(&s);
  psd_holder_close(holder);
}

/* What the medium itself does: one page written and synced. */
static void measure_medium(void) {
  char path[PATH_SIZE], message[PSD_NVM_FILE_MESSAGE];
  psd_nvm_file file;
  uint8_t page[PSD_NVM_FILE_PAGE] = {0};
  path_in(path, "medium");
  if (!psd_nvm_file_create(&file, path, true, message))
    bench_die("%s: %s", path, message);
  uint64_t begin = bench_now();
  for (unsigned i = 0; i < DURABLE; i++) {
    page[0]++;
    bench_need(psd_file_write(file.descriptor, page, sizeof page, PSD_NVM_FILE_HEADER) &&
                   psd_file_sync(file.descriptor),
               "write");
  }
  bench_row(DURABLE * 1e9 / (double)(bench_now() - begin), "service.medium.rate");
  psd_nvm_file_close(&file);
}

static void measure_in(void) {
  measure_ram();
  measure_file("quick", false);
  /* It goes up and down: before and after. */
  measure_medium();
  measure_file("durable", true);
  measure_medium();
}

static void make(void) {
  for (char **path = arguments; *path != NULL; path++) {
    static services s;
    static rig bench;
    psd_holder *holder = equipped_in_file(&s, &bench, *path, false);
    services_free(&s);
    psd_holder_close(holder);
  }
}

static void measure_along(char *argument, wanted all[WANTED]) {
  static uint8_t answer[BENCH_ANSWER_MAX];
  char *target = strchr(argument, '=');
  if (target != NULL)
    *target++ = '\0';
  else
    bench_die("what is %s?", argument);
  bench_path *path = bench_path_open(target);
  stage_check("SELECT", answer, bench_path_transmit(path, stage_select, sizeof stage_select, answer));
  stage_check("VERIFY", answer, bench_path_transmit(path, stage_verify, sizeof stage_verify, answer));
  measure_way(argument, carry_along, path, all, strstr(argument, "quick") != NULL ? QUICK : DURABLE);
  bench_path_close(path);
}

/* The commands are the same for every card: one in RAM is asked here first. */
static void measure_at(void) {
  static services s;
  static wanted all[WANTED];
  equipped_in_ram(&s);
  take_wanted(&s, all);
  services_end(&s);
  for (char **argument = arguments; *argument != NULL; argument++)
    measure_along(*argument, all);
}

int main(int argc, char **argv) {
  arguments = argv + 2;
  if (argc == 3 && strcmp(argv[1], "in") == 0)
    bench_inside(measure_in);
  else if (argc >= 3 && strcmp(argv[1], "make") == 0)
    bench_inside(make);
  else if (argc >= 3 && strcmp(argv[1], "at") == 0)
    bench_inside(measure_at);
  else {
    (void)fputs("usage: bench-charged in FOLDER | make STATE... | at NAME=TARGET...\n", stderr);
    return 2;
  }
  return 0;
}
