#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "emulator/front_internal.h"

/* Address space of a thread's stack; only what is touched becomes memory. Big-number arithmetic needs some of it. */
#define STACK_SIZE (512U * 1024U)
#define LINE_MAX_BYTES 512U

void psd_front_say(const psd_front *front, const char *format, ...) {
  char line[LINE_MAX_BYTES];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  (void)fprintf(front->config.log, "psd-card: %s: %s\n", front->config.name, line);
  (void)fflush(front->config.log);
}

static psd_front_result refuse_socket(const psd_front *front, int reason) {
  const char *help = reason == EADDRINUSE ? " (is psd-card running already?)" : "";
  psd_front_say(front, "cannot listen at %s: %s%s", front->where, strerror(reason), help);
  return PSD_FRONT_NO_SOCKET;
}

static psd_front_result find_endpoint(psd_front *front) {
  const char *reason = psd_net_resolve(&front->config.endpoint, &front->addresses);
  if (reason != NULL) {
    psd_front_say(front, "cannot look up %s: %s", front->where, reason);
    return PSD_FRONT_UNKNOWN_HOST;
  }
  if (front->config.kind == PSD_FRONT_VPCD)
    return PSD_FRONT_OK;
  for (unsigned i = 0; i < front->addresses.count && front->listener < 0; i++)
    front->listener = psd_net_listen(&front->addresses.at[i]);
  return front->listener >= 0 ? PSD_FRONT_OK : refuse_socket(front, errno);
}

psd_front_result psd_front_open(const psd_front_config *config, psd_front **made) {
  *made = NULL;
  psd_front *front = calloc(1, sizeof *front);
  if (front == NULL)
    return PSD_FRONT_NO_RESOURCES;
  front->config = *config;
  front->listener = -1;
  atomic_init(&front->stopping, false);
  psd_seat_start(&front->seat, config->card, config->name, config->trace);
  psd_endpoint_text(&config->endpoint, front->where);
  front->context = (psd_link_context){.seat = &front->seat,
                                      .stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                                      .stopping = &front->stopping,
                                      .quick_ack = config->quick_ack};
  psd_front_result result = front->context.stop_fd >= 0 ? find_endpoint(front) : PSD_FRONT_NO_RESOURCES;
  if (result != PSD_FRONT_OK)
    psd_front_close(front);
  else
    *made = front;
  return result;
}

static void *run(void *argument) {
  psd_front *front = argument;
  if (front->config.kind == PSD_FRONT_VPCD)
    psd_vpcd_run(front);
  else
    psd_listener_run(front);
  psd_seat_power_off(&front->seat);
  return NULL;
}

bool psd_front_start(psd_front *front) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0)
    return false;
  front->started = pthread_attr_setstacksize(&attributes, STACK_SIZE) == 0 &&
                   pthread_create(&front->thread, &attributes, run, front) == 0;
  (void)pthread_attr_destroy(&attributes);
  return front->started;
}

void psd_front_stop(psd_front *front) {
  uint64_t one = 1;
  atomic_store(&front->stopping, true);
  (void)!write(front->context.stop_fd, &one, sizeof one);
}

void psd_front_close(psd_front *front) {
  if (front == NULL)
    return;
  if (front->started) {
    psd_front_stop(front);
    (void)pthread_join(front->thread, NULL);
  }
  if (front->listener >= 0) {
    (void)close(front->listener);
    if (front->config.endpoint.local)
      (void)unlink(front->config.endpoint.path);
  }
  if (front->context.stop_fd >= 0)
    (void)close(front->context.stop_fd);
  free(front);
}
