/* bench-issue: certificates of users, issued by the key management system.
 *
 *   bench-issue factory=SOCKET kms=SOCKET kms-pid=N db=URL folder=FOLDER
 *
 * In process, and by psd-kms at its socket, one after the other and many under way at once; beside it X509_sign of
 * OpenSSL alone. Enters some of the certificates into the database, and leaves OCSP requests about them in the folder.
 */
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "arguments.h"
#include "asker.h"
#include "inside.h"
#include "kms_user.h"
#include "measure.h"
#include "status.h"
#include "stock.h"
#include "store/certificates.h"
#include "store/money.h"
#include "watch.h"

#define WITHIN 300U
#define ROUNDS 3U
#define ALONE 60U /* a round, one after the other */
#define FLOW 400U /* a round, with so many under way: */
#define WINDOW 32U
#define ENTERED 64U
#define CA 1U /* KMS_AUTHORITY */
#define HOUR 3600U

typedef struct settings {
  const char *factory, *kms, *db, *folder;
  unsigned long kms_pid;
} settings;
static settings set;
static user holder;
static uint8_t bytes[PROOF_MAX], body[PSD_FRAME_BODY_MAX];

/* KMS_CALL, KMS_ISSUE and the sealed request of a user of that PSD. */
static psd_buffer request_of(const psd_kms_issue *wanted) {
  const psd_certificate_request head = user_head(&holder, PSD_PURPOSE_USER);
  const proof_der pkcs10 = user_pkcs10(holder.key, "House", "Anna");
  psd_kms_issue said = *wanted;
  psd_buffer request = bench_request(bytes, sizeof bytes);
  said.address = sizeof USER_ADDRESS - 1;
  psd_put_message(&request, PSD_MESSAGE_KMS_ISSUE, &said);
  psd_put(&request, USER_ADDRESS, sizeof USER_ADDRESS - 1);
  user_seal(&holder, &head, &pkcs10, &request);
  bench_need(!request.overflow, "request");
  return request;
}

static X509 *certificate_in(const uint8_t *grant, size_t length) {
  const unsigned char *at = grant + PSD_SIZE_CERTIFICATE_GRANT;
  X509 *made = d2i_X509(NULL, &at, (long)(length - PSD_SIZE_CERTIFICATE_GRANT));
  bench_need(made != NULL, "certificate");
  return made;
}

/* A certificate of the same content, signed again: nothing else. */
static void measure_raw(X509 *like) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *made = X509_dup(like);
  bench_samples samples = bench_samples_make(WITHIN);
  bench_need(key != NULL && made != NULL, "key");
  for (unsigned i = 0; i < WITHIN; i++) {
    /* What was encoded once is kept otherwise. */
    bench_need(ASN1_INTEGER_set_uint64(X509_get_serialNumber(made), i + 1U) == 1, "number");
    uint64_t start = bench_now_computing();
    bench_need(X509_sign(made, key, EVP_sha256()) > 0, "signature");
    bench_add(&samples, bench_now_computing() - start, 1);
  }
  bench_row_percentiles(&samples, "issue.raw");
  X509_free(made);
  EVP_PKEY_free(key);
}

static void measure_within(void) {
  user_begin(&holder);
  const psd_kms_issue wanted = user_issue(&holder);
  psd_buffer request = request_of(&wanted);
  bench_samples samples = bench_samples_make(WITHIN);
  for (unsigned i = 0; i < WITHIN; i++) {
    uint64_t start = bench_now_computing();
    psd_signal signal = bench_ask(&holder.on, PSD_FRAME_KMS_ISSUE, &request);
    bench_add(&samples, bench_now_computing() - start, 1);
    bench_need(signal == PSD_SIGNAL_NONE, "grant");
    holder.on.service.events.count = 0;
  }
  X509 *made = certificate_in(holder.on.content, holder.on.answer_length);
  bench_need(X509_verify(made, X509_get0_pubkey(holder.ca)) == 1, "certificate of the CA");
  bench_row_percentiles(&samples, "issue.within");
  measure_raw(made);
  X509_free(made);
  user_end(&holder);
}

/* A user of a PSD that the real key management system knows. */
static stock become_user(void) {
  stock made = stock_make(set.factory, 2);
  const soft_psd *psd = &made.psd[1]; /* has a key pair */
  psd_buffer device = psd_buffer_over(holder.on.device.bytes, sizeof holder.on.device.bytes);
  psd_put_message(&device, PSD_MESSAGE_DEVICE_ID, &psd->id);
  memcpy(holder.made.key, psd->key, sizeof holder.made.key);
  memcpy(holder.made.wrapped_k4, made.wrapped[1], sizeof holder.made.wrapped_k4);
  holder.key = proof_key();
  return made;
}

static psd_kms_issue wish(uint32_t number) {
  uint64_t now = (uint64_t)time(NULL);
  return (psd_kms_issue){.number = number, .from = now, .until = now + USER_DAY, .zip = 90210, .licence = 42};
}

/* `count` of them, so many under way. */
static void flow(int fd, const psd_buffer *request, unsigned count, unsigned window, bench_samples *samples) {
  uint64_t sent_at[WINDOW];
  for (unsigned sent = 0, got = 0; got < count;) {
    if (sent < count && sent - got < window) {
      sent_at[sent++ % WINDOW] = bench_now();
      asker_send(fd, PSD_FRAME_KMS_ISSUE, request->data, request->length);
      continue;
    }
    (void)asker_receive(fd, PSD_FRAME_KMS_ISSUE, body);
    bench_add(samples, bench_now() - sent_at[got++ % WINDOW], 1);
  }
}

static void measure_flow(int fd, const char *name, unsigned count, unsigned window) {
  const psd_kms_issue wanted = wish(1);
  psd_buffer request = request_of(&wanted);
  bench_samples samples = bench_samples_make((size_t)count * ROUNDS);
  for (unsigned i = 0; i < ROUNDS; i++) {
    uint64_t wall = bench_now(), used = bench_processor_time((pid_t)set.kms_pid);
    flow(fd, &request, count, window, &samples);
    bench_row(count * 1e9 / (double)(bench_now() - wall), "issue.%s.rate", name);
    bench_row((double)(bench_processor_time((pid_t)set.kms_pid) - used) / 1e3 / count, "issue.%s.kms", name);
  }
  bench_row_percentiles(&samples, "issue.%s", name);
}

static X509 *fetch_ca(int fd) {
  uint8_t question[PSD_SIZE_KMS_CALL + PSD_SIZE_KMS_AUTHORITY];
  const psd_kms_authority wanted = {.kind = CA};
  psd_buffer out = bench_request(question, sizeof question);
  psd_put_message(&out, PSD_MESSAGE_KMS_AUTHORITY, &wanted);
  asker_send(fd, PSD_FRAME_KMS_AUTHORITY, out.data, out.length);
  size_t length = asker_receive(fd, PSD_FRAME_KMS_AUTHORITY, body);
  const unsigned char *at = body + PSD_SIZE_KMS_CALL;
  X509 *ca = d2i_X509(NULL, &at, (long)(length - PSD_SIZE_KMS_CALL));
  bench_need(ca != NULL, "certificate of the CA");
  return ca;
}

static X509 *issue(int fd, uint32_t number) {
  const psd_kms_issue wanted = wish(number);
  psd_buffer request = request_of(&wanted);
  asker_send(fd, PSD_FRAME_KMS_ISSUE, request.data, request.length);
  size_t length = asker_receive(fd, PSD_FRAME_KMS_ISSUE, body);
  return certificate_in(body + PSD_SIZE_KMS_CALL, length - PSD_SIZE_KMS_CALL);
}

/* As the PSD's: to who asks about a number that is all the same. */
static void enter(psd_db *db, uint32_t number, X509 *certificate) {
  psd_certificate_row row = {.number = number, .until = (uint64_t)time(NULL) + HOUR};
  unsigned char *at = row.der;
  int length = i2d_X509(certificate, NULL);
  bench_need(length > 0 && (size_t)length <= sizeof row.der && i2d_X509(certificate, &at) == length, "certificate");
  row.length = (size_t)length;
  memcpy(row.device, holder.on.device.bytes, sizeof row.device);
  bench_need(psd_db_certificate_add(db, &row) == PSD_DB_DONE, "certificate in the database");
}

static void enter_some(int fd, const stock *psds) {
  const stock_owner owner = {STOCK_FIRST_USER, STOCK_FIRST_USER};
  stock_enter(psds, set.db, &owner, 1);
  psd_db *db = stock_database(set.db);
  X509 *ca = fetch_ca(fd);
  for (unsigned i = 0; i < ENTERED; i++) {
    uint32_t number = 0;
    bench_need(psd_db_certificate_number(db, &number) == PSD_DB_DONE, "number");
    X509 *made = issue(fd, number);
    bench_need(X509_verify(made, X509_get0_pubkey(ca)) == 1, "certificate of the CA");
    enter(db, number, made);
    status_write(set.folder, i, made, ca);
    if (i == 0)
      status_measure_raw(made, ca);
    X509_free(made);
  }
  X509_free(ca);
  psd_db_close(db);
}

static void run(void) {
  measure_within();
  memset(&holder, 0, sizeof holder);
  stock psds = become_user();
  int fd = asker_open(set.kms);
  measure_flow(fd, "alone", ALONE, 1);
  measure_flow(fd, "flow", FLOW, WINDOW);
  enter_some(fd, &psds);
  EVP_PKEY_free(holder.key);
  stock_free(&psds);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (!bench_take_text(argv[i], "factory", &set.factory) && !bench_take_text(argv[i], "kms", &set.kms) &&
        !bench_take_text(argv[i], "db", &set.db) && !bench_take_text(argv[i], "folder", &set.folder) &&
        !bench_take_number(argv[i], "kms-pid", &set.kms_pid))
      bench_die("what is %s?", argv[i]);
  bench_need(set.factory != NULL && set.kms != NULL && set.db != NULL && set.folder != NULL && set.kms_pid != 0,
             "such call: see the head of issue.c");
  bench_need(psd_evp_start(), "cryptography");
  bench_inside(run);
  return 0;
}
