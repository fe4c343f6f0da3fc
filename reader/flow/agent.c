/* Figures 3A and 6 from the Host's side: certificates issued by an agent, and certificates revoked. */
#include "service.h"

/* What goes out, the same each time. */
typedef struct issue {
  const psd_agent_order *order;
  psd_agent_wish wish;
} issue;

static psd_result send_issue(psd_host *host, const void *wish, psd_buffer *out) {
  const issue *of = wish;
  return psd_service_der(host,
                         psd_host_issue_certificate(host, of->order->slot, &of->wish, of->order->name,
                                                    of->order->receiver, of->order->receiver_length, out),
                         out);
}

psd_result psd_agent_issue(const psd_desk *desk, const psd_agent_order *order, psd_buffer *certificate,
                           psd_buffer *enveloped) {
  const psd_asked asked = {.service = PSD_SERVICE_AGENT,
                           .slot = order->slot,
                           .purpose = PSD_PURPOSE_AGENT,
                           .active = true,
                           .what = "a certificate"};
  issue of = {.order = order, .wish = {.algorithm = order->algorithm, .days = order->days, .usage = order->usage}};
  psd_result result = psd_service_number(desk->host, of.wish.call);
  if (result == PSD_OK)
    result = psd_service_run(desk, &asked, send_issue, &of, certificate);
  return result == PSD_OK ? psd_host_get_last(desk->host, PSD_LAST_KEY, enveloped) : result;
}

typedef struct revocation {
  uint8_t slot;
  psd_reason reason;
  psd_service_call call;
} revocation;

static psd_result send_revocation(psd_host *host, const void *wish, psd_buffer *out) {
  const revocation *of = wish;
  return psd_service_der(host, psd_host_request_revocation(host, of->slot, of->reason, &of->call, out), out);
}

psd_result psd_revocation_request(const psd_desk *desk, uint8_t slot, psd_reason reason, psd_buffer *out) {
  const psd_asked asked = {.slot = slot, .active = true, .what = "the request"};
  revocation of = {.slot = slot, .reason = reason};
  psd_result result = psd_service_number(desk->host, of.call.call);
  return result == PSD_OK ? psd_service_run(desk, &asked, send_revocation, &of, out) : result;
}

typedef struct command {
  const void *bytes;
  size_t length;
} command;

static psd_result send_command(psd_host *host, const void *wish, psd_buffer *out) {
  const command *of = wish;
  return psd_service_der(host, psd_host_revoke_certificate(host, of->bytes, of->length, out), out);
}

psd_result psd_revocation_carry_out(const psd_desk *desk, uint8_t slot, const void *order, size_t length,
                                    psd_buffer *out) {
  const psd_asked asked = {.service = PSD_SERVICE_REVOCATION, .slot = slot, .what = "the revocation"};
  const command of = {.bytes = order, .length = length};
  return psd_service_run(desk, &asked, send_command, &of, out);
}
