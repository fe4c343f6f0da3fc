/* A session bench whose card on paper has funds: refills and withdrawals, step by step, cut off wherever a test wants,
 * and the ledger that must be right after each of them. */
#ifndef PSD_FUNDS_BENCH_H
#define PSD_FUNDS_BENCH_H

#include "paper_funds.h"
#include "psd/spec/objects.h"
#include "session_bench.h"

#define FUNDS_DEPOSIT 10000000U /* mills on the account in the beginning */

typedef struct funds_bench {
  bench at;
  paper_funds card;
  psd_funds_result result; /* of the last answer */
} funds_bench;

/* A PSD of anna's without funds, and a deposit on her account; a session is open. */
void funds_open(funds_bench *on);
/* The same in another mode, with what it has printed before. */
void funds_open_as(funds_bench *on, psd_funds_mode mode, uint64_t ascending);
void funds_close(funds_bench *on);
/* A session on the call that is there, with whatever the card has to tell. */
void funds_sign_on(funds_bench *on);
/* The connection is lost, and another session opened. Where M4 announces something the Host asks for it (HOST_DONE),
 * and everything runs to its end: the signal, 0 where nothing was announced. */
void funds_lose(funds_bench *on);
int funds_again(funds_bench *on);

/* Sends a request; nothing is carried out yet. */
void funds_ask(funds_bench *on, psd_host_operation operation, psd_group group, uint64_t amount, bool final);
/* The next thing that somebody waits for: key management system, database, or card. False if there is nothing. */
bool funds_step(funds_bench *on);
/* All of them. */
void funds_run(funds_bench *on);
/* The same, but the connection is cut at the `cut`th place: before each thing is done, and for database and card also
 * after it, before anybody hears of it. True if it was cut; funds_lose goes on. */
bool funds_run_cut(funds_bench *on, unsigned cut);
/* Runs until the card has a command with this INS; false if that does not come. */
bool funds_run_to(funds_bench *on, uint8_t ins);
/* Takes the answer to the Host: its signal. */
int funds_answer(funds_bench *on, psd_host_operation operation);
/* All in one. */
int funds_move(funds_bench *on, psd_host_operation operation, psd_group group, uint64_t amount, bool final);

/* No mill is lost and none is made: the books are checked against the deposit and, `settled`, against the card. */
void funds_check(const funds_bench *on, bool settled);
/* Balance of the account. */
uint64_t funds_account(const funds_bench *on);
psd_meter_row funds_row(const funds_bench *on);

#endif
