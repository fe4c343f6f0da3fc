/* Files of lines with columns: how the operator brings what others have written down. */
#ifndef PSD_SERVER_ADMIN_COLUMNS_H
#define PSD_SERVER_ADMIN_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PSD_ADMIN_LINE 128U /* bytes of the longest line, with its end */

/* The next line that says something; headings and empty lines are passed over, and counted. False at the end of the
 * file. `whole` is false for a line that is too long, or no text: the rest of it is gone. */
bool psd_admin_next_line(FILE *in, uint64_t *number, char line[PSD_ADMIN_LINE], bool *whole);
/* Cuts a line at its commas; how many columns it has, of which `columns` gets the first `most`. */
size_t psd_admin_columns(char *line, char **columns, size_t most);
/* A decimal number from 1 on; false for anything else. */
bool psd_admin_count_of(const char *words, uint32_t *number);

#endif
