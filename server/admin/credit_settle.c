/* psd-server credit settle: a merchant presents a payment certificate (figure 9). */
#include <errno.h>
#include <inttypes.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/ca.h"

typedef struct settling {
  uint8_t cms[PSD_CA_PAPER_MAX];
  size_t length;
  psd_trust *trust;
  psd_proof_payment payment;
  psd_settlement settlement;
} settling;

/* DER as it is; or out of a PEM of whatever label. */
static int take(settling *at, const char *path, const uint8_t *bytes, size_t length) {
  char *name = NULL, *header = NULL;
  unsigned char *der = NULL;
  long found = 0;
  if (length > 0 && length <= sizeof at->cms && bytes[0] == 0x30) {
    memcpy(at->cms, bytes, length);
    at->length = length;
    return PSD_EXIT_DONE;
  }
  BIO *in = BIO_new_mem_buf(bytes, (int)length);
  bool read =
      in != NULL && PEM_read_bio(in, &name, &header, &der, &found) == 1 && found > 0 && (size_t)found <= sizeof at->cms;
  if (read) {
    memcpy(at->cms, der, (size_t)found);
    at->length = (size_t)found;
  }
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(der);
  BIO_free(in);
  return read ? PSD_EXIT_DONE : psd_admin_refuse("%s is no payment certificate, in DER or PEM", path);
}

static int read_file(settling *at, const char *path) {
  uint8_t bytes[2 * PSD_CA_PAPER_MAX];
  FILE *in = fopen(path, "rb");
  if (in == NULL)
    return psd_admin_refuse("%s cannot be opened: %s", path, strerror(errno));
  size_t length = fread(bytes, 1, sizeof bytes, in);
  bool failed = ferror(in) != 0;
  (void)fclose(in);
  return failed ? psd_admin_refuse("%s cannot be read", path) : take(at, path, bytes, length);
}

static bool trust_one(void *context, const psd_ca_authority *authority) {
  settling *at = context;
  psd_proof_bytes der = {authority->der, authority->length};
  return authority->kind == PSD_CA_ROOT ? psd_trust_add_root_der(at->trust, der)
                                        : psd_trust_add_chain_der(at->trust, der);
}

/* Whoever presents it late, or once more, is told so by the desk: its time is not judged here. */
static int check(const psd_admin *admin, settling *at) {
  char why[PSD_PROOF_WHY_MAX] = "";
  at->trust = psd_trust_new();
  if (at->trust == NULL)
    return psd_admin_refuse("out of memory");
  psd_db_result listed = psd_ca_authority_list(admin->db, trust_one, at);
  if (listed != PSD_DB_DONE)
    return psd_admin_failed(admin, listed, "certificate", "");
  psd_proof_result result =
      psd_proof_check_payment(at->trust, (psd_proof_bytes){at->cms, at->length}, NULL, 0, &at->payment, why);
  if (result == PSD_PROOF_CERTIFICATE)
    return psd_admin_refuse("%s: %s; was the creditor's certificate fetched with psd-server ca init?", admin->argv[0],
                            why);
  return result == PSD_PROOF_HOLDS ? PSD_EXIT_DONE : psd_admin_refuse("%s: %s", admin->argv[0], why);
}

static psd_db_result settle(psd_admin *admin, void *context) {
  settling *at = context;
  return psd_credit_settle(admin->db, &at->payment, (psd_proof_bytes){at->cms, at->length}, (uint64_t)time(NULL),
                           &at->settlement);
}

static const struct {
  const char *name, *words;
} endings[] = {
    [PSD_SETTLED] = {"settled", "settled"},
    [PSD_SETTLED_BEFORE] = {"settled-before", "was settled before: nothing was moved"},
    [PSD_SETTLE_UNKNOWN] = {"unknown", "is from a line of credit that is not this creditor's"},
    [PSD_SETTLE_REVOKED] = {"revoked", "is refused: its line of credit is revoked or blocked, or was not valid then"},
    [PSD_SETTLE_EXPIRED] = {"expired", "is refused: it has expired"},
    [PSD_SETTLE_FORKED] = {"forked", "is refused: it contradicts a payment that was settled; the line of credit is "
                                     "blocked now"},
    [PSD_SETTLE_LIMIT] = {"limit", "is refused: it goes beyond the line of credit"},
};

static int tell(const psd_admin *admin, const settling *at) {
  char amount[PSD_AMOUNT_WORDS];
  bool paid = at->settlement == PSD_SETTLED || at->settlement == PSD_SETTLED_BEFORE;
  if (!paid)
    (void)psd_admin_refuse("%s %s", admin->argv[0], endings[at->settlement].words);
  if (admin->json) {
    psd_json json = psd_json_on(stdout);
    psd_json_object(&json, NULL);
    psd_json_string(&json, "settlement", endings[at->settlement].name);
    psd_json_string(&json, "payee", at->payment.payee);
    psd_json_number(&json, "amount", at->payment.amount);
    psd_json_number(&json, "sequence", at->payment.sequence);
    psd_json_end_object(&json);
  } else if (paid) {
    printf("%s for ", psd_amount_words(amount, at->payment.amount));
    psd_admin_cell(at->payment.payee, 0);
    printf(": %s\n", endings[at->settlement].words);
  }
  return paid ? PSD_EXIT_DONE : PSD_EXIT_REFUSED;
}

static int settle_it(psd_admin *admin, settling *at) {
  int status = read_file(at, admin->argv[0]);
  if (status == PSD_EXIT_DONE)
    status = psd_admin_open(admin, false);
  if (status == PSD_EXIT_DONE)
    status = check(admin, at);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_admin_change(admin, settle, at);
  if (result == PSD_DB_REFUSED)
    return psd_admin_refuse("%s pays nothing: it is the initial payment certificate of its line of credit",
                            admin->argv[0]);
  return result == PSD_DB_DONE ? tell(admin, at) : psd_admin_failed(admin, result, "payment", "");
}

int psd_admin_credit_settle(psd_admin *admin) {
  settling *at = calloc(1, sizeof *at);
  if (at == NULL)
    return psd_admin_refuse("out of memory");
  int status = settle_it(admin, at);
  psd_trust_free(at->trust);
  free(at);
  return status;
}
