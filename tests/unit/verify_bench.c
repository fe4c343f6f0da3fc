#define _XOPEN_SOURCE 700 /* mkdtemp, nftw */
#include "verify_bench.h"

#include <fcntl.h>
#include <ftw.h>
#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/evp_internal.h"
#include "crypto/tokens.h"
#include "crypto/x509.h"
#include "psd/spec/calendar.h"
#include "psd/spec/tlv.h"

bench_keys bench;
bool bench_partial;
uint64_t bench_revoked_from;
int bench_reason = -1;
psd_verify_policy bench_policy = {.now = BENCH_NOON, .days = 2, .ahead = 1};

static char folder[64];
static uint8_t rates_hash[PSD_RATES_HASH];
static EVP_PKEY *dsa_pair;
static uint64_t lists; /* of revoked certificates, made so far */

/* Files
 * -------------------------------------------------------------------------------------------------------------------
 */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk) {
  (void)status;
  (void)type;
  (void)walk;
  return remove(path);
}

static void empty_folder(void) {
  (void)nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void forget(void) {
  empty_folder();
  psd_pair *pairs[] = {bench.ca, bench.other_ca, bench.rate, bench.vendor, bench.postal, bench.psd, bench.other_psd};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
    psd_pair_free(pairs[i]);
  EVP_PKEY_free(dsa_pair);
}

const char *bench_folder(void) {
  return folder;
}

static void path_of(const char *name, char path[256]) {
  (void)snprintf(path, 256, "%s/%s", folder, name);
}

void bench_put(const char *name, const void *data, size_t length, mode_t mode) {
  char path[256];
  path_of(name, path);
  char *slash = strrchr(path, '/');
  *slash = '\0';
  (void)mkdir(path, 0700);
  *slash = '/';
  FILE *out = fopen(path, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(out);
  CU_ASSERT_EQUAL_FATAL(fwrite(data, 1, length, out), length);
  CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
  CU_ASSERT_EQUAL_FATAL(chmod(path, mode), 0);
}

void bench_remove(const char *name) {
  char path[256];
  path_of(name, path);
  CU_ASSERT_EQUAL_FATAL(unlink(path), 0);
}

void bench_damage(const char *name, size_t byte) {
  char path[256];
  path_of(name, path);
  FILE *file = fopen(path, "r+");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_EQUAL_FATAL(fseek(file, (long)byte, SEEK_SET), 0);
  int was = fgetc(file);
  CU_ASSERT_NOT_EQUAL_FATAL(was, EOF);
  CU_ASSERT_EQUAL_FATAL(fseek(file, (long)byte, SEEK_SET), 0);
  (void)fputc(was ^ 4, file);
  CU_ASSERT_EQUAL_FATAL(fclose(file), 0);
}

static void put_point(const char *name, const psd_pair *pair) {
  uint8_t point[PSD_POINT];
  char pem[PSD_PEM_MAX];
  psd_pair_point(pair, point);
  CU_ASSERT_TRUE_FATAL(psd_point_pem(point, pem));
  bench_put(name, pem, strlen(pem), 0644);
}

/* Certificates
 * -------------------------------------------------------------------------------------------------------------------
 */

static psd_x509_name ca_name(const psd_pair *pair) {
  return (psd_x509_name){.organization = "SPECIMEN", .common_name = pair == bench.ca ? "CA 1" : "CA 2"};
}

static void make_certificate(const char *name, const psd_x509 *wanted, const psd_pair *issuer) {
  uint8_t der[PSD_X509_MAX];
  char pem[PSD_X509_PEM_MAX];
  size_t length;
  CU_ASSERT_TRUE_FATAL(psd_x509_make(wanted, issuer, der, &length));
  CU_ASSERT_TRUE_FATAL(psd_x509_pem((psd_part){der, length}, pem));
  bench_put(name, pem, strlen(pem), 0644);
}

void bench_authority_by(const char *name, const psd_pair *pair, const psd_pair *issuer) {
  uint8_t point[PSD_POINT], issuer_point[PSD_POINT];
  psd_pair_point(pair, point);
  psd_pair_point(issuer, issuer_point);
  psd_x509 wanted = {.serial = 1, .issuer = ca_name(issuer), .subject = ca_name(pair), .authority = true};
  wanted.from = BENCH_NOON - 400 * BENCH_DAY;
  wanted.until = BENCH_NOON + 4000 * BENCH_DAY;
  wanted.point = point;
  wanted.issuer_point = issuer_point;
  make_certificate(name, &wanted, issuer);
}

void bench_authority(const char *name, const psd_pair *pair) {
  bench_authority_by(name, pair, pair);
}

static void device_of(uint32_t serial, uint8_t device[8]) {
  psd_buffer out = psd_buffer_over(device, 8);
  psd_put(&out, "PSD1", 4);
  psd_put_uint(&out, serial, 4);
}

/* MeteringPolicy */
static size_t put_policy(uint32_t serial, bool of_user, uint8_t *policy, size_t room) {
  uint8_t device[8];
  device_of(serial, device);
  psd_buffer out = psd_buffer_over(policy, room);
  size_t start = psd_open_tlv(&out, 0x30);
  psd_put_tlv(&out, 0x04, device, sizeof device);
  psd_put_tlv(&out, 0x02, "\x5A", 1);
  psd_put_tlv(&out, 0x02, "\x01", 1);
  if (of_user)
    psd_put_tlv(&out, 0x02, "\x01", 1);
  psd_close_tlv(&out, start);
  return out.length;
}

void bench_certify(const char *name, const bench_certificate *wish) {
  uint8_t point[PSD_POINT], issuer_point[PSD_POINT], policy[64];
  const psd_pair *issuer = wish->issuer != NULL ? wish->issuer : bench.ca;
  uint32_t serial = wish->serial != 0 ? wish->serial : BENCH_SERIAL;
  psd_pair_point(wish->subject != NULL ? wish->subject : bench.psd, point);
  psd_pair_point(issuer, issuer_point);
  psd_x509 wanted = {.serial = wish->number != 0 ? wish->number : BENCH_CERTIFICATE,
                     .issuer = ca_name(issuer),
                     .subject = {.organization = "SPECIMEN", .serial_number = "PS D1"},
                     .from = wish->from != 0 ? wish->from : BENCH_NOON - 100 * BENCH_DAY,
                     .until = wish->until != 0 ? wish->until : BENCH_NOON + 100 * BENCH_DAY,
                     .point = point,
                     .issuer_point = issuer_point};
  wanted.private = wish->nameless ? NULL : "1.3.6.1.4.1.32473.7816.1";
  wanted.content = (psd_part){policy, put_policy(serial, wish->of_user, policy, sizeof policy)};
  make_certificate(name, &wanted, issuer);
}

static X509_NAME *issuer_name(const psd_pair *issuer) {
  X509_NAME *name = X509_NAME_new();
  psd_x509_name said = ca_name(issuer);
  X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)said.organization, -1, -1, 0);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)said.common_name, -1, -1, 0);
  return name;
}

static void set_times(X509_CRL *list, uint64_t from, uint64_t next) {
  ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)from);
  X509_CRL_set1_lastUpdate(list, time);
  if (next != 0) {
    ASN1_TIME_set(time, (time_t)next);
    X509_CRL_set1_nextUpdate(list, time);
  }
  ASN1_TIME_free(time);
}

static void add_reason(X509_REVOKED *entry) {
  ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
  ASN1_ENUMERATED_set(reason, bench_reason);
  X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, X509V3_ADD_APPEND);
  ASN1_ENUMERATED_free(reason);
}

static void add_revoked(X509_CRL *list, uint32_t number, uint64_t when) {
  X509_REVOKED *entry = X509_REVOKED_new();
  ASN1_INTEGER *serial = ASN1_INTEGER_new();
  ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)when);
  ASN1_INTEGER_set_uint64(serial, number);
  X509_REVOKED_set_serialNumber(entry, serial);
  X509_REVOKED_set_revocationDate(entry, time);
  if (bench_reason >= 0)
    add_reason(entry);
  X509_CRL_add0_revoked(list, entry);
  ASN1_INTEGER_free(serial);
  ASN1_TIME_free(time);
}

static void narrow_list(X509_CRL *list) {
  ISSUING_DIST_POINT *point = ISSUING_DIST_POINT_new();
  point->onlyuser = 0xFF;
  X509_CRL_add1_ext_i2d(list, NID_issuing_distribution_point, point, 1, X509V3_ADD_APPEND);
  ISSUING_DIST_POINT_free(point);
}

void bench_revoke(const char *name, const psd_pair *issuer, uint32_t number, uint64_t from, uint64_t next) {
  X509_CRL *list = X509_CRL_new();
  X509_NAME *said = issuer_name(issuer);
  EVP_PKEY *key = psd_pair_pkey(issuer);
  char *text = NULL;
  BIO *memory = BIO_new(BIO_s_mem());
  X509_CRL_set_version(list, X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list, said);
  set_times(list, from, next);
  if (number != 0)
    add_revoked(list, number, bench_revoked_from != 0 ? bench_revoked_from : from);
  ASN1_INTEGER *number_of_list = ASN1_INTEGER_new();
  ASN1_INTEGER_set_uint64(number_of_list, ++lists);
  X509_CRL_add1_ext_i2d(list, NID_crl_number, number_of_list, 0, X509V3_ADD_APPEND);
  ASN1_INTEGER_free(number_of_list);
  if (bench_partial)
    narrow_list(list);
  X509_CRL_sort(list);
  CU_ASSERT_TRUE_FATAL(X509_CRL_sign(list, key, EVP_sha256()) > 0 && PEM_write_bio_X509_CRL(memory, list) == 1);
  long length = BIO_get_mem_data(memory, &text);
  bench_put(name, text, (size_t)length, 0644);
  BIO_free(memory);
  EVP_PKEY_free(key);
  X509_NAME_free(said);
  X509_CRL_free(list);
}

/* Tables
 * -------------------------------------------------------------------------------------------------------------------
 */

static void put_signed(const char *name, const char *label, psd_buffer *table, const psd_pair *signer, mode_t mode) {
  const psd_part parts[] = {{label, strlen(label)}, {table->data, table->length}};
  uint8_t signature[64];
  CU_ASSERT_TRUE_FATAL(psd_pair_sign(signer, parts, 2, signature));
  psd_put(table, signature, sizeof signature);
  CU_ASSERT_FALSE_FATAL(table->overflow);
  bench_put(name, table->data, table->length, mode);
}

static void put_rates(void) {
  uint8_t memory[PSD_RATES_MAX + PSD_RATES_SIGNATURE], digest[PSD_HASH];
  psd_buffer out = psd_buffer_over(memory, sizeof memory);
  const psd_rate_table head = {.magic = "PSDR",
                               .format = 1,
                               .country = "US",
                               .version = 7,
                               .effective = 20261101,
                               .expiry = 20270101,
                               .origin = PSD_RATES_NO_ORIGIN,
                               .rows = 2};
  const psd_service_rates services = {.certificate = 1};
  const psd_rate_row rows[] = {
      {.mail_class = PSD_CLASS_OF_FIRST, .grams = 28, .postage = BENCH_POSTAGE},
      {.mail_class = PSD_CLASS_OF_FIRST, .grams = 56, .postage = 1010},
  };
  psd_put_message(&out, PSD_MESSAGE_RATE_TABLE, &head);
  psd_put_message(&out, PSD_MESSAGE_SERVICE_RATES, &services);
  for (size_t i = 0; i < 2; i++)
    psd_put_message(&out, PSD_MESSAGE_RATE_ROW, &rows[i]);
  CU_ASSERT_TRUE_FATAL(psd_hash(&(psd_part){out.data, out.length}, 1, digest));
  memcpy(rates_hash, digest, sizeof rates_hash);
  put_signed("rates/7.rates", PSD_RATES_LABEL, &out, bench.rate, 0644);
}

/* Keys of the sets on the bench: different for every domain, set and pointer. */
static void set_key(psd_token_domain domain, uint32_t set, uint64_t pointer, uint8_t key[PSD_TOKEN_SET_KEY]) {
  psd_buffer out = psd_buffer_over(key, PSD_TOKEN_SET_KEY);
  memset(key, 0xA5, PSD_TOKEN_SET_KEY);
  psd_put_u8(&out, (uint8_t)domain);
  psd_put_uint(&out, set, 4);
  psd_put_uint(&out, pointer, 2);
}

void bench_final(psd_token_domain domain, psd_token_order order, uint32_t set, uint32_t date, uint8_t final[16]) {
  uint8_t device[8], key[PSD_TOKEN_SET_KEY], upper[PSD_TOKEN_KEY_SIZE];
  uint64_t pointer;
  device_of(BENCH_SERIAL, device);
  CU_ASSERT_TRUE_FATAL(psd_token_pointer(device, &pointer));
  set_key(domain, set, pointer, key);
  bool made = order == PSD_TOKEN_BY_DAY ? psd_token_day_key(key, date, upper) : psd_token_meter_key(key, device, upper);
  CU_ASSERT_TRUE_FATAL(made);
  CU_ASSERT_TRUE_FATAL(psd_token_final_key(order, upper, device, date, final));
}

static void put_day_keys(psd_buffer *out, const bench_day *wish) {
  uint8_t key[PSD_TOKEN_SET_KEY];
  for (uint64_t i = 0; i < PSD_TOKEN_KEYS; i++) {
    set_key(wish->domain, wish->set, i, key);
    CU_ASSERT_TRUE_FATAL(psd_token_day_key(key, wish->date, psd_put_room(out, PSD_TOKEN_KEY_SIZE)));
  }
}

/* Three meters, of which the second is the bench's. */
static void put_meter_keys(psd_buffer *out, const bench_day *wish) {
  for (uint32_t i = 0; i < 3; i++) {
    device_of(BENCH_SERIAL - 1 + i, psd_put_room(out, PSD_SIZE_DEVICE_ID));
    bench_final(wish->domain, PSD_TOKEN_BY_METER, wish->set, wish->date, psd_put_room(out, PSD_TOKEN_KEY_SIZE));
  }
}

void bench_put_day(const char *name, const bench_day *wish) {
  static uint8_t memory[PSD_SIZE_DAY_TABLE + PSD_TOKEN_KEYS * PSD_SIZE_DAY_KEY + 64];
  psd_buffer out = psd_buffer_over(memory, sizeof memory);
  const psd_pair *own = wish->domain == PSD_TOKENS_VENDOR ? bench.vendor : bench.postal;
  psd_day_table head = {.magic = "PSDT",
                        .format = 1,
                        .domain = wish->domain,
                        .order = wish->order,
                        .set = wish->set,
                        .date = wish->date,
                        .made = BENCH_NOON};
  head.count = wish->order == PSD_TOKEN_BY_DAY ? PSD_TOKEN_KEYS : 3;
  psd_put_message(&out, PSD_MESSAGE_DAY_TABLE, &head);
  if (wish->order == PSD_TOKEN_BY_DAY)
    put_day_keys(&out, wish);
  else
    put_meter_keys(&out, wish);
  put_signed(name, PSD_DAY_TABLE_LABEL, &out, wish->signer != NULL ? wish->signer : own, 0600);
}

/* DSA
 * -------------------------------------------------------------------------------------------------------------------
 */

static EVP_PKEY *dsa_domain(void) {
  BIGNUM *p = NULL, *q = NULL, *g = NULL;
  EVP_PKEY *made = NULL;
  BN_hex2bn(&p, "86F5CA03DCFEB225063FF830A0C769B9DD9D6153AD91D7CE27F787C43278B447"
                "E6533B86B18BED6E8A48B784A14C252C5BE0DBF60B86D6385BD2F12FB763ED88"
                "73ABFD3F5BA2E0A8C0A59082EAC056935E529DAF7C610467899C77ADEDFC846C"
                "881870B7B19B2B58F9BE0521A17002E3BDD6B86685EE90B3D9A1B02B782B1779");
  BN_hex2bn(&q, "996F967F6C8E388D9E28D01E205FBA957A5698B1");
  BN_hex2bn(&g, "07B0F92546150B62514BB771E2A0C0CE387F03BDA6C56B505209FF25FD3C133D"
                "89BBCD97E904E09114D9A7DEFDEADFC9078EA544D2E401AEECC40BB9FBBF78FD"
                "87995A10A1C27CB7789B594BA7EFB5C4326A9FE59A070E136DB77175464ADCA4"
                "17BE5DCE2F40D10A46A3A3943F26AB7FD9C0398FF8C76EE0A56826A8A88F1DBD");
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_P, p);
  OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_Q, q);
  OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_G, g);
  OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
  CU_ASSERT_TRUE_FATAL(EVP_PKEY_fromdata_init(context) == 1 &&
                       EVP_PKEY_fromdata(context, &made, EVP_PKEY_KEY_PARAMETERS, parameters) == 1);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(build);
  BN_free(p);
  BN_free(q);
  BN_free(g);
  return made;
}

static void make_dsa(void) {
  EVP_PKEY *domain = dsa_domain();
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, domain, NULL);
  CU_ASSERT_TRUE_FATAL(EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_keygen(context, &dsa_pair) == 1);
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(domain);
}

void bench_put_dsa(const char *name, const psd_pair *voucher) {
  uint8_t file[PSD_SIZE_DEVICE_ID + PSD_SIZE_DSA_KEY];
  BIGNUM *y = NULL;
  device_of(BENCH_SERIAL, file);
  CU_ASSERT_TRUE_FATAL(EVP_PKEY_get_bn_param(dsa_pair, OSSL_PKEY_PARAM_PUB_KEY, &y) == 1 &&
                       BN_bn2binpad(y, file + 8, 128) == 128);
  BN_free(y);
  const psd_part parts[] = {{PSD_DSA_KEY_LABEL, strlen(PSD_DSA_KEY_LABEL)}, {file, 8 + 128}};
  CU_ASSERT_TRUE_FATAL(psd_pair_sign(voucher, parts, 2, file + 8 + 128));
  bench_put(name, file, sizeof file, 0644);
}

static void sign_dsa(const uint8_t *data, uint8_t signature[40]) {
  uint8_t digest[PSD_HASH], der[64];
  const uint8_t *at = der;
  size_t length = sizeof der;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, dsa_pair, NULL);
  CU_ASSERT_TRUE_FATAL(psd_hash(&(psd_part){data, PSD_SIZE_INDICIUM}, 1, digest));
  CU_ASSERT_TRUE_FATAL(EVP_PKEY_sign_init(context) == 1 &&
                       EVP_PKEY_sign(context, der, &length, digest, sizeof digest) == 1);
  const BIGNUM *r, *second;
  DSA_SIG *parts = d2i_DSA_SIG(NULL, &at, (long)length);
  DSA_SIG_get0(parts, &r, &second);
  CU_ASSERT_TRUE_FATAL(BN_bn2binpad(r, signature, 20) == 20 && BN_bn2binpad(second, signature + 20, 20) == 20);
  DSA_SIG_free(parts);
  EVP_PKEY_CTX_free(context);
}

/* The whole
 * -------------------------------------------------------------------------------------------------------------------
 */

static void make_keys(void) {
  psd_pair **pairs[] = {&bench.ca,     &bench.other_ca, &bench.rate,     &bench.vendor,
                        &bench.postal, &bench.psd,      &bench.other_psd};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    *pairs[i] = psd_pair_new();
    CU_ASSERT_PTR_NOT_NULL_FATAL(*pairs[i]);
  }
  make_dsa();
  (void)atexit(forget);
}

static void put_days(void) {
  for (uint64_t i = 0; i < 4; i++) {
    uint32_t date = psd_date_of_day(BENCH_NOON / BENCH_DAY - 2 + i);
    char name[64];
    (void)snprintf(name, sizeof name, "days/vendor-%u.day", date);
    bench_put_day(name, &(bench_day){.domain = PSD_TOKENS_VENDOR, .set = 1, .date = date});
    (void)snprintf(name, sizeof name, "days/postal-%u.day", date);
    bench_put_day(name, &(bench_day){.domain = PSD_TOKENS_POSTAL, .set = 1, .date = date});
  }
}

void bench_fill(void) {
  static const char meters[] = "vendor,model,serial,control_total,since\n"
                               "PS,D1,00C0FFEE,0.00,0\n"
                               "PS,D1,00C0FFEE,50.00,2026-11-01\n"
                               "PS,D1,00C0FFEE,90.00,2026-12-24\n";
  if (bench.ca == NULL)
    make_keys();
  if (folder[0] != '\0')
    empty_folder();
  (void)snprintf(folder, sizeof folder, "/tmp/psd-site.XXXXXX");
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
  bench_authority("ca/1.pem", bench.ca);
  bench_revoke("crl/1.pem", bench.ca, 99, BENCH_NOON - BENCH_DAY, BENCH_NOON + 30 * BENCH_DAY);
  bench_certify("certificates/5.pem", &(bench_certificate){.number = BENCH_CERTIFICATE});
  bench_put_dsa("dsa/5.dsa", bench.psd);
  put_point("rates.pem", bench.rate);
  put_point("vendor.pem", bench.vendor);
  put_point("postal.pem", bench.postal);
  put_rates();
  put_days();
  bench_put("meters.csv", meters, sizeof meters - 1, 0644);
}

psd_site *bench_open(void) {
  char words[256] = "";
  psd_site *site = psd_site_open(folder, &bench_policy, words, sizeof words);
  if (site == NULL)
    fprintf(stderr, "%s\n", words);
  CU_ASSERT_PTR_NOT_NULL_FATAL(site);
  return site;
}

static void has(const char *text, const char *words) {
  if (words != NULL && strstr(text, words) == NULL)
    fprintf(stderr, "wanted \"%s\", got \"%s\"\n", words, text);
  CU_ASSERT(words == NULL || strstr(text, words) != NULL);
}

void bench_refused(const char *expected) {
  char words[256] = "";
  psd_site *site = psd_site_open(folder, &bench_policy, words, sizeof words);
  CU_ASSERT_PTR_NULL(site);
  psd_site_close(site);
  CU_ASSERT_PTR_NULL(strchr(words, '\n'));
  has(words, expected);
}

uint64_t bench_category(psd_evidence_kind kind, uint64_t row) {
  return (uint64_t)kind << PSD_CATEGORY_KIND | row;
}

psd_indicium bench_fields(psd_profile_id profile) {
  psd_indicium fields = {.version = PSD_INDICIUM_VERSION,
                         .algorithm = profile,
                         .certificate = BENCH_CERTIFICATE,
                         .vendor = "PS",
                         .model = "D1",
                         .serial = BENCH_SERIAL,
                         .ascending = 7 * BENCH_POSTAGE,
                         .postage = BENCH_POSTAGE,
                         .date = BENCH_TODAY,
                         .zip = 90210,
                         .destination = 10001123499,
                         .piece_count = 7,
                         .category = bench_category(PSD_EVIDENCE_POSTAGE, 0),
                         .descending = BENCH_TOTAL - 7 * BENCH_POSTAGE};
  memcpy(fields.rates, rates_hash, sizeof fields.rates);
  return fields;
}

size_t bench_sign(const psd_indicium *fields, uint8_t bytes[PSD_INDICIUM_MAX]) {
  psd_buffer out = psd_buffer_over(bytes, PSD_INDICIUM_MAX);
  psd_put_message(&out, PSD_MESSAGE_INDICIUM, fields);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  if (fields->algorithm == PSD_PROFILE_DSA) {
    sign_dsa(bytes, bytes + PSD_SIZE_INDICIUM);
    return PSD_SIZE_INDICIUM + 40;
  }
  const psd_part part = {bytes, PSD_SIZE_INDICIUM};
  CU_ASSERT_TRUE_FATAL(psd_pair_sign(bench.psd, &part, 1, bytes + PSD_SIZE_INDICIUM));
  return PSD_SIZE_INDICIUM + 64;
}

size_t bench_sign_compact(const psd_indicium *fields, uint32_t set, uint8_t bytes[PSD_INDICIUM_MAX]) {
  uint8_t final[PSD_TOKEN_KEY_SIZE];
  psd_compact_indicium compact = {.version = PSD_COMPACT_VERSION,
                                  .piece_count = fields->piece_count,
                                  .maker = psd_maker_of(fields->vendor, fields->model),
                                  .serial = fields->serial,
                                  .postage = fields->postage,
                                  .category = fields->category};
  psd_buffer out = psd_buffer_over(bytes, PSD_INDICIUM_MAX);
  psd_put_message(&out, PSD_MESSAGE_COMPACT_INDICIUM, &compact);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  bench_final(PSD_TOKENS_POSTAL, PSD_TOKEN_BY_DAY, set, (uint32_t)fields->date, final);
  CU_ASSERT_TRUE_FATAL(psd_token_compact(final, bytes, psd_put_room(&out, PSD_COMPACT_MAC)));
  return out.length;
}

uint32_t bench_token(const psd_indicium *fields, psd_token_domain domain, uint32_t set, const char *addressee,
                     unsigned digits) {
  uint8_t final[PSD_TOKEN_KEY_SIZE], digest[PSD_HASH], text[256];
  psd_buffer out = psd_buffer_over(text, sizeof text);
  uint32_t token = 0;
  psd_token_input input = {.vendor = "PS",
                           .model = "D1",
                           .serial = fields->serial,
                           .postage = fields->postage,
                           .date = fields->date,
                           .piece_count = fields->piece_count};
  if (addressee != NULL) {
    psd_put_addressee(&out, addressee);
    CU_ASSERT_TRUE_FATAL(psd_hash(&(psd_part){text, out.length}, 1, digest));
    memcpy(input.addressee, digest, sizeof input.addressee);
  }
  bench_final(domain, PSD_TOKEN_BY_DAY, set, (uint32_t)fields->date, final);
  CU_ASSERT_TRUE_FATAL(psd_token_make(final, &input, digits, &token));
  return token;
}

psd_piece_verdict bench_judge(const psd_site *site, const uint8_t *bytes, size_t length, const psd_piece_facts *facts) {
  psd_piece_verdict verdict;
  psd_claim claim;
  if (psd_claim_read(bytes, length, &claim, &verdict))
    psd_site_judge(site, &claim, facts, &verdict);
  psd_verdict_end(&verdict);
  return verdict;
}

psd_piece_verdict bench_judge_fields(const psd_site *site, const psd_indicium *fields, const psd_piece_facts *facts) {
  uint8_t bytes[PSD_INDICIUM_MAX];
  size_t length = bench_sign(fields, bytes);
  return bench_judge(site, bytes, length, facts);
}

void bench_found(const psd_piece_verdict *verdict, psd_check check, psd_check_result result, const char *words) {
  if (verdict->checks[check].result != result)
    fprintf(stderr, "%s: %u, not %u: %s\n", psd_check_name(check), (unsigned)verdict->checks[check].result,
            (unsigned)result, verdict->checks[check].words);
  CU_ASSERT_EQUAL(verdict->checks[check].result, result);
  has(verdict->checks[check].words, words);
}
