/* Records of the log as people and programs read them, and what the funds in them come to. */
#ifndef PSD_KMS_LOG_SHOW_H
#define PSD_KMS_LOG_SHOW_H

#include "kms/log.h"
#include "psd/program/json.h"

/* Money in the log. */
typedef struct psd_kms_sum {
  uint64_t count, amount; /* authorizations; mills, and UINT64_MAX stands for more than that */
} psd_kms_sum;
typedef struct psd_kms_sums {
  psd_kms_sum authorized, withdrawn;
} psd_kms_sums;

/* Counts a record that authorizes funds; others change nothing. */
void psd_kms_sum_record(psd_kms_sums *sums, const psd_kms_record *record);

/* One line on standard output. */
void psd_kms_print_record(const psd_kms_record *record);
void psd_kms_print_sums(const psd_kms_sums *sums);
/* "PS D1 0000002A,7,authorized,50.00" for a record that authorizes funds; nothing for others. */
void psd_kms_print_movement(const psd_kms_record *record);
/* One object, in an array; members of the object that is open. */
void psd_kms_json_record(psd_json *out, const psd_kms_record *record);
void psd_kms_json_sums(psd_json *out, const psd_kms_sums *sums);

#endif
