/* Files of a verification site's folder: each is taken or refused with one line, and what is taken judges without
 * harm.
 *
 * Input: one byte which file it is, one of flags, then the file. Flag 1: what is signed gets a right signature, and
 * what is PEM is made PEM of; so that what stands behind is looked at too. */
#include "fuzz_site.h"

#include <openssl/pem.h>
#include <string.h>

#include "verify/certificate.h"

enum { GENUINE = 1 };

typedef struct kind {
  const char *name;
  const char *label; /* of what is signed */
  const char *block; /* of what is PEM */
} kind;

static const kind kinds[] = {
    {"ca/x.pem", NULL, PEM_STRING_X509},
    {"certificates/x.pem", NULL, PEM_STRING_X509},
    {"crl/x.pem", NULL, PEM_STRING_X509_CRL},
    {"rates/x.rates", PSD_RATES_LABEL, NULL},
    {"days/x.day", PSD_DAY_TABLE_LABEL, NULL},
    {"dsa/x.dsa", NULL, NULL},
    {"meters.csv", NULL, NULL},
    {"vendor.pem", NULL, PEM_STRING_PUBLIC},
};

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  fuzz_site_make();
  FUZZ_ASSERT(atexit(psd_evp_stop) == 0);
  return 0;
}

static void put_block(const kind *file, const uint8_t *bytes, size_t length) {
  BIO *memory = BIO_new(BIO_s_mem());
  char *text = NULL;
  FUZZ_ASSERT(memory != NULL && length < 1U << 20);
  (void)PEM_write_bio(memory, file->block, "", bytes, (long)length);
  long written = BIO_get_mem_data(memory, &text);
  fuzz_site_put(file->name, text, written > 0 ? (size_t)written : 0);
  BIO_free(memory);
}

static void put_signed(const kind *file, const uint8_t *bytes, size_t length) {
  uint8_t *whole = malloc(length + 64U);
  FUZZ_ASSERT(whole != NULL);
  if (length > 0)
    memcpy(whole, bytes, length);
  fuzz_site_sign(file->label, whole, length, whole + length);
  fuzz_site_put(file->name, whole, length + 64U);
  free(whole);
}

/* Nobody's signature is there, so that nothing can be accepted. */
static void judge(const psd_site *site) {
  uint8_t bytes[PSD_INDICIUM_MAX] = {PSD_INDICIUM_VERSION, PSD_PROFILE_P256, 5, 0, 0, 0, 'P', 'S', 'D', '1', 1};
  const uint8_t date[] = {0x92, 0x28, 0x35, 0x01};
  psd_claim claim;
  psd_piece_verdict verdict;
  psd_piece_facts facts = {.vendor_given = true, .vendor_digits = 5};
  memcpy(bytes + 22, date, sizeof date);
  FUZZ_ASSERT(psd_claim_read(bytes, sizeof bytes, &claim, &verdict) && claim.fields.date == 20261010);
  psd_site_judge(site, &claim, &facts, &verdict);
  psd_verdict_end(&verdict);
  FUZZ_ASSERT(!verdict.accepted);
}

static void open_site(void) {
  char words[256] = "";
  psd_site *site = psd_site_open(fuzz_site_folder(), &fuzz_site_policy, words, sizeof words);
  FUZZ_ASSERT((site != NULL) == (words[0] == '\0') && strlen(words) < sizeof words && strchr(words, '\n') == NULL);
  if (site == NULL)
    return;
  for (size_t i = 0; psd_site_note(site, i) != NULL; i++)
    FUZZ_ASSERT(i <= 1);
  for (size_t i = 0; i < site->certificate_count; i++)
    psd_certificate_judge(site, &site->certificates[i]);
  judge(site);
  psd_site_close(site);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  psd_cursor input = psd_cursor_over(data, size);
  const kind *file = &kinds[fuzz_u8(&input) % (sizeof kinds / sizeof kinds[0])];
  bool genuine = (fuzz_u8(&input) & GENUINE) != 0;
  bool key = strcmp(file->name, "vendor.pem") == 0;
  if (genuine && file->block != NULL)
    put_block(file, input.at, input.left);
  else if (genuine && file->label != NULL)
    put_signed(file, input.at, input.left);
  else
    fuzz_site_put(file->name, input.at, input.left);
  open_site();
  fuzz_site_remove(file->name);
  if (key) /* its place is empty: a site without that key */
    open_site();
  return 0;
}
