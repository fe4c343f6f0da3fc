#include "kms/order_rules.h"

#include "kms/certificate.h"
#include "kms/operations.h"
#include "kms/wrapped_k4.h"
#include "psd/spec/commands.h"

/* Parses content that is one layout, and nothing else. */
static bool is(const psd_kms_wanted *wanted, psd_message_id layout, void *fields) {
  return psd_parse_message(wanted->content.data, wanted->content.length, layout, fields);
}

static psd_signal right(bool holds) {
  return holds ? PSD_SIGNAL_NONE : PSD_SIGNAL_REQUEST;
}

static psd_signal empty(const psd_kms_wanted *wanted) {
  return right(wanted->content.length == 0);
}

static psd_signal certificate(const psd_kms_wanted *wanted) {
  return right(psd_kms_k4_has_pair(wanted->k4) &&
               psd_kms_certificate_ours(wanted->service->keys, wanted->content, wanted->k4->point));
}

/* LICENCE || certificate, which a PSD without a key pair has none of. */
static psd_signal authorize(const psd_kms_wanted *wanted) {
  psd_cursor content = psd_cursor_over(wanted->content.data, wanted->content.length);
  psd_licence licence;
  if (!psd_take_message(&content, PSD_MESSAGE_LICENCE, &licence))
    return PSD_SIGNAL_REQUEST;
  psd_kms_wanted rest = *wanted;
  rest.content = (psd_part){content.at, content.left};
  return psd_kms_k4_has_pair(wanted->k4) ? certificate(&rest) : empty(&rest);
}

static psd_signal limits(const psd_kms_wanted *wanted) {
  psd_limits fields;
  if (!is(wanted, PSD_MESSAGE_LIMITS, &fields) || fields.minimum_postage > fields.maximum_postage ||
      fields.minimum_refill > fields.maximum_refill)
    return PSD_SIGNAL_REQUEST;
  return fields.maximum_refill <= psd_kms_policy_of(wanted->service)->most ? PSD_SIGNAL_NONE : PSD_SIGNAL_LIMIT;
}

static psd_signal credit_line(const psd_kms_wanted *wanted) {
  psd_credit_line fields;
  return right(is(wanted, PSD_MESSAGE_CREDIT_LINE, &fields) && fields.credit_limit > 0);
}

static psd_signal watchdog(const psd_kms_wanted *wanted) {
  psd_watchdog fields;
  if (!is(wanted, PSD_MESSAGE_WATCHDOG, &fields) || fields.warn_after == 0 || fields.warn_after > fields.lock_after)
    return PSD_SIGNAL_REQUEST;
  return fields.lock_after <= psd_kms_policy_of(wanted->service)->longest_watchdog ? PSD_SIGNAL_NONE : PSD_SIGNAL_LIMIT;
}

static psd_signal clock_time(const psd_kms_wanted *wanted) {
  psd_clock fields;
  return right(is(wanted, PSD_MESSAGE_CLOCK, &fields) && fields.set == 1 &&
               psd_kms_apart(fields.now, wanted->service->now()) <= PSD_KMS_AUDIT_SKEW);
}

static psd_signal licence(const psd_kms_wanted *wanted) {
  psd_licence fields;
  return right(is(wanted, PSD_MESSAGE_LICENCE, &fields));
}

static const struct rule {
  psd_command_id command;
  uint8_t p1;
  psd_signal (*check)(const psd_kms_wanted *wanted);
} rules[] = {
    {PSD_COMMAND_AUTHORIZE, 0, authorize},
    {PSD_COMMAND_SET_LIMITS, PSD_SLOT_LIMITS, limits},
    {PSD_COMMAND_SET_LIMITS, PSD_SLOT_CREDIT_LIMIT, credit_line},
    {PSD_COMMAND_SET_WATCHDOG, 0, watchdog},
    {PSD_COMMAND_SET_CLOCK, 0, clock_time},
    {PSD_COMMAND_SET_LICENCE, 0, licence},
    {PSD_COMMAND_ENABLE, 0, empty},
    {PSD_COMMAND_DISABLE, 0, empty},
    {PSD_COMMAND_LOAD_CERTIFICATE, PSD_SLOT_PSD_CERTIFICATE, certificate},
    {PSD_COMMAND_ZEROIZE, 0, empty},
};

psd_signal psd_kms_may_order(uint64_t ins, uint64_t p1, const psd_kms_wanted *wanted) {
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
    if (psd_commands[rules[i].command].ins == ins && rules[i].p1 == p1)
      return rules[i].check(wanted);
  return PSD_SIGNAL_REQUEST;
}
