#include "cli.h"
#include "psd/spec/status.h"

#include <string.h>

/* Whether the card is behind a socket matters too. */
typedef enum place { ANYWHERE, IN_A_READER, AT_A_SOCKET } place;

/* The first row that fits: verb (NULL: any), status word (0: none came with it), result, place. */
static const struct {
  const char *verb;
  uint16_t status;
  psd_result result;
  place place;
  const char *words;
} advices[] = {
    {"pin", 0x63C0, PSD_REFUSED, ANYWHERE,
     "each wrong one costs a try; when none is left, unblock the PIN with the PUK (psd pin unblock)"},
    {NULL, 0x63C0, PSD_REFUSED, ANYWHERE, "repeat with the right PIN: each wrong one costs a try"},
    {NULL, PSD_SW_BLOCKED, PSD_REFUSED, ANYWHERE,
     "use psd pin unblock with the PUK; if the PUK is blocked too, only the provider can help"},
    {NULL, PSD_SW_REFERENCE_UNUSABLE, PSD_REFUSED, ANYWHERE, "the card has no PIN yet: personalise it first"},
    {"pin", PSD_SW_WRONG_DATA, PSD_REFUSED, ANYWHERE,
     "the new PIN breaks the card's rules: psd info shows the shortest one allowed"},
    {"personalize", PSD_SW_CONDITIONS, PSD_REFUSED, ANYWHERE, "the card is personalised already: see psd info"},
    {"personalize", PSD_SW_WRONG_DATA, PSD_REFUSED, ANYWHERE, "the card does not accept a value of the profile"},
    {"personalize", PSD_SW_REFERENCE_NOT_FOUND, PSD_REFUSED, ANYWHERE,
     "the card has keys of another version: is this its key file?"},
    {"personalize", 0, PSD_REFUSED, ANYWHERE, "is --keys the key file of this card?"},
    {NULL, PSD_SW_FILE_NOT_FOUND, PSD_REFUSED, ANYWHERE, "this card is no PSD: psd list shows which are"},
    {NULL, PSD_SW_SECURITY_STATUS, PSD_REFUSED, ANYWHERE, "the PIN or a secure channel is needed first"},
    {NULL, PSD_SW_CONDITIONS, PSD_REFUSED, ANYWHERE, "not in this state of its life: see psd info"},
    {NULL, PSD_SW_WRONG_DATA, PSD_REFUSED, ANYWHERE, "the card does not accept this value"},
    {NULL, PSD_SW_MEMORY_FAILURE, PSD_REFUSED, ANYWHERE, "the card's memory is failing: have it audited and withdrawn"},
    {"manufacture", 0, PSD_REFUSED, ANYWHERE,
     "nothing was made: once that is mended it can be repeated, with a blank card"},
    {"manufacture", 0, PSD_BAD_ANSWER, ANYWHERE,
     "is --kms the socket of psd-kms (--role manufacturing), and --server that of psd-server --control?"},
    {"manufacture", 0, PSD_NO_SERVER, ANYWHERE, "are psd-kms (--role manufacturing) and psd-server running?"},
    {NULL, 0, PSD_NO_SERVER, ANYWHERE, "is psd-server running there?"},
    {NULL, 0, PSD_NO_SERVICE, ANYWHERE, "or use --card with the socket of a card"},
    {NULL, 0, PSD_NO_CARD, AT_A_SOCKET, "is psd-card running there (psd-card run --listen)?"},
    {NULL, 0, PSD_NO_CARD, IN_A_READER, "insert one, or wait for it with --wait"},
    {NULL, 0, PSD_NO_READER, IN_A_READER, "plug one in, or wait for it with --wait"},
};

static const char in_doubt[] = "psd indicium --last tells, once the card is there: if it was made, that prints it";
static const char at_risk[] = "no money is lost: psd recover tells what came of it";

const char *psd_advice(const psd_cli *cli, const psd_error *error) {
  const char *verb = cli->verb != NULL ? cli->verb->name : "";
  place here = cli->card != NULL ? AT_A_SOCKET : IN_A_READER;
  uint16_t status = error->status;
  if ((status & 0xFFF0) == PSD_SW_TRIES_LEFT)
    status = PSD_SW_TRIES_LEFT;
  if (cli->after != NULL)
    return cli->after;
  if (cli->at_risk)
    return at_risk;
  if (cli->in_doubt)
    return in_doubt;
  for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++)
    if (advices[i].result == error->result && advices[i].status == status &&
        (advices[i].place == ANYWHERE || advices[i].place == here) &&
        (advices[i].verb == NULL || strcmp(advices[i].verb, verb) == 0))
      return advices[i].words;
  return NULL;
}

/* The first row that fits who refused and with what signal. */
static const struct {
  psd_refuser who;
  psd_signal signal;
  const char *words;
} refusals[] = {
    {PSD_BY_CARD, PSD_SIGNAL_NONE, "see psd info: may the card sign on, and with this suite?"},
    {PSD_BY_CARD, PSD_SIGNAL_RESPONSE, "whoever answered does not hold the vendor's key: is this the right server?"},
    {PSD_BY_CARD, PSD_SIGNAL_RESULT, "the result was not made for this card and this audit: ask the provider"},
    {PSD_BY_SERVER, PSD_SIGNAL_SUITE, "choose another one with --suite"},
    {PSD_BY_SERVER, PSD_SIGNAL_VENDOR_KEY, "the card needs the provider's new key: ask the provider"},
    {PSD_BY_SERVER, PSD_SIGNAL_SESSION_KEY, "is this the server of the card's provider?"},
    {PSD_BY_SERVER, PSD_SIGNAL_USER, "check user name and password"},
    {PSD_BY_SERVER, PSD_SIGNAL_DEVICE, "is this the server of the card's provider?"},
    {PSD_BY_SERVER, PSD_SIGNAL_NOT_REGISTERED, "new, it needs psd register; another user's, the right --user"},
    {PSD_BY_SERVER, PSD_SIGNAL_SIGNATURE, "the server does not take this card for the one it knows: ask the provider"},
    {PSD_BY_SERVER, PSD_SIGNAL_FUNDS, "nothing was moved: have a deposit entered by the provider, or refill less"},
    {PSD_BY_SERVER, PSD_SIGNAL_SUSPENDED, "nothing was moved: ask the provider why"},
    {PSD_BY_SERVER, PSD_SIGNAL_LIMIT, "nothing was moved: psd info shows the limits, and what is in the registers"},
    {PSD_BY_SERVER, PSD_SIGNAL_UNFINISHED, "no money is lost: psd recover finishes or cancels it, now or later"},
    {PSD_BY_SERVER, PSD_SIGNAL_STATE, "nothing was moved: see psd info, its state, mode and registers"},
    {PSD_BY_SERVER, PSD_SIGNAL_LOCKED, "nothing was moved: ask the provider to unlock it"},
    {PSD_BY_SERVER, PSD_SIGNAL_BALANCE, "no money is lost: ask the provider to look into it"},
};

/* What the card refuses beyond signing on is no matter of the session. */
static const char *advice_on(const psd_cli *cli, const psd_refusal *refusal) {
  if (cli->after != NULL ||
      (refusal->who == PSD_BY_CARD && refusal->step == PSD_STEP_NONE && refusal->signal == PSD_SIGNAL_NONE))
    return psd_advice(cli, &refusal->error);
  for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
    if (refusals[i].who == refusal->who && refusals[i].signal == refusal->signal)
      return refusals[i].words;
  return NULL;
}

int psd_cli_refused(const psd_cli *cli, const psd_refusal *refusal) {
  psd_error error = refusal->error;
  if (error.result != PSD_REFUSED && error.result != PSD_BAD_ANSWER)
    return psd_cli_failed(cli, &error);
  const char *advice = cli->at_risk ? at_risk : advice_on(cli, refusal);
  (void)fflush(stdout);
  fputs("psd: ", stderr);
  psd_cli_print(stderr, error.words);
  if (advice != NULL)
    fprintf(stderr, "; %s", advice);
  if (refusal->wait != 0)
    fprintf(stderr, "; another try makes sense in %lu s", (unsigned long)refusal->wait);
  fputc('\n', stderr);
  return PSD_EXIT_REFUSED;
}
