/* psd-server as a process, and its key management systems: on paper, in threads of the test. */
#ifndef SERVER_PROCESS_BENCH_H
#define SERVER_PROCESS_BENCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "check.h"
#include "paper_card.h"

#define PATIENCE_MS 20000

/* A key management system on paper at a Unix socket. */
typedef struct paper_kms_server {
  char path[64];
  int listener, connection;
  pthread_t thread;
  const paper_card *card;
  atomic_uint answered;
  atomic_bool silent; /* takes requests, answers none of a handshake's */
} paper_kms_server;

typedef struct bench {
  char folder[32];
  char database[64];
  paper_card card;
  paper_kms_server kms[2];
  pid_t server;
  int out, err; /* what it says */
  uint16_t port;
  char log[65536];
  size_t log_length;
} bench;

/* What it gives as the key of the columns. */
extern const uint8_t column_key[32];

/* Reads that many bytes; false if they do not come. */
bool read_all(int fd, void *bytes, size_t length);
bool write_frame(int fd, psd_frame_type type, const void *body, size_t length);
/* A key management system begins to listen; and goes as a process does that is killed. */
void kms_start(paper_kms_server *at);
void kms_stop(paper_kms_server *at);

/* The most files the next process may open; 0 for as many as the test. */
extern rlim_t spawn_files;

/* Its exit status, once it has ended. */
int wait_end(bench *at);
/* Reads the log until `part` comes. */
void wait_log(bench *at, const char *part);
/* The port that it says it listens on. */
void read_port(bench *at);
/* Folder, database and card; nothing runs. */
void prepare(bench *at);
/* Starts the server with more arguments, joined by blanks, behind the usual ones; % in them is the folder. */
void launch(bench *at, const char *more);
/* All of it, with one key management system. */
void start(bench *at, const char *more);
/* Ends what runs, `second` the other key management system too, and removes the folder. */
void finish(bench *at, bool second);
int connect_tcp(const bench *at);
/* The next frame; its type, 0 when the connection is closed. */
unsigned receive(int fd, uint8_t body[PSD_FRAME_BODY_MAX], size_t *length);
/* The server ends it with this signal, and closes. */
void expect_signal(int fd, psd_signal signal, unsigned step);
/* Connects and takes the greeting. */
int call_server(bench *at);
void send_sign_on(bench *at, int fd);
void send_audit(bench *at, int fd);
void take_m2(bench *at, int fd);
void take_m4(bench *at, int fd);
void handshake(bench *at, int fd);

#endif
