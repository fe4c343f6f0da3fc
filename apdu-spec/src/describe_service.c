/* Commands of the certificate meter in words (docs/certificates.md). */
#include "psd/spec/describe.h"

/* What their data begin with; bytes that it is about follow. */
static const struct {
  psd_command_id command;
  psd_message_id head;
} heads[] = {
    {PSD_COMMAND_REQUEST_CERTIFICATE, PSD_MESSAGE_CERTIFICATE_WISH},
    {PSD_COMMAND_INSTALL_CERTIFICATE, PSD_MESSAGE_CERTIFICATE_GRANT},
    {PSD_COMMAND_SIGN_MESSAGE, PSD_MESSAGE_SIGN_WISH},
    {PSD_COMMAND_POSTMARK, PSD_MESSAGE_POSTMARK_WISH},
    {PSD_COMMAND_VALIDATE_POSTMARK, PSD_MESSAGE_POSTMARK_CHECK},
    {PSD_COMMAND_ISSUE_CERTIFICATE, PSD_MESSAGE_AGENT_WISH},
    {PSD_COMMAND_REQUEST_REVOCATION, PSD_MESSAGE_SERVICE_CALL},
    {PSD_COMMAND_ACCEPT_CREDIT, PSD_MESSAGE_SERVICE_CALL},
    {PSD_COMMAND_PAY, PSD_MESSAGE_PAYMENT_WISH},
};

/* Neither secured nor one link of a chain, whose data begin anywhere. */
static bool is_whole(const psd_apdu *apdu) {
  psd_cla cla = psd_decode_cla(apdu->cla);
  return cla.sm == PSD_SM_NONE && !cla.chained;
}

bool psd_describe_service(psd_text *text, const psd_command *row, const psd_apdu *apdu) {
  size_t at = 0;
  while (row != NULL && at < sizeof heads / sizeof heads[0] && heads[at].command != row->id)
    at++;
  if (row == NULL || at == sizeof heads / sizeof heads[0])
    return false;
  size_t size = psd_messages[heads[at].head].size;
  if (!is_whole(apdu) || apdu->nc < size)
    return false;
  psd_say(text, ": ");
  psd_describe_value(text, (psd_format)heads[at].head, apdu->data, size);
  if (apdu->nc > size) {
    psd_say(text, ", data ");
    psd_say_hex(text, apdu->data + size, apdu->nc - size);
  }
  return true;
}
