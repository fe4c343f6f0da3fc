/* What comes out of a bar code: whatever it is, it is judged, and nothing that was not signed is accepted.
 *
 * Input: one byte of flags, then an indicium. Flags: bit 0, tokens are given; bit 1, they are judged alone. The site
 * has the keys of one day, and certificates of nobody. */
#include <string.h>
#include <unistd.h>

#include "fuzz_site.h"
#include "verify/verify.h"

enum { GIVEN = 1, ALONE = 2 };

static psd_site *site;

static void forget(void) {
  psd_site_close(site);
  psd_evp_stop();
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  char words[256];
  (void)argc;
  (void)argv;
  fuzz_site_make();
  fuzz_site_put_day();
  site = psd_site_open(fuzz_site_folder(), &fuzz_site_policy, words, sizeof words);
  FUZZ_ASSERT(site != NULL && psd_site_note(site, 0) == NULL && atexit(forget) == 0);
  return 0;
}

static void check_words(const psd_piece_verdict *verdict) {
  for (size_t i = 0; i < PSD_CHECK_COUNT; i++)
    FUZZ_ASSERT(memchr(verdict->checks[i].words, 0, PSD_CHECK_WORDS) != NULL &&
                (verdict->checks[i].result != PSD_CHECK_FAILED || verdict->checks[i].words[0] != '\0'));
  FUZZ_ASSERT(!verdict->accepted);
}

/* A claim says what its bytes say. */
static void check_fields(const psd_claim *claim) {
  uint8_t again[PSD_INDICIUM_MAX];
  psd_buffer out = psd_buffer_over(again, sizeof again);
  if (claim->profile == PSD_PROFILE_COMPACT)
    return;
  psd_put_message(&out, PSD_MESSAGE_INDICIUM, &claim->fields);
  FUZZ_ASSERT(!out.overflow && memcmp(again, claim->bytes, out.length) == 0);
  FUZZ_ASSERT(claim->length == psd_profile_of(claim->profile)->size && claim->kind < PSD_EVIDENCE_KINDS);
}

static psd_piece_facts facts_of(psd_cursor *input) {
  psd_piece_facts facts = {.vendor_given = true, .postal_given = true, .addressee = "J"};
  facts.vendor_digits = fuzz_u8(input) % 12U;
  facts.postal_digits = fuzz_u8(input) % 12U;
  facts.vendor_token = UINT64_MAX - fuzz_u8(input);
  return facts;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  psd_cursor input = psd_cursor_over(data, size);
  psd_piece_verdict verdict;
  psd_claim claim;
  unsigned flags = fuzz_u8(&input);
  psd_piece_facts facts = {.addressee = NULL};
  if ((flags & GIVEN) != 0)
    facts = facts_of(&input);
  size_t length;
  uint8_t *bytes = fuzz_take(&input, input.left, &length);
  if (psd_claim_read(bytes, length, &claim, &verdict)) {
    check_fields(&claim);
    psd_site_judge(site, &claim, &facts, &verdict);
  } else {
    FUZZ_ASSERT(verdict.checks[PSD_CHECK_FORM].result == PSD_CHECK_FAILED);
  }
  psd_verdict_end(&verdict);
  check_words(&verdict);
  psd_token_input token;
  if ((flags & ALONE) != 0 && length >= PSD_SIZE_TOKEN_INPUT &&
      psd_parse_message(bytes, PSD_SIZE_TOKEN_INPUT, PSD_MESSAGE_TOKEN_INPUT, &token)) {
    psd_site_judge_token(site, &token, &facts, &verdict);
    check_words(&verdict);
  }
  free(bytes);
  return 0;
}
