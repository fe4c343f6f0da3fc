/* psd-server ca init: the authority's own certificates, from the key management system. */
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin/ask.h"
#include "admin/ca.h"
#include "crypto/evp.h"
#include "psd/spec/text.h"

#define KINDS 3U

const char *psd_admin_authority_name(psd_ca_kind kind) {
  static const char *const names[] = {"root", "CA", "creditor"};
  return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "?";
}

bool psd_admin_fingerprint(const uint8_t *der, size_t length, char words[PSD_ADMIN_FINGERPRINT]) {
  uint8_t hash[PSD_HASH];
  bool done = psd_hash(&(psd_part){der, length}, 1, hash);
  for (size_t i = 0; done && i < sizeof hash; i++)
    (void)snprintf(words + 2 * i, 3, "%02X", hash[i]);
  return done;
}

static int fetch(const psd_admin *admin, psd_ca_kind kind, psd_ca_authority *authority) {
  uint8_t wanted[PSD_SIZE_KMS_AUTHORITY];
  char words[32];
  psd_buffer out = psd_buffer_over(wanted, sizeof wanted);
  psd_put_message(&out, PSD_MESSAGE_KMS_AUTHORITY, &(psd_kms_authority){.kind = kind});
  (void)snprintf(words, sizeof words, "the %s certificate", psd_admin_authority_name(kind));
  const psd_admin_question question = {.request = PSD_FRAME_KMS_AUTHORITY,
                                       .answer = PSD_FRAME_KMS_AUTHORITY_GIVEN,
                                       .body = wanted,
                                       .length = out.length,
                                       .words = words,
                                       .advice = "has it keys of the kinds root, ca and creditor? psd-kms list shows "
                                                 "them"};
  *authority = (psd_ca_authority){.kind = kind, .time = (uint64_t)time(NULL)};
  return psd_admin_ask_kms_for(admin->kms, &question, authority->der, sizeof authority->der, &authority->length);
}

static X509 *parse(const psd_ca_authority *authority) {
  const uint8_t *at = authority->der;
  X509 *certificate = d2i_X509(NULL, &at, (long)authority->length);
  if (certificate != NULL && at == authority->der + authority->length)
    return certificate;
  X509_free(certificate);
  return NULL;
}

/* CA certificates, signed by the root, valid today. */
static bool belongs(X509 *root, X509 *certificate) {
  return root != NULL && certificate != NULL && X509_check_ca(certificate) == 1 &&
         X509_check_issued(root, certificate) == X509_V_OK && X509_verify(certificate, X509_get0_pubkey(root)) == 1 &&
         X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 &&
         X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

static int check(const psd_ca_authority authorities[KINDS]) {
  X509 *root = parse(&authorities[PSD_CA_ROOT]);
  int status = PSD_EXIT_DONE;
  for (psd_ca_kind kind = PSD_CA_ROOT; status == PSD_EXIT_DONE && kind <= PSD_CA_CREDITOR; kind++) {
    X509 *certificate = parse(&authorities[kind]);
    if (!belongs(root, certificate))
      status = psd_admin_refuse("the %s certificate of the key management system is not signed by its root, or not "
                                "valid today: nothing was kept",
                                psd_admin_authority_name(kind));
    X509_free(certificate);
  }
  X509_free(root);
  return status;
}

static psd_db_result keep(psd_admin *admin, void *context) {
  const psd_ca_authority *authorities = context;
  psd_db_result result = PSD_DB_DONE;
  for (size_t i = 0; i < KINDS && result == PSD_DB_DONE; i++) {
    result = psd_ca_authority_add(admin->db, &authorities[i]);
    if (result == PSD_DB_EXISTS)
      result = PSD_DB_DONE;
  }
  return result;
}

int psd_admin_fetch_authorities(psd_admin *admin) {
  psd_ca_authority authorities[KINDS];
  int status = PSD_EXIT_DONE;
  for (psd_ca_kind kind = PSD_CA_ROOT; status == PSD_EXIT_DONE && kind <= PSD_CA_CREDITOR; kind++)
    status = fetch(admin, kind, &authorities[kind]);
  if (status == PSD_EXIT_DONE)
    status = check(authorities);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_admin_change(admin, keep, authorities);
  return result == PSD_DB_DONE ? PSD_EXIT_DONE : psd_admin_failed(admin, result, "certificate", "");
}

typedef struct authority_show {
  const psd_admin *admin;
  psd_json *json;
} authority_show;

static bool show(void *context, const psd_ca_authority *authority) {
  const authority_show *at = context;
  char fingerprint[PSD_ADMIN_FINGERPRINT] = "";
  if (!psd_admin_fingerprint(authority->der, authority->length, fingerprint))
    return false;
  if (!at->admin->json) {
    printf("%-8s SHA-256 %s\n", psd_admin_authority_name(authority->kind), fingerprint);
    return true;
  }
  psd_json_object(at->json, NULL);
  psd_json_string(at->json, "certificate", psd_admin_authority_name(authority->kind));
  psd_json_string(at->json, "sha256", fingerprint);
  psd_json_end_object(at->json);
  return true;
}

int psd_admin_ca_init(psd_admin *admin) {
  psd_json json = psd_json_on(stdout);
  authority_show at = {admin, &json};
  int status = psd_admin_open(admin, false);
  if (status == PSD_EXIT_DONE)
    status = psd_admin_fetch_authorities(admin);
  if (status != PSD_EXIT_DONE)
    return status;
  if (admin->json)
    psd_json_array(&json, NULL);
  psd_db_result result = psd_ca_authority_list(admin->db, show, &at);
  if (admin->json)
    psd_json_end_array(&json);
  return result == PSD_DB_DONE ? PSD_EXIT_DONE : psd_admin_failed(admin, result, "certificate", "");
}
