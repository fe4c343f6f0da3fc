#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "psd/spec/lifecycle.h"
#include "store/store.h"

#define FIRST_TIME UINT64_C(1767225600) /* where the clocks of cards on the bench start */
#define CREDIT 1000000                  /* mills that the account may owe */

uint64_t world_seconds = FIRST_TIME;

/* What every world begins as; made once. */
static struct {
  char folder[64];
  char file[96];
  psd_keyring *ring;
  uint8_t *images[WORLD_METERS];
  uint8_t devices[WORLD_METERS][8];
  int64_t account;
} first;

static const fault_plan nothing_fails;

static uint64_t now(void) {
  return world_seconds;
}

static void make_folder(void) {
  static const char *const places[] = {"/dev/shm/psd-system-XXXXXX", "/tmp/psd-system-XXXXXX"};
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    (void)snprintf(first.folder, sizeof first.folder, "%s", places[i]);
    if (mkdtemp(first.folder) != NULL)
      break;
    first.folder[0] = '\0';
  }
  CU_ASSERT_NOT_EQUAL_FATAL(first.folder[0], '\0');
  (void)snprintf(first.file, sizeof first.file, "%s/first.db", first.folder);
}

static void make_keys(void) {
  CU_ASSERT_TRUE_FATAL(psd_evp_start());
  first.ring = psd_keyring_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(first.ring);
  for (unsigned kind = PSD_KMS_VENDOR; kind <= PSD_KMS_LOG; kind++) {
    psd_kms_key *key = psd_keyring_make(first.ring, (psd_kms_kind)kind, 0, world_seconds);
    CU_ASSERT_FATAL(key != NULL && psd_keyring_move(key, PSD_KMS_STATE_ACTIVE, world_seconds));
  }
}

static void services(world *w) {
  w->kms = (psd_kms_service){.keys = first.ring, .role = PSD_ROLE_METER, .now = now};
  w->settings = (psd_meter_settings){.realm = "system",
                                     .memory = 8192,
                                     .passes = 1,
                                     .lanes = 1,
                                     .suites = PSD_SUITE_P256 | PSD_SUITE_SHARED,
                                     .forward = 1,
                                     .sign_on_timeout = 60,
                                     .handshake_timeout = 10,
                                     .idle_timeout = 600,
                                     .lock_after = 5,
                                     .lock_first = 1,
                                     .lock_most = 3600,
                                     .renew_before = 30,
                                     .certificate_days = 365};
  w->plan = &nothing_fails;
  w->suite = PSD_SUITE_SHARED;
}

void world_open_database(world *w) {
  static const uint8_t column_key[32] = {9};
  char url[120], words[200];
  (void)snprintf(url, sizeof url, "sqlite:%s", w->file);
  w->db = psd_db_open(url, true, words, sizeof words);
  CU_ASSERT_PTR_NOT_NULL_FATAL(w->db);
  psd_db_set_key(w->db, column_key);
  world_watch_database(w);
}

/* The factory: keys from the key management system, a card, its wrapped K4 in the database. */
static void manufacture(world *w, unsigned meter) {
  uint8_t body[PSD_FRAME_BODY_MAX], answer[PSD_FRAME_BODY_MAX];
  psd_buffer request = psd_buffer_over(body, sizeof body), out = psd_buffer_over(answer, sizeof answer);
  const psd_device_id identity = {.vendor = "PS", .model = "D1", .serial = 0x00C0FFE0U + meter};
  const psd_kms_manufacture wish = {
      .vendor = "PS", .model = "D1", .serial = identity.serial, .suites = PSD_SUITE_P256 | PSD_SUITE_SHARED};
  psd_kms_manufactured made;
  w->kms.role = PSD_ROLE_MANUFACTURING;
  psd_put_message(&request, PSD_MESSAGE_KMS_CALL, &(psd_kms_call){.number = 1});
  psd_put_message(&request, PSD_MESSAGE_KMS_MANUFACTURE, &wish);
  CU_ASSERT_EQUAL_FATAL(psd_kms_answer(&w->kms, PSD_FRAME_KMS_MANUFACTURE, request.data, request.length, &out),
                        PSD_FRAME_KMS_MANUFACTURED);
  w->kms.role = PSD_ROLE_METER;
  w->kms.events.count = 0;
  CU_ASSERT_TRUE_FATAL(
      psd_parse_message(out.data + PSD_SIZE_KMS_CALL, PSD_SIZE_KMS_MANUFACTURED, PSD_MESSAGE_KMS_MANUFACTURED, &made));
  psd_buffer device = psd_buffer_over(w->devices[meter], 8);
  psd_put_message(&device, PSD_MESSAGE_DEVICE_ID, &identity);
  CU_ASSERT_EQUAL_FATAL(psd_db_device_add(w->db, w->devices[meter], made.wrapped_k4, (uint32_t)made.vendor_key),
                        PSD_DB_DONE);
  w->cards[meter] = world_card_new(&made, &identity);
}

static void license(world *w, unsigned meter) {
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(w->db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_dc_move(w->db, w->devices[meter], 20146, 4711, world_seconds), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(w->db), PSD_DB_DONE);
}

static void open_account(world *w) {
  static const uint8_t verifier[32] = {1};
  CU_ASSERT_EQUAL_FATAL(psd_db_account_add(w->db, WORLD_NUMBER, "Anna Ltd", &w->account), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_add(w->db, WORLD_USER, w->account, verifier), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(w->db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_dc_set_credit(w->db, w->account, CREDIT), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(w->db), PSD_DB_DONE);
}

/* The two sessions of a new meter: it is licensed in the first, and in operation after the second. */
static void take_into_service(world *w, unsigned meter) {
  world_purse purse;
  CU_ASSERT_TRUE_FATAL(world_register(w, meter));
  license(w, meter);
  CU_ASSERT_TRUE_FATAL(world_audit(w, meter));
  CU_ASSERT_TRUE_FATAL(world_audit(w, meter));
  world_mend(w, meter);
  world_card_purse(w->cards[meter], &purse);
  CU_ASSERT_EQUAL_FATAL(purse.state, PSD_STATE_OPERATIONAL);
}

static void make_first(void) {
  world w = {.paid_in = 0};
  make_folder();
  make_keys();
  services(&w);
  (void)snprintf(w.file, sizeof w.file, "%s", first.file);
  world_open_database(&w);
  open_account(&w);
  for (unsigned i = 0; i < WORLD_METERS; i++) {
    manufacture(&w, i);
    take_into_service(&w, i);
    first.images[i] = world_card_image(w.cards[i]);
    memcpy(first.devices[i], w.devices[i], sizeof first.devices[i]);
    world_card_free(w.cards[i]);
  }
  first.account = w.account;
  psd_db_close(w.db);
}

/* A closed database is one file. */
static void copy_database(const world *w) {
  uint8_t block[65536];
  FILE *from = fopen(first.file, "rb"), *to = fopen(w->file, "wb");
  CU_ASSERT_FATAL(from != NULL && to != NULL);
  for (size_t length; (length = fread(block, 1, sizeof block, from)) > 0;)
    CU_ASSERT_EQUAL_FATAL(fwrite(block, 1, length, to), length);
  CU_ASSERT_EQUAL_FATAL(fclose(to), 0);
  (void)fclose(from);
}

void world_begin(world *w, uint64_t seed) {
  world_seconds = FIRST_TIME;
  if (first.ring == NULL)
    make_first();
  *w = (world){.account = first.account};
  services(w);
  (void)snprintf(w->file, sizeof w->file, "%s/world.db", first.folder);
  copy_database(w);
  world_open_database(w);
  for (unsigned i = 0; i < WORLD_METERS; i++) {
    memcpy(w->devices[i], first.devices[i], sizeof w->devices[i]);
    w->cards[i] = world_card_of(first.images[i]);
    world_card_chance(w->cards[i], seed + i);
  }
}

static void remove_file(const char *file) {
  static const char *const ends[] = {"", "-wal", "-shm"};
  char name[110];
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    (void)snprintf(name, sizeof name, "%s%s", file, ends[i]);
    (void)unlink(name);
  }
}

void world_end(world *w) {
  for (unsigned i = 0; i < WORLD_METERS; i++)
    world_card_free(w->cards[i]);
  psd_db_close(w->db);
  remove_file(w->file);
}

void world_forget(void) {
  for (unsigned i = 0; i < WORLD_METERS; i++)
    free(first.images[i]);
  psd_keyring_free(first.ring);
  remove_file(first.file);
  (void)rmdir(first.folder);
}

void world_plan(world *w, unsigned meter, const fault_plan *plan) {
  w->plan = plan;
  w->count = (fault_count){.hit = 0};
  world_card_clock(w->cards[meter], world_seconds);
  world_card_cut(w->cards[meter], plan->at[FAULT_CUT], plan->how);
}

void world_mend(world *w, unsigned meter) {
  w->count.seen[FAULT_CUT] = world_card_operations(w->cards[meter]);
  if (world_card_cut_off(w->cards[meter]))
    w->count.hit++;
  world_card_power(w->cards[meter]);
  w->plan = &nothing_fails;
  w->count.hit += world_database_dead();
  if (world_database_dead()) {
    psd_db_close(w->db);
    world_open_database(w);
  }
}
