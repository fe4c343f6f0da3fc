/* The provider's orders (docs/funds.md): commands that the key management system has authenticated and numbered. Each
 * is checked here once, then does what it does to a change that is committed with its number. */
#ifndef PSD_METER_ORDER_H
#define PSD_METER_ORDER_H

#include "meter/change.h"

/* An order under way: what it says, and the change that comes of it. */
typedef struct psd_order_change {
  psd_card *card;
  uint8_t p1;
  psd_cursor content; /* what is before ORDER; its bytes stay until the commit */
  psd_change change;
  psd_event event; /* for the log, with `detail` */
  uint16_t detail;
  bool collects; /* it may bring credit: what is due is collected with it */
} psd_order_change;

/* What one command does: checks its content, then its state, and changes `change.next` or puts records. 9000 or the
 * reason, with which nothing is committed. */
typedef uint16_t psd_order_apply(psd_order_change *order);

/* Order of the checks: length, authentication (6300), number (6985, or 9000 at once for the very order that was the
 * last), then what `apply` finds. One commit, one log record. */
uint16_t psd_order_carry_out(psd_card *card, const psd_request *request, psd_order_apply *apply);

/* The handler of a command that is an order. */
#define PSD_ORDER_HANDLER(command)                                                                                     \
  uint16_t psd_handle_##command(psd_card *card, const psd_request *request, psd_buffer *out) {                         \
    (void)out;                                                                                                         \
    return psd_order_carry_out(card, request, command);                                                                \
  }

/* Puts the value of an object that is kept in a record of its own, as it came, and marks it for the log. */
void psd_order_put_object(psd_order_change *order, psd_object_id id, psd_cursor value);

/* Erases what a zeroized card has removed from its store; nothing for a card that is not, or has nothing left to erase.
 * After the commit, and at power-up: the power may have gone in between. False if the memory failed. */
bool psd_zeroize_finish(psd_card *card);

#endif
