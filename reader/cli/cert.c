/* psd cert: what it can, and what each takes. */
#include "cert.h"

#include <string.h>

static const struct {
  const char *name;
  uint64_t options; /* beside those of a card */
  int most;         /* arguments behind the name */
  bool server;
  int (*run)(psd_cli *cli);
} acts[] = {
    {"request",
     PSD_OPTIONS_SESSION | PSD_OPTION(PIN_FILE) | PSD_OPTION(SUBJECT) | PSD_OPTION(SLOT) | PSD_OPTION(PURPOSE) |
         PSD_OPTION(ALGORITHM),
     0, true, psd_cert_request},
    {"renew", PSD_OPTIONS_SESSION | PSD_OPTION(PIN_FILE) | PSD_OPTION(SUBJECT) | PSD_OPTION(SLOT), 0, true,
     psd_cert_renew},
    {"install", PSD_OPTIONS_SESSION | PSD_OPTION(PIN_FILE) | PSD_OPTION(SLOT), 0, true, psd_cert_install},
    {"status", PSD_OPTIONS_SESSION | PSD_OPTION(PIN_FILE) | PSD_OPTION(SLOT), 0, true, psd_cert_status},
    {"list", 0, 0, false, psd_cert_list},
    {"export", PSD_OPTION(SLOT) | PSD_OPTION(OUTPUT) | PSD_OPTION(YES), 0, false, psd_cert_export},
    {"revoke", PSD_OPTIONS_SESSION | PSD_OPTION(PIN_FILE) | PSD_OPTION(SLOT) | PSD_OPTION(REASON), 0, true,
     psd_cert_revoke},
    {"delete", PSD_OPTION(PIN_FILE) | PSD_OPTION(SLOT), 0, false, psd_cert_delete},
    {"import", PSD_OPTION(PIN_FILE) | PSD_OPTION(SLOT) | PSD_OPTION(PURPOSE), 1, false, psd_cert_import},
};
#define ACTS (sizeof acts / sizeof acts[0])

int psd_run_cert(psd_cli *cli) {
  const char *what = cli->argv[0];
  size_t at = 0;
  while (at < ACTS && strcmp(acts[at].name, what) != 0)
    at++;
  if (at == ACTS)
    return psd_cli_usage(cli,
                         "cert knows request, renew, install, status, list, export, revoke, delete and import, "
                         "not %s",
                         what);
  uint64_t foreign = cli->given & ~(acts[at].options | PSD_OPTIONS_CARD);
  if (foreign != 0)
    return psd_cli_usage(cli, "cert %s takes no --%s", what, psd_cli_option_name(foreign));
  if (cli->argc - 1 > acts[at].most)
    return psd_cli_usage(cli, "%s is not expected", cli->argv[cli->argc - 1]);
  if (cli->argc - 1 < acts[at].most)
    return psd_cli_usage(cli, "cert %s takes a FILE", what);
  int status = acts[at].server ? psd_cli_needs_server(cli) : PSD_EXIT_DONE;
  return status == PSD_EXIT_DONE ? acts[at].run(cli) : status;
}
