/* Lines of lists: whatever is taken apart is text of the line, an indicium no longer than any, tokens of 2 to 8 digits.
 *
 * Input: the line, without its end. */
#include <string.h>

#include "fuzz.h"
#include "verify/line.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  return 0;
}

static void check_token(bool given, uint64_t token, unsigned digits) {
  FUZZ_ASSERT(!given || (token <= 99999999 && digits >= 2 && digits <= 8));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  psd_line line;
  char *text = malloc(size + 1);
  FUZZ_ASSERT(text != NULL);
  if (size > 0)
    memcpy(text, data, size);
  text[size] = '\n';
  (void)psd_line_is_none(text, size, true);
  if (psd_line_parse(text, size, &line) == NULL) {
    const char *addressee = line.facts.addressee;
    FUZZ_ASSERT(line.length > 0 && line.length <= sizeof line.bytes);
    FUZZ_ASSERT(addressee == NULL ||
                (addressee >= text && addressee + strlen(addressee) <= text + size && addressee[0] != '\0'));
    check_token(line.facts.vendor_given, line.facts.vendor_token, line.facts.vendor_digits);
    check_token(line.facts.postal_given, line.facts.postal_token, line.facts.postal_digits);
  }
  free(text);
  return 0;
}
