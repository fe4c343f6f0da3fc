#include "server.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "meter/batch.h"
#include "meter/session.h"

#define FRAMES 8U

typedef struct frame {
  psd_frame_type type;
  uint8_t body[PSD_FRAME_BODY_MAX];
  size_t length;
} frame;

/* A request that the key management system has not answered. */
struct psd_meter_call {
  psd_frame_type type;
  uint8_t body[PSD_FRAME_BODY_MAX];
  size_t length;
  psd_meter_answered *answered;
  void *owner;
};

struct server_end {
  psd_meter_service service; /* first: `of` */
  world *w;
  psd_meter_session *session;
  frame frames[FRAMES];
  unsigned count, given;
  bool closed;
  psd_meter_call *call;
  psd_meter_job *job;
};

static server_end *of(psd_meter_service *service) {
  return (server_end *)(void *)service;
}

static psd_meter_call *ask(psd_meter_service *service, psd_frame_type type, const void *body, size_t length,
                           psd_meter_answered *answered, void *owner) {
  server_end *end = of(service);
  psd_meter_call *call = calloc(1, sizeof *call);
  CU_ASSERT_FATAL(call != NULL && end->call == NULL && length <= sizeof call->body - PSD_SIZE_KMS_CALL);
  *call = (psd_meter_call){.type = type, .length = length, .answered = answered, .owner = owner};
  memcpy(call->body, body, length);
  end->call = call;
  return call;
}

static void forget(psd_meter_service *service, psd_meter_call *call) {
  server_end *end = of(service);
  CU_ASSERT_PTR_EQUAL_FATAL(end->call, call);
  end->call = NULL;
  free(call);
}

static bool submit(psd_meter_service *service, psd_meter_job *job) {
  server_end *end = of(service);
  CU_ASSERT_PTR_NULL_FATAL(end->job);
  end->job = job;
  return true;
}

static uint64_t now(psd_meter_service *service) {
  (void)service;
  return world_seconds;
}

static const psd_meter_service_calls calls = {ask, forget, submit, now};

static void line_send(void *connection, psd_frame_type type, const psd_body *pieces, size_t count) {
  server_end *end = connection;
  CU_ASSERT_FATAL(end->count < FRAMES && !end->closed);
  frame *to = &end->frames[end->count++];
  psd_buffer body = psd_buffer_over(to->body, sizeof to->body);
  for (size_t i = 0; i < count; i++)
    psd_put(&body, pieces[i].data, pieces[i].length);
  CU_ASSERT_FALSE_FATAL(body.overflow);
  to->type = type;
  to->length = body.length;
}

static void line_close(void *connection) {
  ((server_end *)connection)->closed = true;
}

static void line_limit(void *connection, size_t most) {
  (void)connection;
  (void)most;
}

static void line_deadline(void *connection, uint64_t seconds) {
  (void)connection;
  (void)seconds;
}

static const psd_meter_line line = {line_send, line_close, line_limit, line_deadline};

server_end *server_call(world *w) {
  server_end *end = calloc(1, sizeof *end);
  CU_ASSERT_PTR_NOT_NULL_FATAL(end);
  const psd_kms_key *k1 = psd_keyring_active(w->kms.keys, PSD_KMS_VENDOR);
  end->w = w;
  end->service = (psd_meter_service){.calls = &calls, .settings = &w->settings, .vendor_key = k1->identifier};
  end->session = psd_meter_session_new(&end->service, &line, end, 1);
  CU_ASSERT_PTR_NOT_NULL_FATAL(end->session);
  return end;
}

/* What ends a connection: the Host's doing, or the server's death. What was asked of others is nobody's any more. */
static void end_session(server_end *end) {
  if (end->session != NULL)
    psd_meter_session_free(end->session);
  end->session = NULL;
  psd_meter_job_free(end->job);
  end->job = NULL;
  free(end->call);
  end->call = NULL;
}

void server_hang_up(server_end *end) {
  end_session(end);
  free(end);
}

bool server_is_there(const server_end *end) {
  return end->session != NULL && !end->closed;
}

/* The process is gone; another one takes its place. */
static void die(server_end *end) {
  end_session(end);
  psd_db_close(end->w->db);
  world_open_database(end->w);
}

static void kms_answer(server_end *end, psd_meter_answer *answer, psd_buffer *out) {
  psd_meter_call *call = end->call;
  uint8_t body[PSD_FRAME_BODY_MAX];
  psd_buffer request = psd_buffer_over(body, sizeof body);
  psd_put_message(&request, PSD_MESSAGE_KMS_CALL, &(psd_kms_call){.number = 1});
  psd_put(&request, call->body, call->length);
  answer->type = psd_kms_answer(&end->w->kms, call->type, request.data, request.length, out);
  end->w->kms.events.count = 0; /* the log has them */
  answer->signal = psd_kms_refusal(answer->type, out);
  answer->body = out->data + PSD_SIZE_KMS_CALL;
  answer->length = out->length - PSD_SIZE_KMS_CALL;
}

static bool answer_call(server_end *end) {
  uint8_t bytes[PSD_FRAME_BODY_MAX];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_meter_call *call = end->call;
  psd_meter_answer answer = {.type = PSD_FRAME_KMS_REFUSED, .signal = PSD_SIGNAL_KMS, .body = bytes};
  if (call == NULL)
    return false;
  if (!fault_now(end->w->plan, &end->w->count, FAULT_SILENCE)) {
    kms_answer(end, &answer, &out);
    if (fault_now(end->w->plan, &end->w->count, FAULT_DEAF))
      answer = (psd_meter_answer){.type = PSD_FRAME_KMS_REFUSED, .signal = PSD_SIGNAL_KMS, .body = bytes};
  }
  end->call = NULL;
  call->answered(call->owner, &answer);
  free(call);
  return true;
}

/* As a worker does it: first as a read, where the job is one; then, if it has to write, in a transaction. */
static bool do_job(server_end *end) {
  psd_meter_job *job = end->job;
  psd_meter_jobs batch;
  if (job == NULL)
    return false;
  for (bool write = job->writes;; write = true) {
    psd_meter_jobs_empty(&batch);
    psd_meter_jobs_append(&batch, job);
    psd_meter_jobs_run(&batch, end->w->db, write);
    if (write || !job->writes || job->result != PSD_DB_DONE)
      break;
  }
  if (world_database_dead()) {
    die(end);
    return false;
  }
  world_database_up();
  end->job = NULL;
  if (job->done != NULL)
    job->done(job->owner, job);
  psd_meter_job_free(job);
  return true;
}

void server_take(server_end *end, psd_frame_type type, const uint8_t *body, size_t length) {
  psd_meter_session_frame(end->session, type, body, length);
  while (end->session != NULL && (answer_call(end) || do_job(end)))
    continue;
}

bool server_give(server_end *end, psd_frame_type *type, psd_buffer *body) {
  if (end->given == end->count)
    return false;
  const frame *from = &end->frames[end->given++];
  *type = from->type;
  psd_put(body, from->body, from->length);
  if (end->given == end->count)
    end->given = end->count = 0;
  return true;
}
