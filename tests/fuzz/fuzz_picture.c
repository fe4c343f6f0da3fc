/* Pictures of mail: whatever is read is no larger than was allowed, a symbol in it is told from within it, and nothing
 * is read beyond the end. Small ones are searched for symbols too.
 *
 * Input: the file. */
#include <string.h>

#include "fuzz.h"
#include "verify/picture.h"

#define SEARCHED 65536U /* pixels */

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  return 0;
}

static void on_symbol(void *user, const uint8_t *bytes, size_t length, const char *symbology) {
  unsigned *count = user;
  FUZZ_ASSERT(++*count <= PSD_SYMBOLS_MOST && (length == 0 || bytes != NULL) && symbology != NULL);
}

static void search(const psd_scan *scan) {
  unsigned count = 0;
  FUZZ_ASSERT(psd_decode_picture(scan->grey, scan->width, scan->height, scan->width, on_symbol, &count));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char words[96] = "";
  psd_scan scan;
  psd_cursor input = psd_cursor_over(data, size);
  size_t length = 0;
  uint8_t *file = fuzz_take(&input, size, &length);
  FILE *in = length > 0 ? fmemopen(file, length, "rb") : NULL;
  if (in != NULL && psd_scan_read(in, &scan, words, sizeof words)) {
    const uint64_t pixels = (uint64_t)scan.width * scan.height;
    FUZZ_ASSERT(pixels > 0 && pixels <= PSD_PICTURE_PIXELS && words[0] == '\0');
    FUZZ_ASSERT(psd_scan_begins(data, size));
    if (pixels <= SEARCHED)
      search(&scan);
    psd_scan_free(&scan);
  } else if (in != NULL) {
    FUZZ_ASSERT(words[0] != '\0' && memchr(words, '\n', sizeof words) == NULL);
  }
  if (in != NULL)
    (void)fclose(in);
  free(file);
  return 0;
}
