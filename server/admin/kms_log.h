/* What the key management system has authorized (psd-kms log --movements), beside the ledger. The meter server cannot
 * write that log: what is in it and not in the ledger was done behind the ledger's back. */
#ifndef PSD_SERVER_ADMIN_KMS_LOG_H
#define PSD_SERVER_ADMIN_KMS_LOG_H

#include "admin/command.h"

typedef struct psd_admin_authorization {
  uint8_t device[8];
  uint32_t number;
  bool refill; /* or a withdrawal */
  uint64_t amount;
  const char *wrong; /* NULL while nothing is */
} psd_admin_authorization;

typedef struct psd_admin_kms_log {
  psd_admin_authorization *rows; /* in order of device and number */
  size_t count, room;
  uint64_t wrong;
} psd_admin_kms_log;

/* Reads a file of lines PSD,NUMBER,EVENT,AMOUNT. Returns PSD_EXIT_DONE, or the exit status after telling why; the log
 * is to be freed in any case. */
int psd_admin_kms_log_read(const char *path, psd_admin_kms_log *log);
void psd_admin_kms_log_free(psd_admin_kms_log *log);
/* Finds what is wrong, inside a transaction: an authorization that the ledger has no operation for, or one of another
 * amount; and a settled refill that the log passes over. Operations after a PSD's last line are left out: the file may
 * be older than they are. */
psd_db_result psd_admin_kms_log_compare(psd_db *db, psd_admin_kms_log *log);
/* Shows what is wrong, a line each; or, unless `json` is NULL, as the array "authorizations". */
void psd_admin_kms_log_show(const psd_admin_kms_log *log, psd_json *json);

#endif
