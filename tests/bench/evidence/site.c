#include "site.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "crypto/tokens.h"
#include "crypto/x509.h"
#include "measure.h"
#include "psd/spec/calendar.h"
#include "psd/spec/tlv.h"

#define DAY UINT64_C(86400)
#define YEAR (365 * DAY)
#define PATH_SIZE 4096
#define TOTAL UINT64_C(4000000000) /* control total of each meter, mills */
#define REVOKED 0x7FFFFFFFU        /* the number of a certificate that nobody has */
#define SIGNATURE 64U

/* Who signs what the site is given. */
typedef struct makers {
  psd_pair *ca, *rates, *vendor, *postal;
} makers;

static FILE *create(const bench_site *of, const char *name, mode_t mode) {
  char path[PATH_SIZE];
  int length = snprintf(path, sizeof path, "%s/%s", of->folder, name);
  bench_need(length > 0 && (size_t)length < sizeof path, "room for the path");
  char *slash = strrchr(path, '/');
  *slash = '\0';
  bench_need(mkdir(path, 0700) == 0 || errno == EEXIST, path);
  *slash = '/';
  FILE *file = fopen(path, "w");
  bench_need(file != NULL && chmod(path, mode) == 0, path);
  return file;
}

static void put_file(const bench_site *of, const char *name, mode_t mode, const void *data, size_t length) {
  FILE *file = create(of, name, mode);
  bench_need(fwrite(data, 1, length, file) == length && fclose(file) == 0, name);
}

static void put_public(const bench_site *of, const char *name, const psd_pair *pair) {
  uint8_t point[PSD_POINT];
  char pem[PSD_PEM_MAX];
  psd_pair_point(pair, point);
  bench_need(psd_point_pem(point, pem), "public key");
  put_file(of, name, 0644, pem, strlen(pem));
}

/* Its key in OpenSSL's form stays with it: signing is quicker then. */
static psd_pair *new_pair(void) {
  uint8_t secret[PSD_SCALAR];
  psd_pair *drawn = psd_pair_new();
  bench_need(drawn != NULL && psd_pair_secret(drawn, secret), "key pair");
  psd_pair_free(drawn);
  psd_pair *pair = psd_pair_of(secret);
  bench_need(pair != NULL, "key pair");
  return pair;
}

void site_device(uint64_t serial, uint8_t device[PSD_SIZE_DEVICE_ID]) {
  psd_buffer out = psd_buffer_over(device, PSD_SIZE_DEVICE_ID);
  psd_put(&out, "PSD1", 4);
  psd_put_uint(&out, serial, 4);
}

/* Certificates
 * ---------------------------------------------------------------------------------------------------------------- */

static const psd_x509_name ca_name = {.organization = "SPECIMEN", .common_name = "BENCHMARK CA"};

static void put_certificate(FILE *file, const psd_x509 *wanted, const psd_pair *issuer) {
  uint8_t der[PSD_X509_MAX];
  char pem[PSD_X509_PEM_MAX];
  size_t length;
  bench_need(psd_x509_make(wanted, issuer, der, &length) && psd_x509_pem((psd_part){der, length}, pem) &&
                 fputs(pem, file) >= 0,
             "certificate");
}

static void put_authority(const bench_site *of, const psd_pair *ca) {
  uint8_t point[PSD_POINT];
  FILE *file = create(of, "ca/1.pem", 0644);
  psd_pair_point(ca, point);
  const psd_x509 wanted = {.serial = 1,
                           .issuer = ca_name,
                           .subject = ca_name,
                           .from = of->now - YEAR,
                           .until = of->now + 10 * YEAR,
                           .point = point,
                           .issuer_point = point,
                           .authority = true};
  put_certificate(file, &wanted, ca);
  bench_need(fclose(file) == 0, "CA");
}

static void put_list(const bench_site *of, const psd_pair *ca) {
  uint8_t point[PSD_POINT], *der = NULL;
  char pem[PSD_X509_PEM_MAX];
  size_t length;
  const psd_x509_revoked revoked = {.serial = REVOKED, .time = of->now - DAY};
  psd_pair_point(ca, point);
  const psd_x509_crl wanted = {.issuer = ca_name,
                               .issuer_point = point,
                               .number = 1,
                               .from = of->now - DAY,
                               .until = of->now + 30 * DAY,
                               .revoked = &revoked,
                               .count = 1};
  bench_need(psd_x509_crl_make(&wanted, ca, &der, &length) &&
                 psd_x509_crl_pem((psd_part){der, length}, pem, sizeof pem),
             "list of revoked certificates");
  put_file(of, "crl/1.pem", 0644, pem, strlen(pem));
  free(der);
}

/* What the metering policy of a certificate says. */
static size_t put_policy(uint64_t serial, uint8_t *policy, size_t room) {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  site_device(serial, device);
  psd_buffer out = psd_buffer_over(policy, room);
  size_t start = psd_open_tlv(&out, 0x30);
  psd_put_tlv(&out, 0x04, device, sizeof device);
  psd_put_tlv(&out, 0x02, "\x5A", 1);
  psd_put_tlv(&out, 0x02, "\x01", 1);
  psd_close_tlv(&out, start);
  return out.length;
}

static void certify(const bench_site *of, const site_meter *meter, const psd_pair *ca, FILE *file) {
  uint8_t point[PSD_POINT], issuer_point[PSD_POINT], policy[64];
  psd_pair_point(meter->pair, point);
  psd_pair_point(ca, issuer_point);
  const psd_x509 wanted = {.serial = meter->serial,
                           .issuer = ca_name,
                           .subject = {.organization = "SPECIMEN", .serial_number = "PS D1"},
                           .from = of->now - 100 * DAY,
                           .until = of->now + YEAR,
                           .point = point,
                           .issuer_point = issuer_point,
                           .private = "1.3.6.1.4.1.32473.7816.1",
                           .content = {policy, put_policy(meter->serial, policy, sizeof policy)}};
  put_certificate(file, &wanted, ca);
}

static void put_meters(bench_site *of, const psd_pair *ca) {
  FILE *certificates = create(of, "certificates/all.pem", 0644), *totals = create(of, "meters.csv", 0644);
  (void)fputs("vendor,model,serial,control_total,since\n", totals);
  for (size_t i = 0; i < of->meter_count; i++) {
    of->meters[i] = (site_meter){.pair = new_pair(), .serial = i + 1};
    certify(of, &of->meters[i], ca, certificates);
    (void)fprintf(totals, "PS,D1,%08zX,%llu.00,0\n", i + 1, (unsigned long long)(TOTAL / 1000));
  }
  bench_need(fclose(certificates) == 0 && fclose(totals) == 0, "meters");
}

/* Tables
 * ---------------------------------------------------------------------------------------------------------------- */

static void put_signed(const bench_site *of, const char *name, const char *label, psd_buffer *table,
                       const psd_pair *signer) {
  uint8_t signature[SIGNATURE];
  const psd_part parts[] = {{label, strlen(label)}, {table->data, table->length}};
  bench_need(psd_pair_sign(signer, parts, 2, signature), "signature");
  psd_put(table, signature, sizeof signature);
  bench_need(!table->overflow, "room for the table");
  put_file(of, name, 0600, table->data, table->length);
}

static void put_rates(bench_site *of, const psd_pair *signer) {
  uint8_t memory[PSD_RATES_MAX + PSD_RATES_SIGNATURE], digest[PSD_HASH];
  const psd_rate_table head = {.magic = "PSDR",
                               .format = 1,
                               .country = "US",
                               .version = 1,
                               .effective = psd_date_of_day(of->now / DAY - 30),
                               .expiry = psd_date_of_day(of->now / DAY + 60),
                               .origin = PSD_RATES_NO_ORIGIN,
                               .rows = 17};
  const psd_service_rates services = {.certificate = 1};
  psd_buffer out = psd_buffer_over(memory, sizeof memory);
  psd_put_message(&out, PSD_MESSAGE_RATE_TABLE, &head);
  psd_put_message(&out, PSD_MESSAGE_SERVICE_RATES, &services);
  for (uint64_t i = 0; i < head.rows; i++) {
    const psd_rate_row row = {
        .mail_class = PSD_CLASS_OF_FIRST, .grams = 28 + 28 * i, .postage = SITE_POSTAGE + 290 * i};
    psd_put_message(&out, PSD_MESSAGE_RATE_ROW, &row);
  }
  bench_need(psd_hash(&(psd_part){out.data, out.length}, 1, digest), "hash");
  memcpy(of->rates, digest, sizeof of->rates);
  put_signed(of, "rates/1.rates", PSD_RATES_LABEL, &out, signer);
}

void site_set_key(psd_token_domain domain, uint64_t pointer, uint8_t key[PSD_TOKEN_SET_KEY]) {
  psd_buffer out = psd_buffer_over(key, PSD_TOKEN_SET_KEY);
  memset(key, 0xA5, PSD_TOKEN_SET_KEY);
  psd_put_u8(&out, (uint8_t)domain);
  psd_put_uint(&out, pointer, 2);
}

static void put_day(const bench_site *of, const char *name, psd_token_domain domain, const psd_pair *signer) {
  static uint8_t memory[PSD_SIZE_DAY_TABLE + PSD_TOKEN_KEYS * PSD_SIZE_DAY_KEY + SIGNATURE];
  uint8_t key[PSD_TOKEN_SET_KEY];
  psd_buffer out = psd_buffer_over(memory, sizeof memory);
  const psd_day_table head = {.magic = "PSDT",
                              .format = 1,
                              .domain = domain,
                              .order = PSD_TOKEN_BY_DAY,
                              .set = SITE_SET,
                              .date = of->date,
                              .made = of->now,
                              .count = PSD_TOKEN_KEYS};
  psd_put_message(&out, PSD_MESSAGE_DAY_TABLE, &head);
  for (uint64_t i = 0; i < PSD_TOKEN_KEYS; i++) {
    site_set_key(domain, i, key);
    bench_need(psd_token_day_key(key, of->date, psd_put_room(&out, PSD_TOKEN_KEY_SIZE)), "key of the day");
  }
  put_signed(of, name, PSD_DAY_TABLE_LABEL, &out, signer);
}

bench_site site_make(const char *folder, size_t meters) {
  bench_site of = {.folder = folder, .meter_count = meters, .meters = calloc(meters, sizeof *of.meters)};
  bench_need(of.meters != NULL && psd_evp_start(), "memory, or cryptography");
  const makers by = {new_pair(), new_pair(), new_pair(), new_pair()};
  of.now = (uint64_t)time(NULL);
  of.date = psd_date_of_day(of.now / DAY);
  put_authority(&of, by.ca);
  put_list(&of, by.ca);
  put_meters(&of, by.ca);
  put_public(&of, "rates.pem", by.rates);
  put_public(&of, "vendor.pem", by.vendor);
  put_public(&of, "postal.pem", by.postal);
  put_rates(&of, by.rates);
  put_day(&of, "days/vendor.day", PSD_TOKENS_VENDOR, by.vendor);
  put_day(&of, "days/postal.day", PSD_TOKENS_POSTAL, by.postal);
  psd_pair *const pairs[] = {by.ca, by.rates, by.vendor, by.postal};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
    psd_pair_free(pairs[i]);
  return of;
}

void site_free(bench_site *of) {
  for (size_t i = 0; i < of->meter_count; i++)
    psd_pair_free(of->meters[i].pair);
  free(of->meters);
}

/* Pieces
 * ---------------------------------------------------------------------------------------------------------------- */

psd_indicium site_piece(bench_site *of, size_t meter) {
  site_meter *by = &of->meters[meter];
  by->pieces++;
  psd_indicium piece = {.version = PSD_INDICIUM_VERSION,
                        .algorithm = PSD_PROFILE_P256,
                        .certificate = by->serial,
                        .vendor = "PS",
                        .model = "D1",
                        .serial = by->serial,
                        .ascending = by->pieces * SITE_POSTAGE,
                        .postage = SITE_POSTAGE,
                        .date = of->date,
                        .zip = 90210,
                        .destination = 10001123499,
                        .piece_count = by->pieces,
                        .category = PSD_EVIDENCE_POSTAGE << PSD_CATEGORY_KIND,
                        .descending = TOTAL - by->pieces * SITE_POSTAGE};
  memcpy(piece.rates, of->rates, sizeof piece.rates);
  return piece;
}

void site_sign(const bench_site *of, size_t meter, const psd_indicium *piece, uint8_t bytes[PSD_INDICIUM_MAX]) {
  psd_buffer out = psd_buffer_over(bytes, PSD_INDICIUM_MAX);
  psd_put_message(&out, PSD_MESSAGE_INDICIUM, piece);
  const psd_part part = {bytes, PSD_SIZE_INDICIUM};
  bench_need(!out.overflow && psd_pair_sign(of->meters[meter].pair, &part, 1, bytes + PSD_SIZE_INDICIUM), "indicium");
}

void site_list(bench_site *of, const char *path, size_t count) {
  FILE *list = fopen(path, "w");
  bench_need(list != NULL, path);
  for (size_t i = 0; i < count; i++) {
    uint8_t bytes[PSD_INDICIUM_MAX];
    char line[2 * PSD_INDICIUM_MAX + 1];
    size_t meter = i % of->meter_count;
    const psd_indicium piece = site_piece(of, meter);
    site_sign(of, meter, &piece, bytes);
    for (size_t j = 0; j < sizeof bytes; j++)
      (void)snprintf(line + 2 * j, 3, "%02X", bytes[j]);
    (void)fprintf(list, "%s\n", line);
  }
  bench_need(fclose(list) == 0, path);
}
