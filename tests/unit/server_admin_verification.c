/* Certificates, and what a verification site is given. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin_support.h"
#include "crypto/x509.h"
#include "datacenter/rates.h"
#include "psd/spec/objects.h"
#include "store_db.h"

#define FROM 1800000000U

static char site[96];

static const char *path_of(const char *name) {
  static char path[192];
  (void)snprintf(path, sizeof path, "%s/%s", site, name);
  return path;
}

/* A certificate of the only meter there is, signed by nobody that matters. */
static void add_certificate(uint32_t number, uint64_t now) {
  psd_certificate_row row = {.number = number, .from = FROM, .until = FROM + 1000};
  uint8_t point[PSD_POINT];
  psd_db *db = open_store();
  psd_pair *pair = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  psd_pair_point(pair, point);
  psd_x509 wanted = {.serial = number,
                     .issuer = {.common_name = "CA"},
                     .subject = {.common_name = "PSD"},
                     .from = FROM,
                     .until = FROM + 1000,
                     .point = point,
                     .issuer_point = point};
  CU_ASSERT_FATAL(psd_x509_make(&wanted, pair, row.der, &row.length));
  psd_pair_free(pair);
  memcpy(row.device, device_2a, sizeof row.device);
  CU_ASSERT_EQUAL(psd_dc_certified(db, &row, now), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_certified(db, &row, now), PSD_DB_DONE); /* the very same */
  close_store(db);
}

static void test_revoked(void) {
  int process = begin();
  add_meter();
  add_certificate(1, FROM);
  add_certificate(2, FROM);
  CU_ASSERT_EQUAL(ADMIN("meter", "revoked", "DB", "--csv"), 0);
  CU_ASSERT_STRING_EQUAL(out, "serial,time,reason\n");
  CU_ASSERT_EQUAL(ADMIN("meter", "revoke", "0000002A", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("meter", "revoked", "DB", "--csv"), 0);
  CU_ASSERT(strncmp(out, "serial,time,reason\n1,1", 22) == 0 && has(out, ",certificateHold\n2,"));
  CU_ASSERT_EQUAL(ADMIN("meter", "revoked", "DB"), 0);
  CU_ASSERT(has(out, "    SERIAL PSD            REVOKED") && has(out, "         1 PS D1 0000002A 20"));
  CU_ASSERT_EQUAL(ADMIN("meter", "revoked", "DB", "--json"), 0);
  CU_ASSERT(has(out, "\"serial\": 2,\n    \"psd\": \"PS D1 0000002A\"") && has(out, "\"reason\": \"certificateHold\""));
  CU_ASSERT_EQUAL(ADMIN("meter", "revoked", "DB", "--json", "--csv"), 2);
  /* Made while it is revoked, it is revoked as well; and all are let go together. */
  add_certificate(3, FROM + 5);
  CU_ASSERT_EQUAL(ADMIN("meter", "revoked", "DB", "--csv"), 0);
  CU_ASSERT(has(out, "\n3,1800000005,certificateHold\n"));
  CU_ASSERT_EQUAL(ADMIN("meter", "restore", "0000002A", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("meter", "revoked", "DB", "--csv"), 0);
  CU_ASSERT_STRING_EQUAL(out, "serial,time,reason\n");
  kms_end(process);
}

/* The end of a service is for good: restoring the PSD does not undo it. */
static void test_written_off(void) {
  int process = begin();
  add_meter();
  audit_meter(&said_first);
  add_certificate(1, FROM);
  CU_ASSERT_EQUAL(ADMIN("meter", "unlock", "0000002A", "--accept", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("meter", "revoke", "0000002A", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("meter", "write-off", "0000002A", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("meter", "restore", "0000002A", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("meter", "revoked", "DB", "--csv"), 0);
  CU_ASSERT(has(out, ",cessationOfOperation\n"));
  kms_end(process);
}

static void read_text(const char *name, char *text, size_t room) {
  FILE *in = fopen(path_of(name), "r");
  CU_ASSERT_PTR_NOT_NULL_FATAL(in);
  text[fread(text, 1, room - 1, in)] = '\0';
  (void)fclose(in);
}

static unsigned mode_of(const char *name) {
  struct stat status;
  return stat(path_of(name), &status) == 0 ? status.st_mode & 07777U : 0;
}

/* Names in a folder of the site; none may be left of a file that was not finished. */
static unsigned names_in(const char *name) {
  unsigned count = 0;
  DIR *at = opendir(path_of(name));
  CU_ASSERT_PTR_NOT_NULL_FATAL(at);
  for (struct dirent *entry; (entry = readdir(at)) != NULL;)
    count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 ? 1 : 0;
  (void)closedir(at);
  return count;
}

static void remove_site(void) {
  static const char *const names[] = {
      "certificates/all.pem", "rates/1.rates", "rates/2.rates", "meters.csv", "certificates", "rates", ""};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    (void)remove(path_of(names[i]));
}

static int begin_site(void) {
  int process = begin();
  (void)snprintf(site, sizeof site, "%s/site", folder);
  remove_site();
  return process;
}

/* A table as it is in the database; its signature does not matter here. */
static void add_rates(uint32_t version) {
  uint8_t bytes[512] = {0};
  psd_buffer out_table = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&out_table, PSD_MESSAGE_RATE_TABLE,
                  &(psd_rate_table){.magic = "PSDR",
                                    .format = 1,
                                    .country = "US",
                                    .version = version,
                                    .effective = 20260101,
                                    .expiry = 20990101,
                                    .origin = PSD_RATES_NO_ORIGIN,
                                    .rows = 1});
  psd_put_message(&out_table, PSD_MESSAGE_SERVICE_RATES, &(psd_service_rates){.certificate = 1});
  psd_put_message(&out_table, PSD_MESSAGE_RATE_ROW, &(psd_rate_row){.mail_class = 1, .grams = 28, .postage = 730});
  psd_db *db = open_store();
  CU_ASSERT_EQUAL(psd_dc_publish_rates(db, bytes, out_table.length + PSD_RATES_SIGNATURE, FROM), PSD_DB_DONE);
  close_store(db);
}

static void test_exported(void) {
  static char text[16384];
  int process = begin_site();
  /* Nothing there: no bundle of nothing. */
  CU_ASSERT_EQUAL(ADMIN("verification", "export", site, "DB"), 0);
  CU_ASSERT_STRING_EQUAL(out, "0 certificates, 0 rate tables, 0 meters\n");
  CU_ASSERT(names_in("certificates") == 0 && names_in("rates") == 0);
  add_meter();
  audit_meter(&said_first);
  add_certificate(1, FROM);
  add_certificate(2, FROM);
  add_rates(1);
  add_rates(2);
  CU_ASSERT_EQUAL(ADMIN("meter", "unlock", "0000002A", "--accept", "DB"), 0); /* 20.00, now */
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "30", "DB", "KMS"), 0);
  begin_refill(); /* 30.00, at 1800000000: the card may have it already */
  for (unsigned again = 0; again < 2; again++) {
    CU_ASSERT_EQUAL(ADMIN("verification", "export", site, "DB", "--json"), 0);
    CU_ASSERT(has(out, "\"certificates\": 2,\n  \"rate_tables\": 2,\n  \"meters\": 1"));
    CU_ASSERT(names_in("certificates") == 1 && names_in("rates") == 2 && names_in("") == 3);
  }
  CU_ASSERT(mode_of("certificates/all.pem") == 0644 && mode_of("rates/2.rates") == 0644 &&
            mode_of("meters.csv") == 0600);
  read_text("certificates/all.pem", text, sizeof text);
  const char *second = strstr(text, "-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n");
  CU_ASSERT(strncmp(text, "-----BEGIN CERTIFICATE-----\n", 28) == 0 && second != NULL);
  read_text("rates/2.rates", text, sizeof text);
  CU_ASSERT_EQUAL(memcmp(text, "PSDR\1US\0\0\0\2", 11), 0);
  read_text("meters.csv", text, sizeof text);
  CU_ASSERT(has(text, "vendor,model,serial,control_total,since\nPS,D1,0000002A,0.00,0\nPS,D1,0000002A,20.00,1"));
  CU_ASSERT(has(text, "\nPS,D1,0000002A,50.00,1800000000\n"));
  remove_site();
  kms_end(process);
}

static void test_without_total(void) {
  char text[256];
  psd_audit account = said_first;
  int process = begin_site();
  add_meter();
  account.mode = PSD_FUNDS_ACCOUNT;
  audit_meter(&account);
  CU_ASSERT_EQUAL(ADMIN("verification", "export", site, "DB"), 0);
  CU_ASSERT_STRING_EQUAL(out, "0 certificates, 0 rate tables, 1 meter\n");
  read_text("meters.csv", text, sizeof text);
  CU_ASSERT_STRING_EQUAL(text, "vendor,model,serial,control_total,since\nPS,D1,0000002A,,0\n");
  remove_site();
  kms_end(process);
}

/* What was there stays until what comes is whole. */
static void test_faults(void) {
  static char text[16384];
  int process = begin_site();
  add_meter();
  add_certificate(1, FROM);
  CU_ASSERT_EQUAL(ADMIN("verification", "export", site, "DB"), 0);
  add_certificate(2, FROM);
  CU_ASSERT_FATAL(raw(on_postgres ? "UPDATE certificates SET der = decode('00', 'hex') WHERE number = 2"
                                  : "UPDATE certificates SET der = x'00' WHERE number = 2"));
  CU_ASSERT_EQUAL(ADMIN("verification", "export", site, "DB"), 1);
  CU_ASSERT(has(err, "certificate 2 in the database is none"));
  read_text("certificates/all.pem", text, sizeof text);
  CU_ASSERT(strlen(text) > 100 && strstr(strchr(text, 'E'), "-----BEGIN") == NULL);
  CU_ASSERT_FATAL(raw("DELETE FROM certificates WHERE number = 2"));
  CU_ASSERT_FATAL(raw("ALTER TABLE movements RENAME TO taken_away"));
  CU_ASSERT_EQUAL(ADMIN("verification", "export", site, "DB"), 3);
  CU_ASSERT_FATAL(raw("ALTER TABLE taken_away RENAME TO movements"));
  read_text("meters.csv", text, sizeof text);
  CU_ASSERT(has(text, "PS,D1,0000002A,0.00,0\n"));
  CU_ASSERT(names_in("certificates") == 1 && names_in("") == 3);
  CU_ASSERT_EQUAL(ADMIN("verification", "export", "/nonexistent/site", "DB"), 1);
  CU_ASSERT(has(err, "/nonexistent/site cannot be made"));
  remove_site();
  kms_end(process);
}

static const psd_check_test tests[] = {
    {"certificates of a PSD are revoked with it, and restored", test_revoked},
    {"the end of a service is for good", test_written_off},
    {"certificates, rates and control totals are exported", test_exported},
    {"a current-account meter has no control total", test_without_total},
    {"what cannot be written leaves what was there", test_faults},
};

int main(void) {
  return admin_tests("psd-server's operator: verification sites", tests, PSD_CHECK_COUNT(tests));
}
