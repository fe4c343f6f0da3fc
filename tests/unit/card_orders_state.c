/* AUTHORIZE, LOAD CERTIFICATE, ENABLE and DISABLE. */
#include "check.h"
#include "issuer.h"
#include "orders.h"

#include <string.h>

#define LICENCE "0000C350 00000007"

static rig r;
static meter m;
static EVP_PKEY *authority;
static uint32_t last;

static void begin(psd_state state) {
  last = 0;
  provider_begin(&r, &m, state);
}

/* The same with a key pair, and the authority's key. */
static void begin_equipped(psd_state state) {
  last = 0;
  meter_bench(&r, &m, state, true);
  if (authority == NULL)
    authority = issuer_key("P-256");
  issuer_equip(&m, authority);
  meter_open(&m, PSD_SUITE_SHARED);
}

static void end(void) {
  CU_ASSERT_EQUAL(r.card->core.order.number, last);
  meter_bench_end(&m);
}

static uint16_t order(psd_command_id id, const void *content, size_t length) {
  uint16_t status = provider_order(&m, id, 0, last + 1, content, length);
  last += status == PSD_SW_OK;
  return status;
}

/* LICENCE and what follows it. */
static uint16_t authorize(const char *licence, const uint8_t *certificate, size_t length) {
  uint8_t content[8 + ISSUER_MAX];
  CU_ASSERT_FATAL(psd_check_hex(licence, content, 8) == 8 && length <= ISSUER_MAX);
  if (length > 0)
    memcpy(content + 8, certificate, length);
  return order(PSD_COMMAND_AUTHORIZE, content, 8 + length);
}

static uint64_t stored_state(void) {
  return r.card->core.head.state;
}

static void holds(psd_object_id id, const void *value, size_t length) {
  uint8_t found[ISSUER_MAX];
  size_t found_length = 0;
  CU_ASSERT_EQUAL(
      psd_store_read(&r.card->store, (uint16_t)(PSD_RECORD_OBJECT + id), found, sizeof found, &found_length),
      PSD_STORE_OK);
  CU_ASSERT_EQUAL_FATAL(found_length, length);
  CU_ASSERT_EQUAL(memcmp(found, value, length), 0);
}

static void authorized_with_a_licence(void) {
  begin(PSD_STATE_INITIALIZED);
  CU_ASSERT_EQUAL(authorize(LICENCE, NULL, 0), PSD_SW_OK);
  CU_ASSERT_EQUAL(stored_state(), PSD_STATE_AUTHORIZED);
  holds(PSD_OBJECT_LICENCE, "\x00\x00\xC3\x50\x00\x00\x00\x07", 8);
  CU_ASSERT_EQUAL(authorize("0000C351 00000008", NULL, 0), PSD_SW_OK); /* renewed; it stays what it is */
  CU_ASSERT_EQUAL(stored_state(), PSD_STATE_AUTHORIZED);
  holds(PSD_OBJECT_LICENCE, "\x00\x00\xC3\x51\x00\x00\x00\x08", 8);
  meter_open(&m, PSD_SUITE_SHARED); /* the first audit that is completed after that */
  CU_ASSERT_EQUAL(m.audit.state, PSD_STATE_AUTHORIZED);
  CU_ASSERT_EQUAL(stored_state(), PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL(authorize(LICENCE, NULL, 0), PSD_SW_OK);
  CU_ASSERT_EQUAL(stored_state(), PSD_STATE_OPERATIONAL);
  end();
}

static void authorized_with_a_certificate(void) {
  uint8_t der[ISSUER_MAX], hash[PSD_SHA256_SIZE];
  begin_equipped(PSD_STATE_INITIALIZED);
  size_t length = issuer_certify(&(issuer_wish){.authority = authority, .point = m.point}, der);
  CU_ASSERT_EQUAL(authorize(LICENCE, der, length), PSD_SW_OK);
  CU_ASSERT_EQUAL(stored_state(), PSD_STATE_AUTHORIZED);
  holds(PSD_OBJECT_CERTIFICATE, der, length);
  CU_ASSERT_EQUAL(authorize(LICENCE, NULL, 0), PSD_SW_OK);
  holds(PSD_OBJECT_CERTIFICATE, der, length); /* what is not renewed stays */
  meter_open(&m, PSD_SUITE_SHARED);
  CU_ASSERT_TRUE(psd_sha256(der, length, hash));
  CU_ASSERT_EQUAL(memcmp(m.audit.certificate, hash, sizeof hash), 0);
  end();
}

/* With a pair, and for now without a certificate of it. */
static void authorized_with_a_pair_and_no_certificate(void) {
  begin_equipped(PSD_STATE_INITIALIZED);
  CU_ASSERT_EQUAL(authorize(LICENCE, NULL, 0), PSD_SW_OK);
  CU_ASSERT_EQUAL(stored_state(), PSD_STATE_AUTHORIZED);
  end();
}

/* A certificate that is refused is refused with the licence. */
static void authorize_is_all_or_nothing(void) {
  uint8_t der[ISSUER_MAX];
  begin(PSD_STATE_INITIALIZED); /* no key pair */
  EVP_PKEY *pair = issuer_key("P-256");
  size_t length = issuer_certify(&(issuer_wish){.authority = pair, .subject = pair}, der);
  CU_ASSERT_EQUAL(authorize(LICENCE, der, length), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(order(PSD_COMMAND_LOAD_CERTIFICATE, der, length), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(stored_state(), PSD_STATE_INITIALIZED);
  CU_ASSERT_EQUAL(psd_store_length(&r.card->store, PSD_RECORD_OBJECT + PSD_OBJECT_LICENCE), -1);
  EVP_PKEY_free(pair);
  end();
}

static void certificates_that_are_refused(void) {
  uint8_t der[ISSUER_MAX];
  begin_equipped(PSD_STATE_OPERATIONAL);
  EVP_PKEY *other = issuer_key("P-256");
  EVP_PKEY *rsa = issuer_key("RSA");
  const issuer_wish wishes[] = {
      {.authority = authority, .subject = other},                    /* another PSD's key */
      {.authority = other, .point = m.point},                        /* another authority */
      {.authority = authority, .subject = rsa},                      /* another kind of key */
      {.authority = rsa, .point = m.point},                          /* another kind of signature */
      {.authority = authority, .point = m.point, .long_name = 1370}, /* too long */
  };
  for (size_t i = 0; i < PSD_CHECK_COUNT(wishes); i++) {
    size_t length = issuer_certify(&wishes[i], der);
    CU_ASSERT_EQUAL_FATAL(length > PSD_CERTIFICATE_MAX, wishes[i].long_name > 0);
    CU_ASSERT_EQUAL(order(PSD_COMMAND_LOAD_CERTIFICATE, der, length), PSD_SW_WRONG_DATA);
  }
  CU_ASSERT_EQUAL(psd_store_length(&r.card->store, PSD_RECORD_OBJECT + PSD_OBJECT_CERTIFICATE), -1);
  EVP_PKEY_free(other);
  EVP_PKEY_free(rsa);
  end();
}

static void certificate_is_replaced(void) {
  uint8_t der[ISSUER_MAX];
  begin_equipped(PSD_STATE_OPERATIONAL);
  const issuer_wish short_one = {.authority = authority, .point = m.point};
  const issuer_wish long_one = {.authority = authority, .point = m.point, .long_name = 1200};
  size_t length = issuer_certify(&long_one, der);
  CU_ASSERT_FATAL(length > 1600 && length <= PSD_CERTIFICATE_MAX);
  CU_ASSERT_EQUAL(order(PSD_COMMAND_LOAD_CERTIFICATE, der, length), PSD_SW_OK);
  holds(PSD_OBJECT_CERTIFICATE, der, length);
  length = issuer_certify(&short_one, der);
  CU_ASSERT_EQUAL(order(PSD_COMMAND_LOAD_CERTIFICATE, der, length), PSD_SW_OK);
  holds(PSD_OBJECT_CERTIFICATE, der, length);
  end();
}

static void without_the_authority(void) {
  static const psd_store_put no_key = {.record = PSD_RECORD_OBJECT + PSD_OBJECT_CA_KEY};
  uint8_t der[ISSUER_MAX];
  begin_equipped(PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &no_key, 1), PSD_STORE_OK);
  size_t length = issuer_certify(&(issuer_wish){.authority = authority, .point = m.point}, der);
  CU_ASSERT_EQUAL(order(PSD_COMMAND_LOAD_CERTIFICATE, der, length), PSD_SW_REFERENCE_NOT_FOUND);
  psd_store_put rotten = {.record = PSD_RECORD_OBJECT + PSD_OBJECT_CA_KEY, .length = 3, .value = "abc"};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &rotten, 1), PSD_STORE_OK);
  CU_ASSERT_EQUAL(order(PSD_COMMAND_LOAD_CERTIFICATE, der, length), PSD_SW_MEMORY_FAILURE);
  end();
}

/* What cannot verify takes nothing for verified. */
static void without_the_algorithm(void) {
  uint8_t der[ISSUER_MAX];
  begin_equipped(PSD_STATE_OPERATIONAL);
  size_t length = issuer_certify(&(issuer_wish){.authority = authority, .point = m.point}, der);
  r.card->kats_run |= 1U << PSD_KAT_P256_VERIFY;
  r.card->kats_failed |= 1U << PSD_KAT_P256_VERIFY;
  CU_ASSERT_EQUAL(order(PSD_COMMAND_LOAD_CERTIFICATE, der, length), PSD_SW_EXECUTION_ERROR);
  end();
}

static uint16_t enable(void) {
  return order(PSD_COMMAND_ENABLE, NULL, 0);
}

static uint16_t disable(void) {
  return order(PSD_COMMAND_DISABLE, NULL, 0);
}

/* An order for what is so already is an order: its number is taken. */
static void locked_and_opened(void) {
  begin(PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL(enable(), PSD_SW_OK);
  CU_ASSERT_EQUAL(stored_state(), PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL(disable(), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_LOCKED);
  CU_ASSERT_EQUAL(disable(), PSD_SW_OK);
  meter_open(&m, PSD_SUITE_SHARED); /* no audit opens what the provider has locked */
  CU_ASSERT_EQUAL(m.audit.state, PSD_STATE_LOCKED);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_LOCKED);
  psd_card_reset(r.card); /* nor a reset */
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_LOCKED);
  meter_open(&m, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(enable(), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_OPERATIONAL);
  end();
}

/* Two locks: each is opened by its own key. */
static void the_watchdog_locks_apart(void) {
  begin(PSD_STATE_OPERATIONAL);
  r.seconds += r.card->core.watchdog.lock_after;
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_LOCKED);
  CU_ASSERT_EQUAL(enable(), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_LOCKED); /* an inspection is overdue all the same */
  CU_ASSERT_EQUAL(disable(), PSD_SW_OK);
  meter_open(&m, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_LOCKED);
  CU_ASSERT_EQUAL(enable(), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_OPERATIONAL);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"AUTHORIZE with a licence", authorized_with_a_licence},
      {"AUTHORIZE with a certificate", authorized_with_a_certificate},
      {"AUTHORIZE with a key pair and no certificate", authorized_with_a_pair_and_no_certificate},
      {"AUTHORIZE is all or nothing", authorize_is_all_or_nothing},
      {"LOAD CERTIFICATE: what is refused", certificates_that_are_refused},
      {"LOAD CERTIFICATE: another one", certificate_is_replaced},
      {"LOAD CERTIFICATE: no authority", without_the_authority},
      {"LOAD CERTIFICATE: no algorithm", without_the_algorithm},
      {"DISABLE and ENABLE", locked_and_opened},
      {"DISABLE, ENABLE and the watchdog", the_watchdog_locks_apart},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("orders: state", tests, PSD_CHECK_COUNT(tests));
  EVP_PKEY_free(authority);
  return status;
}
