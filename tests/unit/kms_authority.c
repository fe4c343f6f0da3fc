/* The authority's own certificates, lists of revoked certificates, OCSP responders (docs/kms.md, docs/certificates.md):
 * what they say, what is refused, and what OpenSSL says of them. */
#include <string.h>

#include "kms_user.h"

static user at;
static uint8_t bytes[PSD_FRAME_BODY_MAX];

static void check_subject(const X509 *certificate, const char *wanted) {
  char text[256];
  BIO *memory = BIO_new(BIO_s_mem());
  CU_ASSERT_FATAL(memory != NULL &&
                  X509_NAME_print_ex(memory, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0);
  int length = BIO_read(memory, text, sizeof text - 1);
  text[length > 0 ? length : 0] = '\0';
  CU_ASSERT_STRING_EQUAL(text, wanted);
  BIO_free(memory);
}

static void chain(void) {
  user_begin(&at);
  check_subject(at.root, "CN=SPECIMEN Root 12,O=SPECIMEN Postal Security Devices");
  check_subject(at.ca, "CN=SPECIMEN CA 7,O=SPECIMEN Postal Security Devices");
  check_subject(at.creditor, "CN=SPECIMEN Creditor 13,O=SPECIMEN Postal Security Devices");
  CU_ASSERT(X509_get_pathlen(at.root) == -1 && X509_get_pathlen(at.ca) == 1 && X509_get_pathlen(at.creditor) == 0);
  CU_ASSERT_EQUAL(X509_get_key_usage(at.root), (KU_KEY_CERT_SIGN | KU_CRL_SIGN));
  CU_ASSERT_EQUAL(X509_get_key_usage(at.ca), (KU_KEY_CERT_SIGN | KU_CRL_SIGN));
  CU_ASSERT_EQUAL(X509_get_key_usage(at.creditor), KU_KEY_CERT_SIGN);
  CU_ASSERT_PTR_NULL(X509_get0_authority_key_id(at.root));
  CU_ASSERT(X509_get0_authority_key_id(at.ca) != NULL && X509_get0_authority_key_id(at.creditor) != NULL);
  X509 *const below[] = {at.ca, at.creditor};
  for (size_t i = 0; i < PSD_CHECK_COUNT(below); i++) {
    CU_ASSERT_EQUAL(X509_check_ca(below[i]), 1);
    CU_ASSERT_EQUAL(user_verify(&at, below[i], NULL, NULL, 0, BENCH_NOW), X509_V_OK);
    CU_ASSERT_EQUAL(user_verify(&at, below[i], NULL, NULL, 0, BENCH_NOW + 7305 * USER_DAY + 1),
                    X509_V_ERR_CERT_HAS_EXPIRED);
  }
  /* The root outlives them by ten years. */
  CU_ASSERT_EQUAL(ASN1_TIME_cmp_time_t(X509_get0_notAfter(at.root), (time_t)(BENCH_NOW + 10958 * USER_DAY)), 0);
  user_end(&at);
}

static psd_signal ask(unsigned kind, uint32_t key) {
  const psd_kms_authority wanted = {.kind = kind, .key = key};
  psd_buffer request = bench_request(bytes, sizeof bytes);
  psd_put_message(&request, PSD_MESSAGE_KMS_AUTHORITY, &wanted);
  return bench_ask(&at.on, PSD_FRAME_KMS_AUTHORITY, &request);
}

static void which(void) {
  static const struct {
    unsigned kind;
    uint32_t key;
    psd_signal signal;
  } cases[] = {{0, 0, PSD_SIGNAL_NONE},    {0, 12, PSD_SIGNAL_NONE},   {1, 7, PSD_SIGNAL_NONE},
               {2, 13, PSD_SIGNAL_NONE},   {0, 7, PSD_SIGNAL_REQUEST}, {1, 12, PSD_SIGNAL_REQUEST},
               {2, 7, PSD_SIGNAL_REQUEST}, {3, 0, PSD_SIGNAL_REQUEST}, {255, 0, PSD_SIGNAL_REQUEST},
               {1, 99, PSD_SIGNAL_REQUEST}};
  user_begin(&at);
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    at.on.service.events.count = 0;
    CU_ASSERT_EQUAL(ask(cases[i].kind, cases[i].key), cases[i].signal);
    CU_ASSERT_EQUAL(at.on.service.events.count, cases[i].signal == PSD_SIGNAL_NONE ? 1 : 0);
    bench_learn(&at.on);
  }
  psd_buffer request = bench_request(bytes, sizeof bytes);
  psd_put_message(&request, PSD_MESSAGE_KMS_AUTHORITY, &(psd_kms_authority){.kind = 1});
  bench_cut_all(&at.on, PSD_FRAME_KMS_AUTHORITY, &request);
  user_end(&at);
}

/* A root that was made later vouches for what is there, from then on. What an earlier psd-kms made has none at first.
 */
static void another_root(void) {
  user_begin(&at);
  psd_kms_key *root = psd_keyring_find(at.on.ring, 12);
  root->state = PSD_KMS_STATE_GENERATED; /* as if it were not there */
  for (unsigned kind = 0; kind < 3; kind++)
    CU_ASSERT_EQUAL(ask(kind, 0), PSD_SIGNAL_INTERNAL);
  root->state = PSD_KMS_STATE_ACTIVE;
  uint32_t second = bench_rotate(&at.on, PSD_KMS_ROOT);
  psd_keyring_find(at.on.ring, second)->created = BENCH_NOW + 5;
  X509 *ca = user_authority(&at, 1, 0), *new_root = user_authority(&at, 0, 0), *old_root = user_authority(&at, 0, 12);
  CU_ASSERT_EQUAL(X509_cmp(old_root, at.root) == 0, 0); /* signed anew, */
  CU_ASSERT_EQUAL(EVP_PKEY_eq(X509_get0_pubkey(old_root), X509_get0_pubkey(at.root)), 1);
  CU_ASSERT_EQUAL(X509_verify(ca, X509_get0_pubkey(new_root)), 1);
  CU_ASSERT_EQUAL(ASN1_TIME_cmp_time_t(X509_get0_notBefore(ca), BENCH_NOW + 5), 0);
  CU_ASSERT_EQUAL(X509_verify(at.ca, X509_get0_pubkey(at.root)), 1);
  X509_free(ca);
  X509_free(new_root);
  X509_free(old_root);
  user_end(&at);
}

static psd_signal list(const psd_kms_list *wanted, const psd_revoked_entry *entries) {
  psd_buffer request = bench_request(bytes, sizeof bytes);
  psd_put_message(&request, PSD_MESSAGE_KMS_LIST, wanted);
  for (size_t i = 0; i < wanted->count; i++)
    psd_put_message(&request, PSD_MESSAGE_REVOKED_ENTRY, &entries[i]);
  CU_ASSERT_FALSE_FATAL(request.overflow);
  return bench_ask(&at.on, PSD_FRAME_KMS_LIST, &request);
}

static psd_kms_list wish(uint64_t count) {
  return (psd_kms_list){.number = 1, .from = BENCH_NOW, .until = BENCH_NOW + USER_DAY, .count = count};
}

static X509_CRL *listed(void) {
  const unsigned char *from = at.on.content;
  X509_CRL *made = d2i_X509_CRL(NULL, &from, (long)at.on.answer_length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(made);
  CU_ASSERT_PTR_EQUAL(from, at.on.content + at.on.answer_length);
  return made;
}

/* Who is on the list is revoked, and nobody else. */
static void revoked(void) {
  user_begin(&at);
  X509 *first = user_certificate(&at, PSD_PURPOSE_USER), *second = user_certificate(&at, PSD_PURPOSE_USER);
  bench_learn(&at.on);
  const psd_revoked_entry entries[] = {{.certificate = 100, .time = BENCH_NOW, .reason = PSD_REASON_KEY_COMPROMISE},
                                       {.certificate = UINT32_MAX, .time = 1, .reason = PSD_REASON_UNSPECIFIED}};
  psd_kms_list wanted = wish(2);
  wanted.number = UINT64_C(0x123456789A);
  CU_ASSERT_EQUAL_FATAL(list(&wanted, entries), PSD_SIGNAL_NONE);
  X509_CRL *made = listed();
  CU_ASSERT_EQUAL(X509_CRL_verify(made, X509_get0_pubkey(at.ca)), 1);
  CU_ASSERT_EQUAL(X509_NAME_cmp(X509_CRL_get_issuer(made), X509_get_subject_name(at.ca)), 0);
  CU_ASSERT_EQUAL(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(made)), 2);
  ASN1_INTEGER *number = X509_CRL_get_ext_d2i(made, NID_crl_number, NULL, NULL);
  uint64_t said = 0;
  CU_ASSERT(ASN1_INTEGER_get_uint64(&said, number) == 1 && said == wanted.number);
  ASN1_INTEGER_free(number);
  CU_ASSERT_EQUAL(user_verify(&at, first, NULL, made, 0, BENCH_NOW + 1), X509_V_ERR_CERT_REVOKED);
  CU_ASSERT_EQUAL(user_verify(&at, second, NULL, made, 0, BENCH_NOW + 1), X509_V_OK);
  CU_ASSERT_EQUAL(user_verify(&at, second, NULL, made, 0, BENCH_NOW + USER_DAY + 1), X509_V_ERR_CRL_HAS_EXPIRED);
  psd_kms_record record = psd_kms_record_of(&at.on.service.events.list[0]);
  CU_ASSERT(record.event == PSD_KMS_EVENT_REVOKED && record.key == 7 && record.sequence == 2);
  bench_learn(&at.on);
  X509_CRL_free(made);
  /* An empty list is one too. */
  wanted = wish(0);
  CU_ASSERT_EQUAL_FATAL(list(&wanted, NULL), PSD_SIGNAL_NONE);
  made = listed();
  CU_ASSERT_EQUAL(user_verify(&at, first, NULL, made, 0, BENCH_NOW + 1), X509_V_OK);
  X509_CRL_free(made);
  X509_free(first);
  X509_free(second);
  user_end(&at);
}

/* The longest fits a frame; one more is refused. */
static void longest_list(void) {
  static psd_revoked_entry entries[PSD_REVOKED_MOST + 1];
  user_begin(&at);
  /* In 2051 times are longer, and numbers are as long as they get. */
  for (uint32_t i = 0; i <= PSD_REVOKED_MOST; i++)
    entries[i] = (psd_revoked_entry){
        .certificate = UINT32_MAX - PSD_REVOKED_MOST + i, .time = BENCH_NOW, .reason = PSD_REASON_KEY_COMPROMISE};
  psd_kms_list wanted = wish(PSD_REVOKED_MOST);
  CU_ASSERT_EQUAL_FATAL(list(&wanted, entries), PSD_SIGNAL_NONE);
  CU_ASSERT(at.on.answer_length + PSD_REVOKED_MOST * 2U + PSD_SIZE_KMS_CALL <= PSD_FRAME_BODY_MAX);
  X509_CRL_free(listed());
  wanted.count++;
  CU_ASSERT_EQUAL(list(&wanted, entries), PSD_SIGNAL_LIMIT);
  user_end(&at);
}

static void refused_lists(void) {
  user_begin(&at);
  const psd_revoked_entry good = {.certificate = 1, .time = BENCH_NOW};
  const struct {
    uint64_t number, from, until;
    uint32_t ca_key;
    psd_signal signal;
  } cases[] = {{1, BENCH_NOW, BENCH_NOW + 366 * USER_DAY, 7, PSD_SIGNAL_NONE},
               {0, BENCH_NOW, BENCH_NOW + 1, 7, PSD_SIGNAL_REQUEST},
               {1, BENCH_NOW, BENCH_NOW + 366 * USER_DAY + 1, 7, PSD_SIGNAL_REQUEST},
               {1, BENCH_NOW, BENCH_NOW, 7, PSD_SIGNAL_REQUEST},
               {1, BENCH_NOW - USER_DAY - 1, BENCH_NOW + 1, 7, PSD_SIGNAL_REQUEST},
               {1, BENCH_NOW + USER_DAY + 1, BENCH_NOW + 2 * USER_DAY, 7, PSD_SIGNAL_REQUEST},
               {1, 0, UINT64_MAX, 7, PSD_SIGNAL_REQUEST},
               {1, BENCH_NOW, BENCH_NOW + 1, 12, PSD_SIGNAL_REQUEST}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    psd_kms_list wanted = wish(1);
    wanted.number = cases[i].number;
    wanted.from = cases[i].from;
    wanted.until = cases[i].until;
    wanted.ca_key = cases[i].ca_key;
    CU_ASSERT_EQUAL(list(&wanted, &good), cases[i].signal);
  }
  const psd_revoked_entry bad[][2] = {
      {{.certificate = 0, .time = BENCH_NOW}, good},      {{.certificate = 1, .time = BENCH_NOW}, good},
      {{.certificate = 2, .time = BENCH_NOW}, good},      {good, {.certificate = 2, .time = BENCH_NOW + 301}},
      {good, {.certificate = 2, .time = UINT64_MAX}},     {good, {.certificate = 2, .time = 1, .reason = 2}},
      {good, {.certificate = 2, .time = 1, .reason = 8}}, {good, {.certificate = 2, .time = 1, .reason = 255}}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(bad); i++) {
    const psd_kms_list wanted = wish(2);
    CU_ASSERT_EQUAL(list(&wanted, bad[i]), PSD_SIGNAL_REQUEST);
  }
  const psd_kms_list wanted = wish(1);
  CU_ASSERT_EQUAL(list(&wanted, &good), PSD_SIGNAL_NONE);
  psd_buffer request = bench_request(bytes, sizeof bytes);
  psd_put_message(&request, PSD_MESSAGE_KMS_LIST, &wanted);
  psd_put_message(&request, PSD_MESSAGE_REVOKED_ENTRY, &good);
  bench_cut_all(&at.on, PSD_FRAME_KMS_LIST, &request);
  user_end(&at);
}

static psd_signal certify_responder(const psd_kms_responder *wanted) {
  psd_buffer request = bench_request(bytes, sizeof bytes);
  psd_put_message(&request, PSD_MESSAGE_KMS_RESPONDER, wanted);
  return bench_ask(&at.on, PSD_FRAME_KMS_RESPONDER, &request);
}

static psd_kms_responder responder_wish(void) {
  psd_kms_responder wanted = {.number = 55, .from = BENCH_NOW, .until = BENCH_NOW + 7 * USER_DAY};
  psd_pair *pair = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  psd_pair_point(pair, wanted.point);
  psd_pair_free(pair);
  return wanted;
}

/* RFC 6960, 4.2.2.2: OCSPSigning, by the CA itself, and nobody asks about it. */
static void responder(void) {
  user_begin(&at);
  const psd_kms_responder wanted = responder_wish();
  CU_ASSERT_EQUAL_FATAL(certify_responder(&wanted), PSD_SIGNAL_NONE);
  const unsigned char *from = at.on.content;
  X509 *made = d2i_X509(NULL, &from, (long)at.on.answer_length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(made);
  check_subject(made, "CN=SPECIMEN OCSP 7");
  CU_ASSERT_EQUAL(user_verify(&at, made, NULL, NULL, 0, BENCH_NOW + 1), X509_V_OK);
  CU_ASSERT_EQUAL(X509_get_extended_key_usage(made), XKU_OCSP_SIGN);
  CU_ASSERT(X509_get_ext_by_NID(made, NID_id_pkix_OCSP_noCheck, -1) >= 0);
  CU_ASSERT_EQUAL(X509_get_key_usage(made), KU_DIGITAL_SIGNATURE);
  X509_free(made);
  psd_kms_record record = psd_kms_record_of(&at.on.service.events.list[0]);
  CU_ASSERT(record.event == PSD_KMS_EVENT_RESPONDER && record.key == 7 && record.sequence == 55);
  bench_learn(&at.on);
  user_end(&at);
}

static void refused_responders(void) {
  user_begin(&at);
  psd_kms_responder wanted = responder_wish();
  wanted.until++;
  CU_ASSERT_EQUAL(certify_responder(&wanted), PSD_SIGNAL_REQUEST); /* longer than a week */
  wanted.until = wanted.from;
  CU_ASSERT_EQUAL(certify_responder(&wanted), PSD_SIGNAL_REQUEST);
  wanted = responder_wish();
  wanted.number = 0;
  CU_ASSERT_EQUAL(certify_responder(&wanted), PSD_SIGNAL_REQUEST);
  wanted.number = 1;
  wanted.point[5] ^= 1;
  CU_ASSERT_EQUAL(certify_responder(&wanted), PSD_SIGNAL_REQUEST); /* no point of the curve */
  wanted.point[5] ^= 1;
  wanted.ca_key = 13;
  CU_ASSERT_EQUAL(certify_responder(&wanted), PSD_SIGNAL_REQUEST);
  wanted.ca_key = 7;
  CU_ASSERT_EQUAL(certify_responder(&wanted), PSD_SIGNAL_NONE);
  psd_buffer request = bench_request(bytes, sizeof bytes);
  psd_put_message(&request, PSD_MESSAGE_KMS_RESPONDER, &wanted);
  bench_cut_all(&at.on, PSD_FRAME_KMS_RESPONDER, &request);
  user_end(&at);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"root, CA and creditor", chain},
      {"which certificate of the authority's own", which},
      {"a root that is not there yet, and another", another_root},
      {"who is on the list is revoked", revoked},
      {"the longest list fits a frame", longest_list},
      {"lists that are not signed", refused_lists},
      {"an OCSP responder", responder},
      {"responders that are not certified", refused_responders},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms authority", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
