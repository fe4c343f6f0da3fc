/* The provider of a card on the bench: its commands, each in a record of an open session, and what only the key
 * management system can make for them (docs/funds.md). */
#ifndef PSD_TEST_PROVIDER_H
#define PSD_TEST_PROVIDER_H

#include "meter.h"

/* A card in `state` on a new bench, and an open session with its meter server. The first completed audit puts an
 * AUTHORIZED card into operation. meter_bench_end ends it. */
void provider_begin(rig *r, meter *m, psd_state state);
/* The card with another core, reset, and a new session. */
void provider_core(meter *m, const psd_core *core);

/* The row's command with this P1 in a record: its own SW1-SW2, its data in m->r->response. Without `length` there is no
 * data. */
uint16_t provider_send(meter *m, psd_command_id id, uint8_t p1, const void *data, size_t length);

/* What a command that is refused, or repeated, leaves alone. */
typedef struct provider_mark {
  psd_core core;
  uint64_t operations; /* on the memory */
} provider_mark;
provider_mark provider_look(const meter *m);
/* True if nothing was changed or written since. */
bool provider_untouched(const meter *m, const provider_mark *mark);
/* The newest record of the card's log. */
psd_log_record provider_newest(meter *m);

/* Appends content || ORDER for a command of the provider. */
void provider_put_order(const meter *m, psd_command_id id, uint8_t p1, uint32_t number, const void *content,
                        size_t length, psd_buffer *out);
/* The same, sent. */
uint16_t provider_order(meter *m, psd_command_id id, uint8_t p1, uint32_t number, const void *content, size_t length);

/* FUNDS_START, sent with INITIALIZE LOAD or INITIALIZE WITHDRAWAL. */
uint16_t provider_start(meter *m, psd_command_id id, psd_group group, uint64_t amount, bool final);
/* The request in the last answer; its signature is asserted. */
psd_funds_request provider_request(const meter *m);
/* The receipt in the last answer; its signature is asserted. */
psd_funds_receipt provider_receipt(const meter *m);
/* What the key management system would authorize upon that request: good for an hour by the card's clock. */
psd_funds_authorization provider_authorization(const meter *m, const psd_funds_request *request);
/* FUNDS_AUTHORIZATION || authentication. */
void provider_authenticate(const meter *m, const psd_funds_authorization *authorization,
                           uint8_t out[PSD_AUTHORIZED_FUNDS]);
/* The same, sent with CREDIT or COMPLETE WITHDRAWAL. */
uint16_t provider_finish(meter *m, psd_command_id id, const psd_funds_authorization *authorization);
/* CANCEL LOAD of this number. */
uint16_t provider_cancel(meter *m, uint32_t sequence);

#endif
