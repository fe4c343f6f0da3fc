#include "pcsc.h"

static const struct {
  LONG code;
  psd_result result;
  const char *words; /* NULL: PC/SC's own */
} codes[] = {
    {(LONG)SCARD_E_NO_SERVICE, PSD_NO_SERVICE,
     "pcscd is not running: start it with `systemctl start pcscd.socket`, or run `pcscd` as root"},
    {(LONG)SCARD_E_SERVICE_STOPPED, PSD_NO_SERVICE, "pcscd has stopped: start it again and repeat"},
    {(LONG)SCARD_W_SECURITY_VIOLATION, PSD_DENIED,
     "pcscd does not let this user in: polkit has to allow org.debian.pcsc-lite.access_pcsc and access_card"},
    {(LONG)SCARD_E_NO_ACCESS, PSD_DENIED, "pcscd does not let this user in"},
    {(LONG)SCARD_E_NO_READERS_AVAILABLE, PSD_NO_READER, "no smart card reader is connected"},
    {(LONG)SCARD_E_UNKNOWN_READER, PSD_NO_READER, "the reader is gone"},
    {(LONG)SCARD_E_READER_UNAVAILABLE, PSD_LOST, "the reader was unplugged"},
    {(LONG)SCARD_E_NO_SMARTCARD, PSD_NO_CARD, "there is no card in the reader"},
    {(LONG)SCARD_W_REMOVED_CARD, PSD_LOST, "the card was removed"},
    {(LONG)SCARD_E_NOT_TRANSACTED, PSD_LOST, "the card does not answer: was it taken out?"},
    {(LONG)SCARD_W_UNPOWERED_CARD, PSD_NO_CARD, "the card has no power: take it out and insert it again"},
    {(LONG)SCARD_W_UNRESPONSIVE_CARD, PSD_NO_CARD, "the card is mute: is it inserted the right way round?"},
    {(LONG)SCARD_W_UNSUPPORTED_CARD, PSD_NO_CARD, "the reader cannot work with this card"},
    {(LONG)SCARD_E_PROTO_MISMATCH, PSD_NO_CARD, "the card speaks neither T=0 nor T=1"},
    {(LONG)SCARD_E_SHARING_VIOLATION, PSD_BUSY, "another program holds the card for itself: close it and repeat"},
    {(LONG)SCARD_W_RESET_CARD, PSD_RESET, "another program reset the card: repeat"},
    {(LONG)SCARD_E_TIMEOUT, PSD_TIMEOUT, NULL},
    {(LONG)SCARD_E_NO_MEMORY, PSD_SYSTEM, "out of memory"},
    {(LONG)SCARD_E_INSUFFICIENT_BUFFER, PSD_BAD_ANSWER, "the answer is longer than any card may give"},
};

psd_result psd_pcsc_error(LONG code, const char *what, psd_error *error) {
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
    if (codes[i].code == code && codes[i].words != NULL)
      return psd_error_set(error, codes[i].result, "%s", codes[i].words);
    else if (codes[i].code == code)
      return psd_error_set(error, codes[i].result, "%s: %s", what, pcsc_stringify_error(code));
  return psd_error_set(error, PSD_LOST, "%s: %s", what, pcsc_stringify_error(code));
}
