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
    {"label", 0x63C0, PSD_REFUSED, ANYWHERE, "repeat with the right PIN: each wrong one costs a try"},
    {NULL, PSD_SW_BLOCKED, PSD_REFUSED, ANYWHERE,
     "use psd pin unblock with the PUK; if the PUK is blocked too, only the provider can help"},
    {"pin", PSD_SW_REFERENCE_UNUSABLE, PSD_REFUSED, ANYWHERE, "the card has no PIN yet: personalise it first"},
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
    {NULL, 0, PSD_NO_SERVICE, ANYWHERE, "or use --card with the socket of a card"},
    {NULL, 0, PSD_NO_CARD, AT_A_SOCKET, "is psd-card running there (psd-card run --listen)?"},
    {NULL, 0, PSD_NO_CARD, IN_A_READER, "insert one, or wait for it with --wait"},
    {NULL, 0, PSD_NO_READER, IN_A_READER, "plug one in, or wait for it with --wait"},
};

const char *psd_advice(const psd_cli *cli, const psd_error *error) {
  const char *verb = cli->verb != NULL ? cli->verb->name : "";
  place here = cli->card != NULL ? AT_A_SOCKET : IN_A_READER;
  uint16_t status = error->status;
  if ((status & 0xFFF0) == PSD_SW_TRIES_LEFT)
    status = PSD_SW_TRIES_LEFT;
  for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++)
    if (advices[i].result == error->result && advices[i].status == status &&
        (advices[i].place == ANYWHERE || advices[i].place == here) &&
        (advices[i].verb == NULL || strcmp(advices[i].verb, verb) == 0))
      return advices[i].words;
  return NULL;
}
