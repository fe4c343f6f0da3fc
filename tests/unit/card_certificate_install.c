/* INSTALL CERTIFICATE (VM figure 5, 518-520): what makes a key active, and what does not. */
#include "authority.h"
#include "certificate/slot.h"
#include "check.h"
#include "evidence.h"
#include "issuer.h"

#include <openssl/x509v3.h>
#include <string.h>

#define REQUEST_PRICE RATES_CERTIFICATE(1)
#define ACTIVATION_PRICE 200U
#define DAY 86400

static rig r;
static authority a;
static uint8_t grant[AUTHORITY_ANSWER_MAX];
static size_t grant_length;
static const authority_fault none;

/* A request is made, and a grant with this fault. */
static void granted_for(const authority_wish *wish, const authority_fault *fault) {
  CU_ASSERT_EQUAL_FATAL(authority_ask(&a, wish), PSD_SW_OK);
  grant_length = authority_answer(&a, fault, grant);
}

static uint16_t install(uint8_t slot) {
  return authority_install(&a, slot, grant, grant_length);
}

static void refused(uint8_t slot, uint16_t expected) {
  const authority_mark before = authority_look(&a);
  CU_ASSERT_EQUAL(install(slot), expected);
  CU_ASSERT_TRUE(authority_untouched(&a, &before));
}

static void repeated(uint8_t slot) {
  const authority_mark before = authority_look(&a);
  CU_ASSERT(install(slot) == PSD_SW_OK && r.length == 0);
  CU_ASSERT_TRUE(authority_untouched(&a, &before));
}

static void charged(uint64_t amount, uint64_t pieces) {
  const psd_registers *registers = &r.card->core.certificate;
  CU_ASSERT(registers->ascending == amount && registers->piece_count == pieces);
}

/* openssl verify: by the authority, for the purpose. */
static void check_installed(uint8_t slot, int purpose) {
  X509 *certificate = authority_installed(&a, slot);
  X509_STORE *store = X509_STORE_new();
  X509_STORE_CTX *context = X509_STORE_CTX_new();
  CU_ASSERT_FATAL(X509_STORE_add_cert(store, a.certificate) == 1 &&
                  X509_STORE_CTX_init(context, store, certificate, NULL) == 1);
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context), (time_t)r.seconds);
  X509_VERIFY_PARAM_set_purpose(X509_STORE_CTX_get0_param(context), purpose);
  CU_ASSERT_EQUAL(X509_verify_cert(context), 1);
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  X509_free(certificate);
}

/* Each purpose, each algorithm. */
static void installed(void) {
  static const struct {
    psd_purpose purpose;
    int checked;
  } purposes[] = {{PSD_PURPOSE_USER, X509_PURPOSE_SMIME_SIGN},
                  {PSD_PURPOSE_POSTMARK, X509_PURPOSE_TIMESTAMP_SIGN},
                  {PSD_PURPOSE_AGENT, X509_PURPOSE_ANY}};
  authority_begin(&a, &r);
  uint8_t number = 1;
  for (size_t i = 0; i < PSD_CHECK_COUNT(purposes); i++)
    for (unsigned algorithm = PSD_ALGORITHM_P256; algorithm <= PSD_ALGORITHM_RSA2048; algorithm++, number++) {
      authority_activate(&a, number, purposes[i].purpose, (psd_algorithm)algorithm);
      const psd_slot slot = authority_slot(&a, number);
      CU_ASSERT(slot.state == PSD_SLOT_ACTIVE && slot.request == 0 && slot.purpose == purposes[i].purpose);
      CU_ASSERT(slot.certificate == 1000U + number && slot.from == r.seconds - DAY);
      CU_ASSERT(slot.until == r.seconds + (AUTHORITY_DAYS - 1) * DAY && slot.imported == (algorithm == 2));
      check_installed(number, purposes[i].checked);
    }
  charged(6 * (REQUEST_PRICE + ACTIVATION_PRICE), 12);
  authority_end(&a);
}

/* VM 520: the key is active once its certificate is there and paid, and not before. */
static void not_before(void) {
  psd_slot slot;
  authority_begin(&a, &r);
  granted_for(&(authority_wish){.slot = 1}, &none);
  CU_ASSERT_EQUAL(psd_slot_usable(r.card, 1, PSD_PURPOSE_USER, &slot), PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(authority_send(&r, PSD_COMMAND_READ_CERTIFICATE, 1, PSD_READ_CERTIFICATE, NULL, 0),
                  PSD_SW_REFERENCE_NOT_FOUND);
  authority_funds(&a, ACTIVATION_PRICE - 1); /* others were served in between */
  refused(1, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(psd_slot_usable(r.card, 1, PSD_PURPOSE_USER, &slot), PSD_SW_CONDITIONS);
  authority_funds(&a, ACTIVATION_PRICE);
  CU_ASSERT_EQUAL(install(1), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_slot_usable(r.card, 1, PSD_PURPOSE_USER, &slot), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.card->core.certificate.descending, 0);
  charged(REQUEST_PRICE + ACTIVATION_PRICE, 2);
  authority_end(&a);
}

/* The same grant, at once and much later, without funds and with another grant installed elsewhere. */
static void once_more(void) {
  uint8_t first[AUTHORITY_ANSWER_MAX];
  authority_begin(&a, &r);
  granted_for(&(authority_wish){.slot = 1}, &none);
  CU_ASSERT_EQUAL(install(1), PSD_SW_OK);
  repeated(1);
  memcpy(first, grant, grant_length);
  const size_t first_length = grant_length;
  authority_activate(&a, 2, PSD_PURPOSE_POSTMARK, PSD_ALGORITHM_P256);
  authority_funds(&a, 0);
  memcpy(grant, first, first_length);
  grant_length = first_length;
  repeated(1);
  charged(2 * (REQUEST_PRICE + ACTIVATION_PRICE), 4);
  authority_end(&a);
}

/* 6300: what nobody with K3 has said, or not of this direction. */
static void not_authentic(void) {
  authority_begin(&a, &r);
  granted_for(&(authority_wish){.slot = 1}, &none);
  for (size_t i = 0; i < grant_length; i += i < 32 || i + 40 > grant_length ? 1 : 13) {
    grant[i] ^= 0x40;
    refused(1, PSD_SW_VERIFICATION_FAILED);
    grant[i] ^= 0x40;
  }
  const size_t whole = grant_length;
  for (grant_length = 54; grant_length < whole; grant_length += 31)
    refused(1, PSD_SW_VERIFICATION_FAILED);
  grant_length = whole;
  granted_for(&(authority_wish){.slot = 1, .kept = true}, &(authority_fault){.other_key = true});
  refused(1, PSD_SW_VERIFICATION_FAILED);
  authority_end(&a);
}

/* 6A80: authentic, and not what waits here. */
static void not_awaited(void) {
  static const authority_fault faults[] = {{.serial = 1}, {.slot = 1}, {.request = 1}, {.request = UINT32_MAX}};
  authority_begin(&a, &r);
  CU_ASSERT_EQUAL(authority_ask(&a, &(authority_wish){.slot = 2}), PSD_SW_OK);
  for (size_t i = 0; i < PSD_CHECK_COUNT(faults); i++) {
    granted_for(&(authority_wish){.slot = 1, .kept = i > 0}, &faults[i]);
    refused(1, PSD_SW_WRONG_DATA);
  }
  granted_for(&(authority_wish){.slot = 1, .kept = true}, &none);
  refused(2, PSD_SW_WRONG_DATA);
  refused(0, PSD_SW_WRONG_P1P2);
  refused(PSD_USER_SLOTS + 1, PSD_SW_WRONG_P1P2);
  refused(3, PSD_SW_WRONG_DATA); /* an empty one */
  CU_ASSERT_EQUAL(install(1), PSD_SW_OK);
  authority_end(&a);
}

/* A request makes those before it void: their grants come too late. */
static void superseded(void) {
  uint8_t late[AUTHORITY_ANSWER_MAX];
  authority_begin(&a, &r);
  granted_for(&(authority_wish){.slot = 1}, &none);
  const size_t late_length = grant_length;
  memcpy(late, grant, grant_length);
  granted_for(&(authority_wish){.slot = 1, .kept = true}, &none);
  CU_ASSERT_EQUAL(authority_install(&a, 1, late, late_length), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(install(1), PSD_SW_OK);
  CU_ASSERT_EQUAL(authority_install(&a, 1, late, late_length), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(authority_slot(&a, 1).certificate, 1002);
  authority_end(&a);
}

/* 6A80: a certificate that the slot does not take. */
static void wrong_certificate(const authority_wish *wish, const authority_fault *fault) {
  const authority_wish asked = {
      .slot = wish->slot,
      .kept = psd_store_length(&r.card->store, psd_slot_record_of(PSD_SLOT_STATE, wish->slot)) > 0,
      .purpose = wish->purpose};
  granted_for(&asked, fault);
  refused(wish->slot, PSD_SW_WRONG_DATA);
}

static void of_another_kind(void) {
  static const authority_wish user = {.slot = 1, .purpose = PSD_PURPOSE_USER},
                              postmark = {.slot = 2, .purpose = PSD_PURPOSE_POSTMARK},
                              agent = {.slot = 3, .purpose = PSD_PURPOSE_AGENT};
  authority_begin(&a, &r);
  wrong_certificate(&user, &(authority_fault){.purpose = PSD_PURPOSE_POSTMARK});
  wrong_certificate(&user, &(authority_fault){.purpose = PSD_PURPOSE_AGENT});
  wrong_certificate(&postmark, &(authority_fault){.purpose = PSD_PURPOSE_USER});
  wrong_certificate(&postmark, &(authority_fault){.purpose = PSD_PURPOSE_AGENT});
  wrong_certificate(&postmark, &(authority_fault){.stamps_uncritical = true});
  wrong_certificate(&agent, &(authority_fault){.purpose = PSD_PURPOSE_USER});
  wrong_certificate(&agent, &(authority_fault){.purpose = PSD_PURPOSE_POSTMARK});
  wrong_certificate(&agent, &(authority_fault){.unconstrained = true});
  wrong_certificate(&agent, &(authority_fault){.permitted = "Others Ltd"});
  wrong_certificate(&agent, &(authority_fault){.long_path = true});
  authority_end(&a);
}

static void of_others(void) {
  static const authority_wish user = {.slot = 1};
  EVP_PKEY *others = issuer_key("P-256"), *rsa = issuer_key("RSA");
  authority_begin(&a, &r);
  wrong_certificate(&user, &(authority_fault){.signer = others});
  wrong_certificate(&user, &(authority_fault){.signer = rsa});
  wrong_certificate(&user, &(authority_fault){.subject = others});
  wrong_certificate(&user, &(authority_fault){.subject = rsa});
  wrong_certificate(&user, &(authority_fault){.number = UINT64_C(1) << 32});
  wrong_certificate(&user, &(authority_fault){.number = UINT64_MAX});
  EVP_PKEY_free(others);
  EVP_PKEY_free(rsa);
  authority_end(&a);
}

/* Valid from its first second to its last. */
static void in_time(void) {
  static const authority_wish user = {.slot = 1};
  const int64_t long_ago = -(int64_t)AUTHORITY_DAYS * DAY;
  authority_begin(&a, &r);
  wrong_certificate(&user, &(authority_fault){.from = DAY + 1});
  wrong_certificate(&user, &(authority_fault){.from = long_ago, .until = -((int64_t)AUTHORITY_DAYS - 1) * DAY - 1});
  granted_for(&(authority_wish){.slot = 1, .kept = true},
              &(authority_fault){.from = DAY, .until = -((int64_t)AUTHORITY_DAYS - 1) * DAY});
  CU_ASSERT_EQUAL(install(1), PSD_SW_OK);
  authority_end(&a);
}

/* 1280 bytes are taken, and no more. */
static void as_long_as_it_may_be(void) {
  authority_begin(&a, &r);
  for (unsigned more = 0; more < 2; more++) {
    psd_certificate_request head;
    CU_ASSERT_EQUAL(authority_ask(&a, &(authority_wish){.slot = 1, .kept = more > 0}), PSD_SW_OK);
    X509_REQ *request = authority_open(&a, r.response, r.length, &head);
    unsigned padding = 500;
    X509 *certificate = NULL;
    int length = 0;
    /* The signature is 70 to 72 bytes, so that it takes a few. */
    while (length != (int)(PSD_USER_CERTIFICATE_MAX + more)) {
      X509_free(certificate);
      certificate = authority_certify(&a, &head, request, &(authority_fault){.number = 77, .padding = padding});
      length = i2d_X509(certificate, NULL);
      padding = (unsigned)((int)padding + (int)(PSD_USER_CERTIFICATE_MAX + more) - length);
    }
    grant_length = authority_grant(&a, &head, certificate, &none, grant);
    CU_ASSERT_EQUAL(install(1), more == 0 ? PSD_SW_OK : PSD_SW_WRONG_DATA);
    X509_free(certificate);
    X509_REQ_free(request);
  }
  authority_end(&a);
}

/* Renewal: the certificate there counts until the next one takes its place. */
static void renewed(void) {
  psd_slot slot;
  psd_certificate_request head;
  authority_begin(&a, &r);
  authority_activate(&a, 4, PSD_PURPOSE_USER, PSD_ALGORITHM_P256);
  granted_for(&(authority_wish){.slot = 4, .kept = true}, &none);
  X509_REQ *request = authority_open(&a, r.response, r.length, &head);
  CU_ASSERT(head.renewal == 1 && head.number == 2);
  X509_REQ_free(request);
  CU_ASSERT_EQUAL(psd_slot_usable(r.card, 4, PSD_PURPOSE_USER, &slot), PSD_SW_OK);
  CU_ASSERT(slot.certificate == 1001 && slot.request == 2);
  CU_ASSERT_EQUAL(install(4), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_slot_usable(r.card, 4, PSD_PURPOSE_USER, &slot), PSD_SW_OK);
  CU_ASSERT(slot.certificate == 1002 && slot.request == 0);
  check_installed(4, X509_PURPOSE_SMIME_SIGN);
  charged(2 * (REQUEST_PRICE + ACTIVATION_PRICE), 4);
  authority_end(&a);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"every purpose and algorithm", installed},
      {"VM 520: active once it is paid, and not before", not_before},
      {"the same grant once more is paid once", once_more},
      {"what nobody has granted", not_authentic},
      {"what does not wait here", not_awaited},
      {"a request makes those before it void", superseded},
      {"certificates of another purpose", of_another_kind},
      {"certificates of others", of_others},
      {"certificates of another time", in_time},
      {"as long as it may be", as_long_as_it_may_be},
      {"a renewal", renewed},
  };
  return psd_check_run("certificate installation", tests, PSD_CHECK_COUNT(tests));
}
