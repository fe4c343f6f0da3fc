/* The operator's commands, run as psd-server runs them; and a key management system, of which there is as much here as
 * hands out a column key and signs rates. */
#define _XOPEN_SOURCE 700 /* mkdtemp */
#include "admin_support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/admin.h"
#include "crypto/evp.h"
#include "crypto/x509.h"
#include "psd/spec/lifecycle.h"
#include "psd/spec/objects.h"
#include "psd/spec/rates.h"
#include "store_db.h"

const char *url;
char folder[64], kms[96], password_file[96];
char out[1 << 16], err[4096];

/* A key management system -------------------------------------------------------------------------------------------
 */

#define ANSWER_MOST 2048U

const uint8_t rate_secret[32] = {7}, other_secret[32] = {8};

/* ECDSA over label and table, as the real one signs. */
static void put_signature(psd_buffer *text, const uint8_t secret[32], psd_cursor table) {
  const psd_part parts[] = {{PSD_RATES_LABEL, strlen(PSD_RATES_LABEL)}, {table.at, table.left}};
  uint8_t signature[PSD_RATES_SIGNATURE] = {0};
  psd_pair *pair = psd_evp_start() ? psd_pair_of(secret) : NULL;
  (void)!(pair != NULL && psd_pair_sign(pair, parts, 2, signature));
  psd_pair_free(pair);
  psd_put(text, signature, sizeof signature);
}

/* Root, CA and creditor; with OTHER_KEY the root is not the one that has signed the others. */
static void put_authority(psd_buffer *text, manner how, psd_cursor body) {
  psd_kms_authority wanted;
  uint8_t root_secret[32] = {[31] = 21}, secret[32] = {0}, point[PSD_POINT], issuer[PSD_POINT], der[PSD_X509_MAX];
  static const char *const names[] = {"Root", "CA", "Creditor"};
  size_t length = 0;
  if (!psd_evp_start() || !psd_take_message(&body, PSD_MESSAGE_KMS_AUTHORITY, &wanted) || wanted.kind > 2)
    return;
  secret[31] = (uint8_t)(21 + wanted.kind);
  if (how == OTHER_KEY && wanted.kind != 0)
    root_secret[31] = 99;
  psd_pair *root = psd_pair_of(root_secret), *own = psd_pair_of(secret);
  psd_pair_point(root, issuer);
  psd_pair_point(own, point);
  const psd_x509 made = {.serial = 1 + wanted.kind,
                         .issuer = {.common_name = names[0]},
                         .subject = {.common_name = names[wanted.kind]},
                         .from = 1700000000,
                         .until = 4000000000,
                         .point = point,
                         .issuer_point = issuer,
                         .authority = true};
  if (psd_x509_make(&made, root, der, &length))
    psd_put(text, der, length);
  psd_pair_free(root);
  psd_pair_free(own);
}

/* As many entries as the head says, of which the first is looked at. */
static void put_list(psd_buffer *text, psd_cursor body) {
  psd_kms_list wanted;
  psd_revoked_entry entry = {.certificate = 0};
  uint8_t secret[32] = {[31] = 22}, point[PSD_POINT], *der = NULL;
  size_t length = 0;
  if (!psd_evp_start() || !psd_take_message(&body, PSD_MESSAGE_KMS_LIST, &wanted) ||
      body.left != wanted.count * PSD_SIZE_REVOKED_ENTRY ||
      (wanted.count > 0 && !psd_take_message(&body, PSD_MESSAGE_REVOKED_ENTRY, &entry)))
    return;
  psd_pair *pair = psd_pair_of(secret);
  psd_pair_point(pair, point);
  const psd_x509_revoked revoked = {.serial = entry.certificate, .time = entry.time, .reason = (unsigned)entry.reason};
  const psd_x509_crl made = {.issuer = {.common_name = "CA"},
                             .issuer_point = point,
                             .number = wanted.number,
                             .from = wanted.from,
                             .until = wanted.until,
                             .revoked = &revoked,
                             .count = wanted.count > 0 ? 1 : 0};
  if (psd_x509_crl_make(&made, pair, &der, &length))
    psd_put(text, der, length);
  free(der);
  psd_pair_free(pair);
}

static psd_frame_type answer_of(psd_frame_type type) {
  switch (type) {
  case PSD_FRAME_KMS_RATES:
    return PSD_FRAME_KMS_RATES_SIGNED;
  case PSD_FRAME_KMS_AUTHORITY:
    return PSD_FRAME_KMS_AUTHORITY_GIVEN;
  case PSD_FRAME_KMS_LIST:
    return PSD_FRAME_KMS_LISTED;
  default:
    return PSD_FRAME_KMS_COLUMN_KEY;
  }
}

static void put_answer(psd_buffer *frame, manner how, psd_frame_type type, psd_cursor body) {
  uint8_t bytes[ANSWER_MOST];
  psd_buffer text = psd_buffer_over(bytes, sizeof bytes);
  psd_column_key key = {.key = {how == KEY ? 1 : 2}};
  psd_frame_type answer = answer_of(type);
  psd_put_message(&text, PSD_MESSAGE_KMS_CALL, &(psd_kms_call){.number = psd_take_u32(&body)});
  bool refuses = how == REFUSES || how == SIGNED_ANOTHER;
  if (refuses)
    psd_put_message(&text, PSD_MESSAGE_ERROR_SIGNAL,
                    &(psd_error_signal){.signal = how == REFUSES ? PSD_SIGNAL_ROLE : PSD_SIGNAL_REQUEST});
  else if (how != GARBAGE && type == PSD_FRAME_KMS_RATES)
    put_signature(&text, how == OTHER_KEY ? other_secret : rate_secret, body);
  else if (how != GARBAGE && type == PSD_FRAME_KMS_AUTHORITY)
    put_authority(&text, how, body);
  else if (how != GARBAGE && type == PSD_FRAME_KMS_LIST)
    put_list(&text, body);
  else if (how != GARBAGE)
    psd_put_message(&text, PSD_MESSAGE_COLUMN_KEY, &key);
  psd_put_frame(frame, refuses ? PSD_FRAME_KMS_REFUSED : answer, bytes, text.length);
}

static void answer_one(int fd, manner how) {
  uint8_t question[PSD_SIZE_FRAME + PSD_FRAME_BODY_MAX], memory[ANSWER_MOST + PSD_SIZE_FRAME];
  psd_frame head;
  psd_buffer frame = psd_buffer_over(memory, sizeof memory);
  if (recv(fd, question, PSD_SIZE_FRAME, MSG_WAITALL) != PSD_SIZE_FRAME ||
      !psd_peek_frame(question, PSD_SIZE_FRAME, &head) || head.length > PSD_FRAME_BODY_MAX ||
      recv(fd, question, head.length, MSG_WAITALL) != (ssize_t)head.length)
    return;
  put_answer(&frame, how, (psd_frame_type)head.type, psd_cursor_over(question, head.length));
  if (how == SILENT)
    (void)pause();
  if (how == OVERSIZE)
    memory[0] = 0xFF;
  if (how != HANGS_UP)
    (void)!write(fd, memory, how == HALF ? frame.length - 1 : frame.length);
}

/* Until it is killed. */
static _Noreturn void answer_all(int fd, manner how) {
  for (;;) {
    int one = accept(fd, NULL, NULL);
    answer_one(one, how);
    (void)close(one);
  }
}

int kms_start(manner how) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", kms);
  (void)unlink(kms);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
  CU_ASSERT_EQUAL_FATAL(listen(fd, 5), 0);
  int process = (int)fork();
  CU_ASSERT_FATAL(process >= 0);
  if (process == 0)
    answer_all(fd, how);
  (void)close(fd);
  return process;
}

void kms_end(int process) {
  (void)kill(process, SIGKILL);
  (void)waitpid(process, NULL, 0);
  (void)unlink(kms);
}

/* The command -------------------------------------------------------------------------------------------------------
 */

static void slurp(const char *name, char *into, size_t room) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "r");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  into[fread(into, 1, room - 1, file)] = '\0';
  (void)fclose(file);
  (void)unlink(path);
}

static int redirect(int fd, const char *name) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  int saved = dup(fd), to = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
  CU_ASSERT_FATAL(saved >= 0 && to >= 0 && dup2(to, fd) == fd);
  (void)close(to);
  return saved;
}

int admin(const char *const *words) {
  char *argv[24] = {strdup("psd-server")};
  int argc = 1;
  for (; *words != NULL; words++) {
    const char *value = strcmp(*words, "DB") == 0         ? url
                        : strcmp(*words, "KMS") == 0      ? kms
                        : strcmp(*words, "PASSWORD") == 0 ? password_file
                                                          : NULL;
    if (value != NULL)
      argv[argc++] = strdup(value == url ? "--db" : value == kms ? "--kms" : "--password-file");
    argv[argc++] = strdup(value != NULL ? value : *words);
  }
  (void)fflush(stdout);
  int saved_out = redirect(STDOUT_FILENO, "out"), saved_err = redirect(STDERR_FILENO, "err");
  int status = psd_admin_run(argc, argv);
  (void)fflush(stdout);
  (void)dup2(saved_out, STDOUT_FILENO);
  (void)dup2(saved_err, STDERR_FILENO);
  (void)close(saved_out);
  (void)close(saved_err);
  slurp("out", out, sizeof out);
  slurp("err", err, sizeof err);
  for (int i = 0; i < argc; i++)
    free(argv[i]);
  return status;
}
bool has(const char *text, const char *part) {
  if (strstr(text, part) == NULL)
    fprintf(stderr, "\"%s\" is not in \"%s\"\n", part, text);
  return strstr(text, part) != NULL;
}

void write_file(const char *path, const char *text) {
  int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
  CU_ASSERT_FATAL(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  (void)close(fd);
}

void remove_database(void) {
  bench_clear();
}

int begin(void) {
  remove_database();
  int process = kms_start(KEY);
  write_file(password_file, "correct horse\nnot this line\n");
  CU_ASSERT_EQUAL(ADMIN("migrate", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("account", "create", "1000", "Bäckerei Ähre", "DB", "KMS"), 0);
  CU_ASSERT_EQUAL(
      ADMIN("user", "add", "alice", "--account", "1000", "DB", "KMS", "PASSWORD", "--memory", "8192", "--passes", "1"),
      0);
  return process;
}

psd_db *open_store(void) {
  char words[256];
  uint8_t key[32] = {1};
  CU_ASSERT_FATAL(psd_evp_start());
  psd_db *db = psd_db_open(url, false, words, sizeof words);
  CU_ASSERT_PTR_NOT_NULL_FATAL(db);
  psd_db_set_key(db, key);
  return db;
}

void close_store(psd_db *db) {
  psd_db_close(db);
  psd_evp_stop();
}

const uint8_t device_2a[8] = {'P', 'S', 'D', '1', 0, 0, 0, 0x2A};
const psd_audit said_first = {.vendor = "PS",
                              .model = "D1",
                              .serial = 0x2A,
                              .state = PSD_STATE_OPERATIONAL,
                              .mode = PSD_FUNDS_MERGED,
                              .ascending = 12340,
                              .descending = 7660,
                              .control_total = 20000,
                              .piece_count = 20,
                              .vendor_key = 7};

void add_meter(void) {
  const uint8_t wrapped[PSD_SIZE_WRAPPED_K4] = {0};
  psd_user_row alice;
  psd_db *db = open_store();
  CU_ASSERT_EQUAL(psd_db_user_find(db, "alice", &alice), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_add(db, device_2a, wrapped, 6, 0), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_register(db, device_2a, alice.id, alice.account), PSD_DB_DONE);
  close_store(db);
}

void audit_meter(const psd_audit *said) {
  uint8_t audit[PSD_SIZE_AUDIT];
  psd_buffer text = psd_buffer_over(audit, sizeof audit);
  psd_db *db = open_store();
  psd_put_message(&text, PSD_MESSAGE_AUDIT, said);
  CU_ASSERT_EQUAL(psd_db_device_audited(db, device_2a, audit, 1800000000), PSD_DB_DONE);
  close_store(db);
}

void begin_refill(void) {
  uint8_t request[PSD_FUNDS_REQUEST_MAX] = {0};
  psd_funds_request parsed = {.type = PSD_SIGNATURE_HMAC,
                              .operation = PSD_OPERATION_LOADING,
                              .vendor = "PS",
                              .model = "D1",
                              .serial = 0x2A,
                              .sequence = 1,
                              .amount = 30000,
                              .ascending = 12340,
                              .descending = 7660,
                              .control_total = 20000,
                              .nonce = {1}};
  psd_signal signal = PSD_SIGNAL_NONE;
  uint64_t available = 0;
  psd_buffer text = psd_buffer_over(request, sizeof request);
  psd_put_message(&text, PSD_MESSAGE_FUNDS_REQUEST, &parsed);
  psd_db *db = open_store();
  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_reserve(db, &parsed, request, text.length + 32, 1800000000, &signal, &available), PSD_DB_DONE);
  CU_ASSERT_EQUAL(signal, PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  close_store(db);
}

int admin_tests(const char *suite, const psd_check_test *tests, size_t count) {
  (void)snprintf(folder, sizeof folder, "/tmp/psd-admin.XXXXXX");
  if (mkdtemp(folder) == NULL)
    return 2;
  url = bench_url();
  (void)snprintf(kms, sizeof kms, "%s/kms", folder);
  (void)snprintf(password_file, sizeof password_file, "%s/password", folder);
  int status = psd_check_run(suite, tests, count);
  (void)unlink(password_file);
  (void)rmdir(folder);
  return status;
}
