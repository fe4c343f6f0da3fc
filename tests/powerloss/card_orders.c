/* Power loss while the provider's orders are carried out: each is done, with its number and its log record, or it is
 * not; and a zeroized card has no key in its memory, whenever the power went. */
#include "card_scene.h"
#include "card_server.h"
#include "check.h"
#include "issuer.h"
#include "orders.h"
#include "rates_card.h"

#include <string.h>

#define DONE (PICTURE_ORDER | PICTURE_LOG | PICTURE_REACHED)
#define RATED (PICTURE_RATES | PICTURE_OBJECTS | PICTURE_LOG | PICTURE_REACHED)
/* What ZEROIZE commits: 15 records go; core and log record come; with their heads, the transaction's and the mark. */
#define PAGE 64U
#define REMOVED 15U
#define ZEROIZE_PAGES ((22U + (REMOVED + 2U) * 8U + PSD_CORE_SIZE + PSD_SIZE_LOG_RECORD + PAGE - 1U) / PAGE + 1U)

static EVP_PKEY *authority;
static uint8_t certificate[8 + ISSUER_MAX]; /* with a licence before it */
static size_t certificate_length;

static uint16_t order(rig *r, const order_sample *sample) {
  server_follow(r);
  return order_send(&server, sample, 1);
}

static const order_sample *sample_of(psd_command_id id) {
  for (size_t i = 0; i < order_sample_count; i++)
    if (order_samples[i].id == id)
      return &order_samples[i];
  return NULL;
}

#define ORDER(function, id)                                                                                            \
  static uint16_t function(rig *r) {                                                                                   \
    return order(r, sample_of(id));                                                                                    \
  }
ORDER(authorize, PSD_COMMAND_AUTHORIZE)
ORDER(set_limits, PSD_COMMAND_SET_LIMITS)
ORDER(set_watchdog, PSD_COMMAND_SET_WATCHDOG)
ORDER(set_licence, PSD_COMMAND_SET_LICENCE)
ORDER(enable, PSD_COMMAND_ENABLE)
ORDER(disable, PSD_COMMAND_DISABLE)

/* Not so far that the watchdog would lock it. */
static uint16_t set_clock(rig *r) {
  static const order_sample sooner = {PSD_COMMAND_SET_CLOCK, 0, "000000006955C100 01", 0};
  return order(r, &sooner);
}

/* In a mode that has a credit limit. */
static void account(rig *r) {
  psd_core core = r->card->core;
  core.funds = (psd_funds){.mode = PSD_FUNDS_ACCOUNT, .credit_limit = 5000};
  core.postage = (psd_registers){.ascending = 1000};
  rig_set_core(r, &core);
  server_keys(r);
}

static uint16_t set_credit_limit(rig *r) {
  static const order_sample more = {PSD_COMMAND_SET_LIMITS, PSD_SLOT_CREDIT_LIMIT, "0000000000002710", 0};
  return order(r, &more);
}

/* With a key pair, and a certificate of it to be loaded: the same one every time. */
static void equipped(rig *r) {
  server_keys(r);
  if (authority == NULL)
    authority = issuer_key("P-256");
  issuer_equip(&server, authority);
  const issuer_wish wish = {.authority = authority, .point = server.point, .no_extensions = true};
  if (certificate_length == 0)
    certificate_length = issuer_certify(&wish, certificate + 8);
}

static uint16_t load_certificate(rig *r) {
  server_follow(r);
  return provider_order(&server, PSD_COMMAND_LOAD_CERTIFICATE, 0, 1, certificate + 8, certificate_length);
}

static uint16_t authorize_both(rig *r) {
  server_follow(r);
  return provider_order(&server, PSD_COMMAND_AUTHORIZE, 0, 1, certificate, 8 + certificate_length);
}

/* The tables of the scenes: today's, one that has come into force since it was loaded, and one of next year. */
static rates_wish wanted(uint32_t version) {
  static const uint32_t days[] = {20260101, 20260102, 20270101};
  return (rates_wish){.version = version, .effective = days[version - 1], .expiry = 20280101};
}

/* The same bytes every time. */
static uint16_t load_table(uint32_t version) {
  static uint8_t tables[3][RATES_SIGNED_MAX];
  static size_t lengths[3];
  if (lengths[version - 1] == 0) {
    const rates_wish wish = wanted(version);
    psd_pair *issuer = rates_issuer();
    lengths[version - 1] = rates_make(&wish, issuer, tables[version - 1]);
    psd_pair_free(issuer);
  }
  return provider_send(&server, PSD_COMMAND_LOAD_RATES, 0, tables[version - 1], lengths[version - 1]);
}

static void issued(rig *r) {
  server_keys(r);
  psd_pair *issuer = rates_issuer();
  rates_equip(r, issuer);
  psd_pair_free(issuer);
}

/* With tables of these versions. */
static void loaded(rig *r, uint32_t first, uint32_t last) {
  issued(r);
  CU_ASSERT_EQUAL_FATAL(rig_select(r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(server_opened(r), PSD_SW_OK);
  for (uint32_t version = first; version <= last; version++)
    CU_ASSERT_EQUAL_FATAL(load_table(version), PSD_SW_OK);
}

static void two_tables(rig *r) {
  loaded(r, 1, 2);
  r->seconds += 86400; /* the second counts */
}

static void next_table(rig *r) {
  loaded(r, 2, 2);
}

static uint16_t load_today(rig *r) {
  server_follow(r);
  return load_table(1);
}

static uint16_t load_later(rig *r) {
  server_follow(r);
  return load_table(3);
}

/* Withdrawn: nothing is left in it. */
static void withdrawn(rig *r) {
  psd_core core = r->card->core;
  core.postage.descending = 0;
  core.postage.control_total = core.postage.ascending;
  rig_set_core(r, &core);
  server_keys(r);
}

static uint16_t zeroize(rig *r) {
  server_follow(r);
  return provider_order(&server, PSD_COMMAND_ZEROIZE, 0, 1, NULL, 0);
}

static void play(const scene *scenes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    scene each = scenes[i];
    each.brief = true;
    each.prepare = server_opened;
    each.answer = PSD_SW_OK;
    if (each.set == NULL)
      each.set = server_keys;
    scene_play(&each);
  }
  scene_report();
}

static void settings(void) {
  static const scene scenes[] = {
      {.name = "SET LIMITS", .state = PSD_STATE_OPERATIONAL, .command = set_limits, .changes = DONE | PICTURE_SETTINGS},
      {.name = "SET LIMITS, credit",
       .once = true,
       .state = PSD_STATE_OPERATIONAL,
       .set = account,
       .command = set_credit_limit,
       .changes = DONE | PICTURE_SETTINGS},
      {.name = "SET WATCHDOG",
       .once = true,
       .state = PSD_STATE_OPERATIONAL,
       .command = set_watchdog,
       .changes = DONE | PICTURE_SETTINGS},
      {.name = "SET CLOCK",
       .once = true,
       .state = PSD_STATE_OPERATIONAL,
       .command = set_clock,
       .changes = DONE | PICTURE_SETTINGS},
      {.name = "SET LICENCE",
       .once = true,
       .state = PSD_STATE_OPERATIONAL,
       .command = set_licence,
       .changes = DONE | PICTURE_OBJECTS | PICTURE_WRITTEN},
      {.name = "LOAD CERTIFICATE",
       .once = true,
       .state = PSD_STATE_OPERATIONAL,
       .set = equipped,
       .command = load_certificate,
       .changes = DONE | PICTURE_OBJECTS | PICTURE_WRITTEN}};
  play(scenes, PSD_CHECK_COUNT(scenes));
}

/* The table is in the card, with what the core knows of it, or it is not. */
static void rate_tables(void) {
  static const scene scenes[] = {{.name = "LOAD RATES, in force",
                                  .state = PSD_STATE_OPERATIONAL,
                                  .set = issued,
                                  .command = load_today,
                                  .changes = RATED | PICTURE_WRITTEN},
                                 {.name = "LOAD RATES, next",
                                  .once = true,
                                  .state = PSD_STATE_OPERATIONAL,
                                  .set = issued,
                                  .command = load_later,
                                  .changes = RATED | PICTURE_WRITTEN},
                                 {.name = "LOAD RATES, next in place of the next",
                                  .once = true,
                                  .state = PSD_STATE_OPERATIONAL,
                                  .set = next_table,
                                  .command = load_later,
                                  .changes = RATED},
                                 {.name = "LOAD RATES, the next moves up",
                                  .once = true,
                                  .state = PSD_STATE_OPERATIONAL,
                                  .set = two_tables,
                                  .command = load_later,
                                  .changes = RATED}};
  play(scenes, PSD_CHECK_COUNT(scenes));
}

static void states(void) {
  static const scene scenes[] = {
      {.name = "AUTHORIZE",
       .state = PSD_STATE_INITIALIZED,
       .command = authorize,
       .changes = DONE | PICTURE_STATE | PICTURE_OBJECTS | PICTURE_WRITTEN},
      {.name = "AUTHORIZE with a certificate",
       .once = true,
       .state = PSD_STATE_INITIALIZED,
       .set = equipped,
       .command = authorize_both,
       .changes = DONE | PICTURE_STATE | PICTURE_OBJECTS | PICTURE_WRITTEN},
      {.name = "DISABLE",
       .once = true,
       .state = PSD_STATE_OPERATIONAL,
       .command = disable,
       .changes = DONE | PICTURE_STATE},
      {.name = "ENABLE", .once = true, .state = PSD_STATE_LOCKED, .command = enable, .changes = DONE | PICTURE_STATE}};
  play(scenes, PSD_CHECK_COUNT(scenes));
}

static void zeroizing(void) {
  static const scene scenes[] = {{.name = "ZEROIZE",
                                  .state = PSD_STATE_WITHDRAWN,
                                  .set = withdrawn,
                                  .command = zeroize,
                                  .pages = ZEROIZE_PAGES,
                                  .changes = DONE | PICTURE_STATE | PICTURE_KEYS | PICTURE_PIN_TRIES |
                                             PICTURE_PIN_VALUE | PICTURE_PUK_TRIES | PICTURE_PUK_VALUE |
                                             PICTURE_OBJECTS}};
  play(scenes, PSD_CHECK_COUNT(scenes));
}

int main(int argc, char **argv) {
  static const psd_check_test tests[] = {
      {"a setting is taken or it is not", settings},
      {"a rate table is taken or it is not", rate_tables},
      {"a state is changed or it is not", states},
      {"keys are gone or they are not", zeroizing},
  };
  scene_begin(argc, argv);
  int status = psd_check_run("power loss: orders", tests, PSD_CHECK_COUNT(tests));
  meter_destroy(&server);
  EVP_PKEY_free(authority);
  return status;
}
