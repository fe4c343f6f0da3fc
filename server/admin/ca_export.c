/* psd-server ca crl, ca export: what others need to check what the meters make. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/ask.h"
#include "admin/ca.h"
#include "admin/file.h"
#include "crypto/x509.h"

#define PUBLIC 0644
/* A list is made anew long before that. */
#define LIST_SPAN (7U * 86400U)

typedef struct list_at {
  psd_admin *admin;
  psd_kms_list head;
  uint8_t entries[PSD_REVOKED_MOST * PSD_SIZE_REVOKED_ENTRY];
  psd_buffer out;
  bool whole;
} list_at;

static bool put_entry(void *context, const psd_ca_entry *entry) {
  list_at *at = context;
  at->whole = at->head.count < PSD_REVOKED_MOST;
  const psd_revoked_entry row = {
      .certificate = entry->number, .time = entry->revoked, .reason = (uint64_t)entry->reason};
  if (at->whole)
    psd_put_message(&at->out, PSD_MESSAGE_REVOKED_ENTRY, &row);
  at->head.count += at->whole ? 1 : 0;
  return at->whole;
}

/* Number and entries are of one moment. */
static psd_db_result collect(psd_admin *admin, void *context) {
  list_at *at = context;
  at->out = psd_buffer_over(at->entries, sizeof at->entries);
  at->head = (psd_kms_list){.from = (uint64_t)time(NULL)};
  at->head.until = at->head.from + LIST_SPAN;
  at->whole = true;
  psd_db_result result = psd_ca_list_number(admin->db, &at->head.number);
  return result == PSD_DB_DONE ? psd_ca_revoked_list(admin->db, at->head.from, put_entry, at) : result;
}

static int sign(const psd_admin *admin, const list_at *at, uint8_t *der, size_t room, size_t *length) {
  uint8_t body[PSD_SIZE_KMS_LIST + sizeof at->entries];
  psd_buffer out = psd_buffer_over(body, sizeof body);
  psd_put_message(&out, PSD_MESSAGE_KMS_LIST, &at->head);
  psd_put(&out, at->entries, at->out.length);
  const psd_admin_question question = {.request = PSD_FRAME_KMS_LIST,
                                       .answer = PSD_FRAME_KMS_LISTED,
                                       .body = body,
                                       .length = out.length,
                                       .words = "to sign the list",
                                       .advice = "are the clocks of both machines right?"};
  return psd_admin_ask_kms_for(admin->kms, &question, der, room, length);
}

int psd_admin_sign_list(psd_admin *admin, uint8_t **der, size_t *length, size_t *count) {
  list_at *at = malloc(sizeof *at);
  *der = malloc(PSD_FRAME_BODY_MAX);
  if (at == NULL || *der == NULL) {
    free(at);
    free(*der);
    *der = NULL;
    return psd_admin_refuse("out of memory");
  }
  psd_db_result result = psd_admin_change(admin, collect, at);
  int status = result == PSD_DB_DONE ? PSD_EXIT_DONE : psd_admin_failed(admin, result, "certificate", "");
  if (status == PSD_EXIT_DONE && !at->whole)
    status = psd_admin_refuse("more than %u certificates are revoked: no list holds them, use OCSP", PSD_REVOKED_MOST);
  if (status == PSD_EXIT_DONE)
    status = sign(admin, at, *der, PSD_FRAME_BODY_MAX, length);
  if (status == PSD_EXIT_DONE)
    *count = (size_t)at->head.count;
  free(at);
  if (status == PSD_EXIT_DONE)
    return status;
  free(*der);
  *der = NULL;
  return status;
}

static bool ends_in_der(const char *name) {
  size_t length = strlen(name);
  return length > 4 && strcmp(name + length - 4, ".der") == 0;
}

int psd_admin_write_list(const char *folder, const char *name, const uint8_t *der, size_t length) {
  psd_admin_file file;
  size_t room = length + length / 2 + 100;
  char *pem = malloc(room);
  if (pem == NULL || !psd_x509_crl_pem((psd_part){der, length}, pem, room)) {
    free(pem);
    return psd_admin_refuse("what the key management system has signed is no list of revoked certificates");
  }
  int status = psd_admin_file_begin(&file, folder, name, PUBLIC);
  if (status == PSD_EXIT_DONE) {
    if (ends_in_der(name))
      (void)fwrite(der, 1, length, file.out);
    else
      fputs(pem, file.out);
    status = psd_admin_file_end(&file, true);
  }
  free(pem);
  return status;
}

static int tell(const psd_admin *admin, size_t count) {
  if (!admin->json) {
    printf("%zu revoked certificate%s\n", count, count == 1 ? "" : "s");
    return PSD_EXIT_DONE;
  }
  psd_json json = psd_json_on(stdout);
  psd_json_object(&json, NULL);
  psd_json_number(&json, "revoked", count);
  psd_json_end_object(&json);
  return PSD_EXIT_DONE;
}

static int put_list(psd_admin *admin, const char *folder, const char *name) {
  uint8_t *der = NULL;
  size_t length = 0, count = 0;
  int status = psd_admin_sign_list(admin, &der, &length, &count);
  if (status == PSD_EXIT_DONE)
    status = psd_admin_write_list(folder, name, der, length);
  free(der);
  return status == PSD_EXIT_DONE ? tell(admin, count) : status;
}

int psd_admin_ca_crl(psd_admin *admin) {
  int status = psd_admin_open(admin, false);
  return status == PSD_EXIT_DONE ? put_list(admin, NULL, admin->argv[0]) : status;
}

typedef struct export_at {
  psd_ca_kind kind;
  FILE *out;
  bool good;
} export_at;

static bool write_authority(void *context, const psd_ca_authority *authority) {
  export_at *at = context;
  char pem[PSD_X509_PEM_MAX];
  if (authority->kind != at->kind)
    return true;
  at->good = psd_x509_pem((psd_part){authority->der, authority->length}, pem);
  if (at->good)
    fputs(pem, at->out);
  return at->good;
}

static int put_authorities(psd_admin *admin, psd_ca_kind kind, const char *name) {
  psd_admin_file file;
  int status = psd_admin_file_begin(&file, admin->argv[0], name, PUBLIC);
  if (status != PSD_EXIT_DONE)
    return status;
  export_at at = {.kind = kind, .out = file.out, .good = true};
  psd_db_result result = psd_ca_authority_list(admin->db, write_authority, &at);
  if (result != PSD_DB_DONE)
    status = psd_admin_failed(admin, result, "certificate", "");
  else if (!at.good)
    status = psd_admin_refuse("the %s certificate in the database is none: restore it from a backup",
                              psd_admin_authority_name(kind));
  int ended = psd_admin_file_end(&file, status == PSD_EXIT_DONE);
  return status == PSD_EXIT_DONE ? ended : status;
}

int psd_admin_ca_export(psd_admin *admin) {
  static const char *const names[] = {"root.pem", "ca.pem", "creditor.pem"};
  int status = psd_admin_open(admin, false);
  if (status == PSD_EXIT_DONE)
    status = psd_admin_fetch_authorities(admin);
  if (status == PSD_EXIT_DONE)
    status = psd_admin_folder(admin->argv[0]);
  for (psd_ca_kind kind = PSD_CA_ROOT; status == PSD_EXIT_DONE && kind <= PSD_CA_CREDITOR; kind++)
    status = put_authorities(admin, kind, names[kind]);
  return status == PSD_EXIT_DONE ? put_list(admin, admin->argv[0], "crl.pem") : status;
}
