/* Whether a text is JSON (RFC 8259), one value and nothing else. */
#ifndef PSD_READER_JSON_H
#define PSD_READER_JSON_H

#include <stdbool.h>

bool json_valid(const char *text);

#endif
