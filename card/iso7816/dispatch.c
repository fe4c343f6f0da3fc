#include "iso7816/dispatch.h"

#include "iso7816/answer.h"
#include "iso7816/channel.h"
#include "iso7816/handlers.h"
#include "iso7816/secure_channel.h"
#include "meter/session.h"

#include <string.h>

#define CLA_CHAINING 0x10U

#define PSD_COMMAND(NAME, name, application, class, ins, p1, p2, cases, least, most, flags, states, access, handler)   \
  [PSD_COMMAND_##NAME] = psd_handle_##handler,
static psd_handler *const handlers[PSD_COMMAND_COUNT] = {
#include "commands.def"
};
#undef PSD_COMMAND

/* Finds the row, or the reason why there is none: 6E00 where the instruction is known in another class, else 6D00. */
static uint16_t find_row(const psd_channel *channel, psd_class class, uint8_t ins, const psd_command **row) {
  *row = psd_command_of(class, ins);
  if (*row == NULL)
    return psd_instruction_known(ins) ? PSD_SW_CLA_UNSUPPORTED : PSD_SW_INS_UNSUPPORTED;
  if ((*row)->application == PSD_APPLICATION_PSD && channel->application != PSD_APPLICATION_PSD)
    return PSD_SW_INS_UNSUPPORTED;
  return PSD_SW_OK;
}

/* 7.6.1: what waits is for GET RESPONSE; any other command, even one that is refused, drops it. */
static void drop_answer(psd_channel *channel, psd_class class, uint8_t ins) {
  const psd_command *row = psd_command_of(class, ins);
  if (channel->use == PSD_BUFFER_ANSWER && (row == NULL || row->id != PSD_COMMAND_GET_RESPONSE))
    psd_channel_clear(channel);
}

/* 5.1.1.1: nothing but the same command may come inside a chain. */
static uint16_t continue_chain(psd_channel *channel, const uint8_t *header) {
  if (!channel->chaining)
    return PSD_SW_OK;
  uint8_t wanted[4];
  memcpy(wanted, header, sizeof wanted);
  wanted[0] &= (uint8_t)~CLA_CHAINING;
  if (memcmp(wanted, channel->chain_header, sizeof wanted) == 0)
    return PSD_SW_OK;
  psd_channel_clear(channel);
  return PSD_SW_LAST_COMMAND_EXPECTED;
}

static bool parameter_fits(psd_parameter wanted, uint8_t value) {
  return wanted.any || wanted.value == value;
}

/* What does not depend on the data: parameters, state, access. */
static uint16_t check_admission(const psd_card *card, const psd_request *request) {
  const psd_command *row = request->row;
  if (!parameter_fits(row->p1, request->apdu.p1) || !parameter_fits(row->p2, request->apdu.p2))
    return PSD_SW_WRONG_P1P2;
  if ((row->states & PSD_STATE_BIT(psd_card_state(card))) == 0)
    return PSD_SW_CONDITIONS;
  return (row->access & request->granted) == 0 ? PSD_SW_SECURITY_STATUS : PSD_SW_OK;
}

/* 5.1: data where the row has none, none where it needs them, too few or too many. A missing or superfluous Le is
 * tolerated: Ne is but the most that the reader accepts. */
static bool length_fits(const psd_command *row, size_t nc) {
  if (nc == 0)
    return (row->cases & (PSD_C1 | PSD_C2)) != 0;
  return (row->cases & (PSD_C3 | PSD_C4)) != 0 && nc >= row->least && nc <= row->most;
}

/* Adds the command's data to what the channel has collected; the request then points there. */
static uint16_t collect(psd_request *request) {
  psd_channel *channel = request->channel;
  size_t most = request->row->most;
  if (request->apdu.nc > most || channel->length > most - request->apdu.nc) {
    psd_channel_clear(channel);
    return PSD_SW_WRONG_LENGTH;
  }
  if (request->apdu.nc > 0)
    memmove(channel->data + channel->length, request->apdu.data, request->apdu.nc);
  channel->length = (uint16_t)(channel->length + request->apdu.nc);
  channel->use = PSD_BUFFER_CHAIN;
  request->apdu.data = channel->length > 0 ? channel->data : NULL;
  request->apdu.nc = channel->length;
  return PSD_SW_OK;
}

static void remember_chain(psd_channel *channel, const uint8_t *header) {
  memcpy(channel->chain_header, header, sizeof channel->chain_header);
  channel->chain_header[0] &= (uint8_t)~CLA_CHAINING;
  channel->chaining = true;
}

static psd_access_set granted(const psd_card *card, const psd_request *request, bool secured) {
  psd_access_set set = PSD_ALWAYS;
  if (request->channel->pin_verified)
    set |= PSD_PIN;
  if (secured && psd_secure_channel_open(card, request->number))
    set |= PSD_SCP;
  return set;
}

/* Runs the handler on complete, clear data. With an error, what it had written by then is no answer. */
static uint16_t handle(psd_card *card, const psd_request *request, psd_buffer *answer) {
  if (!length_fits(request->row, request->apdu.nc))
    return PSD_SW_WRONG_LENGTH;
  uint16_t status = handlers[request->row->id](card, request, answer);
  if (psd_status_carries_data(status) && !answer->overflow)
    return status;
  answer->length = 0;
  return psd_status_carries_data(status) ? PSD_SW_INTERNAL : status;
}

/* The same; its answer is left in card->answer, `*length` bytes. */
static uint16_t run(psd_card *card, const psd_request *request, size_t *length) {
  psd_buffer answer = psd_buffer_over(card->answer, PSD_CARD_DATA_MAX);
  uint16_t status = handle(card, request, &answer);
  *length = answer.length;
  return status;
}

/* A whole command on an open channel, whose length is consistent. */
static uint16_t execute(psd_card *card, psd_request *request, const uint8_t *header, psd_cla cla, psd_buffer *out) {
  psd_channel *channel = request->channel;
  if (cla.chained && (request->row->flags & PSD_FLAG_CHAIN) == 0)
    return PSD_SW_CHAINING_UNSUPPORTED;
  if (request->row->id == PSD_COMMAND_GET_RESPONSE) /* what it fetches was secured as a whole */
    return cla.sm == PSD_SM_NONE ? psd_handle_get_response(card, request, out) : PSD_SW_SM_UNSUPPORTED;

  bool secured = cla.sm != PSD_SM_NONE;
  uint16_t status = psd_secure_channel_unwrap(card, request, secured);
  if (status != PSD_SW_OK) {
    psd_session_judge(card, request, status);
    psd_channel_clear(channel);
    return status;
  }
  request->granted = granted(card, request, secured);
  status = check_admission(card, request);
  if (status == PSD_SW_OK && (cla.chained || channel->chaining || secured))
    status = collect(request);
  bool unfinished = status == PSD_SW_OK && cla.chained;
  size_t length = 0;
  if (unfinished)
    remember_chain(channel, header);
  else if (status == PSD_SW_OK)
    status = run(card, request, &length);
  psd_session_judge(card, request, status);
  if (secured)
    status = psd_secure_channel_wrap(card, status, &length);
  if (!unfinished)
    psd_channel_clear(channel);
  return psd_answer_begin(card, channel, status, length, unfinished ? 0 : request->apdu.ne, out);
}

/* A command that is not known counts in the secure channel all the same: its sender has counted it. */
static uint16_t refuse_secured(psd_card *card, psd_request *request, uint16_t reason) {
  uint16_t status = psd_secure_channel_unwrap(card, request, true);
  return status == PSD_SW_OK || status == PSD_SW_CONDITIONS ? reason : status;
}

uint16_t psd_dispatch(psd_card *card, const uint8_t *command, size_t length, psd_buffer *out) {
  if (length < 4)
    return PSD_SW_WRONG_LENGTH;
  psd_cla cla = psd_decode_cla(command[0]);
  if (!cla.valid)
    return PSD_SW_CLA_UNSUPPORTED;
  if (cla.channel >= PSD_CARD_CHANNELS || !card->channels[cla.channel].open)
    return PSD_SW_CHANNEL_UNSUPPORTED;
  psd_request request = {.channel = &card->channels[cla.channel], .number = cla.channel};
  drop_answer(request.channel, cla.class, command[1]);
  if (cla.sm == PSD_SM_ISO)
    return PSD_SW_SM_UNSUPPORTED;
  uint16_t status = continue_chain(request.channel, command);
  if (status != PSD_SW_OK)
    return status;
  status = find_row(request.channel, cla.class, command[1], &request.row);
  bool whole = psd_parse_apdu(command, length, &request.apdu);
  if (status != PSD_SW_OK)
    return whole && cla.sm != PSD_SM_NONE ? refuse_secured(card, &request, status) : status;
  return whole ? execute(card, &request, command, cla, out) : PSD_SW_WRONG_LENGTH;
}

uint16_t psd_dispatch_inside(psd_card *card, const psd_request *outer, const uint8_t *command, size_t length,
                             psd_buffer *answer) {
  if (length < 4)
    return PSD_SW_WRONG_LENGTH;
  psd_cla cla = psd_decode_cla(command[0]);
  if (!cla.valid)
    return PSD_SW_CLA_UNSUPPORTED;
  if (cla.channel != 0)
    return PSD_SW_CHANNEL_UNSUPPORTED;
  if (cla.sm != PSD_SM_NONE)
    return PSD_SW_SM_UNSUPPORTED;
  if (cla.chained)
    return PSD_SW_CHAINING_UNSUPPORTED;
  /* What the user's PIN or the personaliser's channel have opened is not the provider's. */
  psd_request request = {.channel = outer->channel, .number = outer->number, .granted = PSD_ALWAYS | PSD_PROVIDER};
  uint16_t status = find_row(request.channel, cla.class, command[1], &request.row);
  if (status != PSD_SW_OK)
    return status;
  if (!psd_parse_apdu(command, length, &request.apdu))
    return PSD_SW_WRONG_LENGTH;
  if ((request.row->flags & PSD_FLAG_OUTER) != 0)
    return PSD_SW_CONDITIONS;
  status = check_admission(card, &request);
  return status == PSD_SW_OK ? handle(card, &request, answer) : status;
}
