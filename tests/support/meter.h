/* The meter server and the key management system of a card on the bench, in one and as short as they can be: the other
 * end of docs/handshake.md, over OpenSSL. Each message can be had in bytes, for tests that change it on its way. */
#ifndef PSD_TEST_METER_H
#define PSD_TEST_METER_H

#include "crypto/evp.h"
#include "rig.h"

#define METER_COMMAND 4096U /* bytes of the longest command made here */

/* Keys of one direction and the number of its next record. */
typedef struct meter_traffic {
  uint8_t expanded[PSD_TRAFFIC_KEY];
  uint64_t sequence;
  const psd_cipher *cipher;
} meter_traffic;

/* The last command in a record and the card's answer to it: in clear, and as the records that were sent. */
typedef struct meter_tape {
  uint8_t command[METER_COMMAND], command_record[METER_COMMAND], answer[METER_COMMAND], answer_record[METER_COMMAND];
  size_t command_length, answer_length; /* in clear */
} meter_tape;

/* What it does in suite classic alone. */
typedef struct meter_classic {
  bool (*unwrap)(const psd_rsa *k2, const uint8_t *wrapped, uint8_t k_s[PSD_SESSION_KEY]);
  bool (*signature_holds)(const uint8_t k3[32], const uint8_t *audit, const uint8_t *signature);
} meter_classic;

typedef struct meter {
  rig *r;
  uint8_t channel; /* the logical channel its Host works on */
  /* What the key management system knows. */
  psd_pair *k2;
  psd_rsa *k2_rsa;
  uint8_t shared[32];
  uint8_t k3[32];
  bool pair; /* the PSD signs with its own key pair: */
  uint8_t point[PSD_POINT];
  const meter_classic *classic; /* set by who signs on with that suite */
  /* What is said in M2 and M4. */
  psd_sign_on_response response;
  psd_sign_on_terms terms;
  psd_audit_result result; /* device and audit are filled in from the audit response */
  /* The session. */
  uint8_t context[PSD_CONTEXT_SIZE];
  psd_user user;
  psd_sign_on head;
  uint8_t enc[PSD_POINT];
  uint8_t k_s[PSD_SESSION_KEY];
  uint8_t ephemeral[PSD_SCALAR]; /* behind the share of M2 */
  uint8_t th[PSD_HASH], prk[PSD_HASH];
  uint8_t transcript[PSD_HASH];
  meter_traffic to_card, to_server;
  uint8_t host_keys[2][PSD_TRAFFIC_KEY];
  psd_host_session host; /* what the card gave its Host */
  psd_audit audit;       /* what it answered */
  meter_tape *tape;      /* what meter_command and meter_command_bytes keep of it; NULL for nothing */
} meter;

/* From here on whatever is made up follows from `seed` (not 0), and K2 in its RSA form is that of `der`: for sessions
 * that come out the same every time. */
void meter_fix(uint64_t seed, const uint8_t *der, size_t length);

/* Loads the card on the bench with K1 in each of its forms, a K3, and a policy that allows every suite; `forward` as
 * given. The bench stays its owner's. */
void meter_create(meter *m, rig *r, bool forward);
void meter_destroy(meter *m);
/* Both in one: a card in `state` on a new bench, with the PSD selected, and its meter server. */
void meter_bench(rig *r, meter *m, psd_state state, bool forward);
void meter_bench_end(meter *m);
/* Replaces the card's SESSION_POLICY. */
void meter_policy(meter *m, uint8_t suites, bool forward);

/* The commands of the handshake, one after the other, and what comes of their answers. Each returns SW1-SW2; an answer
 * with 9000 is checked and its content kept, as the server does it. */
uint16_t meter_sign_on(meter *m, psd_suite suite);
void meter_make_m2(meter *m, uint8_t m2[PSD_M2_SIZE]);
uint16_t meter_answer(meter *m, const uint8_t *m2, size_t length);
uint16_t meter_audit(meter *m);
uint16_t meter_audit_as(meter *m, const psd_audit_request *wanted);
void meter_make_m4(meter *m, uint8_t m4[PSD_M4_SIZE]);
uint16_t meter_result(meter *m, const uint8_t *m4, size_t length);

/* Up to M2, M3 or M4, each answered 9000. */
void meter_signed_on(meter *m, psd_suite suite);
void meter_answered(meter *m, psd_suite suite);
void meter_audited(meter *m, psd_suite suite);
void meter_open(meter *m, psd_suite suite);

/* A record with a command, given in hexadecimal, ready for ENVELOPE. Returns its length. */
size_t meter_record(meter *m, const char *command, uint8_t *record, size_t capacity);
/* ENVELOPE with these bytes. */
uint16_t meter_envelope(meter *m, const uint8_t *record, size_t length);
/* A command of the provider in the open session: its own SW1-SW2, its data in r->response. */
uint16_t meter_command(meter *m, const char *command);
/* The same from bytes. */
uint16_t meter_command_bytes(meter *m, const uint8_t *command, size_t length);
/* VENDOR_KEY_ORDER for the point of `secret`, authenticated under `k3`. */
void meter_order(const uint8_t k3[32], uint32_t identifier, const uint8_t point[PSD_POINT],
                 uint8_t out[PSD_SIZE_VENDOR_KEY_ORDER]);

#endif
