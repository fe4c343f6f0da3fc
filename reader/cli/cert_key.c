/* psd cert delete and import: keys that go, and keys from outside (VM figure 5, less security). */
#include "cert.h"
#include "proof.h"
#include "psd/spec/status.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#define RSA_BITS 2048
#define P256_SIZE 32U

static psd_result delete (psd_counter *counter, void *context) {
  psd_host *host = counter->cli->host;
  uint8_t slot = (uint8_t)counter->cli->slot;
  (void)context;
  psd_result result = psd_host_delete_key(host, slot);
  if (result == PSD_REFUSED && psd_host_status(host) == PSD_SW_CONDITIONS)
    return psd_host_fail(host, PSD_REFUSED, "slot %u is active: psd cert revoke ends its certificate first", slot);
  if (result == PSD_REFUSED && psd_host_status(host) == PSD_SW_REFERENCE_NOT_FOUND)
    return psd_host_fail(host, PSD_REFUSED, "slot %u has no key", slot);
  return result;
}

int psd_cert_delete(psd_cli *cli) {
  if (cli->slot == 0)
    return psd_cli_usage(cli, "cert delete needs --slot N: psd cert list shows what there is");
  int status = psd_counter_run(cli, delete, NULL);
  if (status == PSD_EXIT_DONE)
    psd_cli_done(cli, "key deleted");
  return status;
}

/* A private key, as IMPORT KEY takes it. */
typedef struct secret {
  psd_algorithm algorithm;
  psd_purpose purpose;
  uint8_t bytes[PSD_SERVICE_ANSWER_MAX];
  size_t length;
} secret;

static bool take_p256(EVP_PKEY *key, secret *into) {
  char group[64] = "";
  BIGNUM *scalar = NULL;
  bool ok = EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, NULL) == 1 &&
            strcmp(group, "prime256v1") == 0 && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1 &&
            BN_bn2binpad(scalar, into->bytes, (int)P256_SIZE) == (int)P256_SIZE;
  BN_clear_free(scalar);
  into->algorithm = PSD_ALGORITHM_P256;
  into->length = P256_SIZE;
  return ok;
}

/* PKCS#1 RSAPrivateKey. */
static bool take_rsa(EVP_PKEY *key, secret *into) {
  unsigned char *der = NULL;
  int length = EVP_PKEY_get_bits(key) == RSA_BITS ? i2d_PrivateKey(key, &der) : -1;
  bool ok = length > 0 && (size_t)length <= sizeof into->bytes;
  if (ok)
    memcpy(into->bytes, der, (size_t)length);
  if (length > 0)
    OPENSSL_clear_free(der, (size_t)length);
  into->algorithm = PSD_ALGORITHM_RSA2048;
  into->length = ok ? (size_t)length : 0;
  return ok;
}

/* Nobody is asked for a passphrase. */
static int no_passphrase(char *buffer, int size, int writing, void *user) {
  (void)buffer;
  (void)size;
  (void)writing;
  (void)user;
  return -1;
}

static psd_result read_secret(const char *path, secret *into, psd_error *error) {
  uint8_t bytes[16384];
  psd_buffer content = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_input_read(path, &content, error);
  if (result != PSD_OK) {
    OPENSSL_cleanse(bytes, sizeof bytes);
    return result;
  }
  BIO *pem = BIO_new_mem_buf(content.data, (int)content.length);
  EVP_PKEY *key = pem != NULL ? PEM_read_bio_PrivateKey(pem, NULL, no_passphrase, NULL) : NULL;
  bool ok = key != NULL && (EVP_PKEY_is_a(key, "EC") == 1    ? take_p256(key, into)
                            : EVP_PKEY_is_a(key, "RSA") == 1 ? take_rsa(key, into)
                                                             : false);
  EVP_PKEY_free(key);
  BIO_free(pem);
  OPENSSL_cleanse(bytes, sizeof bytes);
  return ok ? PSD_OK
            : psd_error_set(error, PSD_BAD_INPUT,
                            "%.200s is no private key that the card takes: P-256 or RSA of 2048 bits, PEM without "
                            "passphrase",
                            path);
}

static psd_result import(psd_counter *counter, void *context) {
  const secret *key = context;
  psd_cli *cli = counter->cli;
  uint8_t slot = cli->slot != 0 ? (uint8_t)cli->slot : psd_services_empty(&counter->services);
  if (slot == 0)
    return psd_host_fail(cli->host, PSD_REFUSED, "all %u slots have keys", PSD_USER_SLOTS);
  psd_result result = psd_host_import_key(cli->host, slot, key->algorithm, key->purpose, key->bytes, key->length);
  if (result == PSD_REFUSED && psd_host_status(cli->host) == PSD_SW_FUNCTION_UNSUPPORTED)
    return psd_host_fail(cli->host, PSD_REFUSED,
                         "this card takes no key from outside: psd cert request makes one on the card");
  if (result == PSD_REFUSED && psd_host_status(cli->host) == PSD_SW_CONDITIONS)
    return psd_host_fail(cli->host, PSD_REFUSED, "slot %u has a key already: psd cert list shows which are empty",
                         slot);
  cli->slot = slot;
  return result;
}

static void show_imported(const psd_cli *cli) {
  if (cli->json) {
    psd_json json = psd_json_on(stdout);
    psd_json_object(&json, NULL);
    psd_json_number(&json, "slot", cli->slot);
    psd_json_end_object(&json);
    return;
  }
  printf("slot %u: key entered; psd cert renew --slot %u --subject \"CN=...\" asks for its certificate\n", cli->slot,
         cli->slot);
}

int psd_cert_import(psd_cli *cli) {
  secret key = {.length = 0};
  psd_error error;
  const psd_named *row = psd_purpose_named(cli->purpose != NULL ? cli->purpose : "user");
  if (row == NULL)
    return psd_cli_usage(cli, "--purpose is user, postmark or agent");
  key.purpose = (psd_purpose)row->value;
  if (read_secret(cli->argv[1], &key, &error) != PSD_OK) {
    OPENSSL_cleanse(&key, sizeof key);
    return psd_cli_failed(cli, &error);
  }
  int status = psd_counter_run(cli, import, &key);
  OPENSSL_cleanse(&key, sizeof key);
  if (status == PSD_EXIT_DONE)
    show_imported(cli);
  return status;
}
