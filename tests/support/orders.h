/* One order of each kind that needs no certificate, with a content that a card in service takes. */
#ifndef PSD_TEST_ORDERS_H
#define PSD_TEST_ORDERS_H

#include "provider.h"

typedef struct order_sample {
  psd_command_id id;
  uint8_t p1;
  const char *content; /* hexadecimal */
  psd_event event;     /* in the log */
} order_sample;

extern const order_sample order_samples[];
extern const size_t order_sample_count;

/* Sends the sample as the order with this number. */
uint16_t order_send(meter *m, const order_sample *sample, uint32_t number);

#endif
