/* A key management system on the bench: keys in memory, requests as a card and a meter server would make them. */
#ifndef PSD_KMS_SUPPORT_H
#define PSD_KMS_SUPPORT_H

#include "check.h"

#include "kms/service.h"

#define BENCH_NOW 1795000000U

typedef struct bench {
  psd_keyring *ring;
  psd_kms_archive *archive;
  psd_kms_service service;
  psd_kms_device device;
  uint8_t answer[PSD_FRAME_BODY_MAX];
  size_t answer_length; /* without KMS_CALL */
  const uint8_t *content;
} bench;

/* All kinds of keys of the vendor's domain, active; `rsa` too if wanted. */
void bench_open(bench *on, psd_role role, bool rsa);
/* Those of the post's: log 1, token 2, table 3. */
void bench_open_postal(bench *on, psd_role role);
void bench_close(bench *on);
/* Takes a key to a state, or another key of a kind into use, and lets the archive know. */
void bench_move(bench *on, uint32_t identifier, psd_kms_state state);
uint32_t bench_rotate(bench *on, psd_kms_kind kind);
/* Takes the events that the service has noted into the archive, as if they were on the log. */
void bench_learn(bench *on);
/* Asks; returns the signal, PSD_SIGNAL_NONE for an answer, whose type is checked to be the one after the request. */
psd_signal bench_ask(bench *on, psd_frame_type type, const psd_buffer *request);
/* Manufactures the bench's PSD. */
psd_kms_manufactured bench_manufacture(bench *on, unsigned scheme, unsigned suites);
/* Begins a request with a call's number. */
psd_buffer bench_request(uint8_t *memory, size_t capacity);
/* KMS_CONTEXT || SIGN_ON || wrapped, with the K_S 01 02 03 ... */
void bench_put_sign_on(const bench *on, psd_buffer *out, psd_suite suite, uint32_t key, const uint8_t *key_material);
/* Endorses a PSD with that point; its wrapped K4 is then the new one, unless another signal is `expected`. */
void bench_endorse(bench *on, psd_kms_manufactured *made, const uint8_t point[65], psd_signal expected);
/* Gives the PSD a key pair and endorses it; free the pair. */
psd_pair *bench_pair(bench *on, psd_kms_manufactured *made);
/* What a certificate of the bench's PSD may say: number 5, ZIP 90210, licence 42, from now on for a year. */
psd_kms_certify bench_certificate(const bench *on);
/* Asks for it; on PSD_SIGNAL_NONE it is in `content`. */
psd_signal bench_certify(bench *on, const psd_kms_manufactured *made, const psd_kms_certify *wanted);
/* Signs the last `length` bytes of `out` as the PSD does, by `pair` or, with NULL, K3, and appends the signature. */
void bench_sign(psd_buffer *out, const char *label, size_t length, const uint8_t k3[32], const psd_pair *pair);
/* Flips each bit of the bytes from `first` to `last` in turn; the answer must be `expected`. */
void bench_flip_all(bench *on, psd_frame_type type, psd_buffer *request, size_t first, size_t last,
                    psd_signal expected);
/* Cuts a request short at every length down to the call's number, and lengthens it by a byte: all are MESSAGE. */
void bench_cut_all(bench *on, psd_frame_type type, const psd_buffer *request);
/* KMS_VERIFY || WRAPPED_K4 || AUDIT || signature */
void bench_put_verify(psd_buffer *out, const uint8_t *wrapped_k4, const uint8_t k3[32], const psd_pair *pair);

#endif
