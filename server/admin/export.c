/* psd-server verification export: what a verification site needs of the meter server (docs/verify.md). Each file
 * appears whole, and the same command again brings the folder up to date. */
#include <inttypes.h>
#include <stdio.h>

#include "admin/file.h"
#include "admin/totals.h"
#include "crypto/x509.h"
#include "psd/program/progress.h"
#include "store/rates.h"

/* Certificates and rates are for everybody; what meters were refilled with is not. */
#define PUBLIC 0644
#define PRIVATE 0600

typedef struct export_at {
  psd_admin *admin;
  const char *folder;
  FILE *out;
  psd_progress progress;
  uint64_t certificates, rates, meters;
  int status;
} export_at;

static bool write_certificate(void *context, const psd_certificate_row *row) {
  export_at *at = context;
  char pem[PSD_X509_PEM_MAX];
  if (!psd_x509_pem((psd_part){row->der, row->length}, pem)) {
    at->status = psd_admin_refuse("certificate %" PRIu32 " in the database is none: it is damaged, or was altered; "
                                  "restore it from a backup",
                                  row->number);
    return false;
  }
  fputs(pem, at->out);
  psd_progress_show(&at->progress, ++at->certificates);
  return !ferror(at->out);
}

static psd_db_result write_certificates(export_at *at) {
  uint64_t count = 0;
  psd_db_result result = psd_db_certificate_count(at->admin->db, &count);
  at->progress = psd_progress_begin("certificates", count);
  if (result == PSD_DB_DONE)
    result = psd_db_certificate_list(at->admin->db, false, write_certificate, at);
  psd_progress_end(&at->progress);
  return result;
}

static psd_db_result write_meters(export_at *at) {
  return psd_admin_write_totals(at->admin, at->out, &at->meters);
}

/* One file of the folder, by what writes it. */
static int put(export_at *at, const char *name, mode_t mode, psd_db_result (*write)(export_at *at)) {
  psd_admin_file file;
  int status = psd_admin_file_begin(&file, at->folder, name, mode);
  if (status != PSD_EXIT_DONE)
    return status;
  at->out = file.out;
  at->status = PSD_EXIT_DONE;
  psd_db_result result = write(at);
  status = result == PSD_DB_DONE ? at->status : psd_admin_failed(at->admin, result, "certificate", "");
  /* A bundle of nothing is none. */
  bool empty = status == PSD_EXIT_DONE && ftell(file.out) == 0;
  int ended = psd_admin_file_end(&file, status == PSD_EXIT_DONE && !empty);
  return status == PSD_EXIT_DONE ? ended : status;
}

static bool write_rates(void *context, const psd_published_rates *row) {
  export_at *at = context;
  psd_admin_file file;
  char name[32];
  (void)snprintf(name, sizeof name, "rates/%" PRIu32 ".rates", row->version);
  at->status = psd_admin_file_begin(&file, at->folder, name, PUBLIC);
  if (at->status != PSD_EXIT_DONE)
    return false;
  (void)fwrite(row->bytes, 1, row->length, file.out);
  at->status = psd_admin_file_end(&file, true);
  at->rates++;
  return at->status == PSD_EXIT_DONE;
}

static int put_rates(export_at *at) {
  at->status = PSD_EXIT_DONE;
  psd_db_result result = psd_db_rates_list(at->admin->db, write_rates, at);
  return result == PSD_DB_DONE ? at->status : psd_admin_failed(at->admin, result, "rate table", "");
}

static int make_folders(const char *folder) {
  static const char *const parts[] = {"", "/certificates", "/rates"};
  char path[PSD_ADMIN_PATH];
  int status = PSD_EXIT_DONE;
  for (size_t i = 0; i < sizeof parts / sizeof parts[0] && status == PSD_EXIT_DONE; i++) {
    int length = snprintf(path, sizeof path, "%s%s", folder, parts[i]);
    status = length > 0 && (size_t)length < sizeof path ? psd_admin_folder(path)
                                                        : psd_admin_refuse("%s is too long a name", folder);
  }
  return status;
}

static int tell(const export_at *at) {
  if (!at->admin->json) {
    printf("%" PRIu64 " certificate%s, %" PRIu64 " rate table%s, %" PRIu64 " meter%s\n", at->certificates,
           at->certificates == 1 ? "" : "s", at->rates, at->rates == 1 ? "" : "s", at->meters,
           at->meters == 1 ? "" : "s");
    return PSD_EXIT_DONE;
  }
  psd_json json = psd_json_on(stdout);
  psd_json_object(&json, NULL);
  psd_json_number(&json, "certificates", at->certificates);
  psd_json_number(&json, "rate_tables", at->rates);
  psd_json_number(&json, "meters", at->meters);
  psd_json_end_object(&json);
  return PSD_EXIT_DONE;
}

int psd_admin_verification_export(psd_admin *admin) {
  export_at at = {.admin = admin, .folder = admin->argv[0]};
  int status = psd_admin_open(admin, false);
  if (status == PSD_EXIT_DONE)
    status = make_folders(at.folder);
  if (status == PSD_EXIT_DONE)
    status = put(&at, "certificates/all.pem", PUBLIC, write_certificates);
  if (status == PSD_EXIT_DONE)
    status = put_rates(&at);
  if (status == PSD_EXIT_DONE)
    status = put(&at, "meters.csv", PRIVATE, write_meters);
  return status == PSD_EXIT_DONE ? tell(&at) : status;
}
