/* bench-tokens SITE: how many digital tokens a verification site checks a second, a core; SITE becomes the folder of a
 * site. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/tokens.h"
#include "measure.h"
#include "site.h"
#include "verify/verify.h"

#define METERS 1000U
#define DIGITS 5U
#define ROUNDS 30U
#define TURN 2000U /* tokens of one way before it is the next one's turn */

typedef struct piece {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  uint8_t day[PSD_TOKEN_KEY_SIZE]; /* K_dd of the vendor's set */
  psd_token_input input;
  psd_piece_facts facts, both;
} piece;

typedef struct bench {
  psd_site *site;
  uint32_t date;
  piece pieces[METERS];
  EVP_MAC_CTX *mac; /* OpenSSL's CMAC */
} bench;

static uint32_t token_of(const piece *of, psd_token_domain domain, uint32_t date, uint8_t day[PSD_TOKEN_KEY_SIZE]) {
  uint8_t key[PSD_TOKEN_SET_KEY], final[PSD_TOKEN_KEY_SIZE];
  uint64_t pointer;
  uint32_t token = 0;
  bool done = psd_token_pointer(of->device, &pointer);
  site_set_key(domain, pointer, key);
  done = done && psd_token_day_key(key, date, day) &&
         psd_token_final_key(PSD_TOKEN_BY_DAY, day, of->device, date, final) &&
         psd_token_make(final, &of->input, DIGITS, &token);
  bench_need(done, "token");
  return token;
}

static void make_pieces(bench *at) {
  for (size_t i = 0; i < METERS; i++) {
    piece *of = &at->pieces[i];
    uint8_t ignored[PSD_TOKEN_KEY_SIZE];
    site_device(i + 1, of->device);
    of->input = (psd_token_input){.vendor = "PS",
                                  .model = "D1",
                                  .serial = i + 1,
                                  .postage = SITE_POSTAGE,
                                  .date = at->date,
                                  .piece_count = 1000 + i,
                                  .addressee = {1, 2, 3, 4, 5, 6, 7, 8}};
    of->facts.vendor_given = true;
    of->facts.vendor_digits = DIGITS;
    of->facts.vendor_token = token_of(of, PSD_TOKENS_VENDOR, at->date, of->day);
    of->both = of->facts;
    of->both.postal_given = true;
    of->both.postal_digits = DIGITS;
    of->both.postal_token = token_of(of, PSD_TOKENS_POSTAL, at->date, ignored);
  }
}

/* Ways to a token; each is told which. */

static void judge(bench *at, const piece *of, const psd_piece_facts *facts) {
  psd_piece_verdict verdict;
  psd_site_judge_token(at->site, &of->input, facts, &verdict);
  bench_need(verdict.checks[PSD_CHECK_TOKENS].result == PSD_CHECK_PASSED, "token that is right");
}

static void judge_one(bench *at, size_t i) {
  judge(at, &at->pieces[i % METERS], &at->pieces[i % METERS].facts);
}

static void judge_both(bench *at, size_t i) {
  judge(at, &at->pieces[i % METERS], &at->pieces[i % METERS].both);
}

static void make(bench *at, size_t i) {
  const piece *of = &at->pieces[i % METERS];
  uint8_t final[PSD_TOKEN_KEY_SIZE];
  uint32_t token;
  bench_need(psd_token_final_key(PSD_TOKEN_BY_DAY, of->day, of->device, at->date, final) &&
                 psd_token_make(final, &of->input, DIGITS, &token) && token == of->facts.vendor_token,
             "token");
}

static void openssl_cmac(bench *at, const uint8_t key[16], const void *label, size_t label_length, const void *data,
                         size_t length, uint8_t mac[16]) {
  size_t written;
  bench_need(EVP_MAC_init(at->mac, key, 16, NULL) == 1 && EVP_MAC_update(at->mac, label, label_length) == 1 &&
                 EVP_MAC_update(at->mac, data, length) == 1 && EVP_MAC_final(at->mac, mac, &written, 16) == 1,
             "CMAC");
}

/* The same two CMACs by OpenSSL's own. */
static void make_openssl(bench *at, size_t i) {
  const piece *of = &at->pieces[i % METERS];
  uint8_t final[16], mac[16], bytes[PSD_SIZE_TOKEN_INPUT];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&out, PSD_MESSAGE_TOKEN_INPUT, &of->input);
  openssl_cmac(at, of->day, PSD_TOKEN_METER_LABEL, strlen(PSD_TOKEN_METER_LABEL), of->device, sizeof of->device, final);
  openssl_cmac(at, final, PSD_TOKEN_LABEL, strlen(PSD_TOKEN_LABEL), bytes, sizeof bytes, mac);
  bench_need(psd_token_digits(mac, DIGITS) == of->facts.vendor_token, "token");
}

typedef struct way {
  const char *name;
  void (*run)(bench *at, size_t i);
  unsigned tokens; /* a run */
  bench_samples samples;
} way;

static void measure(bench *at) {
  way ways[] = {{"judged", judge_one, 1, {0}},
                {"both", judge_both, 2, {0}},
                {"made", make, 1, {0}},
                {"openssl", make_openssl, 1, {0}}};
  const size_t count = sizeof ways / sizeof ways[0];
  for (size_t i = 0; i < count; i++)
    ways[i].samples = bench_samples_make(ROUNDS);
  for (unsigned round = 0; round < ROUNDS; round++)
    for (size_t i = 0; i < count; i++) {
      uint64_t start = bench_now_computing();
      for (unsigned j = 0; j < TURN; j++)
        ways[i].run(at, round * TURN + j);
      bench_add(&ways[i].samples, bench_now_computing() - start, TURN * ways[i].tokens);
    }
  for (size_t i = 0; i < count; i++)
    bench_row_percentiles(&ways[i].samples, "tokens.%s", ways[i].name);
}

int main(int argc, char **argv) {
  char words[256];
  if (argc != 2) {
    (void)fputs("usage: bench-tokens SITE\n", stderr);
    return 2;
  }
  bench_site made = site_make(argv[1], METERS);
  bench *at = calloc(1, sizeof *at);
  EVP_MAC *cmac = EVP_MAC_fetch(NULL, "CMAC", NULL);
  char cipher[] = "AES-128-CBC";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
                                   OSSL_PARAM_construct_end()};
  bench_need(at != NULL && cmac != NULL, "memory");
  at->mac = EVP_MAC_CTX_new(cmac);
  bench_need(at->mac != NULL && EVP_MAC_CTX_set_params(at->mac, parameters) == 1, "CMAC");
  const psd_verify_policy policy = {.now = made.now, .days = 2, .ahead = 1};
  at->site = psd_site_open(argv[1], &policy, words, sizeof words);
  if (at->site == NULL)
    bench_die("%s", words);
  at->date = made.date;
  make_pieces(at);
  measure(at);
  psd_site_close(at->site);
  EVP_MAC_CTX_free(at->mac);
  EVP_MAC_free(cmac);
  free(at);
  site_free(&made);
  return 0;
}
