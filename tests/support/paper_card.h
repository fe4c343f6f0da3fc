/* Card and Host on paper: the other end of a session with the meter server, in a few functions. It keeps to
 * docs/handshake.md, but does whatever a test wants of it; each message can be had in bytes and changed on its way.
 *
 * And the key management system on paper that knows its keys. */
#ifndef PSD_PAPER_CARD_H
#define PSD_PAPER_CARD_H

#include "meter/keys.h"

#define PAPER_KEY 7U       /* identifier of K1 */
#define PAPER_NEXT 8U      /* of the one that follows it */
#define PAPER_RECORD 8192U /* bytes of the longest frame of a session, and of what the key management system says */

typedef struct paper_card {
  /* What the factory gave it. */
  psd_pair *k2;       /* suite p256 */
  uint8_t shared[32]; /* suite shared */
  uint8_t k3[32];
  psd_pair *own;                           /* its own key pair; NULL for a PSD that signs with K3 */
  uint8_t wrapped_k4[PSD_SIZE_WRAPPED_K4]; /* what stands for it: any bytes */
  psd_device_id device;
  uint32_t vendor_key; /* identifier of the K1 it holds */
  psd_audit audit;     /* what it will say of itself */
  /* The call. */
  uint8_t greeting[PSD_SIZE_GREETING];
  uint32_t ordinal;
  /* The session. */
  uint8_t context[PSD_CONTEXT_SIZE];
  psd_pair *pair; /* behind enc of M1 */
  uint8_t session_key[PSD_SESSION_KEY];
  psd_suite suite;
  bool forward;
  uint8_t th1[PSD_HASH], th2[PSD_HASH];
  psd_sign_on_terms terms;
  uint8_t id[16];
  psd_meter_keys keys;
  psd_audit_result result;
} paper_card;

/* A PSD with keys of its own; `serial` names it. */
void paper_create(paper_card *card, uint32_t serial);
void paper_destroy(paper_card *card);
/* The 8 bytes of its identity. */
void paper_device(const paper_card *card, uint8_t device[8]);

/* M1. Returns its length. */
size_t paper_sign_on(paper_card *card, psd_suite suite, bool forward, const char *user, const uint8_t verifier[32],
                     uint8_t m1[PSD_SIGN_ON_MAX]);
/* False if M2 is not authentic. */
bool paper_take_m2(paper_card *card, const uint8_t *m2, size_t length);
/* M3, with whatever stands in card->audit. Returns its length. */
size_t paper_audit(paper_card *card, uint8_t m3[PSD_M3_MAX]);
bool paper_take_m4(paper_card *card, const uint8_t *m4, size_t length);
/* A HOST_DATA record. Returns its length. */
size_t paper_request(paper_card *card, psd_host_operation operation, const void *content, size_t length,
                     uint8_t record[PAPER_RECORD]);
/* The signal in a HOST_ANSWER to `operation`; -1 if it is not authentic. */
int paper_answer(paper_card *card, psd_host_operation operation, const uint8_t *record, size_t length);
/* The same of an answer that may have content: `content` has PAPER_RECORD bytes of room. */
int paper_answer_content(paper_card *card, psd_host_operation operation, const uint8_t *record, size_t length,
                         uint8_t *content, size_t *content_length);
/* Opens a CARD_DATA record into `command`; returns its length, 0 if it is not authentic. */
size_t paper_command(paper_card *card, const uint8_t *record, size_t length, uint8_t command[PAPER_RECORD]);
/* The card's answer to it, a record. Returns its length. */
size_t paper_status(paper_card *card, uint16_t status, uint8_t record[PAPER_RECORD]);
/* The same with data in front. */
size_t paper_reply(paper_card *card, const void *data, size_t length, uint16_t status, uint8_t record[PAPER_RECORD]);

/* An order of the provider, as the card got it. */
typedef struct paper_order {
  uint8_t ins, p1;
  uint8_t content[PAPER_RECORD];
  size_t length;
  uint32_t number;
} paper_order;
/* Opens a CARD_DATA record; false if it or the order in it is not authentic. */
bool paper_take_order(paper_card *card, const uint8_t *record, size_t length, paper_order *order);

/* HMAC(K3, "psd order" || INS || P1 || device || number || content). */
void paper_order_mac(const paper_card *card, uint8_t ins, uint8_t p1, uint32_t number, psd_part content,
                     uint8_t mac[PSD_HASH]);

/* The key management system's answer to a request: its body behind KMS_CALL, in `answer`, and its length. */
psd_frame_type paper_kms(const paper_card *card, psd_frame_type type, const uint8_t *body, size_t length,
                         uint8_t answer[PAPER_RECORD], size_t *answer_length);

#endif
