#include "kms_user.h"

#include <string.h>

static X509 *taken(const uint8_t *der, size_t length) {
  const unsigned char *at = der;
  X509 *certificate = d2i_X509(NULL, &at, (long)length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(certificate);
  CU_ASSERT_PTR_EQUAL(at, der + length);
  return certificate;
}

X509 *user_authority(user *of, unsigned kind, uint32_t key) {
  uint8_t bytes[64];
  const psd_kms_authority wanted = {.kind = kind, .key = key};
  psd_buffer request = bench_request(bytes, sizeof bytes);
  psd_put_message(&request, PSD_MESSAGE_KMS_AUTHORITY, &wanted);
  CU_ASSERT_EQUAL_FATAL(bench_ask(&of->on, PSD_FRAME_KMS_AUTHORITY, &request), PSD_SIGNAL_NONE);
  return taken(of->on.content, of->on.answer_length);
}

void user_begin(user *of) {
  memset(of, 0, sizeof *of);
  bench_open(&of->on, PSD_ROLE_METER, false);
  of->made = bench_manufacture(&of->on, 0, PSD_SUITE_P256);
  of->pair = bench_pair(&of->on, &of->made);
  of->key = proof_key();
  of->next = 100;
  of->root = user_authority(of, 0, 0);
  of->ca = user_authority(of, 1, 0);
  of->creditor = user_authority(of, 2, 0);
  of->on.service.events.count = 0;
}

void user_end(user *of) {
  X509_free(of->root);
  X509_free(of->ca);
  X509_free(of->creditor);
  EVP_PKEY_free(of->key);
  psd_pair_free(of->pair);
  bench_close(&of->on);
}

proof_der user_pkcs10_of(X509_REQ *request, EVP_PKEY *key) {
  proof_der der = {.length = 0};
  uint8_t *at = der.data;
  CU_ASSERT_FATAL(X509_REQ_sign(request, key, EVP_sha256()) > 0);
  der.length = (size_t)i2d_X509_REQ(request, &at);
  X509_REQ_free(request);
  return der;
}

/* PrintableString where it can be, as a card does. */
static void add(X509_NAME *name, const char *attribute, const char *text) {
  int form = ASN1_PRINTABLE_type((const uint8_t *)text, -1) == V_ASN1_PRINTABLESTRING ? V_ASN1_PRINTABLESTRING
                                                                                      : V_ASN1_UTF8STRING;
  CU_ASSERT_FATAL(X509_NAME_add_entry_by_txt(name, attribute, form, (const uint8_t *)text, -1, -1, 0) == 1);
}

proof_der user_pkcs10(EVP_PKEY *key, const char *organization, const char *name) {
  X509_REQ *request = X509_REQ_new();
  CU_ASSERT_FATAL(request != NULL && X509_REQ_set_pubkey(request, key) == 1);
  if (organization != NULL)
    add(X509_REQ_get_subject_name(request), "O", organization);
  if (name != NULL)
    add(X509_REQ_get_subject_name(request), "CN", name);
  return user_pkcs10_of(request, key);
}

psd_certificate_request user_head(const user *of, psd_purpose purpose) {
  psd_certificate_request head = {.slot = 1, .purpose = purpose, .number = 7};
  psd_cursor device = psd_cursor_over(of->on.device.bytes + 4, 4);
  memcpy(head.vendor, of->on.device.bytes, 2);
  memcpy(head.model, of->on.device.bytes + 2, 2);
  head.serial = psd_take_uint(&device, 4);
  head.algorithm = PSD_ALGORITHM_P256;
  head.time = BENCH_NOW;
  memset(head.nonce, 0x5A, sizeof head.nonce);
  return head;
}

/* The communications key of a direction (256), as docs/certificates.md has it. */
static void communications_key(const user *of, const char *label, uint8_t key[32]) {
  uint8_t info[64];
  size_t length = strlen(label);
  memcpy(info, label, length);
  memcpy(info + length, of->on.device.bytes, 8);
  CU_ASSERT_FATAL(psd_hkdf_expand(of->made.key, info, length + 8, key, 32));
}

void user_seal(const user *of, const psd_certificate_request *head, const proof_der *pkcs10, psd_buffer *out) {
  uint8_t key[32];
  communications_key(of, "psd certificate request", key);
  psd_put(out, of->made.wrapped_k4, PSD_SIZE_WRAPPED_K4);
  size_t at = out->length;
  psd_put_message(out, PSD_MESSAGE_CERTIFICATE_REQUEST, head);
  const psd_part aad = {out->data + at, PSD_SIZE_CERTIFICATE_REQUEST};
  uint8_t *sealed = psd_put_room(out, pkcs10->length + 16);
  CU_ASSERT_FATAL(sealed != NULL &&
                  psd_gcm_seal(key, head->nonce, aad, pkcs10->data, pkcs10->length, sealed, sealed + pkcs10->length));
}

psd_kms_issue user_issue(user *of) {
  psd_kms_issue wanted = {.number = of->next++, .from = BENCH_NOW, .zip = 90210, .licence = 42};
  wanted.until = BENCH_NOW + 365 * USER_DAY;
  return wanted;
}

psd_signal user_ask(user *of, const psd_kms_issue *wanted, const char *address, const psd_certificate_request *head,
                    const proof_der *pkcs10) {
  static uint8_t bytes[PROOF_MAX];
  psd_kms_issue said = *wanted;
  psd_buffer request = bench_request(bytes, sizeof bytes);
  said.address = strlen(address);
  psd_put_message(&request, PSD_MESSAGE_KMS_ISSUE, &said);
  psd_put(&request, address, strlen(address));
  user_seal(of, head, pkcs10, &request);
  CU_ASSERT_FALSE_FATAL(request.overflow);
  return bench_ask(&of->on, PSD_FRAME_KMS_ISSUE, &request);
}

X509 *user_granted(const user *of, const psd_certificate_request *head) {
  uint8_t key[32], mac[32];
  psd_certificate_grant grant;
  size_t length = of->on.answer_length - 32;
  communications_key(of, "psd certificate grant", key);
  CU_ASSERT_FATAL(psd_hmac(key, 32, &(psd_part){of->on.content, length}, 1, mac));
  CU_ASSERT(psd_secret_equal(mac, of->on.content + length, 32));
  CU_ASSERT_FATAL(psd_parse_message(of->on.content, PSD_SIZE_CERTIFICATE_GRANT, PSD_MESSAGE_CERTIFICATE_GRANT, &grant));
  CU_ASSERT(memcmp(of->on.content, of->on.device.bytes, 8) == 0);
  CU_ASSERT(grant.slot == head->slot && grant.request == head->number && grant.time == BENCH_NOW);
  CU_ASSERT(of->on.answer_length <= PSD_GRANT_MAX);
  return taken(of->on.content + PSD_SIZE_CERTIFICATE_GRANT, length - PSD_SIZE_CERTIFICATE_GRANT);
}

X509 *user_certificate(user *of, psd_purpose purpose) {
  const psd_certificate_request head = user_head(of, purpose);
  const proof_der pkcs10 = user_pkcs10(of->key, "House", "Anna");
  const psd_kms_issue wanted = user_issue(of);
  CU_ASSERT_EQUAL_FATAL(user_ask(of, &wanted, USER_ADDRESS, &head, &pkcs10), PSD_SIGNAL_NONE);
  return user_granted(of, &head);
}

X509 *user_impostor(const user *of, EVP_PKEY *key, uint64_t number) {
  EVP_PKEY *nobody = proof_key();
  X509 *made = proof_certify(&(proof_wish){.organization = "House",
                                           .name = "Anna",
                                           .issuer = of->ca,
                                           .issuer_key = nobody,
                                           .key = key,
                                           .number = number,
                                           .from = BENCH_NOW,
                                           .until = BENCH_NOW + USER_DAY,
                                           .extensions = proof_user});
  EVP_PKEY_free(nobody);
  return made;
}

int user_verify(const user *of, X509 *leaf, X509 *between, X509_CRL *list, int purpose, uint64_t time) {
  X509_STORE *store = X509_STORE_new();
  X509_STORE_CTX *context = X509_STORE_CTX_new();
  STACK_OF(X509) *chain = sk_X509_new_null();
  CU_ASSERT_FATAL(store != NULL && context != NULL && chain != NULL && X509_STORE_add_cert(store, of->root) == 1);
  CU_ASSERT_FATAL(sk_X509_push(chain, of->ca) > 0 && sk_X509_push(chain, of->creditor) > 0);
  if (between != NULL)
    CU_ASSERT_FATAL(sk_X509_push(chain, between) > 0);
  if (list != NULL)
    CU_ASSERT_FATAL(X509_STORE_add_crl(store, list) == 1);
  CU_ASSERT_FATAL(X509_STORE_CTX_init(context, store, leaf, chain) == 1);
  X509_VERIFY_PARAM *terms = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_flags(terms, X509_V_FLAG_X509_STRICT | (list != NULL ? X509_V_FLAG_CRL_CHECK : 0));
  X509_VERIFY_PARAM_set_time(terms, (time_t)time);
  if (purpose != 0)
    CU_ASSERT_FATAL(X509_VERIFY_PARAM_set_purpose(terms, purpose) == 1);
  int result = X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
  X509_STORE_CTX_free(context);
  sk_X509_free(chain);
  X509_STORE_free(store);
  return result;
}
