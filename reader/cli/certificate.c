#include "info.h"
#include "psd/spec/session.h"
#include "psd/spec/text.h"
#include "show.h"

#include <openssl/x509.h>

/* Seconds since 1970; false for a time before, or that is none. */
static bool seconds_of(const ASN1_TIME *time, uint64_t *seconds) {
  int days = 0, rest = 0;
  ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
  bool ok = epoch != NULL && time != NULL && ASN1_TIME_diff(&days, &rest, epoch, time) == 1 && days >= 0 && rest >= 0;
  ASN1_TIME_free(epoch);
  *seconds = ok ? (uint64_t)days * 86400U + (uint64_t)rest : 0;
  return ok;
}

/* X.509 from the first byte to the last. */
static bool validity(const psd_buffer *der, uint64_t *from, uint64_t *until) {
  const unsigned char *at = der->data;
  X509 *certificate = d2i_X509(NULL, &at, (long)der->length);
  bool ok = certificate != NULL && at == der->data + der->length &&
            seconds_of(X509_get0_notBefore(certificate), from) && seconds_of(X509_get0_notAfter(certificate), until);
  X509_free(certificate);
  return ok;
}

static void print_time(const char *what, uint64_t time) {
  char words[64];
  psd_text text = psd_text_over(words, sizeof words);
  psd_say_time(&text, time);
  printf("  %-42s %s\n", what, words);
}

psd_result psd_info_certificate(psd_cli *cli, psd_json *json) {
  uint8_t bytes[PSD_CERTIFICATE_MAX];
  psd_buffer der = psd_buffer_over(bytes, sizeof bytes);
  uint64_t from = 0, until = 0;
  psd_result result = psd_host_get_data(cli->host, psd_objects[PSD_OBJECT_CERTIFICATE].tag, &der);
  if (psd_info_absent(cli, result))
    return PSD_OK;
  if (result != PSD_OK)
    return result;
  if (!validity(&der, &from, &until))
    return psd_host_fail(cli->host, PSD_BAD_ANSWER, "the card's certificate, %zu bytes, is no X.509 certificate",
                         der.length);
  if (cli->json) {
    psd_json_object(json, "certificate");
    psd_show_time(json, "valid_from", from);
    psd_show_time(json, "valid_until", until);
    psd_json_hex(json, "der", der.data, der.length);
    psd_json_end_object(json);
    return PSD_OK;
  }
  puts("PSD certificate");
  print_time("valid from", from);
  print_time("valid until", until);
  return PSD_OK;
}
