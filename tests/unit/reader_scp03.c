/* The host's end of SCP03 against published sets and, for what those leave out, against the card's own arithmetic,
 * which stands on another cryptographic library. Paragraphs are those of GlobalPlatform Amendment D v1.2. */
#include "../vectors/scp03.h"
#include "check.h"
#include "crypto/crypto.h"
#include "iso7816/scp03.h"
#include "psd/reader/scp03.h"

#include <string.h>

static const psd_scp03_vector_keys *key_set(size_t size) {
  size_t i = 0;
  while (i + 1 < PSD_SCP03_KEY_SET_COUNT && psd_scp03_vector_key_sets[i].size != size)
    i++;
  CU_ASSERT_EQUAL_FATAL(psd_scp03_vector_key_sets[i].size, size);
  return &psd_scp03_vector_key_sets[i];
}

static psd_host_keys keys_of(const psd_scp03_vector *vector) {
  const psd_scp03_vector_keys *set = key_set(vector->key_size);
  psd_host_keys keys = {.version = vector->key_version, .size = vector->key_size};
  psd_check_hex(set->enc, keys.enc, sizeof keys.enc);
  psd_check_hex(set->mac, keys.mac, sizeof keys.mac);
  psd_check_hex(set->dek, keys.dek, sizeof keys.dek);
  return keys;
}

typedef struct opening {
  uint8_t command[32], answer[64];
  psd_apdu update;
  size_t answer_length;
} opening;

static void take_opening(const psd_scp03_vector *vector, opening *from) {
  size_t length = psd_check_hex(vector->initialize_update, from->command, sizeof from->command);
  CU_ASSERT_TRUE_FATAL(psd_parse_apdu(from->command, length, &from->update));
  from->answer_length = psd_check_hex(vector->initialize_update_answer, from->answer, sizeof from->answer);
}

static psd_result start_keys(const opening *from, const psd_host_keys *keys, psd_host_scp03 *session) {
  psd_error error;
  return psd_host_scp03_start(session, keys, from->update.data, from->update.nc,
                              psd_cursor_over(from->answer, from->answer_length), &error);
}

static void start(const psd_scp03_vector *vector, psd_host_scp03 *session) {
  opening from;
  psd_host_keys keys = keys_of(vector);
  take_opening(vector, &from);
  CU_ASSERT_EQUAL_FATAL(start_keys(&from, &keys, session), PSD_OK);
}

static uint8_t level_of(const psd_scp03_vector *vector) {
  uint8_t bytes[64];
  psd_check_hex(vector->external_authenticate, bytes, sizeof bytes);
  return bytes[2];
}

static void check_apdu(const psd_apdu *apdu, const char *expected, const char *what) {
  uint8_t bytes[4096];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_apdu(&out, apdu);
  CU_ASSERT_FALSE(out.overflow);
  psd_check_bytes(bytes, out.length, expected, what);
}

static void authenticate(const psd_scp03_vector *vector, psd_host_scp03 *session) {
  uint8_t room[64];
  psd_buffer out = psd_buffer_over(room, sizeof room);
  psd_apdu command;
  psd_error error;
  CU_ASSERT_EQUAL_FATAL(
      psd_host_scp03_authenticate(session, (psd_security_level)level_of(vector), &command, &out, &error), PSD_OK);
  check_apdu(&command, vector->external_authenticate, vector->name);
}

static void wrap(psd_host_scp03 *session, const char *plain, const char *wrapped, const char *what) {
  uint8_t bytes[64], room[128];
  psd_buffer out = psd_buffer_over(room, sizeof room);
  psd_apdu apdu, secured;
  psd_error error;
  CU_ASSERT_TRUE_FATAL(psd_parse_apdu(bytes, psd_check_hex(plain, bytes, sizeof bytes), &apdu));
  CU_ASSERT_EQUAL_FATAL(psd_host_scp03_wrap(session, &apdu, &secured, &out, &error), PSD_OK);
  check_apdu(&secured, wrapped, what);
}

static psd_result unwrap(psd_host_scp03 *session, const uint8_t *answer, size_t length, uint16_t status,
                         psd_buffer *out) {
  psd_error error;
  return psd_host_scp03_unwrap(session, psd_cursor_over(answer, length), status, out, &error);
}

static void published_sets(void) {
  for (size_t i = 0; i < PSD_SCP03_VECTOR_COUNT; i++) {
    const psd_scp03_vector *vector = &psd_scp03_vectors[i];
    psd_host_scp03 session;
    start(vector, &session);
    authenticate(vector, &session);
    for (size_t k = 0; k < PSD_SCP03_VECTOR_COMMANDS; k++) {
      const psd_scp03_vector_command *command = &vector->commands[k];
      uint8_t answer[64], room[64];
      psd_buffer out = psd_buffer_over(room, sizeof room);
      wrap(&session, command->plain, command->wrapped, vector->name);
      if (command->wrapped_answer == NULL)
        continue;
      size_t length = psd_check_hex(command->wrapped_answer, answer, sizeof answer);
      CU_ASSERT_EQUAL(unwrap(&session, answer, length, 0x9000, &out), PSD_OK);
      psd_check_bytes(room, out.length, command->plain_answer, vector->name);
    }
  }
}

/* The card cryptogram decides, and every bit of it. */
static void wrong_cryptogram(void) {
  const psd_scp03_vector *vector = &psd_scp03_vectors[0];
  psd_host_keys keys = keys_of(vector);
  opening from;
  take_opening(vector, &from);
  for (size_t bit = 0; bit < 64; bit++) {
    psd_host_scp03 session;
    static const psd_host_scp03 wiped = {0};
    from.answer[21 + bit / 8] ^= (uint8_t)(1U << bit % 8);
    CU_ASSERT_EQUAL(start_keys(&from, &keys, &session), PSD_REFUSED);
    CU_ASSERT_EQUAL(memcmp(&session, &wiped, sizeof session), 0);
    from.answer[21 + bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  keys.mac[0] ^= 1;
  psd_host_scp03 session;
  CU_ASSERT_EQUAL(start_keys(&from, &keys, &session), PSD_REFUSED);
}

/* 7.1.1.6: what cannot be an answer to INITIALIZE UPDATE. */
static void malformed_openings(void) {
  const psd_scp03_vector *vector = &psd_scp03_vectors[0];
  psd_host_keys keys = keys_of(vector);
  psd_host_scp03 session;
  opening from;
  take_opening(vector, &from);
  size_t whole = from.answer_length;
  for (from.answer_length = 0; from.answer_length < whole; from.answer_length++)
    CU_ASSERT_EQUAL(start_keys(&from, &keys, &session), PSD_BAD_ANSWER);
  from.answer_length = whole + 1;
  CU_ASSERT_EQUAL(start_keys(&from, &keys, &session), PSD_BAD_ANSWER);
  from.answer_length = whole;
  static const struct {
    size_t at;
    uint8_t value;
  } wrong[] = {{10, 0x31}, {11, 0x02}, {12, 0x71}, {12, 0x60}}; /* key version, protocol, mode, no sequence counter */
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    uint8_t kept = from.answer[wrong[i].at];
    from.answer[wrong[i].at] = wrong[i].value;
    CU_ASSERT_EQUAL(start_keys(&from, &keys, &session), PSD_BAD_ANSWER);
    from.answer[wrong[i].at] = kept;
  }
  CU_ASSERT_EQUAL(start_keys(&from, &keys, &session), PSD_OK);
  keys.size = 20;
  CU_ASSERT_EQUAL(start_keys(&from, &keys, &session), PSD_BAD_INPUT);
}

static psd_result ask_level(psd_host_scp03 session, unsigned level) {
  uint8_t room[64];
  psd_buffer out = psd_buffer_over(room, sizeof room);
  psd_apdu command;
  psd_error error;
  return psd_host_scp03_authenticate(&session, (psd_security_level)level, &command, &out, &error);
}

/* 5.1: the i parameter says whether answers can be secured. */
static void levels(void) {
  psd_host_scp03 session;
  start(&psd_scp03_vectors[0], &session);
  unsigned accepted = 0;
  for (unsigned level = 0; level < 256; level++)
    accepted += ask_level(session, level) == PSD_OK;
  CU_ASSERT_EQUAL(accepted, 5);
  session.options = 0x30; /* R-MAC without R-ENC */
  CU_ASSERT_EQUAL(ask_level(session, 0x13), PSD_OK);
  CU_ASSERT_EQUAL(ask_level(session, 0x33), PSD_BAD_INPUT);
  session.options = 0x10;
  CU_ASSERT_EQUAL(ask_level(session, 0x11), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(ask_level(session, 0x03), PSD_OK);
}

/* A session in the middle of its life, with keys that both ends of the test know. */
static psd_host_scp03 open_session(uint8_t level, size_t mac_size) {
  psd_host_scp03 session = {.key_size = 16, .mac_size = mac_size, .level = level, .options = 0x70};
  memset(session.s_enc, 0x11, 16);
  memset(session.s_mac, 0x22, 16);
  memset(session.s_rmac, 0x33, 16);
  memset(session.chaining, 0x44, 16);
  session.counter = 6;
  return session;
}

/* What the card would answer: secures `data` for this status word. */
static size_t card_answer(const psd_host_scp03 *session, uint8_t *data, size_t length, uint16_t status) {
  uint8_t word[2] = {(uint8_t)(status >> 8), (uint8_t)status};
  uint8_t iv[16], mac[16];
  if ((session->level & 0x20) != 0 && length > 0) {
    data[length++] = 0x80;
    while (length % 16 != 0)
      data[length++] = 0;
    CU_ASSERT_TRUE_FATAL(psd_scp03_iv(session->s_enc, 16, (uint32_t)session->counter, true, iv));
    CU_ASSERT_TRUE_FATAL(psd_aes_cbc_encrypt(session->s_enc, 16, iv, data, length, data));
  }
  CU_ASSERT_TRUE_FATAL(
      psd_scp03_mac(session->s_rmac, 16, session->chaining, (psd_piece){data, length}, (psd_piece){word, 2}, mac));
  memcpy(data + length, mac, session->mac_size);
  return length + session->mac_size;
}

/* 6.2.5: answers carry a MAC when they are 9000 or a warning, and neither MAC nor data when they are errors. */
static void answers(void) {
  static const uint16_t with_mac[] = {0x9000, 0x6282, 0x6300, 0x63C2};
  for (size_t size = 8; size <= 16; size += 8) {
    for (size_t i = 0; i < 4; i++) {
      for (size_t length = 0; length <= 33; length++) {
        psd_host_scp03 session = open_session(length % 2 == 0 ? 0x33 : 0x13, size);
        uint8_t answer[96], room[96];
        psd_buffer out = psd_buffer_over(room, sizeof room);
        memset(answer, (int)length, sizeof answer);
        size_t sent = card_answer(&session, answer, length, with_mac[i]);
        CU_ASSERT_EQUAL(unwrap(&session, answer, sent, with_mac[i], &out), PSD_OK);
        CU_ASSERT_EQUAL(out.length, length);
        for (size_t k = 0; k < out.length; k++)
          CU_ASSERT_EQUAL(room[k], (uint8_t)length);
      }
    }
  }
  psd_host_scp03 session = open_session(0x33, 8);
  uint8_t room[16] = {0};
  psd_buffer out = psd_buffer_over(room, sizeof room);
  CU_ASSERT_EQUAL(unwrap(&session, NULL, 0, 0x6985, &out), PSD_OK);
  CU_ASSERT_EQUAL(unwrap(&session, room, 1, 0x6985, &out), PSD_BAD_ANSWER);
  CU_ASSERT_EQUAL(unwrap(&session, NULL, 0, 0x9000, &out), PSD_BAD_ANSWER);
  CU_ASSERT_EQUAL(unwrap(&session, room, 7, 0x9000, &out), PSD_BAD_ANSWER);
  CU_ASSERT_EQUAL(out.length, 0);
}

/* Every bit of data, MAC and status word is under the MAC. */
static void altered_answers(void) {
  psd_host_scp03 session = open_session(0x33, 8);
  uint8_t answer[64] = "the card's answer";
  uint8_t room[64];
  size_t length = card_answer(&session, answer, 17, 0x9000);
  for (size_t bit = 0; bit < 8 * length; bit++) {
    psd_buffer out = psd_buffer_over(room, sizeof room);
    answer[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CU_ASSERT_EQUAL(unwrap(&session, answer, length, 0x9000, &out), PSD_BAD_ANSWER);
    CU_ASSERT_EQUAL(out.length, 0);
    answer[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  psd_buffer out = psd_buffer_over(room, sizeof room);
  CU_ASSERT_EQUAL(unwrap(&session, answer, length, 0x6282, &out), PSD_BAD_ANSWER);
  session.chaining[0] ^= 1; /* the answer to another command */
  CU_ASSERT_EQUAL(unwrap(&session, answer, length, 0x9000, &out), PSD_BAD_ANSWER);
}

/* Right MAC, wrong cipher: no padding, and no whole block. */
static void bad_padding(void) {
  psd_host_scp03 session = open_session(0x13, 8); /* MAC only, over what we make by hand */
  uint8_t answer[64] = {0};
  uint8_t room[64];
  size_t length = card_answer(&session, answer, 16, 0x9000);
  session.level = 0x33;
  psd_buffer out = psd_buffer_over(room, sizeof room);
  CU_ASSERT_EQUAL(unwrap(&session, answer, length, 0x9000, &out), PSD_BAD_ANSWER);
  session.level = 0x13;
  length = card_answer(&session, answer, 15, 0x9000);
  session.level = 0x33;
  CU_ASSERT_EQUAL(unwrap(&session, answer, length, 0x9000, &out), PSD_BAD_ANSWER);
}

static void wrap_length(uint8_t level, size_t nc, size_t ne) {
  psd_host_scp03 session = open_session(level, 8);
  uint8_t chaining[16];
  memcpy(chaining, session.chaining, 16);
  static uint8_t data[4096], room[8192], bytes[8192];
  psd_buffer out = psd_buffer_over(room, sizeof room);
  psd_apdu plain = {.cla = 0x80, .ins = 0xE2, .p1 = 0x90, .data = data, .nc = nc, .ne = ne};
  psd_apdu secured;
  psd_error error;
  CU_ASSERT_EQUAL_FATAL(psd_host_scp03_wrap(&session, &plain, &secured, &out, &error), PSD_OK);
  psd_buffer sent = psd_buffer_over(bytes, sizeof bytes);
  psd_put_apdu(&sent, &secured);
  /* 6.2.4: the MAC is over the command as it is sent, header, Lc and data, without MAC and Le. */
  size_t head = sent.data[4] == 0 ? 7 : 5;
  uint8_t mac[16];
  CU_ASSERT_TRUE_FATAL(psd_scp03_mac(session.s_mac, 16, chaining, (psd_piece){bytes, head},
                                     (psd_piece){bytes + head, secured.nc - 8}, mac));
  CU_ASSERT_EQUAL(memcmp(mac, secured.data + secured.nc - 8, 8), 0);
  CU_ASSERT_EQUAL(memcmp(mac, session.chaining, 16), 0);
  CU_ASSERT_EQUAL(secured.cla, 0x84);
  CU_ASSERT_EQUAL(session.counter, 7);
}

/* Lc goes into the MAC in the form it has in the command. */
static void lengths(void) {
  static const size_t sizes[] = {0, 1, 15, 16, 231, 239, 240, 247, 248, 255, 256, 2000};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
    for (unsigned with_ne = 0; with_ne < 3; with_ne++)
      for (unsigned level = 0x01; level <= 0x03; level += 2)
        wrap_length((uint8_t)level, sizes[i], with_ne == 0 ? 0 : with_ne == 1 ? 256 : 65536);
  psd_host_scp03 session = open_session(0x03, 8);
  static uint8_t data[65535], room[70000];
  psd_buffer out = psd_buffer_over(room, sizeof room);
  psd_apdu plain = {.cla = 0x80, .ins = 0xE2, .data = data, .nc = 65535};
  psd_apdu secured;
  psd_error error;
  CU_ASSERT_EQUAL(psd_host_scp03_wrap(&session, &plain, &secured, &out, &error), PSD_BAD_INPUT);
}

/* Card Specification v2.3.1, B.5. */
static void key_checks(void) {
  for (size_t i = 0; i < PSD_SCP03_KEY_SET_COUNT; i++) {
    const psd_scp03_vector_keys *set = &psd_scp03_vector_key_sets[i];
    const char *pairs[3][2] = {{set->enc, set->enc_check}, {set->mac, set->mac_check}, {set->dek, set->dek_check}};
    for (size_t k = 0; k < 3; k++) {
      uint8_t key[32], check[3];
      psd_error error;
      psd_check_hex(pairs[k][0], key, sizeof key);
      CU_ASSERT_EQUAL(psd_host_key_check(key, set->size, check, &error), PSD_OK);
      psd_check_bytes(check, sizeof check, pairs[k][1], "key check value");
    }
  }
}

/* 11.8.2.3: the layout of PUT KEY, for every pair of key sizes. */
static void put_key(void) {
  for (size_t i = 0; i < 9; i++) {
    psd_scp03_vector one = {.key_size = (uint8_t)(16 + 8 * (i / 3)), .key_version = 1};
    psd_scp03_vector two = {.key_size = (uint8_t)(16 + 8 * (i % 3)), .key_version = 2};
    psd_host_keys current = keys_of(&one);
    psd_host_keys next = keys_of(&two);
    const uint8_t *keys[] = {next.enc, next.mac, next.dek};
    uint8_t room[255], plain[32];
    static const uint8_t zero[16] = {0};
    psd_buffer out = psd_buffer_over(room, sizeof room);
    psd_error error;
    CU_ASSERT_EQUAL_FATAL(psd_host_put_key_data(&current, &next, &out, &error), PSD_OK);
    psd_cursor data = psd_cursor_over(room, out.length);
    CU_ASSERT_EQUAL(psd_take_u8(&data), 2);
    for (size_t k = 0; k < 3; k++) {
      size_t padded = next.size == 16 ? 16 : 32;
      CU_ASSERT_EQUAL(psd_take_u8(&data), 0x88);
      CU_ASSERT_EQUAL(psd_take_u8(&data), padded + 1);
      CU_ASSERT_EQUAL(psd_take_u8(&data), next.size);
      const uint8_t *secret = psd_take(&data, padded);
      CU_ASSERT_PTR_NOT_NULL_FATAL(secret);
      CU_ASSERT_TRUE(psd_aes_cbc_decrypt(current.dek, current.size, zero, secret, padded, plain));
      CU_ASSERT_EQUAL(memcmp(plain, keys[k], next.size), 0);
      CU_ASSERT_EQUAL(psd_take_u8(&data), 3);
      psd_take(&data, 3);
    }
    CU_ASSERT_TRUE(psd_cursor_done(&data));
    psd_buffer small = psd_buffer_over(room, 40);
    CU_ASSERT_EQUAL(psd_host_put_key_data(&current, &next, &small, &error), PSD_BAD_INPUT);
  }
}

/* 5.1: a card with random challenges has i = 60 and no sequence counter. */
static void random_challenge(void) {
  const psd_scp03_vector *vector = &psd_scp03_vectors[2];
  psd_host_keys keys = keys_of(vector);
  psd_host_scp03 session;
  opening from;
  take_opening(vector, &from);
  from.answer[12] = 0x60;
  from.answer_length = 29;
  CU_ASSERT_EQUAL(start_keys(&from, &keys, &session), PSD_OK);
  CU_ASSERT_EQUAL(ask_level(session, 0x33), PSD_OK);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"published and computed sets, both directions", published_sets},
      {"a wrong card cryptogram is refused", wrong_cryptogram},
      {"malformed answers to INITIALIZE UPDATE", malformed_openings},
      {"security levels and the i parameter", levels},
      {"MACs of answers, warnings and errors", answers},
      {"altered answers", altered_answers},
      {"answers that decipher to nonsense", bad_padding},
      {"short and extended Lc under the MAC", lengths},
      {"key check values", key_checks},
      {"data of PUT KEY", put_key},
      {"random card challenges", random_challenge},
  };
  return psd_check_run("reader: SCP03", tests, PSD_CHECK_COUNT(tests));
}
