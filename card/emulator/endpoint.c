#include "emulator/endpoint.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_port(const char *text, uint16_t *port) {
  if (!isdigit((unsigned char)text[0]))
    return false;
  char *end = NULL;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (errno != 0 || *end != '\0' || value == 0 || value > UINT16_MAX)
    return false;
  *port = (uint16_t)value;
  return true;
}

bool psd_endpoint_parse_tcp(const char *text, psd_endpoint *endpoint) {
  *endpoint = (psd_endpoint){.local = false};
  const char *colon = strrchr(text, ':');
  if (colon == NULL || !parse_port(colon + 1, &endpoint->port))
    return false;
  const char *host = text;
  size_t length = (size_t)(colon - text);
  if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
    host++;
    length -= 2;
  } else if (memchr(host, ':', length) != NULL) {
    return false;
  }
  if (length == 0) {
    host = "localhost";
    length = strlen(host);
  }
  if (length > PSD_ENDPOINT_HOST_MAX)
    return false;
  memcpy(endpoint->host, host, length);
  return true;
}

bool psd_endpoint_parse(const char *text, psd_endpoint *endpoint) {
  if (strchr(text, '/') == NULL && strchr(text, ':') != NULL)
    return psd_endpoint_parse_tcp(text, endpoint);
  size_t length = strlen(text);
  *endpoint = (psd_endpoint){.local = true};
  if (length == 0 || length > PSD_ENDPOINT_PATH_MAX)
    return false;
  memcpy(endpoint->path, text, length);
  return true;
}

bool psd_endpoint_nth(const psd_endpoint *first, unsigned index, psd_endpoint *endpoint) {
  *endpoint = *first;
  if (index == 0)
    return true;
  if (!first->local) {
    endpoint->port = (uint16_t)(first->port + index);
    return index <= (unsigned)(UINT16_MAX - first->port);
  }
  int length = snprintf(endpoint->path, sizeof endpoint->path, "%s.%u", first->path, index);
  return length > 0 && (size_t)length < sizeof endpoint->path;
}

void psd_endpoint_text(const psd_endpoint *endpoint, char text[PSD_ENDPOINT_TEXT_MAX]) {
  if (endpoint->local) {
    (void)snprintf(text, PSD_ENDPOINT_TEXT_MAX, "%s", endpoint->path);
    return;
  }
  bool numeric = strchr(endpoint->host, ':') != NULL;
  (void)snprintf(text, PSD_ENDPOINT_TEXT_MAX, "%s%s%s:%u", numeric ? "[" : "", endpoint->host, numeric ? "]" : "",
                 (unsigned)endpoint->port);
}
