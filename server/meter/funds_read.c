/* What the PSD has signed about funds: is it of this PSD, and about this operation? Its signature is the key management
 * system's to verify. */
#include <string.h>

#include "meter/funds_internal.h"
#include "psd/spec/objects.h"

/* Funds are signed under K3 or with the PSD's key pair, never by the MAC of suite classic. */
static bool signature_fits(uint64_t kind, size_t length) {
  return kind == PSD_SIGNATURE_HMAC ? length == PSD_HASH : kind == PSD_SIGNATURE_ECDSA && length == 64U;
}

/* The registers of a group, as docs/funds.md has them; in current-account mode the ascending register stands alone. */
static bool registers_agree(const psd_audit *audit, uint64_t ascending, uint64_t descending, uint64_t control_total) {
  if (audit->mode == PSD_FUNDS_ACCOUNT)
    return descending == 0 && control_total == 0;
  return ascending <= control_total && descending == control_total - ascending;
}

bool psd_meter_funds_take_request(psd_meter_session *session, psd_operation_state state, const uint8_t *data,
                                  size_t length, psd_funds_request *request) {
  psd_meter_funds *at = session->funds;
  const psd_audit *audit = &session->audit;
  if (length < PSD_SIZE_FUNDS_REQUEST || length > sizeof at->request ||
      !psd_parse_message(data, PSD_SIZE_FUNDS_REQUEST, PSD_MESSAGE_FUNDS_REQUEST, request) ||
      !signature_fits(request->type, length - PSD_SIZE_FUNDS_REQUEST))
    return false;
  if (request->operation != state || request->group > PSD_GROUP_CERTIFICATE ||
      request->final > (state == PSD_OPERATION_WITHDRAWING ? 1U : 0U) || request->sequence == 0 ||
      memcmp(request->vendor, audit->vendor, sizeof request->vendor) != 0 ||
      memcmp(request->model, audit->model, sizeof request->model) != 0 || request->serial != audit->serial ||
      !registers_agree(audit, request->ascending, request->descending, request->control_total))
    return false;
  memcpy(at->request, data, length);
  at->request_length = length;
  at->sequence = request->sequence;
  at->control_total = request->control_total;
  at->time = request->time;
  return true;
}

/* Control total that the receipt must show: that of S1, and the amount where one was credited. What S1 was is not known
 * of a refill that nobody remembers. */
static bool total_agrees(const psd_meter_funds *at, const psd_funds_receipt *receipt) {
  if (at->request_length == 0)
    return true;
  if (receipt->operation != PSD_OPERATION_LOADED)
    return receipt->control_total == at->control_total;
  return receipt->control_total >= at->amount && receipt->control_total - at->amount == at->control_total;
}

bool psd_meter_funds_take_receipt(psd_meter_session *session, psd_operation_state state, const uint8_t *data,
                                  size_t length) {
  psd_meter_funds *at = session->funds;
  const psd_audit *audit = &session->audit;
  psd_funds_receipt receipt;
  if (length < PSD_SIZE_FUNDS_RECEIPT || length > sizeof at->receipt ||
      !psd_parse_message(data, PSD_SIZE_FUNDS_RECEIPT, PSD_MESSAGE_FUNDS_RECEIPT, &receipt) ||
      !signature_fits(receipt.type, length - PSD_SIZE_FUNDS_RECEIPT))
    return false;
  if (receipt.operation != state || receipt.group != at->group || receipt.sequence != at->sequence ||
      receipt.amount != at->amount || memcmp(receipt.vendor, audit->vendor, sizeof receipt.vendor) != 0 ||
      memcmp(receipt.model, audit->model, sizeof receipt.model) != 0 || receipt.serial != audit->serial ||
      !registers_agree(audit, receipt.ascending, receipt.descending, receipt.control_total) ||
      !total_agrees(at, &receipt))
    return false;
  memcpy(at->receipt, data, length);
  at->receipt_length = length;
  at->ended = receipt;
  return true;
}
