/* Frames over libuv: however they arrive, whatever the other side does. */
#include "wire/stream.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

#define PATIENCE_MS 10000U
/* Bytes of a body where many frames are wanted: less than a pipe takes at once, and all of them less than may wait. */
#define PIECE 4096U

/* What came out of the stream, and what to do in its events. */
typedef struct seen {
  unsigned frames, drained, closed;
  psd_stream_end end;
  size_t body_bytes;
  uint8_t last_type;
  uint8_t last[PSD_FRAME_BODY_MAX];
  size_t last_length;
  bool close_in_frame, flush, echo;
} seen;

typedef struct bench {
  uv_loop_t loop;
  psd_stream *stream;
  int peer; /* the other end, non-blocking */
  seen seen;
  uv_timer_t patience;
} bench;

static void on_frame(psd_stream *stream, psd_frame_type type, const uint8_t *body, size_t length) {
  seen *at = psd_stream_user(stream);
  at->frames++;
  at->body_bytes += length;
  at->last_type = (uint8_t)type;
  at->last_length = length;
  if (length > 0)
    memcpy(at->last, body, length);
  if (at->echo)
    psd_stream_send(stream, type, body, length);
  if (at->close_in_frame)
    psd_stream_close(stream, at->flush);
}

static void on_closed(psd_stream *stream, psd_stream_end end) {
  seen *at = psd_stream_user(stream);
  at->closed++;
  at->end = end;
}

static void on_drained(psd_stream *stream) {
  seen *at = psd_stream_user(stream);
  at->drained++;
}

static const psd_stream_events events = {.frame = on_frame, .closed = on_closed, .drained = on_drained};

static void out_of_patience(uv_timer_t *timer) {
  (void)timer;
  CU_FAIL_FATAL("nothing happened in time");
}

static void open_loop(bench *at) {
  *at = (bench){.peer = -1};
  CU_ASSERT_EQUAL_FATAL(uv_loop_init(&at->loop), 0);
  CU_ASSERT_EQUAL_FATAL(uv_timer_init(&at->loop, &at->patience), 0);
  CU_ASSERT_EQUAL_FATAL(uv_timer_start(&at->patience, out_of_patience, PATIENCE_MS, 0), 0);
  uv_unref((uv_handle_t *)&at->patience);
}

static void start(bench *at, int fd, bool pipe, size_t most) {
  at->stream = psd_stream_new(&at->loop, pipe, &events, &at->seen);
  CU_ASSERT_PTR_NOT_NULL_FATAL(at->stream);
  uv_stream_t *handle = psd_stream_handle(at->stream);
  if (pipe) {
    CU_ASSERT_EQUAL_FATAL(uv_pipe_init(&at->loop, (uv_pipe_t *)handle, 0), 0);
    CU_ASSERT_EQUAL_FATAL(uv_pipe_open((uv_pipe_t *)handle, fd), 0);
  } else {
    CU_ASSERT_EQUAL_FATAL(uv_tcp_init(&at->loop, (uv_tcp_t *)handle), 0);
    CU_ASSERT_EQUAL_FATAL(uv_tcp_open((uv_tcp_t *)handle, fd), 0);
  }
  CU_ASSERT_TRUE_FATAL(psd_stream_start(at->stream, most));
}

static void open_bench(bench *at, size_t most) {
  int ends[2];
  open_loop(at);
  CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  at->peer = ends[1];
  CU_ASSERT_EQUAL_FATAL(fcntl(at->peer, F_SETFL, O_NONBLOCK), 0);
  start(at, ends[0], true, most);
}

/* A pair of connected TCP sockets on loopback. */
static void tcp_pair(int ends[2]) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  CU_ASSERT_TRUE_FATAL(listener >= 0);
  CU_ASSERT_EQUAL_FATAL(bind(listener, (struct sockaddr *)&address, length), 0);
  CU_ASSERT_EQUAL_FATAL(getsockname(listener, (struct sockaddr *)&address, &length), 0);
  CU_ASSERT_EQUAL_FATAL(listen(listener, 1), 0);
  ends[0] = socket(AF_INET, SOCK_STREAM, 0);
  CU_ASSERT_EQUAL_FATAL(connect(ends[0], (struct sockaddr *)&address, length), 0);
  ends[1] = accept(listener, NULL, NULL);
  CU_ASSERT_TRUE_FATAL(ends[1] >= 0);
  (void)close(listener);
}

static void open_tcp_bench(bench *at, size_t most) {
  int ends[2];
  open_loop(at);
  tcp_pair(ends);
  at->peer = ends[1];
  CU_ASSERT_EQUAL_FATAL(fcntl(at->peer, F_SETFL, O_NONBLOCK), 0);
  start(at, ends[0], false, most);
}

/* One turn that does not wait. */
static void turn(bench *at) {
  (void)uv_run(&at->loop, UV_RUN_NOWAIT);
}

static void wait_frames(bench *at, unsigned frames) {
  while (at->seen.frames < frames && at->seen.closed == 0)
    (void)uv_run(&at->loop, UV_RUN_ONCE);
  CU_ASSERT_EQUAL_FATAL(at->seen.frames, frames);
}

static void wait_closed(bench *at, psd_stream_end end) {
  while (at->seen.closed == 0)
    (void)uv_run(&at->loop, UV_RUN_ONCE);
  CU_ASSERT_EQUAL(at->seen.closed, 1);
  CU_ASSERT_EQUAL(at->seen.end, end);
  at->stream = NULL;
}

static void close_bench(bench *at) {
  if (at->stream != NULL) {
    psd_stream_close(at->stream, false);
    CU_ASSERT_TRUE(psd_stream_closing(at->stream));
    wait_closed(at, PSD_STREAM_CLOSED_BY_US);
  }
  if (at->peer >= 0)
    (void)close(at->peer);
  uv_close((uv_handle_t *)&at->patience, NULL);
  CU_ASSERT_EQUAL(uv_run(&at->loop, UV_RUN_DEFAULT), 0);
  CU_ASSERT_EQUAL(uv_loop_close(&at->loop), 0);
}

static void send_raw(const bench *at, const void *bytes, size_t length) {
  CU_ASSERT_EQUAL_FATAL(write(at->peer, bytes, length), (ssize_t)length);
}

/* What the stream has sent so far. */
static size_t receive_raw(const bench *at, uint8_t *bytes, size_t room) {
  ssize_t length = read(at->peer, bytes, room);
  return length > 0 ? (size_t)length : 0;
}

static void test_byte_by_byte(void) {
  static const uint8_t bytes[] = {0, 0, 0x09, 0, 3, 0x02, 'a', 'b', 'c', 0, 1, 0x05, 'z'};
  bench at;
  open_bench(&at, 16);
  for (size_t i = 0; i < sizeof bytes; i++) {
    send_raw(&at, bytes + i, 1);
    turn(&at);
    CU_ASSERT_EQUAL(at.seen.drained, i + 1);
    CU_ASSERT_EQUAL(at.seen.frames, i < 2 ? 0 : i < 8 ? 1 : i < 12 ? 2 : 3);
    if (i == 8)
      CU_ASSERT_TRUE(at.seen.last_type == 2 && at.seen.last_length == 3 && memcmp(at.seen.last, "abc", 3) == 0);
  }
  CU_ASSERT_TRUE(at.seen.last_type == 5 && at.seen.last_length == 1 && at.seen.last[0] == 'z');
  close_bench(&at);
}

static void test_many_at_once(void) {
  enum { COUNT = 1000, BODY = 40 };
  static uint8_t bytes[COUNT * (BODY + 3)];
  bench at;
  open_tcp_bench(&at, BODY);
  for (size_t i = 0; i < COUNT; i++) {
    uint8_t *frame = bytes + i * (BODY + 3);
    memset(frame, (int)i, BODY + 3);
    frame[0] = 0;
    frame[1] = BODY;
    frame[2] = 7;
  }
  send_raw(&at, bytes, sizeof bytes);
  wait_frames(&at, COUNT);
  CU_ASSERT_EQUAL(at.seen.body_bytes, COUNT * BODY);
  CU_ASSERT_EQUAL(at.seen.last[BODY - 1], (COUNT - 1) & 0xFF);
  CU_ASSERT_TRUE(at.seen.drained < COUNT / 10);
  close_bench(&at);
}

static void test_every_cut(void) {
  static const uint8_t bytes[] = {0, 4, 1, 'w', 'x', 'y', 'z', 0, 2, 2, 'u', 'v'};
  for (size_t cut = 1; cut < sizeof bytes; cut++) {
    bench at;
    open_bench(&at, 4);
    send_raw(&at, bytes, cut);
    turn(&at);
    (void)close(at.peer);
    at.peer = -1;
    wait_closed(&at, cut == 7 ? PSD_STREAM_CLOSED_BY_PEER : PSD_STREAM_CUT);
    CU_ASSERT_EQUAL(at.seen.frames, cut < 7 ? 0 : 1);
    close_bench(&at);
  }
}

static void test_oversize(void) {
  static const uint8_t fits[] = {0, 4, 1, 1, 2, 3, 4}, longer[] = {0, 5, 1};
  bench at;
  open_bench(&at, 4);
  send_raw(&at, fits, sizeof fits);
  wait_frames(&at, 1);
  send_raw(&at, longer, sizeof longer);
  wait_closed(&at, PSD_STREAM_OVERSIZE);
  CU_ASSERT_EQUAL(at.seen.frames, 1);
  close_bench(&at);
}

static void test_another_limit(void) {
  static const uint8_t longer[] = {0, 5, 1, 1, 2, 3, 4, 5};
  bench at;
  open_bench(&at, 4);
  psd_stream_limit(at.stream, 5);
  send_raw(&at, longer, sizeof longer);
  wait_frames(&at, 1);
  psd_stream_limit(at.stream, 4);
  send_raw(&at, longer, sizeof longer);
  wait_closed(&at, PSD_STREAM_OVERSIZE);
  close_bench(&at);
}

/* Frames leave together: at the flush, or at the end of the turn. */
static void test_corked(void) {
  uint8_t bytes[64];
  bench at;
  open_bench(&at, 16);
  psd_stream_send(at.stream, PSD_FRAME_SIGN_ON, "abc", 3);
  psd_body pieces[] = {{"de", 2}, {NULL, 0}, {"f", 1}};
  psd_stream_send_pieces(at.stream, PSD_FRAME_HOST_DATA, pieces, 3);
  CU_ASSERT_EQUAL(receive_raw(&at, bytes, sizeof bytes), 0);
  psd_stream_flush(at.stream);
  CU_ASSERT_EQUAL(receive_raw(&at, bytes, sizeof bytes), 12);
  psd_check_bytes(bytes, 12, "000302 616263 000306 646566", "what was sent");
  psd_stream_send(at.stream, PSD_FRAME_SIGN_OFF, NULL, 0);
  turn(&at);
  CU_ASSERT_EQUAL(receive_raw(&at, bytes, sizeof bytes), 3);
  psd_check_bytes(bytes, 3, "000009", "what was sent");
  close_bench(&at);
}

/* Reads at the peer, whatever it is, until so many frames have been handed over. */
static void read_until(bench *at, unsigned frames) {
  static uint8_t bytes[65536];
  while (at->seen.frames < frames && at->seen.closed == 0) {
    (void)receive_raw(at, bytes, sizeof bytes);
    (void)uv_run(&at->loop, UV_RUN_NOWAIT);
  }
}

/* A peer that does not read is not read from; once it reads again everything goes on. */
static void test_back_pressure(void) {
  static uint8_t frame[3 + PIECE] = {PIECE >> 8, PIECE & 0xFF, 6};
  bench at;
  open_bench(&at, PIECE);
  at.seen.echo = true;
  unsigned sent = 0, before = UINT32_MAX;
  /* Until no frame goes in and nothing moves any more. */
  while (before != at.seen.frames || sent == 0) {
    before = at.seen.frames;
    while (write(at.peer, frame, sizeof frame) == (ssize_t)sizeof frame)
      sent++;
    turn(&at);
  }
  CU_ASSERT_TRUE(at.seen.frames < sent);
  CU_ASSERT_EQUAL(at.seen.closed, 0);
  read_until(&at, sent);
  CU_ASSERT_TRUE(at.seen.frames >= sent && sent > before);
  CU_ASSERT_EQUAL(at.seen.closed, 0);
  close_bench(&at);
}

/* What waits for a peer that never reads is bounded. */
static void test_stuffed(void) {
  static const uint8_t body[PIECE];
  bench at;
  open_bench(&at, 16);
  unsigned frames = 0;
  for (; !psd_stream_closing(at.stream) && frames < 10000; frames++)
    psd_stream_send(at.stream, PSD_FRAME_HOST_DATA, body, sizeof body);
  CU_ASSERT_TRUE(frames * sizeof body < PSD_STREAM_LIMIT + 1000000);
  psd_stream_send(at.stream, PSD_FRAME_HOST_DATA, body, sizeof body);
  wait_closed(&at, PSD_STREAM_STUFFED);
  close_bench(&at);
}

static void test_slow_reader_gets_everything(void) {
  enum { COUNT = 200 };
  static const uint8_t body[PIECE];
  bench at;
  open_tcp_bench(&at, 16);
  for (unsigned i = 0; i < COUNT; i++)
    psd_stream_send(at.stream, PSD_FRAME_HOST_DATA, body, sizeof body);
  psd_stream_close(at.stream, true);
  size_t total = 0;
  uint8_t bytes[1000];
  for (;;) {
    size_t length = receive_raw(&at, bytes, sizeof bytes);
    total += length;
    if (length == 0 && at.seen.closed == 1)
      break;
    turn(&at);
  }
  CU_ASSERT_EQUAL(total, COUNT * (3 + sizeof body));
  wait_closed(&at, PSD_STREAM_CLOSED_BY_US);
  close_bench(&at);
}

/* Closed in the event of a frame: the frames behind it are not handed over any more. */
static void close_inside(bool flush) {
  static const uint8_t bytes[] = {0, 1, 1, 'a', 0, 1, 1, 'b', 0, 1, 1, 'c'};
  uint8_t back[32];
  bench at;
  open_bench(&at, 16);
  at.seen.close_in_frame = true;
  at.seen.flush = flush;
  at.seen.echo = true;
  send_raw(&at, bytes, sizeof bytes);
  wait_closed(&at, PSD_STREAM_CLOSED_BY_US);
  CU_ASSERT_EQUAL(at.seen.frames, 1);
  CU_ASSERT_EQUAL(at.seen.drained, 0);
  CU_ASSERT_EQUAL(receive_raw(&at, back, sizeof back), flush ? 4 : 0);
  close_bench(&at);
}

static void test_close_in_event(void) {
  close_inside(false);
  close_inside(true);
}

/* The same with a frame that came in parts. */
static void test_close_in_event_of_parts(void) {
  bench at;
  open_bench(&at, 16);
  at.seen.close_in_frame = true;
  send_raw(&at, "\0\3\1ab", 5);
  turn(&at);
  CU_ASSERT_EQUAL(at.seen.frames, 0);
  send_raw(&at, "c\0\0\1", 4);
  wait_closed(&at, PSD_STREAM_CLOSED_BY_US);
  CU_ASSERT_EQUAL(at.seen.frames, 1);
  CU_ASSERT_EQUAL(memcmp(at.seen.last, "abc", 3), 0);
  close_bench(&at);
}

static void test_peer_vanishes_while_writing(void) {
  static const uint8_t body[PIECE];
  bench at;
  open_bench(&at, 16);
  for (unsigned i = 0; i < 150; i++)
    psd_stream_send(at.stream, PSD_FRAME_HOST_DATA, body, sizeof body);
  psd_stream_flush(at.stream);
  (void)close(at.peer);
  at.peer = -1;
  wait_closed(&at, PSD_STREAM_CUT);
  close_bench(&at);
}

static void test_close_twice(void) {
  bench at;
  open_bench(&at, 16);
  psd_stream_send(at.stream, PSD_FRAME_SIGN_OFF, NULL, 0);
  psd_stream_close(at.stream, true);
  psd_stream_close(at.stream, true);
  psd_stream_close(at.stream, false);
  psd_stream_flush(at.stream);
  CU_ASSERT_TRUE(psd_stream_closing(at.stream));
  wait_closed(&at, PSD_STREAM_CLOSED_BY_US);
  close_bench(&at);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"frames byte by byte", test_byte_by_byte},
      {"many frames in one read", test_many_at_once},
      {"a stream cut at every place", test_every_cut},
      {"a frame longer than allowed", test_oversize},
      {"the limit changes between two frames", test_another_limit},
      {"frames leave together, at the flush or at the end of the turn", test_corked},
      {"a peer that does not read is not read from", test_back_pressure},
      {"what waits to be written is bounded", test_stuffed},
      {"a slow reader gets everything before the stream closes", test_slow_reader_gets_everything},
      {"closed inside the event of a frame", test_close_in_event},
      {"closed inside the event of a frame that came in parts", test_close_in_event_of_parts},
      {"the peer vanishes while frames wait", test_peer_vanishes_while_writing},
      {"closed more than once", test_close_twice},
  };
  (void)signal(SIGPIPE, SIG_IGN);
  return psd_check_run("server stream", tests, PSD_CHECK_COUNT(tests));
}
