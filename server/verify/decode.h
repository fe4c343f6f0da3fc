/* Two-dimensional bar codes in a grey picture: the one place where zxing-cpp, which is C++, is used. */
#ifndef PSD_VERIFY_DECODE_H
#define PSD_VERIFY_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a picture may have at most: A3 at 600 dots an inch has 70 million pixels. */
#define PSD_PICTURE_PIXELS UINT64_C(100000000)
#define PSD_PICTURE_SIDE 65535U
/* Symbols of one picture that are looked for. */
#define PSD_SYMBOLS_MOST 64U

/* Told of each symbol: its bytes, which last as long as the call, and "DataMatrix" or "PDF417". */
typedef void psd_symbol_found(void *user, const uint8_t *bytes, size_t length, const char *symbology);

/* Finds Data Matrix and PDF417 symbols, whichever way they are turned. A row of the picture begins `stride` (at least
 * `width`) bytes after the one before; 0 is black, 255 white. False if the picture is larger than the limits above, or
 * memory is short; symbols that were told before that are good. A copy elsewhere in the picture is told as well. For
 * any thread. */
bool psd_decode_picture(const uint8_t *grey, unsigned width, unsigned height, size_t stride, psd_symbol_found *found,
                        void *user);

#ifdef __cplusplus
}
#endif

#endif
