/* One function an APDU (commands.def). Each returns as psd_host_send does. */
#ifndef PSD_READER_COMMAND_H
#define PSD_READER_COMMAND_H

#include "psd/reader/host.h"
#include "psd/spec/certificate.h"
#include "psd/spec/evidence.h"
#include "psd/spec/session.h"

/* SELECT (ISO/IEC 7816-4:2005, 7.1.1). `fci` may be NULL. Selecting by name ends a secure channel. */
psd_result psd_host_select(psd_host *host, uint8_t p1, uint8_t p2, const void *data, size_t length, psd_buffer *fci);
/* SELECT the PSD application by its AID. */
psd_result psd_host_select_psd(psd_host *host, psd_buffer *fci);
/* SELECT an elementary file of the PSD application. */
psd_result psd_host_select_file(psd_host *host, psd_file_id file);

/* GET DATA (7.4.2): appends the value of one data object. */
psd_result psd_host_get_data(psd_host *host, uint32_t tag, psd_buffer *value);
/* GET DATA with a tag list (7.4.2, 5C): appends the data objects, tag, length and value, in one answer and so of one
 * moment. */
psd_result psd_host_get_data_list(psd_host *host, const psd_object_id *objects, size_t count, psd_buffer *list);
/* GET DATA of an object in a layout of messages.def, into its struct. */
psd_result psd_host_get_object(psd_host *host, psd_object_id object, void *value);
/* PUT DATA (7.4.3). */
psd_result psd_host_put_data(psd_host *host, uint32_t tag, const void *value, size_t length);

/* READ BINARY (7.2.3) until the end of the selected file. */
psd_result psd_host_read_binary(psd_host *host, psd_buffer *content);
/* READ RECORD (7.3.3): record `number`, 1 to 254, of the file with this short identifier. */
psd_result psd_host_read_record(psd_host *host, uint8_t sfi, uint8_t number, psd_buffer *record);

/* PINs and PUKs are 4 to 16 printable ASCII bytes. A wrong one is PSD_REFUSED with 63Cx, x tries left. */
typedef struct psd_secret {
  uint8_t bytes[16];
  size_t length;
} psd_secret;
/* VERIFY (7.5.6). */
psd_result psd_host_verify(psd_host *host, const psd_secret *pin);
/* VERIFY without data: PSD_OK when the PIN is verified on this channel, else PSD_REFUSED with the tries left. */
psd_result psd_host_pin_verified(psd_host *host);
/* CHANGE REFERENCE DATA (7.5.7): old PIN and new PIN, each padded with FF to 16 bytes. */
psd_result psd_host_change_pin(psd_host *host, const psd_secret *pin, const psd_secret *next);
/* RESET RETRY COUNTER (7.5.10): PUK and new PIN, padded alike. */
psd_result psd_host_unblock_pin(psd_host *host, const psd_secret *puk, const psd_secret *next);

/* SELF TEST: runs all self-tests. */
psd_result psd_host_self_test(psd_host *host, psd_self_test *result);
/* GET CHALLENGE (7.5.3): `length` random bytes, 1 to 256. */
psd_result psd_host_get_challenge(psd_host *host, uint8_t *challenge, size_t length);
/* MANAGE CHANNEL (7.1.2): opens a channel of the card's choice. */
psd_result psd_host_manage_channel_open(psd_host *host, uint8_t *channel);
/* MANAGE CHANNEL: closes `channel`. */
psd_result psd_host_manage_channel_close(psd_host *host, uint8_t channel);

/* GlobalPlatform Card Specification v2.3.1, 11, and Amendment D, 7.1. */
/* INITIALIZE UPDATE: appends the answer to a host challenge of 8 or 16 bytes. */
psd_result psd_host_initialize_update(psd_host *host, uint8_t key_version, const uint8_t *challenge, size_t length,
                                      psd_buffer *answer);
/* EXTERNAL AUTHENTICATE, whose data the secure channel makes: host cryptogram and MAC. */
psd_result psd_host_external_authenticate(psd_host *host, uint8_t level, const void *data, size_t length);
/* STORE DATA: block `number` of data objects in BER-TLV; the last one ends personalisation. */
psd_result psd_host_store_data(psd_host *host, bool last, uint8_t number, const void *list, size_t length);
/* PUT KEY: replaces the key set of version `replaced`; appends what the card answers. */
psd_result psd_host_put_key(psd_host *host, uint8_t replaced, const void *data, size_t length, psd_buffer *answer);

/* The session with the meter server (EP steps 202-246; docs/handshake.md, "The card's commands"). What the card cannot
 * verify it answers with 6300, what is out of turn with 6985; either ends its session. */
/* GENERAL AUTHENTICATE, round 1 (steps 202, 208): the card makes K_S and appends M1. `context` is what the call is
 * about, `name` the user name (1 to 32 bytes), `verifier` the stretched password. */
psd_result psd_host_sign_on(psd_host *host, psd_suite suite, const uint8_t context[PSD_CONTEXT_SIZE], const char *name,
                            const uint8_t verifier[32], psd_buffer *m1);
/* MUTUAL AUTHENTICATE, round 1 (step 224): the card opens M2 and gives the Host its keys, which the caller wipes. */
psd_result psd_host_sign_on_response(psd_host *host, const void *m2, size_t length, psd_host_session *session);
/* GENERAL AUTHENTICATE, round 2 (steps 228-234): the card appends M3. */
psd_result psd_host_audit(psd_host *host, const psd_audit_request *request, psd_buffer *m3);
/* MUTUAL AUTHENTICATE, round 2: the card verifies M4 and counts the audit as completed. */
psd_result psd_host_audit_result(psd_host *host, const void *m4, size_t length, psd_audit_result *result);
/* ENVELOPE (ISO/IEC 7816-4:2005, 7.6.2): a record of the server for the card; appends the card's record. */
psd_result psd_host_envelope(psd_host *host, const void *record, size_t length, psd_buffer *answer);
/* GET LAST: appends the last evidence of postage, the last answer about funds (FUNDS_REQUEST or FUNDS_RECEIPT with its
 * signature), the last answer of a certificate service, or the enciphered key that came with it, as it was made. Needs
 * the PIN. PSD_REFUSED where there is none yet. */
psd_result psd_host_get_last(psd_host *host, psd_last which, psd_buffer *answer);
/* GENERATE ASYMMETRIC KEY PAIR (ISO/IEC 7816-8:2004, 5.1): the PSD makes its own key pair; `point` gets the public key,
 * uncompressed. Needs the personaliser's secure channel. */
psd_result psd_host_make_key_pair(psd_host *host, uint8_t point[65]);
/* The same, of the pair it has made. */
psd_result psd_host_read_public_key(psd_host *host, uint8_t point[65]);
/* GENERATE ASYMMETRIC KEY PAIR, P2 01: the PSD makes its DSA pair of 1024 bits; `y` gets the public key. Needs the
 * personaliser's secure channel, and a P-256 pair. */
psd_result psd_host_make_dsa_key(psd_host *host, uint8_t y[128]);
/* The same, of the pair it has made. */
psd_result psd_host_read_dsa_key(psd_host *host, uint8_t y[128]);

/* Evidence of postage (docs/evidence.md). psd/reader/evidence.h has what a Host makes of these. */
/* CREATE INDICIUM: debits, counts, signs and keeps; appends EVIDENCE_HEAD and the indicium, PSD_EVIDENCE_MAX bytes at
 * most. Needs the PIN. */
psd_result psd_host_create_indicium(psd_host *host, psd_evidence_kind kind, const psd_indicium_wish *wish,
                                    psd_buffer *answer);
/* WITHDRAWAL INDICIUM: the proof of the last withdrawal of funds, in the same form. Needs the PIN. */
psd_result psd_host_withdrawal_indicium(psd_host *host, psd_profile_id profile, psd_buffer *answer);
/* GET LAST, of evidence: the very bytes of the last one. Needs the PIN. PSD_REFUSED where there is none yet. */
psd_result psd_host_last_evidence(psd_host *host, psd_buffer *answer);
/* LOAD RATES: a table with its signature. Needs the PIN. */
psd_result psd_host_load_rates(psd_host *host, const void *table, size_t length);
/* REGISTRATION TOKENS: the proofs that the PSD holds its token keys. Needs the PIN, and a licence on the card. */
psd_result psd_host_registration_tokens(psd_host *host, psd_registration_tokens *tokens);

/* The certificate meter (docs/certificates.md). `slot` is 1 to PSD_USER_SLOTS. What is charged begins with a random
 * SERVICE_CALL, `call` of the wish: sent again as it is, it is answered alike and charged once;
 * psd/reader/certificate.h does that. Texts are UTF-8; lengths of texts in a wish are filled in here. All need the PIN,
 * but READ CERTIFICATE. */
/* REQUEST CERTIFICATE (VM 502-512): appends the sealed request, PSD_SEALED_REQUEST_MAX bytes at most. `organization`
 * may be empty. */
psd_result psd_host_request_certificate(psd_host *host, uint8_t slot, psd_request_key key,
                                        const psd_certificate_wish *wish, const char *organization, const char *name,
                                        psd_buffer *sealed);
/* INSTALL CERTIFICATE (518, 520): what the authority has granted, whole. */
psd_result psd_host_install_certificate(psd_host *host, uint8_t slot, const void *grant, size_t length);
/* SIGN MESSAGE: appends the signature, CMS. `digest` is that of the function that the wish names; NULL where it names
 * none. */
psd_result psd_host_sign_message(psd_host *host, uint8_t slot, bool with_certificate, const psd_sign_wish *wish,
                                 const uint8_t *digest, psd_buffer *cms);
/* POSTMARK (302-316): appends the TimeStampToken. `digest` likewise; `nonce` has wish->nonce bytes. */
psd_result psd_host_postmark(psd_host *host, uint8_t slot, bool with_certificate, const psd_postmark_wish *wish,
                             const uint8_t *digest, const uint8_t *nonce, psd_buffer *token);
/* VALIDATE POSTMARK (402-420) of a TimeStampToken; `digest` likewise. PSD_OK whatever the verdict is. */
psd_result psd_host_validate_postmark(psd_host *host, const psd_postmark_check *check, const uint8_t *digest,
                                      const void *token, size_t length, psd_verdict *verdict);
/* ISSUE CERTIFICATE (350-366) for the receiver whose X.509 certificate this is: appends the new certificate. GET LAST
 * has the new key, enciphered. */
psd_result psd_host_issue_certificate(psd_host *host, uint8_t slot, const psd_agent_wish *wish, const char *name,
                                      const void *receiver, size_t length, psd_buffer *certificate);
/* REQUEST REVOCATION (602): appends the signed request, CMS. */
psd_result psd_host_request_revocation(psd_host *host, uint8_t slot, psd_reason reason, const psd_service_call *call,
                                       psd_buffer *cms);
/* REVOKE CERTIFICATE (610-624): carries the authority's command out, appends the signed confirmation. */
psd_result psd_host_revoke_certificate(psd_host *host, const void *command, size_t length, psd_buffer *confirmation);
/* ACCEPT CREDIT (810, 812): the line-of-credit certificate, X.509; appends the first payment certificate. */
psd_result psd_host_accept_credit(psd_host *host, uint8_t slot, const psd_service_call *call, const void *certificate,
                                  size_t length, psd_buffer *payment);
/* PAY (902-910): appends the payment certificate, CMS. */
psd_result psd_host_pay(psd_host *host, uint8_t slot, const psd_payment_wish *wish, const char *payee,
                        psd_buffer *payment);
/* READ CERTIFICATE: appends what is public of a slot. PSD_REFUSED where there is none. */
psd_result psd_host_read_certificate(psd_host *host, uint8_t slot, psd_reading what, psd_buffer *answer);
/* DELETE KEY: empties a slot that is not active, or whose certificate has expired. */
psd_result psd_host_delete_key(psd_host *host, uint8_t slot);
/* IMPORT KEY (VM figure 5, less security): 32 bytes of P-256, or PKCS#1 RSAPrivateKey. */
psd_result psd_host_import_key(psd_host *host, uint8_t slot, psd_algorithm algorithm, psd_purpose purpose,
                               const void *secret, size_t length);
/* HASH (304): begins a digest, without data, or goes on with 1 to PSD_HASH_PIECE bytes. */
#define PSD_HASH_PIECE 2048U
psd_result psd_host_hash(psd_host *host, psd_hashing how, const void *data, size_t length);

#endif
