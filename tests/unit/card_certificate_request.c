/* REQUEST CERTIFICATE (VM figure 5, 502-512): what the card asks for, and what it is refused. */
#include "authority.h"
#include "certificate/slot.h"
#include "check.h"
#include "evidence.h"

#include <string.h>

#define REQUEST_PRICE RATES_CERTIFICATE(1)
#define ACTIVATION_PRICE 200U
#define CALL UINT64_C(0x0102030405060708)

static rig r;
static authority a;
static psd_certificate_request head;

static uint16_t ask(const authority_wish *wish) {
  return authority_ask(&a, wish);
}

/* What was charged since the beginning, and pieces counted. */
static void charged(uint64_t amount, uint64_t pieces) {
  const psd_registers *registers = &r.card->core.certificate;
  CU_ASSERT(registers->ascending == amount && registers->piece_count == pieces);
}

/* The request in the last answer, opened as the authority does it. */
static X509_REQ *opened(void) {
  X509_REQ *request = authority_open(&a, r.response, r.length, &head);
  CU_ASSERT_PTR_NOT_NULL_FATAL(request);
  return request;
}

/* The text of a name's attribute, and its tag; an empty one where there is none. */
static void name_is(const X509_REQ *request, int nid, int tag, const char *expected) {
  const X509_NAME *name = X509_REQ_get_subject_name(request);
  int at = X509_NAME_get_index_by_NID(name, nid, -1);
  CU_ASSERT_EQUAL_FATAL(at < 0, expected == NULL);
  if (expected == NULL)
    return;
  const ASN1_STRING *text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  CU_ASSERT(ASN1_STRING_type(text) == tag && (size_t)ASN1_STRING_length(text) == strlen(expected) &&
            memcmp(ASN1_STRING_get0_data(text), expected, strlen(expected)) == 0);
}

static void a_new_key(void) {
  authority_begin(&a, &r);
  CU_ASSERT_EQUAL(ask(&(authority_wish){.slot = 1, .organization = "Specimen Ltd", .name = "Alice"}), PSD_SW_OK);
  X509_REQ *request = opened();
  CU_ASSERT(X509_REQ_get_version(request) == X509_REQ_VERSION_1 && X509_REQ_get_attr_count(request) == 0);
  name_is(request, NID_organizationName, V_ASN1_PRINTABLESTRING, "Specimen Ltd");
  name_is(request, NID_commonName, V_ASN1_PRINTABLESTRING, "Alice");
  CU_ASSERT_EQUAL(EVP_PKEY_get_bits(X509_REQ_get0_pubkey(request)), 256);
  CU_ASSERT(head.slot == 1 && head.number == 1 && head.renewal == 0 && head.time == r.seconds);
  CU_ASSERT(head.purpose == PSD_PURPOSE_USER && head.algorithm == PSD_ALGORITHM_P256);
  CU_ASSERT(memcmp(head.vendor, "PS", 2) == 0 && memcmp(head.model, "D1", 2) == 0 && head.serial == RIG_SERIAL);
  const psd_slot slot = authority_slot(&a, 1);
  CU_ASSERT(slot.state == PSD_SLOT_REQUESTED && slot.request == 1 && slot.imported == 0 && slot.made == r.seconds);
  CU_ASSERT(slot.purpose == PSD_PURPOSE_USER && slot.algorithm == PSD_ALGORITHM_P256 && slot.certificate == 0);
  charged(REQUEST_PRICE, 1);
  X509_REQ_free(request);
  authority_end(&a);
}

static void names(void) {
  static const struct {
    const char *organization, *name;
    int tag; /* of the name */
  } samples[] = {
      {"", "A", V_ASN1_PRINTABLESTRING},
      {"", "0123456789012345678901234567890123456789012345678901234567890123", V_ASN1_PRINTABLESTRING},
      {"O'Neil (and) Sons, Ltd.", "a-z+A/Z:0=9?", V_ASN1_PRINTABLESTRING},
      {"\xC3\x84 & Co", "J\xC3\xBCrgen \xE2\x82\xAC \xF0\x9F\x98\x80", V_ASN1_UTF8STRING},
      {"", "alice@example.org", V_ASN1_UTF8STRING}, /* X.680, 41.4 has no @, _ or * */
      {"", "a_b", V_ASN1_UTF8STRING},
  };
  authority_begin(&a, &r);
  CU_ASSERT_EQUAL(ask(&(authority_wish){.slot = 1}), PSD_SW_OK);
  for (size_t i = 0; i < PSD_CHECK_COUNT(samples); i++) {
    CU_ASSERT_EQUAL(ask(&(authority_wish){
                        .slot = 1, .kept = true, .organization = samples[i].organization, .name = samples[i].name}),
                    PSD_SW_OK);
    X509_REQ *request = opened();
    const bool latin = samples[i].organization[0] < 0x7F && samples[i].organization[0] > 0;
    name_is(request, NID_commonName, samples[i].tag, samples[i].name);
    name_is(request, NID_organizationName, latin ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING,
            samples[i].organization[0] != 0 ? samples[i].organization : NULL);
    X509_REQ_free(request);
  }
  authority_end(&a);
}

/* A key of 2048 bits that the card has made: the only test that waits for one. */
static void an_rsa_key(void) {
  authority_begin(&a, &r);
  CU_ASSERT_EQUAL(ask(&(authority_wish){.slot = 8, .algorithm = PSD_ALGORITHM_RSA2048}), PSD_SW_OK);
  CU_ASSERT(r.length <= PSD_SEALED_REQUEST_MAX);
  X509_REQ *request = opened();
  CU_ASSERT(EVP_PKEY_is_a(X509_REQ_get0_pubkey(request), "RSA"));
  CU_ASSERT_EQUAL(EVP_PKEY_get_bits(X509_REQ_get0_pubkey(request)), 2048);
  CU_ASSERT(head.slot == 8 && head.algorithm == PSD_ALGORITHM_RSA2048);
  X509_REQ_free(request);
  authority_end(&a);
}

/* The same key: its public half is in each request, and in READ CERTIFICATE. */
static void the_key_that_is_there(void) {
  uint8_t first[256] = {0}, second[256] = {0};
  authority_begin(&a, &r);
  for (unsigned i = 0; i < 2; i++) {
    CU_ASSERT_EQUAL(ask(&(authority_wish){.slot = 2, .kept = i > 0, .purpose = PSD_PURPOSE_POSTMARK}), PSD_SW_OK);
    X509_REQ *request = opened();
    uint8_t *at = i == 0 ? first : second;
    const int length = i2d_PUBKEY(X509_REQ_get0_pubkey(request), &at);
    CU_ASSERT_EQUAL(head.number, i + 1);
    CU_ASSERT_EQUAL(authority_send(&r, PSD_COMMAND_READ_CERTIFICATE, 2, PSD_READ_PUBLIC_KEY, NULL, 0), PSD_SW_OK);
    CU_ASSERT(r.length == (size_t)length && memcmp(r.response, i == 0 ? first : second, r.length) == 0);
    X509_REQ_free(request);
  }
  CU_ASSERT_EQUAL(memcmp(first, second, 91), 0);
  CU_ASSERT_EQUAL(authority_slot(&a, 2).request, 2);
  charged(2 * REQUEST_PRICE, 2);
  authority_end(&a);
}

/* Nobody but who knows K3 can open it, or make another of it. */
static void sealed(void) {
  uint8_t bytes[PSD_SEALED_REQUEST_MAX];
  authority_begin(&a, &r);
  CU_ASSERT_EQUAL(ask(&(authority_wish){.slot = 1}), PSD_SW_OK);
  const size_t length = r.length;
  memcpy(bytes, r.response, length);
  for (size_t i = 0; i < length; i++) {
    bytes[i] ^= 0x20;
    CU_ASSERT_PTR_NULL(authority_open(&a, bytes, length, &head));
    bytes[i] ^= 0x20;
  }
  CU_ASSERT_PTR_NULL(authority_open(&a, bytes, length - 1, &head));
  a.k3[0] ^= 1;
  CU_ASSERT_PTR_NULL(authority_open(&a, bytes, length, &head));
  a.k3[0] ^= 1;
  X509_REQ_free(opened());
  authority_end(&a);
}

static void refused(const authority_wish *wish, uint16_t expected) {
  const authority_mark before = authority_look(&a);
  CU_ASSERT_EQUAL(ask(wish), expected);
  CU_ASSERT(r.length == 0 && authority_untouched(&a, &before));
}

/* VM 504: "are there sufficient funds", for the request and for the activation it leads to. */
static void funds_suffice_or_not(void) {
  static const uint64_t too_little[] = {0, REQUEST_PRICE - 1, REQUEST_PRICE, REQUEST_PRICE + ACTIVATION_PRICE - 1};
  authority_begin(&a, &r);
  for (size_t i = 0; i < PSD_CHECK_COUNT(too_little); i++) {
    authority_funds(&a, too_little[i]);
    refused(&(authority_wish){.slot = 1}, PSD_SW_CONDITIONS); /* 506 */
  }
  authority_funds(&a, REQUEST_PRICE + ACTIVATION_PRICE);
  CU_ASSERT_EQUAL(ask(&(authority_wish){.slot = 1}), PSD_SW_OK); /* 508 */
  charged(REQUEST_PRICE, 1);
  refused(&(authority_wish){.slot = 1, .kept = true}, PSD_SW_CONDITIONS);
  authority_end(&a);
}

/* The same command, with the number that the Host made up for it: the same answer, the same key, paid once. */
static void again(void) {
  uint8_t bytes[PSD_SEALED_REQUEST_MAX];
  const authority_wish wish = {.slot = 3, .call = CALL};
  authority_begin(&a, &r);
  CU_ASSERT_EQUAL(ask(&wish), PSD_SW_OK);
  const size_t length = r.length;
  memcpy(bytes, r.response, length);
  for (unsigned i = 0; i < 2; i++) {
    const authority_mark before = authority_look(&a);
    CU_ASSERT_EQUAL(ask(&wish), PSD_SW_OK);
    CU_ASSERT(r.length == length && memcmp(r.response, bytes, length) == 0 && authority_untouched(&a, &before));
    authority_core(&a, &r.card->core); /* a reset lies between them */
  }
  CU_ASSERT_EQUAL(authority_send(&r, PSD_COMMAND_GET_LAST, PSD_LAST_SERVICE, 0, NULL, 0), PSD_SW_OK);
  CU_ASSERT(r.length == length && memcmp(r.response, bytes, length) == 0);
  refused(&(authority_wish){.slot = 3, .call = CALL + 1}, PSD_SW_CONDITIONS);
  charged(REQUEST_PRICE, 1);
  authority_end(&a);
}

static void which_slot_and_key(void) {
  authority_begin(&a, &r);
  refused(&(authority_wish){.slot = 0}, PSD_SW_WRONG_P1P2);
  refused(&(authority_wish){.slot = PSD_USER_SLOTS + 1}, PSD_SW_WRONG_P1P2);
  refused(&(authority_wish){.slot = 255}, PSD_SW_WRONG_P1P2);
  refused(&(authority_wish){.slot = 1, .kept = true}, PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_EQUAL(ask(&(authority_wish){.slot = 1}), PSD_SW_OK);
  refused(&(authority_wish){.slot = 1}, PSD_SW_CONDITIONS); /* not empty */
  refused(&(authority_wish){.slot = 1, .kept = true, .purpose = PSD_PURPOSE_POSTMARK}, PSD_SW_WRONG_DATA);
  refused(&(authority_wish){.slot = 1, .kept = true, .algorithm = PSD_ALGORITHM_RSA2048}, PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(ask(&(authority_wish){.slot = PSD_USER_SLOTS}), PSD_SW_OK);
  authority_end(&a);
}

/* The data, given in bytes: SERVICE_CALL, purpose, algorithm, lengths, texts. */
static void data_refused(const char *hex, uint8_t p2, uint16_t expected) {
  uint8_t data[256];
  const size_t length = psd_check_hex(hex, data, sizeof data);
  const authority_mark before = authority_look(&a);
  CU_ASSERT_EQUAL(authority_send(&r, PSD_COMMAND_REQUEST_CERTIFICATE, 1, p2, data, length), expected);
  CU_ASSERT_TRUE(authority_untouched(&a, &before));
}

static void what_is_wished(void) {
  static const char *const wrong[] = {
      "0102030405060708 00 01 00 01 41",       /* no purpose */
      "0102030405060708 04 01 00 01 41",       /* none that is known */
      "0102030405060708 01 00 00 01 41",       /* no algorithm */
      "0102030405060708 01 03 00 01 41",       /* none that is known */
      "0102030405060708 01 01 01 00 41",       /* no name */
      "0102030405060708 01 01 00 02 41",       /* a byte short */
      "0102030405060708 01 01 00 01 4141",     /* one too many */
      "0102030405060708 01 01 FF 01 41",       /* far short */
      "0102030405060708 01 01 00 01 0A",       /* a control character */
      "0102030405060708 01 01 00 01 7F",       /* the same */
      "0102030405060708 01 01 00 02 C285",     /* the same, of Unicode */
      "0102030405060708 01 01 00 01 80",       /* not UTF-8 */
      "0102030405060708 01 01 00 02 C141",     /* not UTF-8 */
      "0102030405060708 01 01 00 02 C080",     /* overlong */
      "0102030405060708 01 01 00 03 EDA080",   /* a surrogate */
      "0102030405060708 01 01 00 04 F4908080", /* beyond Unicode */
      "0102030405060708 01 01 01 01 00 41",    /* the organization likewise */
      "0102030405060708 03 01 00 01 41",       /* an agent without one */
      "0102030405060708 01 01 00 41 "          /* 65 bytes */
      "4141414141414141414141414141414141414141414141414141414141414141"
      "41414141414141414141414141414141414141414141414141414141414141414141",
  };
  authority_begin(&a, &r);
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++)
    data_refused(wrong[i], 0, PSD_SW_WRONG_DATA);
  data_refused("0102030405060708 01 01 00 01 41", 2, PSD_SW_WRONG_P1P2);
  data_refused("0102030405060708 01 01 00 01", 0, PSD_SW_WRONG_LENGTH);
  CU_ASSERT_EQUAL(ask(&(authority_wish){.slot = 1, .purpose = PSD_PURPOSE_AGENT, .organization = "A"}), PSD_SW_OK);
  authority_end(&a);
}

/* Without K3 there is nobody to seal for; without randomness no key. Neither costs anything. */
/* What it could not confirm the end of, it asks for no certificate for: its own key pair and certificate are needed. */
static void no_witness(uint16_t record) {
  uint8_t kept[PSD_CERTIFICATE_MAX];
  size_t length = 0;
  authority_begin(&a, &r);
  CU_ASSERT_EQUAL_FATAL(psd_store_read(&r.card->store, record, kept, sizeof kept, &length), PSD_STORE_OK);
  psd_store_put put = {.record = record};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
  refused(&(authority_wish){.slot = 1}, PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_EQUAL(psd_store_length(&r.card->store, psd_slot_record_of(PSD_SLOT_SECRET, 1)), -1);
  charged(0, 0);
  put = (psd_store_put){.record = record, .value = kept, .length = (uint16_t)length};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
  CU_ASSERT_EQUAL(ask(&(authority_wish){.slot = 1}), PSD_SW_OK);
  charged(REQUEST_PRICE, 1);
  authority_end(&a);
}

static void what_the_card_lacks(void) {
  no_witness(PSD_RECORD_KEY_PAIR);
  no_witness(PSD_RECORD_OBJECT + PSD_OBJECT_CERTIFICATE);
  authority_begin(&a, &r);
  rig_put_object(&r, PSD_OBJECT_DEVICE_KEY, NULL, 0);
  refused(&(authority_wish){.slot = 1}, PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_EQUAL(psd_store_length(&r.card->store, psd_slot_record_of(PSD_SLOT_SECRET, 1)), -1);
  authority_end(&a);
  authority_begin(&a, &r);
  r.card->drbg.calls = PSD_DRBG_RESEED; /* the next call takes fresh entropy */
  r.entropy_fail_in = 1;
  refused(&(authority_wish){.slot = 1}, PSD_SW_EXECUTION_ERROR);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_FAULTED);
  r.entropy_fail_in = 0;
  psd_card_reset(r.card);
  authority_core(&a, &r.card->core);
  CU_ASSERT_EQUAL(ask(&(authority_wish){.slot = 1}), PSD_SW_OK);
  charged(REQUEST_PRICE, 1);
  authority_end(&a);
}

/* Two records, in one commit: the key, and the service with its slot and price. */
static void logged(void) {
  psd_log_record record;
  authority_begin(&a, &r);
  const uint64_t count = r.card->core.log.count;
  CU_ASSERT_EQUAL(ask(&(authority_wish){.slot = 5}), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.card->core.log.count, count + 2);
  CU_ASSERT_EQUAL(rig_hex(&r, "00B2012C00"), PSD_SW_OK);
  CU_ASSERT_TRUE(psd_parse_message(r.response, r.length, PSD_MESSAGE_LOG_RECORD, &record));
  CU_ASSERT(record.event == PSD_EVENT_SERVED && record.detail == (5U << 8 | PSD_SERVICE_REQUEST));
  CU_ASSERT(record.amount == REQUEST_PRICE && record.ascending == REQUEST_PRICE);
  CU_ASSERT_EQUAL(rig_hex(&r, "00B2022C00"), PSD_SW_OK);
  CU_ASSERT_TRUE(psd_parse_message(r.response, r.length, PSD_MESSAGE_LOG_RECORD, &record));
  CU_ASSERT(record.event == PSD_EVENT_KEY_MADE && record.detail == 5U << 8);
  authority_end(&a);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a new key, and a PKCS#10 that it has signed", a_new_key},
      {"names are PrintableString where they can be", names},
      {"a new RSA key", an_rsa_key},
      {"the key that is there", the_key_that_is_there},
      {"for nobody but the authority", sealed},
      {"VM 504: funds for request and activation, or nothing", funds_suffice_or_not},
      {"the same once more is paid once", again},
      {"slots and keys that are none", which_slot_and_key},
      {"wishes that make no certificate", what_is_wished},
      {"what the card lacks", what_the_card_lacks},
      {"it is logged", logged},
  };
  return psd_check_run("certificate request", tests, PSD_CHECK_COUNT(tests));
}
