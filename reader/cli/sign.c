/* psd sign and verify: signatures of files, CMS, detached (docs/certificates.md, "Figures 3"). */
#include "counter.h"
#include "proof.h"
#include "show.h"

#include <inttypes.h>
#include <openssl/cms.h>
#include <stdlib.h>
#include <string.h>

/* A signature under way. */
typedef struct job {
  psd_document document;
  psd_whole_file file;
  const char *output;
} job;

static void show_signed(const psd_counter *counter, const char *output, uint8_t slot) {
  uint64_t price = psd_counter_charge(counter, PSD_SERVICE_SIGNING);
  if (counter->cli->json) {
    psd_json json = psd_json_on(stdout);
    psd_json_object(&json, NULL);
    psd_json_string(&json, "file", output);
    psd_json_number(&json, "slot", slot);
    psd_json_number(&json, "certificate", slot != 0 ? counter->services.slots[slot - 1U].certificate : 0);
    psd_show_amount(&json, "charge", price);
    psd_json_end_object(&json);
    return;
  }
  printf("signature written to ");
  psd_cli_print(stdout, output);
  putchar('\n');
  psd_cli_line_amount("charge", price);
}

/* Postmarks and payments are SignedData too, of another content. */
static bool is_signature(const psd_buffer *cms) {
  BIO *der = BIO_new_mem_buf(cms->data, (int)cms->length);
  CMS_ContentInfo *info = der != NULL ? d2i_CMS_bio(der, NULL) : NULL;
  bool is = info != NULL && OBJ_obj2nid(CMS_get0_type(info)) == NID_pkcs7_signed &&
            OBJ_obj2nid(CMS_get0_eContentType(info)) == NID_pkcs7_data;
  CMS_ContentInfo_free(info);
  BIO_free(der);
  return is;
}

static psd_result fetch_last(psd_host *host, psd_buffer *cms) {
  psd_result result = psd_host_get_last(host, PSD_LAST_SERVICE, cms);
  if (result == PSD_OK && !is_signature(cms))
    return psd_host_fail(host, PSD_REFUSED, "the last that the card made is no signature");
  return result;
}

static psd_result make(psd_counter *counter, void *context) {
  job *work = context;
  uint8_t bytes[PSD_SERVICE_ANSWER_MAX], slot = 0;
  psd_buffer cms = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = PSD_OK;
  if ((counter->cli->given & PSD_OPTION(LAST)) != 0) {
    result = fetch_last(counter->cli->host, &cms);
  } else {
    result = psd_counter_slot(counter, PSD_PURPOSE_USER, &slot);
    if (result == PSD_OK)
      result = psd_message_sign(&counter->desk, slot, &work->document.digested, true, &cms);
  }
  if (result == PSD_OK)
    counter->cli->after = "it is paid for: psd sign --last -o FILE gives it again";
  result = psd_output_end(counter->cli->host, &work->file, result, cms.data, cms.length);
  if (result == PSD_OK)
    show_signed(counter, work->output, slot);
  return result;
}

static int run_sign(psd_cli *cli, job *work) {
  psd_error error;
  bool last = (cli->given & PSD_OPTION(LAST)) != 0, by_card = (cli->given & PSD_OPTION(CARD_HASH)) != 0;
  if (!last && psd_document_open(&work->document, cli->argv[0], by_card, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  int status = psd_output_begin(cli, work->output, &work->file, &error) == PSD_OK ? psd_counter_run(cli, make, work)
                                                                                  : psd_cli_failed(cli, &error);
  psd_whole_file_drop(&work->file); /* it may have ended before the card was asked */
  psd_document_close(&work->document);
  return status;
}

int psd_run_sign(psd_cli *cli) {
  bool last = (cli->given & PSD_OPTION(LAST)) != 0;
  job work = {.document = {.fd = -1}, .output = cli->output};
  char *name = NULL;
  if (cli->argc != (last ? 0 : 1) || (last && cli->output == NULL))
    return psd_cli_usage(cli, "sign takes a FILE, or --last with -o FILE.p7s");
  if (cli->output == NULL) {
    size_t room = strlen(cli->argv[0]) + sizeof ".p7s";
    name = malloc(room);
    if (name == NULL)
      return psd_cli_usage(cli, "out of memory");
    (void)snprintf(name, room, "%s.p7s", cli->argv[0]);
    work.output = name;
  }
  int status = run_sign(cli, &work);
  free(name);
  return status;
}

static void show_proof(const psd_cli *cli, const psd_proof_signature *signature) {
  char words[32];
  psd_json json = psd_json_on(stdout);
  if (cli->json) {
    psd_json_object(&json, NULL);
    psd_json_bool(&json, "holds", true);
    psd_show_time(&json, "time", signature->time);
    psd_cli_signer(cli, &json, &signature->signer);
    if (signature->metered) {
      psd_json_number(&json, "number", signature->number);
      psd_show_amount(&json, "charge", signature->charge);
    }
    psd_json_end_object(&json);
    return;
  }
  puts("the signature holds");
  psd_cli_line_time("time", signature->time);
  psd_cli_signer(cli, &json, &signature->signer);
  if (!signature->metered)
    return;
  (void)snprintf(words, sizeof words, "%" PRIu64, signature->number);
  psd_cli_line("piece count", words);
  psd_cli_line_amount("charge", signature->charge);
}

int psd_run_verify(psd_cli *cli) {
  uint8_t bytes[16384];
  psd_buffer cms = psd_buffer_over(bytes, sizeof bytes);
  psd_document document;
  psd_proof_signature signature;
  char why[PSD_PROOF_WHY_MAX] = "";
  psd_error error;
  int status = PSD_EXIT_DONE;
  psd_trust *trust = psd_cli_trust(cli, &status);
  if (trust == NULL)
    return status;
  if (psd_input_read(cli->argv[1], &cms, &error) != PSD_OK ||
      psd_document_open(&document, cli->argv[0], false, &error) != PSD_OK) {
    psd_trust_free(trust);
    return psd_cli_failed(cli, &error);
  }
  psd_proof_result found = psd_proof_check_signature(trust, (psd_proof_bytes){cms.data, cms.length},
                                                     document.digested.bytes, 0, &signature, why);
  psd_trust_free(trust);
  psd_document_close(&document);
  if (found != PSD_PROOF_HOLDS)
    return psd_cli_disproved(cli, cli->argv[1], found, why);
  show_proof(cli, &signature);
  return PSD_EXIT_DONE;
}
