/* Manufacture: what the factory asks, and a blank card that becomes a meter, or stays blank. */
#include "link_support.h"
#include "psd/reader/card.h"
#include "psd/reader/manufacture.h"

#include <string.h>

#define NOW 1700000000U

static psd_error error;

/* The answer to KMS_MANUFACTURE; its transport keys are of bytes `fill`. */
static psd_kms_manufactured sample_keys(uint8_t fill) {
  psd_kms_manufactured keys = {.transport_version = 9, .vendor_key = 3, .ca_key = 4, .rate_key = 5};
  uint8_t point[65];
  memset(keys.enc, fill, sizeof keys.enc);
  memset(keys.mac, fill + 1, sizeof keys.mac);
  memset(keys.dek, fill + 2, sizeof keys.dek);
  memset(keys.key, 0x33, sizeof keys.key);
  memset(keys.wrapped_k4, 0x44, sizeof keys.wrapped_k4);
  CU_ASSERT_EQUAL_FATAL(psd_check_hex(support_point, point, sizeof point), sizeof point);
  memcpy(keys.vendor_point, point, sizeof point);
  memcpy(keys.ca_point, point, sizeof point);
  memcpy(keys.rate_point, point, sizeof point);
  return keys;
}

/* Head of the call and one layout, and `extra` bytes of 0xEE. */
static void say_message(const canned *server, unsigned type, uint32_t number, psd_message_id layout, const void *value,
                        size_t extra) {
  uint8_t bytes[PSD_FRAME_BODY_MAX];
  psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
  psd_put_uint(&body, number, 4);
  psd_put_message(&body, layout, value);
  for (size_t i = 0; i < extra; i++)
    psd_put_u8(&body, 0xEE);
  canned_say(server, type, body.data, body.length);
}

static psd_result ask_keys(canned *kms, psd_new_keys *keys) {
  psd_kms_manufacture wanted = {.vendor = "PS", .model = "D1", .serial = 0x2A, .scheme = 1, .suites = 1};
  return psd_link_manufacture(kms->link, &wanted, keys, &error);
}

static void keys_of_a_psd(void) {
  canned kms;
  psd_new_keys keys;
  uint8_t body[PSD_FRAME_BODY_MAX];
  psd_kms_manufactured sample = sample_keys(1);
  canned_open(&kms, PSD_PEER_KMS, 2000);
  say_message(&kms, PSD_FRAME_KMS_MANUFACTURED, 1, PSD_MESSAGE_KMS_MANUFACTURED, &sample, 0);
  CU_ASSERT_EQUAL(ask_keys(&kms, &keys), PSD_OK);
  CU_ASSERT_EQUAL(keys.modulus_length, 0);
  CU_ASSERT_EQUAL(memcmp(&keys.keys, &sample, sizeof sample), 0);
  size_t length = canned_heard(&kms, PSD_FRAME_KMS_MANUFACTURE, body);
  psd_check_bytes(body, length, "00000001 5053 4431 0000002A 01 01", "request");
  say_message(&kms, PSD_FRAME_KMS_MANUFACTURED, 1, PSD_MESSAGE_KMS_MANUFACTURED, &sample, 8 + 256);
  CU_ASSERT_EQUAL(ask_keys(&kms, &keys), PSD_OK);
  CU_ASSERT_EQUAL(keys.modulus_length, 256);
  CU_ASSERT_EQUAL(keys.rsa.identifier, 0xEEEEEEEE);
  canned_close(&kms);
}

static void strange_answers(void) {
  static const struct {
    unsigned type;
    uint32_t number;
    size_t extra;
  } cases[] = {
      {PSD_FRAME_KMS_MANUFACTURED, 2, 0},                                           /* another call's */
      {PSD_FRAME_KMS_ENDORSED, 1, 0},           {PSD_FRAME_KMS_MANUFACTURED, 1, 1}, /* half an RSA key */
      {PSD_FRAME_KMS_MANUFACTURED, 1, 8 + 255}, /* a modulus of no length that there is */
      {PSD_FRAME_KMS_MANUFACTURED, 1, 8 + 385},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    canned kms;
    psd_new_keys keys, none = {0};
    psd_kms_manufactured sample = sample_keys(1);
    canned_open(&kms, PSD_PEER_KMS, 2000);
    say_message(&kms, cases[i].type, cases[i].number, PSD_MESSAGE_KMS_MANUFACTURED, &sample, cases[i].extra);
    CU_ASSERT_EQUAL(ask_keys(&kms, &keys), PSD_BAD_ANSWER);
    CU_ASSERT_EQUAL(memcmp(&keys, &none, sizeof keys), 0);
    canned_close(&kms);
  }
}

static void refusals(void) {
  canned kms;
  psd_new_keys keys;
  psd_error_signal role = {.signal = PSD_SIGNAL_ROLE};
  canned_open(&kms, PSD_PEER_KMS, 2000);
  say_message(&kms, PSD_FRAME_KMS_REFUSED, 1, PSD_MESSAGE_ERROR_SIGNAL, &role, 0);
  CU_ASSERT_EQUAL(ask_keys(&kms, &keys), PSD_REFUSED);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.words, psd_signal_of(PSD_SIGNAL_ROLE)->words));
  canned_close(&kms);
}

/* One manufacture on the bench's card: the two servers say what they will. */
typedef struct workshop {
  rig r;
  psd_profile profile;
  psd_new_keys keys;
  canned kms, control;
  psd_device_id id;
} workshop;

static void workshop_open(workshop *shop) {
  psd_error warning;
  rig_create(&shop->r);
  psd_card_power_off(shop->r.card);
  CU_ASSERT_EQUAL_FATAL(psd_profile_for_manufacture(NULL, &shop->profile, &warning, &error), PSD_OK);
  shop->profile.pin = (psd_secret){.bytes = "271828", .length = 6};
  shop->profile.puk = (psd_secret){.bytes = "31415926", .length = 8};
  shop->profile.objects |= UINT64_C(1) << PSD_OBJECT_USER_PIN | UINT64_C(1) << PSD_OBJECT_USER_PUK;
  shop->keys = (psd_new_keys){.keys = sample_keys(0x10)};
  shop->id = (psd_device_id){.vendor = "PS", .model = "D1", .serial = 0x2A};
  canned_open(&shop->kms, PSD_PEER_KMS, 2000);
  canned_open(&shop->control, PSD_PEER_CONTROL, 2000);
}

static void workshop_close(workshop *shop) {
  canned_close(&shop->kms);
  canned_close(&shop->control);
  psd_profile_wipe(&shop->profile);
  rig_destroy(&shop->r);
}

static psd_result manufacture(workshop *shop, bool present, bool key_pair) {
  psd_host_keys keys = support_keys();
  psd_manufacture_order order = {
      .profile = &shop->profile, .key_pair = key_pair, .kms = shop->kms.link, .control = shop->control.link};
  psd_host *host = support_host(&shop->r);
  psd_result result = psd_manufacture(host, &order, &shop->id, &shop->keys, present ? &keys : NULL, NOW);
  error = *psd_host_error(host);
  psd_host_close(host);
  return result;
}

static unsigned state_of(workshop *shop) {
  psd_life_cycle life = {0};
  psd_host *host = support_host(&shop->r);
  CU_ASSERT_EQUAL_FATAL(psd_host_select_psd(host, NULL), PSD_OK);
  CU_ASSERT_EQUAL_FATAL(psd_host_get_object(host, PSD_OBJECT_LIFE_CYCLE, &life), PSD_OK);
  psd_host_close(host);
  return (unsigned)life.state;
}

static void a_meter_is_made(void) {
  workshop shop;
  uint8_t body[PSD_FRAME_BODY_MAX];
  psd_enrol enrolled;
  psd_key_status status;
  workshop_open(&shop);
  canned_say(&shop.control, PSD_FRAME_ENROLLED, NULL, 0);
  CU_ASSERT_EQUAL(manufacture(&shop, true, false), PSD_OK);
  CU_ASSERT_EQUAL(state_of(&shop), PSD_STATE_INITIALIZED);
  size_t length = canned_heard(&shop.control, PSD_FRAME_ENROL, body);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(body, length, PSD_MESSAGE_ENROL, &enrolled));
  CU_ASSERT_EQUAL(enrolled.serial, 0x2A);
  CU_ASSERT_EQUAL(enrolled.vendor_key, 3);
  CU_ASSERT_EQUAL(memcmp(enrolled.wrapped_k4, shop.keys.keys.wrapped_k4, sizeof enrolled.wrapped_k4), 0);
  psd_host *host = support_host(&shop.r);
  CU_ASSERT_EQUAL(psd_host_select_psd(host, NULL), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_get_object(host, PSD_OBJECT_KEY_STATUS, &status), PSD_OK);
  CU_ASSERT_EQUAL(status.transport_version, 9);
  CU_ASSERT_EQUAL(status.transport_size, 32);
  psd_host_close(host);
  CU_ASSERT_EQUAL(manufacture(&shop, true, false), PSD_REFUSED); /* once is all */
  CU_ASSERT_PTR_NOT_NULL(strstr(error.words, "a meter already"));
  canned_heard_nothing(&shop.control);
  workshop_close(&shop);
}

/* There is never a meter that no server knows; and what failed can be repeated, with the transport keys that the card
 * has got meanwhile, and with other keys of the key management system. */
static void no_meter_without_its_k4(void) {
  workshop shop;
  workshop_open(&shop);
  canned_signal(&shop.control, PSD_SIGNAL_DATABASE, PSD_STEP_NONE, 1);
  CU_ASSERT_EQUAL(manufacture(&shop, true, false), PSD_REFUSED);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.words, psd_signal_of(PSD_SIGNAL_DATABASE)->words));
  CU_ASSERT_EQUAL(state_of(&shop), PSD_STATE_MANUFACTURED);
  memset(shop.keys.keys.key, 0x34, sizeof shop.keys.keys.key);
  canned_say(&shop.control, PSD_FRAME_ENROLLED, NULL, 0);
  CU_ASSERT_EQUAL(manufacture(&shop, true, false), PSD_OK);
  CU_ASSERT_EQUAL(state_of(&shop), PSD_STATE_INITIALIZED);
  workshop_close(&shop);
}

/* Keys that are not the card's: nothing is changed, and nobody is told of a PSD. */
static void not_the_keys_of_this_card(void) {
  workshop shop;
  workshop_open(&shop);
  CU_ASSERT_NOT_EQUAL(manufacture(&shop, false, false), PSD_OK);
  CU_ASSERT_EQUAL(state_of(&shop), PSD_STATE_MANUFACTURED);
  canned_heard_nothing(&shop.control);
  workshop_close(&shop);
}

static void own_key_pair(void) {
  workshop shop;
  uint8_t body[PSD_FRAME_BODY_MAX], point[65], wrapped[4 + PSD_SIZE_WRAPPED_K4];
  psd_enrol enrolled;
  workshop_open(&shop);
  memset(wrapped, 0x55, sizeof wrapped);
  memcpy(wrapped, "\0\0\0\1", 4);
  canned_say(&shop.kms, PSD_FRAME_KMS_ENDORSED, wrapped, sizeof wrapped);
  canned_say(&shop.control, PSD_FRAME_ENROLLED, NULL, 0);
  CU_ASSERT_EQUAL(manufacture(&shop, true, true), PSD_OK);
  size_t length = canned_heard(&shop.control, PSD_FRAME_ENROL, body);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(body, length, PSD_MESSAGE_ENROL, &enrolled));
  CU_ASSERT_EQUAL(memcmp(enrolled.wrapped_k4, wrapped + 4, PSD_SIZE_WRAPPED_K4), 0);
  /* The key management system was told the point that the card now shows. */
  length = canned_heard(&shop.kms, PSD_FRAME_KMS_ENDORSE, body);
  CU_ASSERT_EQUAL_FATAL(length, 4 + PSD_SIZE_KMS_ENDORSE);
  psd_host *host = support_host(&shop.r);
  CU_ASSERT_EQUAL(psd_host_select_psd(host, NULL), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_read_public_key(host, point), PSD_OK);
  CU_ASSERT_EQUAL(memcmp(point, body + length - sizeof point, sizeof point), 0);
  psd_host_close(host);
  workshop_close(&shop);
}

static psd_result ask_token_key(canned *kms, psd_token_key *key) {
  const psd_kms_token_key wanted = {.vendor = "PS", .model = "D1", .serial = 0x2A, .order = 1, .digits = 6};
  return psd_link_token_key(kms->link, &wanted, key, &error);
}

static void token_keys(void) {
  canned kms;
  psd_token_key key;
  uint8_t body[PSD_FRAME_BODY_MAX];
  psd_token_key sample = {.set = 11, .pointer = 417, .digits = 6, .order = 1};
  memset(sample.key, 0x77, sizeof sample.key);
  canned_open(&kms, PSD_PEER_KMS, 2000);
  say_message(&kms, PSD_FRAME_KMS_TOKEN_KEY_MADE, 1, PSD_MESSAGE_TOKEN_KEY, &sample, 0);
  CU_ASSERT_EQUAL(ask_token_key(&kms, &key), PSD_OK);
  CU_ASSERT_EQUAL(memcmp(&key, &sample, sizeof key), 0);
  size_t length = canned_heard(&kms, PSD_FRAME_KMS_TOKEN_KEY, body);
  psd_check_bytes(body, length, "00000001 5053 4431 0000002A 01 06", "request");
  canned_close(&kms);
}

/* A key that is not what was asked for is none, and nothing of it stays. */
static void strange_token_keys(void) {
  static const psd_token_key strange[] = {{.set = 0, .digits = 6, .order = 1},
                                          {.set = 11, .digits = 5, .order = 1},
                                          {.set = 11, .digits = 6, .order = 0},
                                          {.set = 11, .digits = 6, .order = 1}}; /* with a byte too many */
  static const psd_token_key none = {.set = 0};
  for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
    canned kms;
    psd_token_key key;
    canned_open(&kms, PSD_PEER_KMS, 2000);
    say_message(&kms, PSD_FRAME_KMS_TOKEN_KEY_MADE, 1, PSD_MESSAGE_TOKEN_KEY, &strange[i], i == 3 ? 1 : 0);
    CU_ASSERT_EQUAL(ask_token_key(&kms, &key), PSD_BAD_ANSWER);
    CU_ASSERT_EQUAL(memcmp(&key, &none, sizeof key), 0);
    canned_close(&kms);
  }
}

static void registration(void) {
  static const struct {
    psd_signal signal;
    const char *words;
  } cases[] = {{PSD_SIGNAL_REQUEST, "it has made no token key of this set"},
               {PSD_SIGNAL_SIGNATURE, "the PSD does not hold the token key that was made for it"}};
  const psd_kms_register proof = {
      .vendor = "PS", .model = "D1", .serial = 0x2A, .zip = 90210, .licence = 4711, .set = 11, .token = 12345678};
  uint8_t body[PSD_FRAME_BODY_MAX];
  canned kms;
  canned_open(&kms, PSD_PEER_KMS, 2000);
  canned_say(&kms, PSD_FRAME_KMS_REGISTERED, "\0\0\0\1", 4);
  CU_ASSERT_EQUAL(psd_link_register(kms.link, &proof, &error), PSD_OK);
  size_t length = canned_heard(&kms, PSD_FRAME_KMS_REGISTER, body);
  psd_check_bytes(body, length, "00000001 5053 4431 0000002A 00016062 00001267 0000000B 00BC614E", "proof");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const psd_error_signal no = {.signal = cases[i].signal};
    say_message(&kms, PSD_FRAME_KMS_REFUSED, 1, PSD_MESSAGE_ERROR_SIGNAL, &no, 0);
    CU_ASSERT_EQUAL(psd_link_register(kms.link, &proof, &error), PSD_REFUSED);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.words, cases[i].words));
  }
  canned_close(&kms);
}

/* Token keys, and a DSA pair beside the key pair: the card has them, and makes what they are for. */
static void a_meter_for_evidence(void) {
  workshop shop;
  uint8_t wrapped[4 + PSD_SIZE_WRAPPED_K4] = {0, 0, 0, 1}, y[128];
  psd_host_keys keys = support_keys();
  psd_evidence_policy policy;
  psd_dsa_key dsa;
  psd_key_status status;
  workshop_open(&shop);
  shop.keys.vendor_token = (psd_token_key){.set = 11, .pointer = 417, .digits = 6};
  shop.keys.postal_token = (psd_token_key){.set = 2, .pointer = 42, .digits = 6};
  memset(shop.keys.vendor_token.key, 0x66, sizeof shop.keys.vendor_token.key);
  memset(shop.keys.postal_token.key, 0x67, sizeof shop.keys.postal_token.key);
  canned_say(&shop.kms, PSD_FRAME_KMS_ENDORSED, wrapped, sizeof wrapped);
  canned_say(&shop.control, PSD_FRAME_ENROLLED, NULL, 0);
  const psd_manufacture_order order = {
      .profile = &shop.profile, .key_pair = true, .dsa = true, .kms = shop.kms.link, .control = shop.control.link};
  psd_host *host = support_host(&shop.r);
  CU_ASSERT_EQUAL_FATAL(psd_manufacture(host, &order, &shop.id, &shop.keys, &keys, NOW), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_get_object(host, PSD_OBJECT_EVIDENCE_POLICY, &policy), PSD_OK);
  CU_ASSERT_EQUAL(policy.profiles, 1U << PSD_PROFILE_DSA | 1U << PSD_PROFILE_P256 | 1U << PSD_PROFILE_COMPACT);
  CU_ASSERT_EQUAL(psd_host_get_object(host, PSD_OBJECT_DSA_KEY, &dsa), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_read_dsa_key(host, y), PSD_OK);
  CU_ASSERT_EQUAL(memcmp(y, dsa.y, sizeof y), 0);
  CU_ASSERT_EQUAL(psd_host_get_object(host, PSD_OBJECT_KEY_STATUS, &status), PSD_OK);
  for (size_t i = 0; i < psd_key_count; i++)
    if (psd_keys[i].object == PSD_OBJECT_VENDOR_TOKEN_KEY || psd_keys[i].object == PSD_OBJECT_POSTAL_TOKEN_KEY ||
        psd_keys[i].object == PSD_OBJECT_DSA_KEY)
      CU_ASSERT_EQUAL(status.loaded >> i & 1U, 1);
  psd_host_close(host);
  workshop_close(&shop);
}

static void profiles(void) {
  static const char *const bad[] = {"serial = 0000002A\n", "vendor_key_id = 3\n", "device_key_scheme = unique\n",
                                    "warn_days = 1\n",     "suites = p256,des\n", "suites =\n",
                                    "minimum_pin = 3\n"};
  sandbox box;
  psd_profile profile;
  psd_error warning;
  sandbox_create(&box);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    CU_ASSERT_EQUAL(psd_profile_for_manufacture(sandbox_write(&box, "p", bad[i]), &profile, &warning, &error),
                    PSD_BAD_INPUT);
  const char *path = sandbox_write(&box, "p",
                                   "suites = p256,shared\nforward_secrecy = no\nmaximum_postage = 1\n"
                                   "maximum_descending = 20\nmaximum_refill = 10\n");
  CU_ASSERT_EQUAL(psd_profile_for_manufacture(path, &profile, &warning, &error), PSD_OK);
  CU_ASSERT_EQUAL(profile.session_policy.suites, PSD_SUITE_P256 | PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(profile.session_policy.forward, 0);
  CU_ASSERT_EQUAL(profile.limits.maximum_descending, 20000);
  CU_ASSERT_EQUAL(profile.watchdog.warn_after, 90 * 86400);
  CU_ASSERT_FALSE(psd_profile_has(&profile, PSD_OBJECT_USER_PIN));
  psd_profile_wipe(&profile);
  sandbox_destroy(&box);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the keys of a PSD", keys_of_a_psd},
      {"answers that are none", strange_answers},
      {"refusals of the key management system", refusals},
      {"a blank card becomes a meter", a_meter_is_made},
      {"no meter without its K4 in the database", no_meter_without_its_k4},
      {"keys that are not the card's", not_the_keys_of_this_card},
      {"a key pair of the PSD's own", own_key_pair},
      {"the keys of tokens", token_keys},
      {"token keys that are none", strange_token_keys},
      {"token keys are registered", registration},
      {"a meter with all that evidence needs", a_meter_for_evidence},
      {"profiles of a manufacture", profiles},
  };
  return psd_check_run("reader: manufacture", tests, PSD_CHECK_COUNT(tests));
}
