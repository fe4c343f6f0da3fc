/* What the tests of the operator's commands share: a database in a folder of its own, psd-server run in this process,
 * and a key management system that hands out a column key and signs rates. */
#ifndef PSD_ADMIN_SUPPORT_H
#define PSD_ADMIN_SUPPORT_H

#include "check.h"
#include "datacenter/datacenter.h"

extern const char *url;
extern char folder[64], kms[96], password_file[96];
/* Of the last command. */
extern char out[1 << 16], err[4096];

typedef enum manner { KEY, OTHER_KEY, REFUSES, SIGNED_ANOTHER, SILENT, HANGS_UP, HALF, OVERSIZE, GARBAGE } manner;
/* Serves in a process of its own until it is killed. */
int kms_start(manner how);
void kms_end(int process);
/* What it signs rates with; with OTHER_KEY the second. */
extern const uint8_t rate_secret[32], other_secret[32];

/* Runs psd-server with these words, of which DB, KMS and PASSWORD stand for options; its output is in `out` and `err`.
 */
int admin(const char *const *words);
#define ADMIN(...) admin((const char *const[]){__VA_ARGS__, NULL})
/* Tells on standard error what is missing. */
bool has(const char *text, const char *part);

void write_file(const char *path, const char *text);
/* No database, or an empty one where it is PostgreSQL (PSD_POSTGRES names it). */
void remove_database(void);
/* A database with account 1000 and alice, whose password is "correct horse". Argon2id as small as it may be. Returns
 * the process of the key management system. */
int begin(void);
/* The database as the meter server opens it. */
psd_db *open_store(void);
void close_store(psd_db *db);

/* PS D1 0000002A, alice's; its first audit: operational, merged registers, 12.34 printed in 20 pieces, 7.66 left. */
extern const uint8_t device_2a[8];
extern const psd_audit said_first;
void add_meter(void);
void audit_meter(const psd_audit *said);
/* Reserves 30.00 for its first refill, in 2027; it has said 20.00 of itself. */
void begin_refill(void);

/* The whole program. */
int admin_tests(const char *suite, const psd_check_test *tests, size_t count);

#endif
