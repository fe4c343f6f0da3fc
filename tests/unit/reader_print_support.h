/* Pictures of evidence, made into a folder of the test's own. */
#ifndef PSD_READER_PRINT_SUPPORT_H
#define PSD_READER_PRINT_SUPPORT_H

#include "check.h"
#include "psd/reader/print.h"
#include "scan.h"

/* Runs the tests with a folder that is there for as long; returns the program's exit status. */
int print_check_run(const char *suite, const psd_check_test *tests, size_t count);

/* A postage of 73 cents, with tokens 01234 and 67890, of 2026-11-22; the indicium is `first`, `first` + 1 and so on. */
psd_print_job a_job(psd_profile_id profile, psd_symbology symbology, uint8_t first);
/* A file's name in the folder; good for the last 4 calls. */
const char *in_folder(const char *name);
/* How many files are in the folder. */
size_t files_in_folder(void);

/* Prints to that file in the folder, which must go well. */
void print(const psd_print_job *job, const char *name);
/* Prints to "picture.png" and reads it; the caller frees the scan. */
psd_scan print_and_scan(const psd_print_job *job);

/* Asserts that zxing-cpp, or libdmtx, reads the job's bytes from the scan, and that there is no other symbol. */
void zxing_reads(const psd_print_job *job, const psd_scan *scan);
void dmtx_reads(const psd_print_job *job, const psd_scan *scan);

#endif
