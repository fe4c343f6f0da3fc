/* vpcd's framing with this end as the reader. */
#include "psd/reader.h"
#include "psd/spec/cursor.h"
#include "stream.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 10000
#define ANSWER_MS 60000
#define MESSAGE_MAX 65535U

enum control { POWER_OFF = 0, POWER_ON = 1, RESET = 2, SEND_ATR = 4 };

static const psd_socket_peer card = {"card", PSD_NO_CARD};

typedef struct socket_device {
  char *address;
  int fd; /* -1: not connected */
  uint8_t message[2 + MESSAGE_MAX];
} socket_device;

/* After a failure nobody knows where in the stream the next message begins: it is of no more use. */
static psd_result hang_up(socket_device *socket, psd_result result) {
  if (socket->fd >= 0)
    (void)close(socket->fd);
  socket->fd = -1;
  return result;
}

static psd_result send_message(socket_device *socket, const void *data, size_t length, psd_error *error) {
  if (socket->fd < 0)
    return psd_error_set(error, PSD_LOST, "not connected to %s", socket->address);
  psd_buffer message = psd_buffer_over(socket->message, sizeof socket->message);
  psd_put_uint(&message, length, 2);
  psd_put(&message, data, length);
  psd_result result = psd_socket_send(socket->fd, &card, message.data, message.length, ANSWER_MS, error);
  OPENSSL_cleanse(message.data, message.length);
  return result == PSD_OK ? PSD_OK : hang_up(socket, result);
}

static psd_result receive_message(socket_device *socket, uint8_t *data, size_t capacity, size_t *length,
                                  psd_error *error) {
  uint8_t head[2];
  psd_result result = psd_socket_receive(socket->fd, &card, head, sizeof head, ANSWER_MS, error);
  if (result != PSD_OK)
    return hang_up(socket, result);
  *length = (size_t)head[0] << 8 | head[1];
  if (*length > capacity)
    return hang_up(socket, psd_error_set(error, PSD_BAD_ANSWER, "%s sent %zu bytes where %zu is the most",
                                         socket->address, *length, capacity));
  result = psd_socket_receive(socket->fd, &card, data, *length, ANSWER_MS, error);
  return result == PSD_OK ? PSD_OK : hang_up(socket, result);
}

static psd_result send_control(socket_device *socket, enum control control, psd_error *error) {
  uint8_t byte = (uint8_t)control;
  return send_message(socket, &byte, 1, error);
}

static psd_result socket_atr(void *device, uint8_t atr[PSD_ATR_MAX], size_t *length, psd_error *error) {
  socket_device *socket = device;
  psd_result result = send_control(socket, SEND_ATR, error);
  if (result == PSD_OK)
    result = receive_message(socket, atr, PSD_ATR_MAX, length, error);
  if (result == PSD_OK && *length == 0)
    return psd_error_set(error, PSD_NO_CARD, "no card at %s: it has no answer to reset", socket->address);
  return result;
}

static psd_result socket_connect(void *device, psd_error *error) {
  socket_device *socket = device;
  (void)hang_up(socket, PSD_OK);
  psd_result result = psd_socket_open(socket->address, &card, CONNECT_MS, &socket->fd, error);
  if (result != PSD_OK)
    return result;
  result = send_control(socket, POWER_ON, error);
  uint8_t atr[PSD_ATR_MAX];
  size_t length = 0;
  return result == PSD_OK ? socket_atr(socket, atr, &length, error) : result;
}

static psd_result socket_reset(void *device, psd_error *error) {
  return send_control(device, RESET, error);
}

static psd_result socket_transmit(void *device, const uint8_t *command, size_t length, uint8_t *response,
                                  size_t capacity, size_t *response_length, psd_error *error) {
  socket_device *socket = device;
  if (length < 2 || length > MESSAGE_MAX)
    return psd_error_set(error, PSD_BAD_INPUT, "a socket carries commands of 2 to %u bytes, not %zu", MESSAGE_MAX,
                         length);
  psd_result result = send_message(socket, command, length, error);
  return result == PSD_OK ? receive_message(socket, response, capacity, response_length, error) : result;
}

/* The card serves one connection at a time: it is ours until we close. */
static psd_result socket_transaction(void *device, psd_error *error) {
  (void)device;
  (void)error;
  return PSD_OK;
}

static bool socket_short_only(void *device) {
  (void)device;
  return false;
}

static void socket_close(void *device) {
  socket_device *socket = device;
  psd_error unused;
  if (socket->fd >= 0)
    (void)send_control(socket, POWER_OFF, &unused);
  (void)hang_up(socket, PSD_OK);
  free(socket->address);
  free(socket);
}

static const psd_transport_table socket_table = {
    .connect = socket_connect,
    .reset = socket_reset,
    .atr = socket_atr,
    .transmit = socket_transmit,
    .begin = socket_transaction,
    .end = socket_transaction,
    .short_only = socket_short_only,
    .close = socket_close,
};

psd_result psd_transport_socket(const char *address, psd_transport **transport, psd_error *error) {
  socket_device *socket = calloc(1, sizeof *socket);
  char *copy = strdup(address);
  *transport = NULL;
  if (socket != NULL && copy != NULL) {
    socket->address = copy;
    socket->fd = -1;
    *transport = psd_transport_new(&socket_table, socket, address);
  } else {
    free(socket);
    free(copy);
  }
  return *transport != NULL ? PSD_OK : psd_error_set(error, PSD_SYSTEM, "out of memory");
}
