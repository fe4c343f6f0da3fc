#include "counter.h"
#include "psd/spec/chars.h"

#include <string.h>

/* Takes the text up to the next comma, or the end. */
static const char *take_value(const char *at, char value[PSD_NAME_MAX + 1], bool *fits) {
  size_t length = 0;
  while (*at != '\0' && *at != ',') {
    if (*at == '\\' && at[1] != '\0')
      at++;
    if (length == PSD_NAME_MAX) {
      *fits = false;
      return at;
    }
    value[length++] = *at++;
  }
  value[length] = '\0';
  *fits = length > 0;
  return at;
}

bool psd_subject_parse(const char *text, char organization[PSD_NAME_MAX + 1], char name[PSD_NAME_MAX + 1]) {
  organization[0] = name[0] = '\0';
  for (const char *at = text;;) {
    bool fits = false;
    bool is_name = strncmp(at, "CN=", 3) == 0, is_organization = strncmp(at, "O=", 2) == 0;
    char *value = is_name ? name : organization;
    if ((!is_name && !is_organization) || value[0] != '\0')
      return false;
    at = take_value(at + (is_name ? 3 : 2), value, &fits);
    if (!fits || !psd_utf8_clean(value, strlen(value)))
      return false;
    if (*at == '\0')
      return name[0] != '\0';
    at++;
    at += strspn(at, " ");
  }
}
