/* psd manufacture --count: many cards, each made in this process and left in a state file for psd-card run.
 *
 * A state file has no name before its card is whole and the meter server knows it: whatever is cut short leaves no
 * card. */
#include "manufacture.h"
#include "port/clock_os.h"
#include "port/entropy_os.h"
#include "port/nvm_file.h"
#include "psd/program/json.h"
#include "psd/program/progress.h"
#include "psd/reader/card.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_MAX_BYTES 4096U

/* Who the cards are, but for their serial numbers: as psd-card init has it. */
static const psd_device_id family = {.vendor = {'P', 'S'}, .model = {'D', '1'}};

/* Set by the first Ctrl-C; the card under way is finished. The second one is the system's to handle. */
static volatile sig_atomic_t stopped;

static void note_signal(int number) {
  (void)number;
  stopped = 1;
}

/* A card, its memory and its file. */
typedef struct bench {
  psd_nvm_file file;
  void *memory;
  psd_card *card;
} bench;

static void clear_bench(bench *place) {
  if (place->card != NULL && psd_card_is_on(place->card))
    psd_card_power_off(place->card);
  psd_nvm_file_close(&place->file);
  OPENSSL_cleanse(place->memory, psd_card_size());
  place->card = NULL;
}

/* A blank card that has the key management system's transport keys from birth. Its file is made durable when it gets
 * its name, and not at each step on the way. */
static psd_result make_blank(bench *place, const char *path, const psd_device_id *id, const psd_new_keys *keys,
                             psd_error *error) {
  char message[PSD_NVM_FILE_MESSAGE];
  psd_host_keys transport;
  psd_manufacture_transport(keys, &transport);
  psd_card_birth birth = {
      .serial = (uint32_t)id->serial, .key_version = transport.version, .key_size = (uint8_t)transport.size};
  memcpy(birth.vendor, id->vendor, sizeof birth.vendor);
  memcpy(birth.model, id->model, sizeof birth.model);
  memcpy(birth.enc, transport.enc, sizeof birth.enc);
  memcpy(birth.mac, transport.mac, sizeof birth.mac);
  memcpy(birth.dek, transport.dek, sizeof birth.dek);
  psd_result result = PSD_OK;
  if (!psd_nvm_file_create(&place->file, path, false, message)) {
    result = psd_error_set(error, PSD_BAD_INPUT, "%s: %s", path, message);
  } else {
    psd_ports ports = {
        .nvm = psd_nvm_file_port(&place->file), .entropy = psd_entropy_os(), .oscillator = psd_clock_os()};
    place->card = psd_card_init(place->memory, &ports);
    if (!psd_card_manufacture(place->card, &birth))
      result = psd_error_set(error, PSD_SYSTEM, "%s: the blank card cannot be written", path);
  }
  OPENSSL_cleanse(&transport, sizeof transport);
  OPENSSL_cleanse(&birth, sizeof birth);
  return result;
}

/* From blank to meter. */
static psd_result personalise(bench *place, const psd_job *job, const psd_device_id *id, const psd_new_keys *keys,
                              psd_error *error) {
  psd_transport *transport = NULL;
  psd_host *host = NULL;
  psd_result result = psd_transport_card(place->card, &transport, error);
  if (result == PSD_OK)
    result = psd_host_open(transport, &host, error);
  if (result != PSD_OK)
    return result;
  result = psd_manufacture(host, &job->order, id, keys, NULL, (uint64_t)time(NULL));
  if (result != PSD_OK)
    *error = *psd_host_error(host);
  psd_host_close(host);
  return result;
}

/* PIN and PUK of one card, a line each, for its owner. */
static psd_result write_secrets(const psd_job *job, const char *path, psd_error *error) {
  char line[2 * sizeof job->profile.pin.bytes + 2];
  psd_buffer text = psd_buffer_over(line, sizeof line);
  psd_put(&text, job->profile.pin.bytes, job->profile.pin.length);
  psd_put(&text, "\n", 1);
  psd_put(&text, job->profile.puk.bytes, job->profile.puk.length);
  psd_put(&text, "\n", 1);
  /* A new file, nobody else's: what an attempt that was cut short has left, or somebody has put there, makes way. */
  (void)unlink(path);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  bool ok = fd >= 0 && write(fd, text.data, text.length) == (ssize_t)text.length && fsync(fd) == 0;
  if (!ok)
    (void)psd_error_set(error, PSD_BAD_INPUT, "%s cannot be written: %s", path, strerror(errno));
  if (fd >= 0)
    (void)close(fd);
  OPENSSL_cleanse(line, sizeof line);
  return ok ? PSD_OK : PSD_BAD_INPUT;
}

static psd_result path_of(const psd_job *job, uint32_t serial, const char *kind, char path[PATH_MAX_BYTES],
                          psd_error *error) {
  int length = snprintf(path, PATH_MAX_BYTES, "%s/%08lX.%s", job->cli->state_dir, (unsigned long)serial, kind);
  return length > 0 && (size_t)length < PATH_MAX_BYTES
             ? PSD_OK
             : psd_error_set(error, PSD_BAD_INPUT, "the name of the folder is too long");
}

static psd_result make_card(psd_job *job, bench *place, const psd_device_id *id, const char *path, psd_error *error) {
  char message[PSD_NVM_FILE_MESSAGE];
  char secrets[PATH_MAX_BYTES];
  psd_new_keys keys;
  psd_result result = path_of(job, (uint32_t)id->serial, "pin", secrets, error);
  if (result == PSD_OK)
    result = psd_job_draw(job, error);
  if (result == PSD_OK)
    result = psd_manufacture_keys(&job->order, id, &keys, error);
  if (result != PSD_OK)
    return result;
  result = make_blank(place, path, id, &keys, error);
  if (result == PSD_OK && job->drawn)
    result = write_secrets(job, secrets, error);
  if (result == PSD_OK)
    result = personalise(place, job, id, &keys, error);
  if (result == PSD_OK && !psd_nvm_file_publish(&place->file, message))
    result = psd_error_set(error, PSD_BAD_INPUT, "%s: %s", path, message);
  if (result != PSD_OK && job->drawn)
    (void)unlink(secrets);
  OPENSSL_cleanse(&keys, sizeof keys);
  clear_bench(place);
  return result;
}

static uint32_t first_serial(const psd_cli *cli) {
  return (cli->given & PSD_OPTION(FIRST_SERIAL)) != 0 ? cli->first_serial : 1;
}

/* Makes the cards that are not there yet. */
static psd_result make_cards(psd_job *job, bench *place, unsigned *made, unsigned *there, psd_error *error) {
  psd_cli *cli = job->cli;
  uint32_t first = first_serial(cli);
  psd_progress progress = psd_progress_begin("cards", cli->count);
  psd_result result = PSD_OK;
  for (unsigned i = 0; i < cli->count && stopped == 0 && result == PSD_OK; i++) {
    char path[PATH_MAX_BYTES];
    struct stat status;
    psd_device_id id = family;
    id.serial = first + i;
    result = path_of(job, first + i, "state", path, error);
    if (result == PSD_OK && lstat(path, &status) == 0) {
      (*there)++;
    } else if (result == PSD_OK) {
      result = make_card(job, place, &id, path, error);
      *made += result == PSD_OK ? 1 : 0;
    }
    psd_progress_show(&progress, *made + *there);
  }
  psd_progress_end(&progress);
  return result;
}

static void report(const psd_cli *cli, unsigned made, unsigned there) {
  if (cli->json) {
    psd_json json = psd_json_on(stdout);
    psd_json_object(&json, NULL);
    psd_json_number(&json, "made", made);
    psd_json_number(&json, "there_before", there);
    psd_json_bool(&json, "stopped", stopped != 0);
    psd_json_end_object(&json);
    return;
  }
  printf("%u cards made in %s", made, cli->state_dir);
  if (there > 0)
    printf(", %u were there before", there);
  puts(stopped != 0 ? "; stopped, the same command goes on" : "");
}

int psd_job_many(psd_job *job) {
  const psd_cli *cli = job->cli;
  bench place = {.file = {.descriptor = -1}, .memory = malloc(psd_card_size())};
  psd_error error;
  unsigned made = 0, there = 0;
  psd_result result = PSD_OK;
  uint32_t first = first_serial(cli);
  if (place.memory == NULL)
    result = psd_error_set(&error, PSD_SYSTEM, "out of memory");
  else if (cli->count - 1 > UINT32_MAX - first)
    result = psd_error_set(&error, PSD_BAD_INPUT, "there are no %u serial numbers from %08lX on", cli->count,
                           (unsigned long)first);
  else if (mkdir(cli->state_dir, 0700) != 0 && errno != EEXIST)
    result = psd_error_set(&error, PSD_BAD_INPUT, "%s cannot be made: %s", cli->state_dir, strerror(errno));
  if (result == PSD_OK) {
    struct sigaction once = {.sa_handler = note_signal, .sa_flags = (int)SA_RESETHAND};
    stopped = 0;
    (void)sigemptyset(&once.sa_mask);
    (void)sigaction(SIGINT, &once, NULL);
    (void)sigaction(SIGTERM, &once, NULL);
    result = make_cards(job, &place, &made, &there, &error);
    report(cli, made, there);
  }
  free(place.memory);
  if (result != PSD_OK)
    return psd_cli_failed(cli, &error);
  return stopped == 0 ? PSD_EXIT_DONE : PSD_EXIT_REFUSED;
}
