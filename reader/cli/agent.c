/* psd agent: certificates that the card itself issues, with their private keys enciphered (VM figure 3A). */
#include "counter.h"
#include "proof.h"
#include "show.h"

#include <string.h>

#define DAYS 365U
#define NAME_ROOM 512U

/* What is issued, and where it goes. */
typedef struct job {
  psd_agent_order order;
  char organization[PSD_NAME_MAX + 1], name[PSD_NAME_MAX + 1];
  uint8_t receiver[PSD_SERVICE_ANSWER_MAX];
  char paths[2][NAME_ROOM]; /* certificate, enciphered key */
  psd_whole_file files[2];
} job;

static void show(const psd_counter *counter, const job *work, const psd_proof_signer *issued) {
  uint64_t price = psd_counter_charge(counter, PSD_SERVICE_AGENT);
  if (counter->cli->json) {
    psd_json json = psd_json_on(stdout);
    psd_json_object(&json, NULL);
    psd_json_string(&json, "certificate_file", work->paths[0]);
    psd_json_string(&json, "key_file", work->paths[1]);
    psd_json_string(&json, "subject", issued->name);
    psd_json_number(&json, "certificate", issued->number);
    psd_show_time(&json, "valid_from", issued->from);
    psd_show_time(&json, "valid_until", issued->until);
    psd_show_amount(&json, "charge", price);
    psd_json_end_object(&json);
    return;
  }
  psd_cli_print(stdout, issued->name);
  puts(": certificate issued");
  psd_cli_line("certificate in", work->paths[0]);
  psd_cli_line("private key in", work->paths[1]);
  psd_cli_line_time("valid until", issued->until);
  psd_cli_line_amount("charge", price);
}

/* Both files, or neither. */
static psd_result keep(psd_counter *counter, job *work, psd_result result, const psd_buffer *certificate,
                       const psd_buffer *enveloped) {
  uint8_t bytes[2 * PSD_SERVICE_ANSWER_MAX];
  psd_buffer pem = psd_buffer_over(bytes, sizeof bytes);
  psd_proof_signer issued = {.number = 0};
  psd_host *host = counter->cli->host;
  if (result == PSD_OK &&
      !psd_proof_read_certificate((psd_proof_bytes){certificate->data, certificate->length}, &issued))
    result = psd_host_fail(host, PSD_BAD_ANSWER, "what the card has issued is no certificate");
  if (result == PSD_OK && !psd_pem_put(&pem, certificate))
    result = psd_host_fail(host, PSD_SYSTEM, "out of memory");
  result = psd_output_end(host, &work->files[1], result, enveloped->data, enveloped->length);
  result = psd_output_end(host, &work->files[0], result, pem.data, pem.length);
  if (result == PSD_OK)
    show(counter, work, &issued);
  return result;
}

static psd_result issue(psd_counter *counter, void *context) {
  job *work = context;
  uint8_t one[PSD_SERVICE_ANSWER_MAX], other[PSD_SERVICE_ANSWER_MAX];
  psd_buffer certificate = psd_buffer_over(one, sizeof one), enveloped = psd_buffer_over(other, sizeof other);
  psd_host *host = counter->cli->host;
  psd_result result = PSD_OK;
  if ((counter->cli->given & PSD_OPTION(LAST)) != 0) {
    result = psd_host_get_last(host, PSD_LAST_SERVICE, &certificate);
    if (result == PSD_OK)
      result = psd_host_get_last(host, PSD_LAST_KEY, &enveloped);
  } else {
    result = psd_counter_slot(counter, PSD_PURPOSE_AGENT, &work->order.slot);
    if (result == PSD_OK)
      result = psd_agent_issue(&counter->desk, &work->order, &certificate, &enveloped);
  }
  if (result == PSD_OK)
    counter->cli->after = "it is paid for: psd agent issue --last -o PREFIX gives it again";
  return keep(counter, work, result, &certificate, &enveloped);
}

/* Names of files: -o, else the name itself, as far as files have such names. */
static int name_files(const psd_cli *cli, job *work) {
  char made[PSD_NAME_MAX + 1] = "";
  const char *prefix = cli->output != NULL ? cli->output : made;
  for (size_t i = 0; work->name[i] != '\0'; i++) {
    char c = work->name[i];
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    made[i] = plain ? c : '-';
    made[i + 1] = '\0';
  }
  if (strlen(prefix) + sizeof ".crt" > NAME_ROOM)
    return psd_cli_usage(cli, "-o is too long");
  (void)snprintf(work->paths[0], NAME_ROOM, "%s.crt", prefix);
  (void)snprintf(work->paths[1], NAME_ROOM, "%s.p7m", prefix);
  return PSD_EXIT_DONE;
}

static int take_usage(const psd_cli *cli, job *work) {
  static const struct {
    const char *name;
    unsigned usage;
  } usages[] = {
      {"sign", PSD_AGENT_SIGNS}, {"encipher", PSD_AGENT_ENCIPHERS}, {"both", PSD_AGENT_SIGNS | PSD_AGENT_ENCIPHERS}};
  work->order.usage = PSD_AGENT_SIGNS;
  if (cli->purpose == NULL)
    return PSD_EXIT_DONE;
  for (size_t i = 0; i < sizeof usages / sizeof usages[0]; i++) {
    if (strcmp(usages[i].name, cli->purpose) == 0) {
      work->order.usage = usages[i].usage;
      return PSD_EXIT_DONE;
    }
  }
  return psd_cli_usage(cli, "--purpose of an agent's certificate is sign, encipher or both");
}

static int take_order(const psd_cli *cli, job *work) {
  psd_buffer receiver = psd_buffer_over(work->receiver, sizeof work->receiver);
  psd_error error;
  work->order.algorithm = cli->algorithm != 0 ? cli->algorithm : PSD_ALGORITHM_P256;
  work->order.days = cli->days != 0 ? cli->days : DAYS;
  work->order.name = work->name;
  if (cli->subject == NULL || cli->receiver == NULL)
    return psd_cli_usage(cli, "agent issue needs --subject \"CN=...\" and --receiver FILE");
  if (!psd_subject_parse(cli->subject, work->organization, work->name) || work->organization[0] != '\0')
    return psd_cli_usage(cli, "--subject of an agent's certificate is CN=..., 1 to %u bytes: its O is the agent's own",
                         PSD_NAME_MAX);
  if (psd_certificate_read(cli->receiver, &receiver, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  work->order.receiver = receiver.data;
  work->order.receiver_length = receiver.length;
  return take_usage(cli, work);
}

/* Nothing is paid for before both files can be made. */
static int begin_files(const psd_cli *cli, job *work) {
  psd_error error = {.result = PSD_OK};
  psd_result result = psd_output_begin(cli, work->paths[0], &work->files[0], &error);
  if (result != PSD_OK)
    return psd_cli_failed(cli, &error);
  if (psd_output_begin(cli, work->paths[1], &work->files[1], &error) == PSD_OK)
    return PSD_EXIT_DONE;
  psd_whole_file_drop(&work->files[0]);
  return psd_cli_failed(cli, &error);
}

int psd_run_agent(psd_cli *cli) {
  job work = {.name = ""};
  bool last = (cli->given & PSD_OPTION(LAST)) != 0;
  if (strcmp(cli->argv[0], "issue") != 0)
    return psd_cli_usage(cli, "agent can issue, not %s", cli->argv[0]);
  if (last && (cli->output == NULL || cli->subject != NULL || cli->receiver != NULL))
    return psd_cli_usage(cli, "--last takes -o PREFIX, and nothing of another certificate");
  int status = last ? PSD_EXIT_DONE : take_order(cli, &work);
  if (status == PSD_EXIT_DONE)
    status = name_files(cli, &work);
  if (status == PSD_EXIT_DONE)
    status = begin_files(cli, &work);
  if (status == PSD_EXIT_DONE)
    status = psd_counter_run(cli, issue, &work);
  for (size_t i = 0; i < sizeof work.files / sizeof work.files[0]; i++)
    psd_whole_file_drop(&work.files[i]); /* it may have ended before the card was asked */
  return status;
}
