/* Files: messages that are hashed, and what comes of them. */
#include "counter.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_MAX 65536U

static psd_result unreadable(const char *path, psd_error *error) {
  return psd_error_set(error, PSD_BAD_INPUT, "%.200s cannot be read: %s", path, strerror(errno));
}

/* Up to `most` bytes; 0 at the end, below on failure. */
static ssize_t read_some(int fd, void *into, size_t most) {
  ssize_t got = 0;
  do
    got = read(fd, into, most);
  while (got < 0 && errno == EINTR);
  return got;
}

psd_result psd_input_read(const char *path, psd_buffer *content, psd_error *error) {
  ssize_t got = 1;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0)
    return unreadable(path, error);
  while (got > 0 && content->length < content->capacity) {
    got = read_some(fd, content->data + content->length, content->capacity - content->length);
    content->length += got > 0 ? (size_t)got : 0;
  }
  if (got < 0)
    (void)unreadable(path, error);
  (void)close(fd);
  if (got < 0)
    return PSD_BAD_INPUT;
  return content->length < content->capacity
             ? PSD_OK
             : psd_error_set(error, PSD_BAD_INPUT, "%.200s is longer than there can be", path);
}

psd_result psd_output_begin(const psd_cli *cli, const char *path, psd_whole_file *file, psd_error *error) {
  if ((cli->given & PSD_OPTION(YES)) == 0 && access(path, F_OK) == 0)
    return psd_error_set(error, PSD_BAD_INPUT, "%.200s is there already: --yes replaces it", path);
  return psd_whole_file_begin(file, path, error);
}

psd_result psd_output_end(psd_host *host, psd_whole_file *file, psd_result so_far, const void *data, size_t length) {
  psd_error error = {.result = PSD_OK};
  if (so_far == PSD_OK)
    (void)psd_whole_file_write(file, data, length); /* a failure is remembered, and told at the end */
  psd_result result = psd_whole_file_end(file, so_far, &error);
  if (so_far == PSD_OK && result != PSD_OK)
    return psd_host_fail(host, result, "%s", error.words);
  return result;
}

bool psd_pem_put(psd_buffer *pem, const psd_buffer *der) {
  BIO *out = BIO_new(BIO_s_mem());
  char *text = NULL;
  bool ok = out != NULL && PEM_write_bio(out, "CERTIFICATE", "", der->data, (long)der->length) > 0;
  long length = ok ? BIO_get_mem_data(out, &text) : 0;
  if (length > 0)
    psd_put(pem, text, (size_t)length);
  BIO_free(out);
  return length > 0 && !pem->overflow;
}

/* DER of a certificate, whichever form the file has. */
static bool certificate_of(const psd_buffer *content, psd_buffer *der) {
  const unsigned char *at = content->data;
  X509 *certificate = d2i_X509(NULL, &at, (long)content->length);
  BIO *text = certificate == NULL ? BIO_new_mem_buf(content->data, (int)content->length) : NULL;
  if (text != NULL)
    certificate = PEM_read_bio_X509(text, NULL, NULL, NULL);
  unsigned char *encoded = NULL;
  int length = certificate != NULL ? i2d_X509(certificate, &encoded) : -1;
  if (length > 0)
    psd_put(der, encoded, (size_t)length);
  OPENSSL_free(encoded);
  X509_free(certificate);
  BIO_free(text);
  return length > 0 && !der->overflow;
}

psd_result psd_certificate_read(const char *path, psd_buffer *der, psd_error *error) {
  uint8_t bytes[16384];
  psd_buffer content = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_input_read(path, &content, error);
  if (result == PSD_OK && !certificate_of(&content, der))
    return psd_error_set(error, PSD_BAD_INPUT, "%.200s is no certificate that fits: X.509, PEM or DER", path);
  return result;
}

/* Where the card hashes: psd_digested. */
static psd_result next_piece(void *context, uint8_t piece[PSD_HASH_PIECE], size_t *length, psd_error *error) {
  psd_document *document = context;
  ssize_t got = read_some(document->fd, piece, PSD_HASH_PIECE);
  if (got < 0)
    return unreadable(document->path, error);
  *length = (size_t)got;
  document->done += (uint64_t)got;
  if (got > 0)
    psd_progress_show(&document->progress, document->done);
  else
    psd_progress_end(&document->progress);
  return PSD_OK;
}

static psd_result rewind_document(void *context, psd_error *error) {
  psd_document *document = context;
  document->done = 0;
  document->progress = psd_progress_begin("bytes", document->size);
  return lseek(document->fd, 0, SEEK_SET) == 0 ? PSD_OK : unreadable(document->path, error);
}

static psd_result hash(psd_document *document, EVP_MD_CTX *context, psd_error *error) {
  uint8_t piece[PIECE_MAX];
  ssize_t got = 1;
  psd_result result = rewind_document(document, error);
  while (result == PSD_OK && got > 0) {
    got = read_some(document->fd, piece, sizeof piece);
    if (got < 0)
      result = unreadable(document->path, error);
    else if (EVP_DigestUpdate(context, piece, (size_t)got) != 1)
      result = psd_error_set(error, PSD_SYSTEM, "the cryptographic library failed");
    document->done += got > 0 ? (uint64_t)got : 0;
    psd_progress_show(&document->progress, document->done);
  }
  psd_progress_end(&document->progress);
  return result;
}

psd_result psd_document_digest(psd_document *document, psd_digest digest, psd_error *error) {
  const psd_digest_row *row = psd_digest_of(digest);
  const EVP_MD *function = row != NULL ? EVP_get_digestbyname(row->name) : NULL;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  bool ok = function != NULL && context != NULL && EVP_DigestInit_ex2(context, function, NULL) == 1;
  psd_result result =
      ok ? hash(document, context, error) : psd_error_set(error, PSD_SYSTEM, "the cryptographic library failed");
  if (result == PSD_OK && EVP_DigestFinal_ex(context, document->digested.bytes, NULL) != 1)
    result = psd_error_set(error, PSD_SYSTEM, "the cryptographic library failed");
  EVP_MD_CTX_free(context);
  document->digested.digest = digest;
  return result;
}

psd_result psd_document_open(psd_document *document, const char *path, bool by_card, psd_error *error) {
  struct stat about;
  *document = (psd_document){.path = path, .fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)};
  if (document->fd < 0 || fstat(document->fd, &about) != 0) {
    (void)unreadable(path, error);
    psd_document_close(document);
    return PSD_BAD_INPUT;
  }
  document->size = about.st_size > 0 ? (uint64_t)about.st_size : 0;
  document->digested = (psd_digested){.digest = 0, .next = next_piece, .rewind = rewind_document, .context = document};
  psd_result result = by_card ? PSD_OK : psd_document_digest(document, PSD_DIGEST_SHA256, error);
  if (result != PSD_OK)
    psd_document_close(document);
  return result;
}

void psd_document_close(psd_document *document) {
  if (document->fd >= 0)
    (void)close(document->fd);
  document->fd = -1;
}
