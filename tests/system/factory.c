/* The factory and the first days: keys, accounts, users, and meters that are registered, licensed and in operation. */
#include "factory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "psd/spec/lifecycle.h"
#include "store/store.h"

#define CREDIT 1000000U /* mills that an account may owe */

static const struct {
  psd_funds_mode mode;
  bool pair;
  unsigned owner;
} kinds[WORLD_METERS] = {{PSD_FUNDS_MERGED, false, 0}, {PSD_FUNDS_SEPARATE, true, 1}, {PSD_FUNDS_ACCOUNT, false, 0}};

static factory made_once;

static void make_folder(void) {
  static const char *const places[] = {"/dev/shm/psd-system-XXXXXX", "/tmp/psd-system-XXXXXX"};
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    (void)snprintf(made_once.folder, sizeof made_once.folder, "%s", places[i]);
    if (mkdtemp(made_once.folder) != NULL)
      break;
    made_once.folder[0] = '\0';
  }
  CU_ASSERT_NOT_EQUAL_FATAL(made_once.folder[0], '\0');
  (void)snprintf(made_once.file, sizeof made_once.file, "%s/made_once.db", made_once.folder);
}

static void make_keys(void) {
  CU_ASSERT_TRUE_FATAL(psd_evp_start());
  made_once.ring = psd_keyring_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(made_once.ring);
  made_once.ring->domain = PSD_TOKENS_VENDOR;
  for (unsigned kind = PSD_KMS_VENDOR; kind <= PSD_KMS_LOG; kind++) {
    psd_kms_key *key = psd_keyring_make(made_once.ring, (psd_kms_kind)kind, 0, world_seconds);
    CU_ASSERT_FATAL(key != NULL && psd_keyring_move(key, PSD_KMS_STATE_ACTIVE, world_seconds));
  }
}

/* One request to the key management system, in its role at the factory: the answer, whose layout is `layout`. */
static void ask_kms(world *w, psd_frame_type type, psd_message_id wish_layout, const void *wish, psd_buffer *answer) {
  uint8_t body[PSD_FRAME_BODY_MAX];
  psd_buffer request = psd_buffer_over(body, sizeof body);
  w->kms.role = PSD_ROLE_MANUFACTURING;
  psd_put_message(&request, PSD_MESSAGE_KMS_CALL, &(psd_kms_call){.number = 1});
  psd_put_message(&request, wish_layout, wish);
  psd_frame_type answered = psd_kms_answer(&w->kms, type, request.data, request.length, answer);
  CU_ASSERT_NOT_EQUAL_FATAL(answered, PSD_FRAME_KMS_REFUSED);
  w->kms.role = PSD_ROLE_METER;
  w->kms.events.count = 0;
}

/* The key pair that the PSD has made becomes part of its K4. */
static void endorse(world *w, const psd_device_id *identity, const uint8_t *point, psd_kms_manufactured *made) {
  uint8_t answer[PSD_FRAME_BODY_MAX];
  psd_buffer out = psd_buffer_over(answer, sizeof answer);
  psd_kms_endorse wish = {.serial = identity->serial};
  memcpy(wish.vendor, identity->vendor, sizeof wish.vendor);
  memcpy(wish.model, identity->model, sizeof wish.model);
  memcpy(wish.wrapped_k4, made->wrapped_k4, sizeof wish.wrapped_k4);
  memcpy(wish.point, point, sizeof wish.point);
  ask_kms(w, PSD_FRAME_KMS_ENDORSE, PSD_MESSAGE_KMS_ENDORSE, &wish, &out);
  CU_ASSERT_EQUAL_FATAL(out.length, PSD_SIZE_KMS_CALL + PSD_SIZE_WRAPPED_K4);
  memcpy(made->wrapped_k4, out.data + PSD_SIZE_KMS_CALL, sizeof made->wrapped_k4);
}

/* Keys from the key management system, a card, its wrapped K4 in the database. */
static void manufacture(world *w, unsigned meter) {
  world_meter *at = &w->meters[meter];
  uint8_t answer[PSD_FRAME_BODY_MAX], point[65];
  psd_buffer out = psd_buffer_over(answer, sizeof answer), device = psd_buffer_over(at->device, sizeof at->device);
  const psd_device_id identity = {.vendor = "PS", .model = "D1", .serial = 0x00C0FFE0U + meter};
  const psd_kms_manufacture wish = {
      .vendor = "PS", .model = "D1", .serial = identity.serial, .suites = PSD_SUITE_P256 | PSD_SUITE_SHARED};
  psd_kms_manufactured made;
  ask_kms(w, PSD_FRAME_KMS_MANUFACTURE, PSD_MESSAGE_KMS_MANUFACTURE, &wish, &out);
  CU_ASSERT_TRUE_FATAL(
      psd_parse_message(out.data + PSD_SIZE_KMS_CALL, PSD_SIZE_KMS_MANUFACTURED, PSD_MESSAGE_KMS_MANUFACTURED, &made));
  at->owner = kinds[meter].owner;
  at->pair = kinds[meter].pair;
  at->card = world_card_new(&made, &identity, kinds[meter].mode, kinds[meter].pair ? point : NULL);
  if (kinds[meter].pair)
    endorse(w, &identity, point, &made);
  psd_put_message(&device, PSD_MESSAGE_DEVICE_ID, &identity);
  CU_ASSERT_EQUAL_FATAL(
      psd_db_device_add(w->db, at->device, made.wrapped_k4, (uint32_t)made.vendor_key, (uint32_t)made.ca_key),
      PSD_DB_DONE);
}

static void license(world *w, unsigned meter) {
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(w->db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_dc_move(w->db, w->meters[meter].device, 20146, 4711, world_seconds), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(w->db), PSD_DB_DONE);
}

static void open_account(world *w, unsigned owner) {
  static const uint8_t verifier[32] = {1};
  int64_t *account = &w->owners[owner].account;
  CU_ASSERT_EQUAL_FATAL(psd_db_account_add(w->db, world_numbers[owner], "Anna Ltd", account), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_add(w->db, world_users[owner], *account, verifier), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(w->db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_dc_set_credit(w->db, *account, CREDIT), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(w->db), PSD_DB_DONE);
}

/* The two sessions of a new meter: it is licensed in the first, and in operation after the second. */
static void take_into_service(world *w, unsigned meter) {
  world_purse purse;
  w->meter = meter;
  CU_ASSERT_TRUE_FATAL(world_register(w, meter));
  license(w, meter);
  CU_ASSERT_TRUE_FATAL(world_audit(w, meter));
  CU_ASSERT_TRUE_FATAL(world_audit(w, meter));
  world_mend(w);
  world_card_purse(w->meters[meter].card, &purse);
  CU_ASSERT_EQUAL_FATAL(purse.state, PSD_STATE_OPERATIONAL);
}

static void make_first(void) {
  world *w = &made_once.first;
  make_folder();
  make_keys();
  world_serve(w, made_once.ring);
  (void)snprintf(w->file, sizeof w->file, "%s", made_once.file);
  world_open_database(w);
  for (unsigned i = 0; i < WORLD_ACCOUNTS; i++)
    open_account(w, i);
  for (unsigned i = 0; i < WORLD_METERS; i++) {
    manufacture(w, i);
    take_into_service(w, i);
    made_once.images[i] = world_card_image(w->meters[i].card);
    world_card_free(w->meters[i].card);
    w->meters[i].card = NULL;
  }
  psd_db_close(w->db);
}

const factory *factory_first(void) {
  if (made_once.ring == NULL)
    make_first();
  return &made_once;
}

void factory_remove(const char *file) {
  static const char *const ends[] = {"", "-wal", "-shm"};
  char name[110];
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    (void)snprintf(name, sizeof name, "%s%s", file, ends[i]);
    (void)unlink(name);
  }
}

void factory_forget(void) {
  for (unsigned i = 0; i < WORLD_METERS; i++)
    free(made_once.images[i]);
  psd_keyring_free(made_once.ring);
  factory_remove(made_once.file);
  (void)rmdir(made_once.folder);
}
