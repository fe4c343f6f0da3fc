/* One session of the meter server, frame by frame: its line and its service are a test's, the card and the key
 * management system are on paper, the database is real. */
#ifndef PSD_SESSION_BENCH_H
#define PSD_SESSION_BENCH_H

#include "meter/session.h"
#include "paper_card.h"

#define BENCH_SERIAL 0x00C0FFEEU
#define BENCH_CA 77U /* the CA key that the PSD knows */
#define BENCH_FRAMES 32U
#define BENCH_CALLS 8U

/* Stretched passwords; the first one is anna's and bert's. */
extern const uint8_t bench_right[32], bench_wrong[32], bench_another[32];

typedef struct bench_frame {
  psd_frame_type type;
  uint8_t body[PAPER_RECORD];
  size_t length;
} bench_frame;

typedef struct bench bench;
/* Another key management system, for what the one on paper does not do: 0 leaves it to that one. */
typedef psd_frame_type bench_kms(bench *at, psd_frame_type type, const uint8_t *body, size_t length,
                                 uint8_t answer[PAPER_RECORD], size_t *answer_length);

/* A server of one session: what was sent, and who waits for what. */
struct bench {
  psd_meter_service service;
  psd_meter_settings settings;
  psd_db *db;
  char file[64];
  int64_t account;
  psd_meter_session *session;
  paper_card card;
  bench_frame sent[BENCH_FRAMES];
  unsigned sent_count, taken;
  bool closed;
  size_t limit;
  uint64_t deadline, time;
  psd_meter_call *calls[BENCH_CALLS];
  unsigned call_count, asked, forgotten;
  psd_meter_job *job;
  unsigned writes;
  /* Misfortune. */
  bool no_kms, no_database;
  psd_signal kms_refuses;
  psd_db_result database_fails;
  psd_frame_type kms_refuses_type; /* with REQUEST; 0 for none */
  bench_kms *kms;                  /* NULL for none */
};

/* Accounts, users (anna, bert) and one PSD that is nobody's; the server has been called. */
void bench_open(bench *at);
void bench_close(bench *at);
/* Another call; the one before must have been hung up. */
void bench_call(bench *at);
void bench_hang_up(bench *at);

/* One request to the key management system, or one job of the database; false if there is none. */
bool bench_answer_call(bench *at);
bool bench_do_job(bench *at);
/* All of them. */
void bench_pump(bench *at);

int64_t bench_user(const bench *at, const char *name);
psd_device_row bench_row(const bench *at);
/* Registers the PSD. */
void bench_give_to(const bench *at, const char *name);

/* The next frame that was sent; it must be of this type. */
const bench_frame *bench_expect(bench *at, psd_frame_type type);
/* The session must have ended with this signal at this step. Returns the wait. */
uint64_t bench_expect_end(bench *at, psd_signal signal, unsigned step);

/* A frame of the Host. */
void bench_send(bench *at, psd_frame_type type, const void *body, size_t length);
void bench_sign_on_as(bench *at, psd_suite suite, bool forward, const char *name, const uint8_t verifier[32]);
/* Up to M2. */
void bench_sign_on(bench *at, psd_suite suite);
void bench_send_audit(bench *at);
/* Up to M4. */
void bench_open_session(bench *at, psd_suite suite);
/* Signs off; another session may follow. */
void bench_sign_off(bench *at);
/* A request of the Host, sealed; no answer is awaited. */
void bench_ask(bench *at, psd_host_operation operation, const void *content, size_t length);
/* The same, and the signal of the answer. */
int bench_request(bench *at, psd_host_operation operation, const void *content, size_t length);
/* The answer that was sent to `operation`: its signal. */
int bench_answer(bench *at, psd_host_operation operation);

#endif
