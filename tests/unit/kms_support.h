/* A key management system on the bench: keys in memory, requests as a card and a meter server would make them. */
#ifndef PSD_KMS_SUPPORT_H
#define PSD_KMS_SUPPORT_H

#include "check.h"

#include "kms/service.h"

#define BENCH_NOW 1795000000U

typedef struct bench {
  psd_keyring *ring;
  psd_kms_service service;
  psd_kms_device device;
  uint8_t answer[PSD_FRAME_BODY_MAX];
  size_t answer_length; /* without KMS_CALL */
  const uint8_t *content;
} bench;

/* All kinds of keys, active; `rsa` too if wanted. */
void bench_open(bench *on, psd_role role, bool rsa);
void bench_close(bench *on);
/* Asks; returns the signal, PSD_SIGNAL_NONE for an answer, whose type is checked to be the one after the request. */
psd_signal bench_ask(bench *on, psd_frame_type type, const psd_buffer *request);
/* Manufactures the bench's PSD. */
psd_kms_manufactured bench_manufacture(bench *on, unsigned scheme, unsigned suites);
/* Begins a request with a call's number. */
psd_buffer bench_request(uint8_t *memory, size_t capacity);
/* KMS_CONTEXT || SIGN_ON || wrapped, with the K_S 01 02 03 ... */
void bench_put_sign_on(const bench *on, psd_buffer *out, psd_suite suite, uint32_t key, const uint8_t *key_material);
/* KMS_VERIFY || WRAPPED_K4 || AUDIT || signature */
void bench_put_verify(psd_buffer *out, const uint8_t *wrapped_k4, const uint8_t k3[32], const psd_pair *pair);

#endif
