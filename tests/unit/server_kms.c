/* The meter server's side of its key management systems: one that has too much to do is not taken for a dead one. */
#include "meter/kms.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "psd/spec/messages.h"
#include "wire/stream.h"

#define BODY 700U
#define LATE_CALLS 6U
#define LATE_MS 300U

typedef struct bench {
  uv_loop_t loop;
  psd_meter_kms *kms;
  psd_meter_paths paths;
  char folder[32];
  int listener, connection;
  uv_timer_t pace;
  unsigned answered, failed;
  bool ready;
} bench;

static void on_ready(void *owner) {
  ((bench *)owner)->ready = true;
}

static void bench_open(bench *on, uint64_t timeout) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  *on = (bench){.folder = "/tmp/psd-kms-XXXXXX", .paths = {.count = 1}};
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(on->folder));
  (void)snprintf(on->paths.at[0], sizeof on->paths.at[0], "%s/kms", on->folder);
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/kms", on->folder);
  on->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CU_ASSERT_EQUAL_FATAL(bind(on->listener, (const struct sockaddr *)&address, sizeof address), 0);
  CU_ASSERT_EQUAL_FATAL(listen(on->listener, 1), 0);
  CU_ASSERT_EQUAL_FATAL(uv_loop_init(&on->loop), 0);
  on->kms = psd_meter_kms_new(&on->loop, NULL);
  CU_ASSERT_PTR_NOT_NULL_FATAL(on->kms);
  psd_meter_kms_on_ready(on->kms, on_ready, on);
  psd_meter_kms_use(on->kms, &on->paths, timeout);
  while (!on->ready)
    (void)uv_run(&on->loop, UV_RUN_ONCE);
  on->connection = accept(on->listener, NULL, NULL);
  CU_ASSERT_TRUE_FATAL(on->connection >= 0);
}

static void bench_close(bench *on) {
  psd_meter_kms_free(on->kms);
  (void)uv_run(&on->loop, UV_RUN_DEFAULT);
  CU_ASSERT_EQUAL(uv_loop_close(&on->loop), 0);
  (void)close(on->connection);
  (void)close(on->listener);
  (void)unlink(on->paths.at[0]);
  (void)rmdir(on->folder);
}

static void on_answered(void *owner, const psd_meter_answer *answer) {
  bench *on = owner;
  on->answered++;
  on->failed += answer->type == PSD_FRAME_KMS_REFUSED;
}

static bool ask(bench *on) {
  static const uint8_t body[BODY];
  return psd_meter_kms_ask(on->kms, PSD_FRAME_KMS_UNWRAP, body, sizeof body, on_answered, on) != NULL;
}

/* One that reads nothing takes so much and no more; what was asked already is not lost by it. */
static void test_full(void) {
  bench on;
  unsigned asked = 0;
  bench_open(&on, 3600);
  while (asked < PSD_METER_CALLS_MAX && ask(&on)) {
    asked++;
    (void)uv_run(&on.loop, UV_RUN_NOWAIT);
  }
  CU_ASSERT_TRUE(asked * BODY > PSD_STREAM_LIMIT / 2U);
  CU_ASSERT_TRUE(asked < PSD_METER_CALLS_MAX);
  (void)uv_run(&on.loop, UV_RUN_NOWAIT);
  CU_ASSERT_EQUAL(on.answered, 0);
  /* With room again it is asked again. */
  uint8_t taken[65536];
  while (!ask(&on)) {
    CU_ASSERT_TRUE_FATAL(read(on.connection, taken, sizeof taken) > 0);
    (void)uv_run(&on.loop, UV_RUN_NOWAIT);
  }
  CU_ASSERT_EQUAL(on.answered, 0);
  bench_close(&on);
}

/* Answers the oldest request. */
static void answer_one(uv_timer_t *pace) {
  uint8_t frame[PSD_SIZE_FRAME + PSD_SIZE_KMS_CALL + BODY];
  bench *on = pace->data;
  CU_ASSERT_EQUAL_FATAL(recv(on->connection, frame, sizeof frame, MSG_WAITALL), sizeof frame);
  psd_buffer head = psd_buffer_over(frame, PSD_SIZE_FRAME);
  psd_put_message(&head, PSD_MESSAGE_FRAME,
                  &(psd_frame){.length = PSD_SIZE_KMS_CALL, .type = PSD_FRAME_KMS_SESSION_KEY});
  /* Behind the head the number of the request stands already. */
  (void)send(on->connection, frame, PSD_SIZE_FRAME + PSD_SIZE_KMS_CALL, MSG_NOSIGNAL);
}

/* One that answers slowly, the last long after the time limit, but answers, keeps its connection. */
static void test_late(void) {
  bench on;
  bench_open(&on, 1);
  for (unsigned i = 0; i < LATE_CALLS; i++)
    CU_ASSERT_TRUE_FATAL(ask(&on));
  (void)uv_timer_init(&on.loop, &on.pace);
  on.pace.data = &on;
  (void)uv_timer_start(&on.pace, answer_one, LATE_MS, LATE_MS);
  while (on.answered < LATE_CALLS) {
    (void)uv_run(&on.loop, UV_RUN_ONCE);
    if (on.failed > 0)
      break;
  }
  CU_ASSERT_EQUAL(on.answered, LATE_CALLS);
  CU_ASSERT_EQUAL(on.failed, 0);
  uv_close((uv_handle_t *)&on.pace, NULL);
  bench_close(&on);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"one that takes no more is asked no more", test_full},
      {"one that is late, and not dead", test_late},
  };
  return psd_check_run("key management systems of the meter server", tests, PSD_CHECK_COUNT(tests));
}
