/* psd certificate: what a verification site has to be given of a PSD. */
#include "cli.h"
#include "print/file.h"
#include "psd/spec/status.h"

/* DEVICE_ID and DSA_KEY: the certificate's key vouches for it, and names the device itself. */
static psd_result read_dsa(psd_host *host, psd_buffer *content) {
  psd_device_id device;
  psd_dsa_key key;
  psd_result result = psd_host_get_object(host, PSD_OBJECT_DEVICE_ID, &device);
  if (result == PSD_OK)
    result = psd_host_get_object(host, PSD_OBJECT_DSA_KEY, &key);
  if (result != PSD_OK)
    return result;
  psd_put_message(content, PSD_MESSAGE_DEVICE_ID, &device);
  psd_put_message(content, PSD_MESSAGE_DSA_KEY, &key);
  return PSD_OK;
}

static psd_result read_content(const psd_cli *cli, psd_buffer *content) {
  bool dsa = (cli->given & PSD_OPTION(DSA)) != 0;
  psd_result result = dsa ? read_dsa(cli->host, content)
                          : psd_host_get_data(cli->host, psd_objects[PSD_OBJECT_CERTIFICATE].tag, content);
  if (result == PSD_REFUSED && psd_host_status(cli->host) == PSD_SW_REFERENCE_NOT_FOUND)
    return psd_host_fail(cli->host, PSD_REFUSED,
                         dsa ? "the card was given no DSA key (psd manufacture --dsa)"
                             : "the card has no certificate yet: its provider gives it one in a session (psd audit)");
  return result;
}

int psd_run_certificate(psd_cli *cli) {
  uint8_t bytes[2048];
  psd_buffer content = psd_buffer_over(bytes, sizeof bytes);
  psd_error error;
  int status = psd_cli_enter(cli);
  if (status == PSD_EXIT_DONE)
    status = psd_cli_leave(cli, read_content(cli, &content));
  if (status != PSD_EXIT_DONE)
    return status;
  if (psd_whole_file_put(cli->argv[0], content.data, content.length, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  psd_cli_done(cli, (cli->given & PSD_OPTION(DSA)) != 0 ? "DSA key written" : "certificate written");
  return PSD_EXIT_DONE;
}
