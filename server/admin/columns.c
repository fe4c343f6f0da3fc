#include "admin/columns.h"

#include <string.h>

/* "psd,piece,amount,ascending", or anything that has no digit: a heading. */
static bool is_heading(const char *line) {
  return strpbrk(line, "0123456789") == NULL && strchr(line, ',') != NULL;
}

/* One line without its end; false at the end of the file. A zero in it would hide what comes after, and this line's
 * end: it is none of a text. */
static bool read_line(FILE *in, char line[PSD_ADMIN_LINE], bool *whole) {
  size_t length = 0;
  int byte = fgetc(in);
  if (byte == EOF)
    return false;
  for (*whole = true; byte != EOF && byte != '\n'; byte = fgetc(in)) {
    *whole = *whole && byte != '\0' && length + 1 < PSD_ADMIN_LINE;
    if (*whole)
      line[length++] = (char)byte;
  }
  line[length] = '\0';
  return true;
}

bool psd_admin_next_line(FILE *in, uint64_t *number, char line[PSD_ADMIN_LINE], bool *whole) {
  while (read_line(in, line, whole)) {
    ++*number;
    if (!*whole || ((*number != 1 || !is_heading(line)) && line[strspn(line, " \t\r")] != '\0'))
      return true;
  }
  return false;
}

size_t psd_admin_columns(char *line, char **columns, size_t most) {
  size_t count = 0;
  line[strcspn(line, "\r\n")] = '\0';
  for (char *at = line; at != NULL; count++) {
    char *comma = strchr(at, ',');
    if (count < most)
      columns[count] = at;
    if (comma != NULL)
      *comma++ = '\0';
    at = comma;
  }
  return count;
}

bool psd_admin_count_of(const char *words, uint32_t *number) {
  uint64_t value = 0;
  size_t i = 0;
  for (; words[i] >= '0' && words[i] <= '9' && i < 10; i++)
    value = value * 10 + (uint64_t)(words[i] - '0');
  *number = (uint32_t)value;
  return i > 0 && words[i] == '\0' && value >= 1 && value <= UINT32_MAX;
}
