/* Time stamp queries from the network: whatever comes is a query that fits its own limits, or is refused in DER. */
#include <string.h>

#include "fuzz.h"
#include "psd/spec/tlv.h"
#include "query.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  psd_tsa_query query;
  psd_tsa_refusal refusal;
  uint8_t memory[256];
  psd_buffer out = psd_buffer_over(memory, sizeof memory);
  psd_cursor input = psd_cursor_over(data, size);
  size_t length;
  uint8_t *bytes = fuzz_take(&input, input.left, &length);
  if (psd_tsa_query_read(bytes, length, &query, &refusal)) {
    FUZZ_ASSERT(psd_digest_of(query.digest) != NULL && query.nonce_length <= sizeof query.nonce);
  } else {
    psd_tsa_put_refusal(&out, &refusal);
    psd_cursor from = psd_cursor_over(out.data, out.length);
    psd_tlv response;
    FUZZ_ASSERT(!out.overflow && psd_take_tlv(&from, &response) && psd_cursor_done(&from));
  }
  free(bytes);
  return 0;
}
