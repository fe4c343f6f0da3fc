/* The card's SCP03 against published test sets (tests/vectors/scp03.h): its arithmetic by itself, then, for the sets
 * made for this application, the whole card. */
#include "check.h"
#include "expect.h"
#include "iso7816/scp03.h"
#include "vectors/scp03.h"

#include <string.h>

#define DATA_MAX 64U

typedef struct session {
  uint8_t key_size, mac_size, level;
  uint32_t counter;
  uint8_t enc[32], mac[32], rmac[32];
  uint8_t host_cryptogram[16], card_cryptogram[16];
  uint8_t chaining[16];
} session;

static psd_transport_keys keys_of(const psd_scp03_vector *set) {
  psd_transport_keys keys = {.version = set->key_version, .size = set->key_size};
  for (size_t i = 0; i < PSD_SCP03_KEY_SET_COUNT; i++) {
    const psd_scp03_vector_keys *static_keys = &psd_scp03_vector_key_sets[i];
    if (static_keys->size != set->key_size)
      continue;
    psd_check_hex(static_keys->enc, keys.enc, sizeof keys.enc);
    psd_check_hex(static_keys->mac, keys.mac, sizeof keys.mac);
    psd_check_hex(static_keys->dek, keys.dek, sizeof keys.dek);
  }
  return keys;
}

/* The session of a set, from its two challenges. */
static session start(const psd_scp03_vector *set) {
  uint8_t command[64];
  uint8_t answer[64];
  session s = {.key_size = set->key_size};
  psd_transport_keys keys = keys_of(set);
  psd_check_hex(set->initialize_update, command, sizeof command);
  psd_check_hex(set->initialize_update_answer, answer, sizeof answer);
  s.mac_size = command[4];
  const psd_piece context[2] = {{command + 5, s.mac_size}, {answer + 13, s.mac_size}};
  CU_ASSERT_TRUE_FATAL(psd_scp03_derive(keys.enc, s.key_size, PSD_SCP03_S_ENC, context, s.enc, s.key_size) &&
                       psd_scp03_derive(keys.mac, s.key_size, PSD_SCP03_S_MAC, context, s.mac, s.key_size) &&
                       psd_scp03_derive(keys.mac, s.key_size, PSD_SCP03_S_RMAC, context, s.rmac, s.key_size));
  CU_ASSERT_TRUE_FATAL(
      psd_scp03_derive(s.mac, s.key_size, PSD_SCP03_HOST_CRYPTOGRAM, context, s.host_cryptogram, s.mac_size) &&
      psd_scp03_derive(s.mac, s.key_size, PSD_SCP03_CARD_CRYPTOGRAM, context, s.card_cryptogram, s.mac_size));
  return s;
}

/* Checks the MAC of a command that came over the wire and takes it off; the chaining value moves on. */
static void check_mac(session *s, uint8_t *command, psd_apdu *apdu) {
  uint8_t mac[16];
  const psd_piece header = {command, 5}; /* all sets are short */
  CU_ASSERT_FATAL(apdu->nc >= s->mac_size);
  apdu->nc -= s->mac_size;
  CU_ASSERT_TRUE_FATAL(psd_scp03_mac(s->mac, s->key_size, s->chaining, header, (psd_piece){apdu->data, apdu->nc}, mac));
  CU_ASSERT_EQUAL(memcmp(mac, apdu->data + apdu->nc, s->mac_size), 0);
  memcpy(s->chaining, mac, sizeof mac);
}

static void authenticate(session *s, const psd_scp03_vector *set) {
  uint8_t command[64];
  psd_apdu apdu;
  CU_ASSERT_TRUE_FATAL(
      psd_parse_apdu(command, psd_check_hex(set->external_authenticate, command, sizeof command), &apdu));
  check_mac(s, command, &apdu);
  CU_ASSERT_EQUAL(apdu.nc, s->mac_size);
  CU_ASSERT_EQUAL(memcmp(apdu.data, s->host_cryptogram, s->mac_size), 0);
  s->level = apdu.p1;
}

static void open_command(session *s, const psd_scp03_vector_command *vector) {
  uint8_t wire[DATA_MAX];
  uint8_t plain[DATA_MAX];
  uint8_t data[DATA_MAX];
  psd_apdu apdu;
  psd_apdu meant;
  CU_ASSERT_TRUE_FATAL(psd_parse_apdu(wire, psd_check_hex(vector->wrapped, wire, sizeof wire), &apdu));
  CU_ASSERT_TRUE_FATAL(psd_parse_apdu(plain, psd_check_hex(vector->plain, plain, sizeof plain), &meant));
  check_mac(s, wire, &apdu);
  s->counter++;
  memcpy(data, apdu.data, apdu.nc);
  size_t length = apdu.nc;
  if ((s->level & PSD_SCP_CENC) != 0 && length > 0) {
    uint8_t iv[16];
    CU_ASSERT_TRUE_FATAL(psd_scp03_iv(s->enc, s->key_size, s->counter, false, iv) &&
                         psd_aes_cbc_decrypt(s->enc, s->key_size, iv, data, length, data) &&
                         psd_scp03_unpad(data, &length));
  }
  CU_ASSERT_EQUAL_FATAL(length, meant.nc);
  CU_ASSERT_TRUE(length == 0 || memcmp(data, meant.data, length) == 0);
}

static void secure_answer(const session *s, const psd_scp03_vector_command *vector) {
  uint8_t data[DATA_MAX + 32];
  uint8_t iv[16];
  uint8_t mac[16];
  if (vector->plain_answer == NULL)
    return;
  size_t length = psd_check_hex(vector->plain_answer, data, DATA_MAX);
  if ((s->level & PSD_SCP_RENC) != 0 && length > 0) {
    size_t padded = (length / 16 + 1) * 16;
    memset(data + length, 0, padded - length);
    data[length] = 0x80;
    length = padded;
    CU_ASSERT_TRUE_FATAL(psd_scp03_iv(s->enc, s->key_size, s->counter, true, iv) &&
                         psd_aes_cbc_encrypt(s->enc, s->key_size, iv, data, length, data));
  }
  if ((s->level & PSD_SCP_RMAC) != 0) {
    CU_ASSERT_TRUE_FATAL(
        psd_scp03_mac(s->rmac, s->key_size, s->chaining, (psd_piece){data, length}, (psd_piece){"\x90\x00", 2}, mac));
    memcpy(data + length, mac, s->mac_size);
    length += s->mac_size;
  }
  psd_check_bytes(data, length, vector->wrapped_answer, "secured answer");
}

static void arithmetic(void) {
  for (size_t i = 0; i < PSD_SCP03_VECTOR_COUNT; i++) {
    const psd_scp03_vector *set = &psd_scp03_vectors[i];
    session s = start(set);
    uint8_t answer[64];
    psd_check_hex(set->initialize_update_answer, answer, sizeof answer);
    CU_ASSERT_EQUAL(memcmp(answer + 13 + s.mac_size, s.card_cryptogram, s.mac_size), 0);
    authenticate(&s, set);
    for (size_t k = 0; k < PSD_SCP03_VECTOR_COMMANDS; k++) {
      open_command(&s, &set->commands[k]);
      secure_answer(&s, &set->commands[k]);
    }
  }
}

/* Is the card challenge of a set that of this application (Amendment D, 6.2.2.1)? */
static bool made_for_this_application(const psd_scp03_vector *set, uint32_t *sequence) {
  uint8_t answer[64];
  uint8_t challenge[16];
  psd_transport_keys keys = keys_of(set);
  size_t length = psd_check_hex(set->initialize_update_answer, answer, sizeof answer);
  size_t size = (length - 16) / 2;
  const uint8_t *counter = answer + length - 3;
  *sequence = (uint32_t)(counter[0] << 16 | counter[1] << 8 | counter[2]);
  const psd_piece context[2] = {{counter, 3}, {PSD_AID_PSD, PSD_AID_PSD_SIZE}};
  CU_ASSERT_TRUE_FATAL(psd_scp03_derive(keys.enc, keys.size, PSD_SCP03_CARD_CHALLENGE, context, challenge, size));
  return memcmp(challenge, answer + 13, size) == 0;
}

static void play(rig *r, const psd_scp03_vector *set, uint32_t sequence) {
  psd_transport_keys keys = keys_of(set);
  keys.sequence = sequence;
  rig_set_keys(r, &keys);
  expect_selected(r);
  CU_ASSERT_EQUAL(rig_hex(r, set->initialize_update), PSD_SW_OK);
  psd_check_bytes(r->response, r->length, set->initialize_update_answer, set->name);
  expect(r, set->external_authenticate, "9000");
  /* The card does not offer these commands as the sets mean them; but every one of them is let through. */
  static const char *const answers[PSD_SCP03_VECTOR_COMMANDS] = {"6A86", "6D00", "* 9000", "6D00", "6D00"};
  for (size_t k = 0; k < PSD_SCP03_VECTOR_COMMANDS; k++)
    expect(r, set->commands[k].wrapped, answers[k]);
  expect(r, set->commands[2].wrapped, "6988"); /* once */
}

static void whole_card(void) {
  unsigned played = 0;
  for (size_t i = 0; i < PSD_SCP03_VECTOR_COUNT; i++) {
    uint32_t sequence = 0;
    if (!made_for_this_application(&psd_scp03_vectors[i], &sequence))
      continue;
    rig r;
    rig_create(&r);
    play(&r, &psd_scp03_vectors[i], sequence);
    rig_destroy(&r);
    played++;
  }
  CU_ASSERT_EQUAL(played, 7);
}

/* The answers of the card, opened by what reproduces the sets. */
static void answers_of_the_card(void) {
  for (size_t i = 0; i < PSD_SCP03_VECTOR_COUNT; i++) {
    const psd_scp03_vector *set = &psd_scp03_vectors[i];
    psd_transport_keys keys = keys_of(set);
    psd_card_birth birth = {.key_size = set->key_size};
    memcpy(birth.enc, keys.enc, sizeof birth.enc);
    memcpy(birth.mac, keys.mac, sizeof birth.mac);
    memcpy(birth.dek, keys.dek, sizeof birth.dek);
    uint8_t command[64];
    psd_check_hex(set->external_authenticate, command, sizeof command);
    rig r;
    rig_create(&r);
    rig_set_keys(&r, &keys);
    expect_selected(&r);
    CU_ASSERT_EQUAL(rig_open_channel_as(&r, &birth, (uint8_t)(command[4] / 2), 0, command[2]), PSD_SW_OK);
    expect_secure(&r, "00CADF2000", "50425331 00C0FFEE 9000");
    expect_secure(&r, "80E2008008", "6A86"); /* an error: no data, no MAC */
    expect_secure(&r, "00CADF2200", "0100 9000");
    rig_destroy(&r);
  }
}

static void key_check_values(void) {
  static const uint8_t ones[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  for (size_t i = 0; i < PSD_SCP03_KEY_SET_COUNT; i++) {
    const psd_scp03_vector_keys *set = &psd_scp03_vector_key_sets[i];
    const char *const keys[3] = {set->enc, set->mac, set->dek};
    const char *const checks[3] = {set->enc_check, set->mac_check, set->dek_check};
    for (size_t k = 0; k < 3; k++) {
      uint8_t key[32];
      uint8_t block[16];
      size_t size = psd_check_hex(keys[k], key, sizeof key);
      CU_ASSERT_EQUAL(size, set->size);
      CU_ASSERT_TRUE_FATAL(psd_aes_block(key, size, ones, block));
      psd_check_bytes(block, 3, checks[k], "key check value");
    }
  }
}

static void padding(void) {
  static const struct {
    const char *hex;
    bool good;
    size_t length;
  } texts[] = {{"80000000000000000000000000000000", true, 0},
               {"AA800000000000000000000000000000", true, 1},
               {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA80", true, 15},
               {"80808080808080808080808080808080", true, 15},
               {"00000000000000000000000000000000", false, 0},
               {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false, 0},
               {"AAAAAAAAAAAAAAAAAAAAAAAAAAAA8001", false, 0},
               {"80000000000000000000000000000000 00000000000000000000000000000000", false, 0},
               {"", false, 0}};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    uint8_t bytes[32];
    size_t length = psd_check_hex(texts[i].hex, bytes, sizeof bytes);
    CU_ASSERT_EQUAL(psd_scp03_unpad(bytes, &length), texts[i].good);
    CU_ASSERT_TRUE(!texts[i].good || length == texts[i].length);
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"published sets: session keys, cryptograms, MACs and ciphers of every set", arithmetic},
      {"published sets: those for this application, through the whole card", whole_card},
      {"published sets: the keys and levels of every set, answers opened", answers_of_the_card},
      {"published sets: key check values", key_check_values},
      {"Amendment D, 4.1.4: padding is 80 and fewer than 16 zeroes", padding},
  };
  return psd_check_run("SCP03: test sets", tests, PSD_CHECK_COUNT(tests));
}
