/* Orders of the provider in a session of the bench: waiting, coming, answered. */
#ifndef PSD_BENCH_ORDERS_H
#define PSD_BENCH_ORDERS_H

#include "session_bench.h"

/* A bench with a registered PSD, with a key pair of its own if wanted. */
void bench_open_registered(bench *at, bool pair);
/* The PSD as the database has it. */
psd_meter_row bench_meter(const bench *at);
void bench_change_meter(const bench *at, const psd_meter_row *row);
/* An order that waits for the PSD. */
void bench_put_order(const bench *at, unsigned action, const void *content, size_t length);
/* The order that was sent to the card; it must be authentic. */
paper_order bench_take_order(bench *at);
/* The card's answer to it, and what follows. */
void bench_card_says(bench *at, uint16_t status);

#endif
