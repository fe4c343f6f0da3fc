/* Bytes as a person types them. */
#ifndef PSD_CLI_HEX_H
#define PSD_CLI_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of hexadecimal text, in which blanks and colons do not count. The caller frees them. NULL if the text is
 * anything else, or empty. */
uint8_t *psd_hex_of(const char *text, size_t *length);

#endif
