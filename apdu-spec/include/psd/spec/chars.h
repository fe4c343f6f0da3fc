/* Characters: hexadecimal digits, UTF-8, printable ASCII and port numbers. Needs no library, so that the card may use
 * it. */
#ifndef PSD_SPEC_CHARS_H
#define PSD_SPEC_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value of a hexadecimal digit, upper or lower case; -1 for any other character. */
int psd_hex_digit(char digit);
/* Turns `digits` hexadecimal digits into bytes. Returns their number; 0 if it is odd, they make more than `capacity`
 * bytes, or a character is none; `bytes` may then be in part written. */
size_t psd_hex_bytes(const char *text, size_t digits, uint8_t *bytes, size_t capacity);

/* Length of the well-formed UTF-8 character (RFC 3629, 4) that `left` bytes (at least 1) begin with; 0 if they
 * begin with none. */
size_t psd_utf8_length(const uint8_t *at, size_t left);
/* True if the UTF-8 character of `length` bytes is a control character: 00 to 1F, 7F, and C1, U+0080 to U+009F. */
bool psd_utf8_control(const uint8_t *at, size_t length);
/* Well-formed UTF-8 without control characters; so are 0 bytes. */
bool psd_utf8_clean(const void *text, size_t length);

/* True if each of `length` bytes is printable ASCII (20 to 7E): what fields of kind TEXT, PINs and PUKs are made of. */
bool psd_printable(const void *text, size_t length);
/* True if these are two capitals of ASCII, as ISO 3166-1 names a country. */
bool psd_country(const uint8_t letters[2]);

/* True if it is the number of a TCP port, 0 to 65535, in decimal. getaddrinfo() takes what is more, and counts anew. */
bool psd_port(const char *text);

#endif
