/* Lines of credit (VM figure 7A; docs/certificates.md): what the holder has signed and his meter postmarked (802) is
 * looked at, and certified for no more than he asked for (804, 808). */
#include <string.h>

#include "kms_user.h"

#define NOW_TEXT "20261118110640Z"

static user at;
static X509 *holder, *stamp; /* numbers 100 and 101 */
static uint8_t bytes[PSD_FRAME_BODY_MAX];

static void begin(void) {
  user_begin(&at);
  holder = user_certificate(&at, PSD_PURPOSE_USER);
  stamp = user_certificate(&at, PSD_PURPOSE_POSTMARK);
  bench_learn(&at.on);
}

static void end(void) {
  X509_free(holder);
  X509_free(stamp);
  user_end(&at);
}

/* What comes from the Host, and what the meter server wants. */
typedef struct application {
  psd_kms_credit head;
  proof_der certificate, signature, postmark, request;
} application;

static proof_der request_of(const psd_proof_credit_request *said) {
  static const uint8_t nonce[8] = {1, 2, 3};
  proof_der made = {.length = 0};
  psd_buffer out = psd_buffer_over(made.data, sizeof made.data);
  CU_ASSERT_FATAL(psd_proof_put_credit_request(said, nonce, &out));
  made.length = out.length;
  return made;
}

static psd_proof_credit_request said_by(void) {
  psd_proof_credit_request said = {.certificate = 100, .amount = 1000000, .time = BENCH_NOW, .use = "supplies"};
  memcpy(said.device, at.on.device.bytes, 8);
  return said;
}

static proof_der sign(const proof_der *request, X509 *certificate, EVP_PKEY *key) {
  return proof_sign(&(proof_signing){.content = request->data,
                                     .length = request->length,
                                     .certificate = certificate,
                                     .key = key,
                                     .time = BENCH_NOW,
                                     .detached = true});
}

static proof_der postmark(const proof_der *of, X509 *certificate, const char *time) {
  uint8_t digest[32];
  CU_ASSERT_FATAL(psd_hash(&(psd_part){of->data, of->length}, 1, digest));
  const proof_der info = proof_tst(digest, time);
  return proof_sign(&(proof_signing){.type = psd_oids[PSD_OID_TST_INFO].dotted,
                                     .content = info.data,
                                     .length = info.length,
                                     .certificate = certificate,
                                     .key = at.key,
                                     .time = BENCH_NOW});
}

/* 802, as it should be: 1000.00 is asked for, and 800.00 granted. */
static application good(void) {
  const psd_proof_credit_request said = said_by();
  application made = {.head = {.number = 500, .amount = 800000, .from = BENCH_NOW, .until = BENCH_NOW + 90 * USER_DAY}};
  made.certificate = proof_of(holder);
  made.request = request_of(&said);
  made.signature = sign(&made.request, holder, at.key);
  made.postmark = postmark(&made.signature, stamp, NOW_TEXT);
  return made;
}

static psd_buffer put(const application *made) {
  psd_kms_credit head = made->head;
  psd_buffer out = bench_request(bytes, sizeof bytes);
  head.certificate = made->certificate.length;
  head.signature = made->signature.length;
  head.postmark = made->postmark.length;
  psd_put_message(&out, PSD_MESSAGE_KMS_CREDIT, &head);
  psd_put(&out, made->certificate.data, made->certificate.length);
  psd_put(&out, made->signature.data, made->signature.length);
  psd_put(&out, made->postmark.data, made->postmark.length);
  psd_put(&out, made->request.data, made->request.length);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  return out;
}

static psd_signal ask(const application *made) {
  psd_buffer out = put(made);
  return bench_ask(&at.on, PSD_FRAME_KMS_CREDIT, &out);
}

static psd_trust *trust_in_root(void) {
  psd_trust *trust = psd_trust_new();
  const proof_der root = proof_of(at.root), creditor = proof_of(at.creditor);
  CU_ASSERT_FATAL(trust != NULL && psd_trust_add_root_der(trust, proof_bytes(&root)) &&
                  psd_trust_add_chain_der(trust, proof_bytes(&creditor)));
  return trust;
}

/* 804, 808: the line-of-credit certificate is the holder's key's, and the merchant believes it. */
static void granted(void) {
  psd_proof_credit said;
  char why[PSD_PROOF_WHY_MAX];
  begin();
  const application made = good();
  CU_ASSERT_EQUAL_FATAL(ask(&made), PSD_SIGNAL_NONE);
  CU_ASSERT(at.on.answer_length <= PSD_USER_CERTIFICATE_MAX);
  psd_trust *trust = trust_in_root();
  const psd_proof_bytes der = {at.on.content, at.on.answer_length};
  CU_ASSERT_EQUAL(psd_proof_check_credit(trust, der, BENCH_NOW + 1, &said, why), PSD_PROOF_HOLDS);
  CU_ASSERT(said.amount == 800000 && said.certificate == 100 && said.holder.number == 500);
  CU_ASSERT_STRING_EQUAL(said.use, "supplies");
  CU_ASSERT_STRING_EQUAL(said.holder.common_name, "Anna");
  CU_ASSERT_STRING_EQUAL(said.holder.organization, "House");
  CU_ASSERT(said.holder.metered && memcmp(said.holder.device, at.on.device.bytes, 8) == 0);
  CU_ASSERT(said.holder.from == BENCH_NOW && said.holder.until == BENCH_NOW + 90 * USER_DAY);
  psd_trust_free(trust);
  const unsigned char *from = at.on.content;
  X509 *line = d2i_X509(NULL, &from, (long)at.on.answer_length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(line);
  CU_ASSERT_EQUAL(user_verify(&at, line, NULL, NULL, 0, BENCH_NOW + 1), X509_V_OK);
  CU_ASSERT_EQUAL(X509_check_ca(line), 0);
  CU_ASSERT_EQUAL(EVP_PKEY_eq(X509_get0_pubkey(line), at.key), 1);
  CU_ASSERT_EQUAL(X509_NAME_cmp(X509_get_subject_name(line), X509_get_subject_name(holder)), 0);
  CU_ASSERT_EQUAL(X509_get_extended_key_usage(line), 0); /* none of those that OpenSSL knows */
  X509_free(line);
  psd_kms_record record = psd_kms_record_of(&at.on.service.events.list[0]);
  CU_ASSERT(record.event == PSD_KMS_EVENT_CREDITED && record.kind == PSD_KMS_CREDITOR && record.key == 13);
  CU_ASSERT(record.sequence == 500 && record.amount == 800000 && record.serial == 0x1234);
  bench_learn(&at.on);
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_NONE); /* the same once more */
  end();
}

/* 804: no more than was asked for, no more than the policy, and not for ever. */
static void terms(void) {
  static const psd_kms_policy small = {.most = 500000};
  begin();
  const struct {
    uint64_t number, amount, from, until;
    psd_signal signal;
  } cases[] = {{1, 1000000, BENCH_NOW, BENCH_NOW + 1096 * USER_DAY, PSD_SIGNAL_NONE},
               {UINT32_MAX, 1, BENCH_NOW - USER_DAY, BENCH_NOW + 1, PSD_SIGNAL_NONE},
               {1, 1000001, BENCH_NOW, BENCH_NOW + 1, PSD_SIGNAL_REQUEST},
               {1, UINT64_MAX, BENCH_NOW, BENCH_NOW + 1, PSD_SIGNAL_REQUEST},
               {1, 0, BENCH_NOW, BENCH_NOW + 1, PSD_SIGNAL_REQUEST},
               {0, 1, BENCH_NOW, BENCH_NOW + 1, PSD_SIGNAL_REQUEST},
               {1, 1, BENCH_NOW, BENCH_NOW, PSD_SIGNAL_REQUEST},
               {1, 1, BENCH_NOW, BENCH_NOW + 1096 * USER_DAY + 1, PSD_SIGNAL_REQUEST},
               {1, 1, BENCH_NOW - USER_DAY - 1, BENCH_NOW + 1, PSD_SIGNAL_REQUEST},
               {1, 1, BENCH_NOW + USER_DAY + 1, BENCH_NOW + 2 * USER_DAY, PSD_SIGNAL_REQUEST},
               {1, 1, 0, UINT64_MAX, PSD_SIGNAL_REQUEST}};
  application made = good();
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    made.head.number = cases[i].number;
    made.head.amount = cases[i].amount;
    made.head.from = cases[i].from;
    made.head.until = cases[i].until;
    at.on.service.events.count = 0;
    CU_ASSERT_EQUAL(ask(&made), cases[i].signal);
    CU_ASSERT_EQUAL(at.on.service.events.count, cases[i].signal == PSD_SIGNAL_NONE ? 1 : 0);
  }
  made = good();
  at.on.service.policy = &small;
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_LIMIT);
  made.head.amount = 500000;
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_NONE);
  end();
}

/* Somebody else's signature, or of something else. */
static void signatures(void) {
  begin();
  EVP_PKEY *key = proof_key();
  X509 *impostor = user_impostor(&at, key, 100);
  application made = good();
  made.signature = sign(&made.request, impostor, key);
  made.postmark = postmark(&made.signature, stamp, NOW_TEXT);
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_SIGNATURE);
  X509_free(impostor);
  EVP_PKEY_free(key);
  /* Another certificate of the same key. */
  made = good();
  X509 *second = user_certificate(&at, PSD_PURPOSE_USER);
  made.signature = sign(&made.request, second, at.key);
  made.postmark = postmark(&made.signature, stamp, NOW_TEXT);
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_SIGNATURE);
  made.certificate = proof_of(second); /* which is not the one he asked for it with */
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_REQUEST);
  X509_free(second);
  /* A key for postmarks signs no messages. */
  psd_proof_credit_request said = said_by();
  said.certificate = 101;
  made.certificate = proof_of(stamp);
  made.request = request_of(&said);
  made.signature = sign(&made.request, stamp, at.key);
  made.postmark = postmark(&made.signature, stamp, NOW_TEXT);
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_SIGNATURE);
  /* What was signed is another amount. */
  made = good();
  said = said_by();
  said.amount++;
  made.request = request_of(&said);
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_SIGNATURE);
  /* Another meter than his certificate's. */
  said = said_by();
  said.device[7]++;
  made.request = request_of(&said);
  made.signature = sign(&made.request, holder, at.key);
  made.postmark = postmark(&made.signature, stamp, NOW_TEXT);
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_REQUEST);
  end();
}

/* A certificate of another authority, with the same name and number. */
static void not_ours(void) {
  begin();
  X509 *other = user_impostor(&at, at.key, 100);
  application made = good();
  made.certificate = proof_of(other);
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_REQUEST);
  made = good();
  made.signature = sign(&made.request, other, at.key);
  made.postmark = postmark(&made.signature, stamp, NOW_TEXT);
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_SIGNATURE);
  X509_free(other);
  made = good();
  bench_move(&at.on, 7, PSD_KMS_STATE_COMPROMISED);
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_REQUEST);
  end();
}

/* 802: the meter has postmarked it, and not long ago. */
static void postmarks(void) {
  static const struct {
    const char *time;
    psd_signal signal;
  } cases[] = {{"20261118111140Z", PSD_SIGNAL_NONE}, /* 300 seconds ahead */
               {"20261118111141Z", PSD_SIGNAL_REQUEST}};
  begin();
  application made = good();
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    made.postmark = postmark(&made.signature, stamp, cases[i].time);
    CU_ASSERT_EQUAL(ask(&made), cases[i].signal);
  }
  made.postmark = postmark(&made.request, stamp, NOW_TEXT); /* of something else */
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_SIGNATURE);
  made.postmark = postmark(&made.signature, holder, NOW_TEXT); /* not with a key for postmarks */
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_SIGNATURE);
  made.postmark = postmark(&made.signature, stamp, "20250101000000Z"); /* before its certificate */
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_SIGNATURE);
  made.postmark = made.signature; /* none */
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_SIGNATURE);
  /* Another meter's. */
  made = good();
  at.on.device.bytes[7]++;
  at.made = bench_manufacture(&at.on, 0, PSD_SUITE_P256);
  psd_pair *other = bench_pair(&at.on, &at.made);
  X509_free(stamp);
  stamp = user_certificate(&at, PSD_PURPOSE_POSTMARK);
  made.postmark = postmark(&made.signature, stamp, NOW_TEXT);
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_SIGNATURE);
  psd_pair_free(other);
  end();
}

static uint64_t later(void) {
  return BENCH_NOW + 90 * USER_DAY + 1;
}

/* What was asked for a quarter of a year ago nobody may want any more. */
static void old(void) {
  begin();
  application made = good();
  at.on.service.now = later;
  made.head.from = later();
  made.head.until = later() + USER_DAY;
  CU_ASSERT_EQUAL(ask(&made), PSD_SIGNAL_REQUEST);
  end();
}

/* No byte of what comes may be another. */
static void altered(void) {
  begin();
  const application made = good();
  psd_buffer request = put(&made);
  for (size_t i = PSD_SIZE_KMS_CALL + PSD_SIZE_KMS_CREDIT; i < request.length; i += 3) {
    request.data[i] ^= 0x10;
    CU_ASSERT_NOT_EQUAL(bench_ask(&at.on, PSD_FRAME_KMS_CREDIT, &request), PSD_SIGNAL_NONE);
    request.data[i] ^= 0x10;
  }
  CU_ASSERT_EQUAL(bench_ask(&at.on, PSD_FRAME_KMS_CREDIT, &request), PSD_SIGNAL_NONE);
  bench_cut_all(&at.on, PSD_FRAME_KMS_CREDIT, &request);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the line of credit (804, 808)", granted},
      {"its terms (804)", terms},
      {"signatures of others, or of something else (802)", signatures},
      {"certificates that are not ours", not_ours},
      {"postmarks (802)", postmarks},
      {"an old application", old},
      {"altered and cut", altered},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms credit", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
