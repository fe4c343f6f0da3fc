/* REQUEST REVOCATION and REVOKE CERTIFICATE (VM figure 6): each decision both ways, and what is left of the key. */
#include "certificate/slot.h"
#include "check.h"
#include "provider.h"
#include "services_look.h"

#include <openssl/sha.h>
#include <string.h>

#define DEVICE "PSD1\x00\xC0\xFF\xEE"

static services s;
static uint64_t number; /* of the user's certificate */

static void begin(void) {
  services_begin(&s);
  number = services_slot(&s, SERVICES_USER).certificate;
}

static services_bytes command_of(psd_reason reason) {
  return services_make_command(&s, &(services_command){.certificate = number, .reason = reason});
}

static void refused(const services_bytes *command, uint16_t status) {
  const services_mark mark = services_look(&s);
  CU_ASSERT_EQUAL(services_revoke(&s, services_piece(command)), status);
  CU_ASSERT_TRUE(s.r->length == 0 && services_untouched(&s, &mark));
  CU_ASSERT_EQUAL(services_slot(&s, SERVICES_USER).state, PSD_SLOT_ACTIVE);
}

static uint16_t sign(uint8_t slot) {
  static const uint8_t digest[PSD_SHA256_SIZE];
  return services_sign(&s, slot, true, PSD_DIGEST_SHA256, digest);
}

/* The confirmation in the last answer: signed with the PSD's own key, over exactly this command. */
static void confirmed(const services_bytes *command, psd_confirmed status, uint64_t amount) {
  uint8_t hash[PSD_SHA256_SIZE];
  (void)SHA256(command->data, command->length, hash);
  const psd_slot slot = services_slot(&s, SERVICES_USER);
  CMS_ContentInfo *cms = look_cms(&s);
  CU_ASSERT_TRUE(look_holds(cms, NULL, s.a.certificate, s.r->seconds, NULL, 0));
  STACK_OF(X509) *certificates = CMS_get1_certs(cms);
  CU_ASSERT_EQUAL_FATAL(sk_X509_num(certificates), 1);
  CU_ASSERT_EQUAL(X509_cmp(sk_X509_value(certificates, 0), s.device), 0);
  sk_X509_pop_free(certificates, X509_free);
  look_content content = look_open(cms, PSD_OID_REVOCATION_CONFIRMATION);
  CU_ASSERT_EQUAL_FATAL(look_count(&content), 9);
  CU_ASSERT_EQUAL(look_number(&content, 0), 1);
  CU_ASSERT_TRUE(look_octets(&content, 1, DEVICE, PSD_SIZE_DEVICE_ID));
  CU_ASSERT_EQUAL(look_number(&content, 2), number);
  CU_ASSERT_EQUAL(look_enumerated(&content, 3), slot.reason);
  CU_ASSERT_EQUAL(look_time(&content, 4), slot.revoked);
  CU_ASSERT_EQUAL(look_enumerated(&content, 6), status);
  CU_ASSERT_EQUAL(look_number(&content, 7), amount);
  CU_ASSERT_TRUE(look_octets(&content, 8, hash, sizeof hash));
  look_close(&content);
  CMS_ContentInfo_free(cms);
}

/* 602: signed with the user's key, and free. */
static void request_602(void) {
  begin();
  const psd_core before = s.r->card->core;
  for (uint64_t i = 1; i <= 2; i++) {
    CU_ASSERT_EQUAL_FATAL(services_ask_revocation(&s, SERVICES_USER, PSD_REASON_KEY_COMPROMISE), PSD_SW_OK);
    CMS_ContentInfo *cms = look_cms(&s);
    CU_ASSERT_TRUE(look_holds(cms, NULL, s.a.certificate, s.r->seconds, NULL, 0));
    look_content content = look_open(cms, PSD_OID_REVOCATION_REQUEST);
    CU_ASSERT_EQUAL_FATAL(look_count(&content), 6);
    CU_ASSERT_EQUAL(look_number(&content, 0), 1);
    CU_ASSERT_TRUE(look_octets(&content, 1, DEVICE, PSD_SIZE_DEVICE_ID));
    CU_ASSERT_EQUAL(look_number(&content, 2), number);
    CU_ASSERT_EQUAL(look_enumerated(&content, 3), PSD_REASON_KEY_COMPROMISE);
    CU_ASSERT_EQUAL(look_time(&content, 4), s.r->seconds);
    CU_ASSERT_EQUAL(look_number(&content, 5), before.services.requests + i);
    look_close(&content);
    CMS_ContentInfo_free(cms);
    CU_ASSERT_EQUAL(s.r->card->core.services.requests, before.services.requests + i);
  }
  psd_core expected = before;
  expected.services.requests += 2;
  CU_ASSERT_TRUE(services_core_is(&s, &expected)); /* free */
  CU_ASSERT_EQUAL(services_slot(&s, SERVICES_USER).state, PSD_SLOT_ACTIVE);
  services_end(&s);
}

static void request_refused(uint8_t slot, psd_reason reason, uint16_t status) {
  const services_mark mark = services_look(&s);
  CU_ASSERT_EQUAL(services_ask_revocation(&s, slot, reason), status);
  CU_ASSERT_TRUE(s.r->length == 0 && services_untouched(&s, &mark));
}

/* Who may ask: a key that is active, or whose certificate is over; never one that was not paid for. */
static void requests(void) {
  begin();
  request_refused(0, PSD_REASON_SUPERSEDED, PSD_SW_WRONG_P1P2);
  request_refused(PSD_USER_SLOTS, PSD_REASON_SUPERSEDED, PSD_SW_REFERENCE_NOT_FOUND);
  request_refused(SERVICES_USER, (psd_reason)7, PSD_SW_WRONG_P1P2);
  psd_slot slot = services_slot(&s, SERVICES_USER);
  slot.until = s.r->seconds - 1;
  services_put_slot(&s, &slot);
  CU_ASSERT_EQUAL(services_ask_revocation(&s, SERVICES_USER, PSD_REASON_UNSPECIFIED), PSD_SW_OK);
  slot.state = PSD_SLOT_REQUESTED;
  services_put_slot(&s, &slot);
  request_refused(SERVICES_USER, PSD_REASON_SUPERSEDED, PSD_SW_CONDITIONS);
  slot.state = PSD_SLOT_REVOKED;
  services_put_slot(&s, &slot);
  request_refused(SERVICES_USER, PSD_REASON_SUPERSEDED, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(services_ask_revocation(&s, SERVICES_POSTMARK, PSD_REASON_UNSPECIFIED), PSD_SW_OK);
  const psd_store_put gone = {.record = PSD_RECORD_OBJECT + PSD_OBJECT_CERTIFICATE};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&s.r->card->store, &gone, 1), PSD_STORE_OK);
  request_refused(SERVICES_POSTMARK, PSD_REASON_UNSPECIFIED, PSD_SW_REFERENCE_NOT_FOUND);
  services_end(&s);
}

/* 612, 616, 624: revoked and paid in one commit, and the key is gone from the memory. */
static void paid_624(void) {
  begin();
  uint8_t secret[PSD_P256_SECRET];
  size_t length = 0;
  const uint16_t record = psd_slot_record_of(PSD_SLOT_SECRET, SERVICES_USER);
  CU_ASSERT_EQUAL_FATAL(psd_store_read(&s.r->card->store, record, secret, sizeof secret, &length), PSD_STORE_OK);
  CU_ASSERT_TRUE(rig_memory_holds(s.r, secret, sizeof secret));
  const psd_core before = s.r->card->core;
  const services_bytes command = command_of(PSD_REASON_KEY_COMPROMISE);
  CU_ASSERT_EQUAL_FATAL(services_revoke(&s, services_piece(&command)), PSD_SW_OK);
  confirmed(&command, PSD_CONFIRMED_PAID, SERVICES_REVOKING);
  const psd_core *after = &s.r->card->core;
  CU_ASSERT_EQUAL(after->certificate.descending, before.certificate.descending - SERVICES_REVOKING);
  CU_ASSERT_EQUAL(after->certificate.piece_count, before.certificate.piece_count + 1);
  CU_ASSERT_TRUE(after->services.due == 0 && after->services.commands == before.services.commands + 1);
  const psd_slot slot = services_slot(&s, SERVICES_USER);
  CU_ASSERT_TRUE(slot.state == PSD_SLOT_REVOKED && slot.revoked == s.r->seconds && slot.request == 0);
  CU_ASSERT_EQUAL(slot.reason, PSD_REASON_KEY_COMPROMISE);
  CU_ASSERT_EQUAL(psd_store_length(&s.r->card->store, record), -1);
  CU_ASSERT_FALSE(rig_memory_holds(s.r, secret, sizeof secret));
  CU_ASSERT_EQUAL(sign(SERVICES_USER), PSD_SW_CONDITIONS);
  request_refused(SERVICES_USER, PSD_REASON_SUPERSEDED, PSD_SW_CONDITIONS);
  services_end(&s);
}

/* 618, 620: without funds the certificate is revoked all the same, and the price is due. */
static void due_620(void) {
  begin();
  authority_funds(&s.a, SERVICES_REVOKING - 1);
  const psd_core before = s.r->card->core;
  services_bytes command = command_of(PSD_REASON_SUPERSEDED);
  CU_ASSERT_EQUAL_FATAL(services_revoke(&s, services_piece(&command)), PSD_SW_OK);
  confirmed(&command, PSD_CONFIRMED_DUE, SERVICES_REVOKING);
  const psd_core *after = &s.r->card->core;
  CU_ASSERT_EQUAL(after->services.due, SERVICES_REVOKING);
  CU_ASSERT_EQUAL(after->certificate.descending, before.certificate.descending);
  CU_ASSERT_EQUAL(after->certificate.piece_count, before.certificate.piece_count + 1);
  CU_ASSERT_EQUAL(services_slot(&s, SERVICES_USER).state, PSD_SLOT_REVOKED);
  CU_ASSERT_EQUAL(services_slot(&s, SERVICES_USER).confirmed, PSD_CONFIRMED_DUE);
  authority_funds(&s.a, AUTHORITY_FUNDS); /* what is due is due, until CREDIT collects it */
  number = services_slot(&s, SERVICES_POSTMARK).certificate;
  command = command_of(PSD_REASON_SUPERSEDED);
  CU_ASSERT_EQUAL_FATAL(services_revoke(&s, services_piece(&command)), PSD_SW_OK);
  CU_ASSERT_EQUAL(s.r->card->core.services.due, 2 * SERVICES_REVOKING);
  CU_ASSERT_EQUAL(s.r->card->core.certificate.descending, AUTHORITY_FUNDS);
  services_end(&s);
}

/* 618: the funds suffice to the mill. */
static void paid_618(void) {
  begin();
  authority_funds(&s.a, SERVICES_REVOKING);
  const services_bytes command = command_of(PSD_REASON_SUPERSEDED);
  CU_ASSERT_EQUAL_FATAL(services_revoke(&s, services_piece(&command)), PSD_SW_OK);
  confirmed(&command, PSD_CONFIRMED_PAID, SERVICES_REVOKING);
  CU_ASSERT_EQUAL(s.r->card->core.certificate.descending, 0);
  services_end(&s);
}

/* "The payment at 624 can be disabled": the authority's own revocation; and there is no price without a table. */
static void not_charged(void) {
  begin();
  uint64_t pieces = s.r->card->core.certificate.piece_count;
  services_bytes command = services_make_command(&s, &(services_command){.certificate = number, .free = true});
  CU_ASSERT_EQUAL_FATAL(services_revoke(&s, services_piece(&command)), PSD_SW_OK);
  confirmed(&command, PSD_CONFIRMED_FREE, 0);
  CU_ASSERT_EQUAL(s.r->card->core.certificate.descending, AUTHORITY_FUNDS - 2 * (101 + 200));
  CU_ASSERT_EQUAL(s.r->card->core.certificate.piece_count, pieces);
  services_end(&s);
  begin();
  s.r->seconds += UINT64_C(40) * 86400; /* the table is over; a locked meter's keys are revoked too */
  command = command_of(PSD_REASON_CESSATION);
  CU_ASSERT_EQUAL_FATAL(services_revoke(&s, services_piece(&command)), PSD_SW_OK);
  confirmed(&command, PSD_CONFIRMED_FREE, 0);
  services_end(&s);
}

/* 612, 614: signed by the CA that the card knows, and by nobody else. */
static void signature_612(void) {
  begin();
  EVP_PKEY *other = EVP_EC_gen("P-256");
  services_bytes command =
      services_make_command(&s, &(services_command){.certificate = number, .signer = other, .number = 1});
  refused(&command, PSD_SW_VERIFICATION_FAILED);
  command = services_make_command(&s, &(services_command){.certificate = number, .signer = other, .attributes = true});
  refused(&command, PSD_SW_VERIFICATION_FAILED);
  EVP_PKEY_free(other);
  command = services_make_command(&s, &(services_command){.certificate = number, .attributes = true});
  CU_ASSERT_EQUAL(services_revoke(&s, services_piece(&command)), PSD_SW_OK);
  confirmed(&command, PSD_CONFIRMED_PAID, SERVICES_REVOKING);
  services_end(&s);
}

/* 614: for another device, for a certificate that is not here, no command at all. */
static void addressed_614(void) {
  begin();
  services_bytes command = services_make_command(&s, &(services_command){.certificate = number, .serial = 1});
  refused(&command, PSD_SW_WRONG_DATA);
  command = services_make_command(&s, &(services_command){.certificate = number + 100});
  refused(&command, PSD_SW_WRONG_DATA);
  command = services_make_command(&s, &(services_command){.certificate = 0});
  refused(&command, PSD_SW_WRONG_DATA);
  command = services_make_command(&s, &(services_command){.certificate = number, .reason = (psd_reason)8});
  refused(&command, PSD_SW_WRONG_DATA);
  command = services_make_command(&s, &(services_command){.certificate = number, .type = PSD_OID_REVOCATION_REQUEST});
  refused(&command, PSD_SW_WRONG_DATA);
  command = services_make_command(&s, &(services_command){.certificate = number, .type = PSD_OID_DATA});
  refused(&command, PSD_SW_WRONG_DATA);
  command = services_make_command(&s, &(services_command){.certificate = number, .number = UINT64_C(1) << 32});
  refused(&command, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL_FATAL(services_ask_revocation(&s, SERVICES_USER, PSD_REASON_SUPERSEDED), PSD_SW_OK);
  command = services_keep(&s); /* the user's own request is no command */
  refused(&command, PSD_SW_WRONG_DATA);
  services_end(&s);
}

/* Where the signer's name lies in a command: the only bytes that nobody has signed. */
static size_t named_at(const services_bytes *command, size_t *length) {
  uint8_t *name = NULL;
  int size = i2d_X509_NAME(X509_get_issuer_name(s.a.certificate), &name);
  CU_ASSERT_FATAL(size > 0);
  size_t at = 0;
  while (at + (size_t)size < command->length && memcmp(command->data + at, name, (size_t)size) != 0)
    at++;
  CU_ASSERT_FATAL(at + (size_t)size < command->length);
  OPENSSL_free(name);
  *length = (size_t)size + 3; /* and its serial number, 1 */
  return at;
}

/* 612: every byte counts, but those of the name that the signer gives himself. */
static void altered_612(void) {
  begin();
  const services_bytes command = command_of(PSD_REASON_SUPERSEDED);
  size_t length = 0, at = named_at(&command, &length);
  for (size_t i = 0; i < command.length; i++) {
    if (i >= at && i < at + length)
      continue;
    services_bytes other = command;
    other.data[i] ^= (uint8_t)(1U << i % 8);
    const services_mark mark = services_look(&s);
    uint16_t status = services_revoke(&s, services_piece(&other));
    CU_ASSERT(status == PSD_SW_WRONG_DATA || status == PSD_SW_VERIFICATION_FAILED);
    CU_ASSERT_TRUE(services_untouched(&s, &mark));
  }
  services_bytes more = command;
  more.data[more.length++] = 0;
  refused(&more, PSD_SW_WRONG_DATA);
  more.length -= 2;
  refused(&more, PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(services_revoke(&s, services_piece(&command)), PSD_SW_OK);
  services_end(&s);
}

/* Older commands, and the same number for another certificate. */
static void replayed(void) {
  begin();
  const uint64_t stamps = services_slot(&s, SERVICES_POSTMARK).certificate;
  const services_bytes first = services_make_command(&s, &(services_command){.certificate = stamps, .number = 5});
  const services_bytes older = services_make_command(&s, &(services_command){.certificate = number, .number = 4});
  const services_bytes same = services_make_command(&s, &(services_command){.certificate = number, .number = 5});
  const services_bytes newer = services_make_command(&s, &(services_command){.certificate = number, .number = 6});
  CU_ASSERT_EQUAL_FATAL(services_revoke(&s, services_piece(&first)), PSD_SW_OK);
  refused(&older, PSD_SW_CONDITIONS);
  refused(&same, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL_FATAL(services_revoke(&s, services_piece(&newer)), PSD_SW_OK);
  services_end(&s);
}

/* The last command of a slot once more is confirmed anew, and changes nothing: whoever else was revoked meanwhile. */
static void repeated(void) {
  begin();
  const services_bytes command = command_of(PSD_REASON_SUPERSEDED);
  CU_ASSERT_EQUAL_FATAL(services_revoke(&s, services_piece(&command)), PSD_SW_OK);
  const services_bytes first = services_keep(&s);
  CU_ASSERT_EQUAL(services_again(&s), PSD_SW_OK); /* still the last service */
  CU_ASSERT_TRUE(services_same(&s, &first));
  const services_bytes other =
      services_make_command(&s, &(services_command){.certificate = services_slot(&s, SERVICES_POSTMARK).certificate});
  CU_ASSERT_EQUAL_FATAL(services_revoke(&s, services_piece(&other)), PSD_SW_OK);
  authority_wait(&s.a, 3600);
  const psd_core core = s.r->card->core;
  CU_ASSERT_EQUAL(services_revoke(&s, services_piece(&command)), PSD_SW_OK);
  confirmed(&command, PSD_CONFIRMED_PAID, SERVICES_REVOKING);
  CU_ASSERT_TRUE(services_core_is(&s, &core));
  /* A newer one for what is revoked already: confirmed as it was paid for. */
  const services_bytes forced = services_make_command(&s, &(services_command){.certificate = number, .free = true});
  CU_ASSERT_EQUAL(services_revoke(&s, services_piece(&forced)), PSD_SW_OK);
  confirmed(&forced, PSD_CONFIRMED_PAID, SERVICES_REVOKING);
  CU_ASSERT_TRUE(services_core_is(&s, &core));
  services_end(&s);
}

/* What a renewal has replaced may be named no more; while it waits, the old certificate counts. */
static void renewed(void) {
  begin();
  uint8_t grant[AUTHORITY_ANSWER_MAX];
  const authority_wish wish = {.slot = SERVICES_USER, .kept = true};
  CU_ASSERT_EQUAL_FATAL(authority_ask(&s.a, &wish), PSD_SW_OK);
  size_t length = authority_answer(&s.a, &(authority_fault){.number = 0}, grant);
  CU_ASSERT_EQUAL(sign(SERVICES_USER), PSD_SW_OK);
  const services_bytes command = command_of(PSD_REASON_SUPERSEDED);
  CU_ASSERT_EQUAL_FATAL(services_revoke(&s, services_piece(&command)), PSD_SW_OK);
  CU_ASSERT_NOT_EQUAL(authority_install(&s.a, SERVICES_USER, grant, length), PSD_SW_OK);
  CU_ASSERT_EQUAL(services_slot(&s, SERVICES_USER).state, PSD_SLOT_REVOKED);
  services_end(&s);
}

/* A PSD without a certificate of its own can confirm nothing; one that is long stays behind. */
static void witnesses(void) {
  begin();
  const services_bytes command = command_of(PSD_REASON_SUPERSEDED);
  uint8_t kept[PSD_CERTIFICATE_MAX];
  size_t length = 0;
  const uint16_t record = PSD_RECORD_OBJECT + PSD_OBJECT_CERTIFICATE;
  CU_ASSERT_EQUAL_FATAL(psd_store_read(&s.r->card->store, record, kept, sizeof kept, &length), PSD_STORE_OK);
  const psd_store_put gone = {.record = record};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&s.r->card->store, &gone, 1), PSD_STORE_OK);
  refused(&command, PSD_SW_REFERENCE_NOT_FOUND);
  rig_put_object(s.r, PSD_OBJECT_CERTIFICATE, kept, length);
  CU_ASSERT_EQUAL(services_revoke(&s, services_piece(&command)), PSD_SW_OK);
  services_end(&s);
}

/* The authority revokes by itself (VM 608): its command comes from the meter server, in a record of an open session. */
static void forced(void) {
  meter m;
  rig r;
  meter_bench(&r, &m, PSD_STATE_OPERATIONAL, true);
  services_equip(&s, &r);
  number = services_slot(&s, SERVICES_USER).certificate;
  const services_bytes command = services_make_command(&s, &(services_command){.certificate = number, .free = true});
  memcpy(m.k3, s.a.k3, sizeof m.k3);
  m.pair = true;
  CU_ASSERT_EQUAL_FATAL(EVP_PKEY_get_octet_string_param(X509_get0_pubkey(s.device), "encoded-pub-key", m.point,
                                                        sizeof m.point, &(size_t){0}),
                        1);
  meter_open(&m, PSD_SUITE_P256);
  CU_ASSERT_EQUAL_FATAL(provider_send(&m, PSD_COMMAND_REVOKE_CERTIFICATE, 0, command.data, command.length), PSD_SW_OK);
  confirmed(&command, PSD_CONFIRMED_FREE, 0);
  CU_ASSERT_EQUAL(services_slot(&s, SERVICES_USER).state, PSD_SLOT_REVOKED);
  services_free(&s);
  meter_bench_end(&m);
}

/* Power is cut at each operation of the memory: the certificate is revoked or not; the same command once more ends it,
 * and the key is gone then, wherever the cut was. */
static void cut(void) {
  begin();
  uint8_t secret[PSD_P256_SECRET];
  size_t length = 0;
  CU_ASSERT_EQUAL_FATAL(psd_store_read(&s.r->card->store, psd_slot_record_of(PSD_SLOT_SECRET, SERVICES_USER), secret,
                                       sizeof secret, &length),
                        PSD_STORE_OK);
  const services_bytes command = command_of(PSD_REASON_KEY_COMPROMISE);
  const uint64_t funds = s.r->card->core.certificate.descending;
  rig_copy before;
  rig_save(s.r, &before);
  bool reached = true;
  unsigned cuts = 0, lingering = 0;
  for (; reached; cuts++) {
    rig_restore(s.r, &before);
    s.r->ram.cut = PSD_NVM_RAM_CLEAN;
    s.r->ram.cut_in = cuts + 1;
    uint16_t status = services_revoke(&s, services_piece(&command));
    reached = s.r->ram.off;
    CU_ASSERT_EQUAL(status == PSD_SW_OK, !reached);
    psd_nvm_ram_power_on(&s.r->ram);
    psd_card_reset(s.r->card);
    services_enter(&s);
    bool revoked = services_slot(&s, SERVICES_USER).state == PSD_SLOT_REVOKED;
    CU_ASSERT_EQUAL(s.r->card->core.certificate.descending, funds - (revoked ? SERVICES_REVOKING : 0));
    lingering += revoked && rig_memory_holds(s.r, secret, sizeof secret);
    CU_ASSERT_EQUAL(services_again(&s), PSD_SW_OK);
    confirmed(&command, PSD_CONFIRMED_PAID, SERVICES_REVOKING);
    CU_ASSERT_EQUAL(s.r->card->core.certificate.descending, funds - SERVICES_REVOKING);
    CU_ASSERT_FALSE(rig_memory_holds(s.r, secret, sizeof secret));
  }
  CU_ASSERT(cuts > 10 && lingering > 0);
  rig_forget(&before);
  services_end(&s);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"602: a request that the user's key has signed", request_602},
      {"who may ask for a revocation", requests},
      {"616, 624: revoked and paid, the key gone", paid_624},
      {"618, 620: revoked, and payment due", due_620},
      {"618: funds that suffice to the mill", paid_618},
      {"a payment that is disabled, or has no price", not_charged},
      {"610, 612, 614: by the CA that the card knows", signature_612},
      {"614: another device, another certificate, no command", addressed_614},
      {"612: every byte of a command counts", altered_612},
      {"an older command", replayed},
      {"the last command once more is confirmed anew", repeated},
      {"a certificate that is being renewed", renewed},
      {"a PSD that has no certificate of its own", witnesses},
      {"608: a command that the meter server brings", forced},
      {"616: power is cut anywhere, and the key is gone in the end", cut},
  };
  return psd_check_run("revocation", tests, PSD_CHECK_COUNT(tests));
}
