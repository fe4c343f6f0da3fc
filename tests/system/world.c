#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "factory.h"
#include "store/store.h"

#define FIRST_TIME UINT64_C(1767225600) /* where the clocks of cards on the bench start */

uint64_t world_seconds = FIRST_TIME;
const char *const world_users[WORLD_ACCOUNTS] = {"anna", "bert"};
const char *const world_numbers[WORLD_ACCOUNTS] = {"1000", "2000"};

static const fault_plan nothing_fails;

static uint64_t now(void) {
  return world_seconds;
}

void world_serve(world *w, psd_keyring *keys) {
  w->kms = (psd_kms_service){.keys = keys, .role = PSD_ROLE_METER, .now = now};
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

/* A closed database is one file. */
static void copy_database(const char *source, const char *target) {
  uint8_t block[65536];
  FILE *from = fopen(source, "rb"), *to = fopen(target, "wb");
  CU_ASSERT_FATAL(from != NULL && to != NULL);
  for (size_t length; (length = fread(block, 1, sizeof block, from)) > 0;)
    CU_ASSERT_EQUAL_FATAL(fwrite(block, 1, length, to), length);
  CU_ASSERT_EQUAL_FATAL(fclose(to), 0);
  (void)fclose(from);
}

void world_begin(world *w, uint64_t seed) {
  world_seconds = FIRST_TIME;
  const factory *made = factory_first();
  *w = made->first;
  world_serve(w, made->ring);
  (void)snprintf(w->file, sizeof w->file, "%s/world.db", made->folder);
  copy_database(made->file, w->file);
  world_open_database(w);
  for (unsigned i = 0; i < WORLD_METERS; i++) {
    w->meters[i].card = world_card_of(made->images[i]);
    world_card_chance(w->meters[i].card, seed + i);
    world_card_purse(w->meters[i].card, &w->meters[i].shown);
  }
}

void world_end(world *w) {
  for (unsigned i = 0; i < WORLD_METERS; i++) {
    world_card_free(w->meters[i].card);
    free(w->meters[i].kept[0]);
    free(w->meters[i].kept[1]);
  }
  psd_db_close(w->db);
  factory_remove(w->file);
}

void world_wait(world *w, uint64_t seconds) {
  world_seconds += seconds;
  for (unsigned i = 0; i < WORLD_METERS; i++)
    world_card_clock(w->meters[i].card, world_seconds);
}

void world_plan(world *w, unsigned meter, const fault_plan *plan) {
  w->meter = meter;
  w->plan = plan;
  w->count = (fault_count){.hit = 0};
  w->audited = false;
  world_card_plan(w->meters[meter].card, plan);
}

void world_mend(world *w) {
  world_card *card = w->meters[w->meter].card;
  world_card_counted(card, w->plan, &w->count);
  world_card_power(card);
  w->plan = &nothing_fails;
  if (world_database_dead()) {
    psd_db_close(w->db);
    world_open_database(w);
  }
}
