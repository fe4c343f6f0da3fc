#include "orders.h"

#include "check.h"

const order_sample order_samples[] = {
    {PSD_COMMAND_AUTHORIZE, 0, "0000C350 00000007", PSD_EVENT_STATE_CHANGED},
    {PSD_COMMAND_SET_LIMITS, PSD_SLOT_LIMITS,
     "0000000000000014 0000000000010000 0000000000100000 00000000000003E8 0000000000080000", PSD_EVENT_OBJECT_WRITTEN},
    {PSD_COMMAND_SET_WATCHDOG, 0, "0000000000000000 00015180 0002A300", PSD_EVENT_OBJECT_WRITTEN},
    {PSD_COMMAND_SET_CLOCK, 0, "0000000069F5B900 01", PSD_EVENT_OBJECT_WRITTEN}, /* RIG_TIME and 121 days */
    {PSD_COMMAND_SET_LICENCE, 0, "0000C350 00000007", PSD_EVENT_OBJECT_WRITTEN},
    {PSD_COMMAND_DISABLE, 0, "", PSD_EVENT_STATE_CHANGED},
    {PSD_COMMAND_ENABLE, 0, "", PSD_EVENT_STATE_CHANGED},
};
const size_t order_sample_count = PSD_CHECK_COUNT(order_samples);

uint16_t order_send(meter *m, const order_sample *sample, uint32_t number) {
  uint8_t content[128];
  size_t length = psd_check_hex(sample->content, content, sizeof content);
  return provider_order(m, sample->id, sample->p1, number, content, length);
}
