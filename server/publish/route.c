/* Requests over HTTP: a path, a method, and what answers it. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "publish/internal.h"

#define OCSP_PATH "/ocsp"
#define CA_PREFIX "/ca-"

/* What a request brings: a body, if it has one. */
typedef struct upload {
  size_t length;
  uint8_t body[PSD_PUBLISH_REQUEST_MAX];
} upload;

/* An answer on its way: the bytes, and who frees them. */
typedef struct reply {
  unsigned status;
  const char *type;
  void *bytes; /* of malloc */
  size_t length;
} reply;

static enum MHD_Result send_reply(struct MHD_Connection *connection, const reply *what) {
  struct MHD_Response *response = MHD_create_response_from_buffer(what->length, what->bytes, MHD_RESPMEM_MUST_FREE);
  if (response == NULL) {
    free(what->bytes);
    return MHD_NO;
  }
  enum MHD_Result done = MHD_YES;
  if (what->type != NULL)
    done = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, what->type);
  /* What was good a minute ago may be revoked. */
  if (done == MHD_YES)
    done = MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
  if (done == MHD_YES && what->status == MHD_HTTP_METHOD_NOT_ALLOWED)
    done = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, POST");
  if (done == MHD_YES)
    done = MHD_queue_response(connection, what->status, response);
  MHD_destroy_response(response);
  return done;
}

static enum MHD_Result send_status(struct MHD_Connection *connection, unsigned status) {
  return send_reply(connection, &(reply){.status = status});
}

static unsigned status_of(psd_published result) {
  switch (result) {
  case PSD_PUBLISHED:
    return MHD_HTTP_OK;
  case PSD_PUBLISHED_NONE:
    return MHD_HTTP_NOT_FOUND;
  case PSD_PUBLISHED_LATER:
    return MHD_HTTP_SERVICE_UNAVAILABLE;
  default:
    return MHD_HTTP_INTERNAL_SERVER_ERROR;
  }
}

/* A copy that the answer may keep. */
static enum MHD_Result send_der(struct MHD_Connection *connection, psd_published result, const char *type,
                                const uint8_t *der, size_t length) {
  reply what = {.status = status_of(result)};
  if (result == PSD_PUBLISHED && (what.bytes = malloc(length)) == NULL)
    what.status = MHD_HTTP_INTERNAL_SERVER_ERROR;
  if (what.bytes != NULL) {
    memcpy(what.bytes, der, length);
    what.length = length;
    what.type = type;
  }
  return send_reply(connection, &what);
}

static enum MHD_Result send_own(psd_publish *publish, struct MHD_Connection *connection, psd_authority_own kind) {
  uint8_t der[PSD_CERTIFICATE_MAX];
  size_t length = 0;
  psd_published result = psd_publish_own_certificate(publish, kind, der, &length);
  return send_der(connection, result, "application/pkix-cert", der, length);
}

static enum MHD_Result send_list(psd_publish *publish, struct MHD_Connection *connection, psd_publish_ca *ca) {
  uint8_t *der = NULL;
  size_t length = 0;
  psd_published result = psd_publish_list(publish, ca, &der, &length);
  enum MHD_Result done = send_der(connection, result, "application/pkix-crl", der, length);
  free(der);
  return done;
}

/* "/ca-12.crt": the key, and what of it; 0 for another path. */
static uint32_t ca_in(const char *url, bool *list) {
  char *end = NULL;
  const char *digits = url + strlen(CA_PREFIX);
  if (strncmp(url, CA_PREFIX, strlen(CA_PREFIX)) != 0 || digits[0] < '1' || digits[0] > '9')
    return 0;
  unsigned long long key = strtoull(digits, &end, 10);
  *list = strcmp(end, ".crl") == 0;
  return key <= UINT32_MAX && (*list || strcmp(end, ".crt") == 0) ? (uint32_t)key : 0;
}

static enum MHD_Result send_ca(psd_publish *publish, struct MHD_Connection *connection, uint32_t key, bool list) {
  psd_publish_ca *ca = NULL;
  psd_published result = psd_publish_find_ca(publish, key, &ca);
  if (result != PSD_PUBLISHED)
    return send_status(connection, status_of(result));
  return list ? send_list(publish, connection, ca)
              : send_der(connection, result, "application/pkix-cert", ca->der, ca->length);
}

static enum MHD_Result send_page(psd_publish *publish, struct MHD_Connection *connection) {
  char *page = psd_publish_page(publish);
  if (page == NULL)
    return send_status(connection, MHD_HTTP_INTERNAL_SERVER_ERROR);
  return send_reply(connection,
                    &(reply){.status = MHD_HTTP_OK, .type = "text/html", .bytes = page, .length = strlen(page)});
}

static enum MHD_Result send_ocsp(psd_publish *publish, struct MHD_Connection *connection, const uint8_t *request,
                                 size_t length) {
  uint8_t *der = NULL;
  size_t size = 0;
  psd_published result =
      psd_publish_answer(publish, request, length, &der, &size) ? PSD_PUBLISHED : PSD_PUBLISHED_FAILED;
  enum MHD_Result done = send_der(connection, result, "application/ocsp-response", der, size);
  OPENSSL_free(der);
  return done;
}

/* RFC 6960, A.1: base64 behind the path; what was escaped in it is a slash, a plus or an equals sign again. */
static enum MHD_Result send_ocsp_in(psd_publish *publish, struct MHD_Connection *connection, const char *text) {
  uint8_t request[PSD_PUBLISH_REQUEST_MAX + 3U];
  size_t length = strlen(text), padding = 0;
  while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
    padding++;
  int size = length > 0 && length <= PSD_PUBLISH_REQUEST_MAX / 3U * 4U
                 ? EVP_DecodeBlock(request, (const unsigned char *)text, (int)length)
                 : -1;
  /* What is no base64 is no request: there is an answer for that. */
  bool read = size > (int)padding;
  return send_ocsp(publish, connection, request, read ? (size_t)size - padding : 0);
}

static enum MHD_Result get(psd_publish *publish, struct MHD_Connection *connection, const char *url) {
  bool list = false;
  uint32_t key = ca_in(url, &list);
  if (key != 0)
    return send_ca(publish, connection, key, list);
  if (strcmp(url, "/") == 0)
    return send_page(publish, connection);
  if (strcmp(url, "/root.crt") == 0)
    return send_own(publish, connection, PSD_AUTHORITY_ROOT);
  if (strcmp(url, "/creditor.crt") == 0)
    return send_own(publish, connection, PSD_AUTHORITY_CREDITOR);
  if (strncmp(url, OCSP_PATH "/", sizeof OCSP_PATH) == 0)
    return send_ocsp_in(publish, connection, url + sizeof OCSP_PATH);
  return send_status(connection, strcmp(url, OCSP_PATH) == 0 ? MHD_HTTP_METHOD_NOT_ALLOWED : MHD_HTTP_NOT_FOUND);
}

static bool is_ocsp(const char *url) {
  return strcmp(url, OCSP_PATH) == 0 || strcmp(url, OCSP_PATH "/") == 0;
}

/* One that says it will be too long is told before it comes. */
static bool too_long(struct MHD_Connection *connection) {
  const char *said = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
  return said != NULL && strtoull(said, NULL, 10) > PSD_PUBLISH_REQUEST_MAX;
}

/* The head of a request is there. */
static enum MHD_Result begin(struct MHD_Connection *connection, const char *url, bool posts, void **state) {
  if (posts && !is_ocsp(url))
    return send_status(connection, MHD_HTTP_NOT_FOUND);
  if (too_long(connection))
    return send_status(connection, MHD_HTTP_CONTENT_TOO_LARGE);
  *state = calloc(1, sizeof(upload));
  return *state != NULL ? MHD_YES : MHD_NO;
}

/* More of the body; one that is longer than it may be is not waited for. */
static enum MHD_Result take(upload *at, const char *bytes, size_t *size) {
  if (*size > sizeof at->body - at->length)
    return MHD_NO;
  memcpy(at->body + at->length, bytes, *size);
  at->length += *size;
  *size = 0;
  return MHD_YES;
}

enum MHD_Result psd_publish_on_request(void *publish, struct MHD_Connection *connection, const char *url,
                                       const char *method, const char *version, const char *bytes, size_t *size,
                                       void **state) {
  bool posts = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
  (void)version;
  if (!posts && strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
    return send_status(connection, MHD_HTTP_METHOD_NOT_ALLOWED);
  upload *at = *state;
  if (at == NULL)
    return begin(connection, url, posts, state);
  if (*size > 0)
    return take(at, bytes, size);
  return posts ? send_ocsp(publish, connection, at->body, at->length) : get(publish, connection, url);
}

void psd_publish_on_over(void *publish, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code) {
  (void)publish;
  (void)connection;
  (void)code;
  free(*state);
  *state = NULL;
}
