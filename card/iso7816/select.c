/* SELECT (ISO/IEC 7816-4:2005, 7.1.1), and the templates it answers with (5.3.3). */
#include "iso7816/channel.h"
#include "iso7816/file.h"
#include "iso7816/handlers.h"
#include "psd/spec/tlv.h"

#include <string.h>

#define AID_LEAST 5U

/* P2, bits 2 and 1: first 0, last 1, next 2, previous 3 */
#define OCCURRENCE 0x03U
/* P2, bits 4 and 3 */
enum answer_form { FORM_FCI = 0x00, FORM_FCP = 0x04, FORM_FMD = 0x08, FORM_NONE = 0x0C };

/* The applications, in the order in which a partial name finds them. */
static const struct {
  const uint8_t *aid;
  uint8_t length;
  psd_application application;
  psd_file_id directory;
} applications[] = {{(const uint8_t *)PSD_AID_PSD, PSD_AID_PSD_SIZE, PSD_APPLICATION_PSD, PSD_FILE_PSD}};
#define APPLICATION_COUNT (sizeof applications / sizeof applications[0])

static bool name_matches(size_t i, const psd_apdu *apdu) {
  return apdu->nc <= applications[i].length && memcmp(applications[i].aid, apdu->data, apdu->nc) == 0;
}

/* 7.1.1: a right-truncated name finds the first, last, next or previous of the applications it fits; -1 for none. */
static int find_application(const psd_channel *channel, const psd_apdu *apdu) {
  int current = -1;
  for (size_t i = 0; i < APPLICATION_COUNT; i++)
    if (applications[i].application == channel->application)
      current = (int)i;
  int step = (apdu->p2 & 0x01) != 0 ? -1 : 1; /* last and previous look backwards */
  int from = 0;
  if ((apdu->p2 & 0x02) != 0 && current >= 0)
    from = current + step;
  else if (step < 0)
    from = (int)APPLICATION_COUNT - 1;
  for (int i = from; i >= 0 && i < (int)APPLICATION_COUNT; i += step)
    if (name_matches((size_t)i, apdu))
      return i;
  return -1;
}

static void enter_directory(psd_card *card, psd_channel *channel, psd_application application, psd_file_id directory) {
  if (channel->application != application)
    psd_channel_deselect(card, channel);
  channel->application = application;
  channel->directory = channel->file = directory;
  channel->record = 0;
}

static const psd_file *select_by_name(psd_card *card, const psd_request *request) {
  psd_channel *channel = request->channel;
  int found = find_application(channel, &request->apdu);
  if (found < 0)
    return NULL;
  psd_channel_deselect(card, channel); /* selecting an application again starts it afresh */
  enter_directory(card, channel, applications[found].application, applications[found].directory);
  return &psd_files[channel->file];
}

static psd_application application_of(psd_file_id directory) {
  return directory == PSD_FILE_PSD ? PSD_APPLICATION_PSD : PSD_APPLICATION_CARD;
}

static const psd_file *enter(psd_card *card, psd_channel *channel, const psd_file *file) {
  if (file == NULL)
    return NULL;
  if (file->structure == PSD_STRUCTURE_DIRECTORY) {
    enter_directory(card, channel, application_of(file->id), file->id);
  } else {
    if (channel->directory != file->parent)
      enter_directory(card, channel, application_of(file->parent), file->parent);
    channel->file = file->id;
    channel->record = 0;
  }
  return file;
}

/* P1 00: the master file, the current directory, one in it, its parent, or one beside it (7.1.1). */
static const psd_file *find_anywhere(const psd_channel *channel, uint16_t identifier) {
  psd_file_id directory = channel->directory;
  psd_file_id parent = psd_files[directory].parent;
  if (identifier == psd_files[PSD_FILE_MF].identifier)
    return &psd_files[PSD_FILE_MF];
  if (identifier == psd_files[directory].identifier)
    return &psd_files[directory];
  if (identifier == psd_files[parent].identifier)
    return &psd_files[parent];
  const psd_file *file = psd_file_child(directory, identifier);
  if (file != NULL)
    return file;
  file = psd_file_child(parent, identifier);
  return file != NULL && file->structure == PSD_STRUCTURE_DIRECTORY ? file : NULL;
}

static const psd_file *find_child(const psd_channel *channel, uint16_t identifier, bool directory) {
  const psd_file *file = psd_file_child(channel->directory, identifier);
  return file != NULL && (file->structure == PSD_STRUCTURE_DIRECTORY) == directory ? file : NULL;
}

/* A path of file identifiers from `directory` (5.3.1). */
static const psd_file *find_path(psd_file_id directory, psd_cursor path) {
  const psd_file *file = NULL;
  while (path.left > 0) {
    if (file != NULL && file->structure != PSD_STRUCTURE_DIRECTORY)
      return NULL;
    file = psd_file_child(directory, psd_take_u16(&path));
    if (file == NULL || path.failed)
      return NULL;
    directory = file->id;
  }
  return file;
}

/* Is the length of the data right for P1? */
static bool data_fits(uint8_t p1, size_t nc) {
  switch (p1) {
  case 0x00:
    return nc == 0 || nc == 2;
  case 0x01:
  case 0x02:
    return nc == 2;
  case 0x03:
    return nc == 0;
  case 0x04:
    return nc == 0 || (nc >= 1 && nc <= 16);
  default:
    return nc >= 2 && nc % 2 == 0;
  }
}

static const psd_file *select_file(psd_card *card, const psd_request *request) {
  psd_channel *channel = request->channel;
  const psd_apdu *apdu = &request->apdu;
  psd_cursor data = psd_cursor_over(apdu->data, apdu->nc);
  if (apdu->nc == 0 && apdu->p1 != 0x03) /* 7.1.1: no name at all is the master file */
    return enter(card, channel, &psd_files[PSD_FILE_MF]);
  switch (apdu->p1) {
  case 0x00:
    return enter(card, channel, find_anywhere(channel, psd_take_u16(&data)));
  case 0x01:
    return enter(card, channel, find_child(channel, psd_take_u16(&data), true));
  case 0x02:
    return enter(card, channel, find_child(channel, psd_take_u16(&data), false));
  case 0x03:
    return enter(card, channel, &psd_files[psd_files[channel->directory].parent]);
  case 0x04:
    return select_by_name(card, request);
  case 0x08:
    return enter(card, channel, find_path(PSD_FILE_MF, data));
  default:
    return enter(card, channel, find_path(channel->directory, data));
  }
}

static void put_descriptor(const psd_card *card, const psd_file *file, psd_buffer *out) {
  static const uint8_t directory[] = {0x38};
  static const uint8_t transparent[] = {0x01, 0x21};
  const uint8_t cyclic[] = {0x06, 0x21, 0x00, PSD_SIZE_LOG_RECORD, psd_file_records(card, file)};
  if (file->structure == PSD_STRUCTURE_DIRECTORY)
    psd_put_tlv(out, 0x82, directory, sizeof directory);
  else if (file->structure == PSD_STRUCTURE_TRANSPARENT)
    psd_put_tlv(out, 0x82, transparent, sizeof transparent);
  else
    psd_put_tlv(out, 0x82, cyclic, sizeof cyclic);
}

static void put_size(psd_card *card, const psd_request *request, const psd_file *file, psd_buffer *out) {
  size_t start = out->length;
  psd_file_content(card, request, file, out); /* for its length: the bytes are taken back */
  const size_t size = out->length - start;
  out->length = start;
  const uint8_t value[] = {(uint8_t)(size >> 8), (uint8_t)size};
  psd_put_tlv(out, 0x80, value, sizeof value);
}

/* File control parameters, 5.3.3.1. */
static void put_parameters(psd_card *card, const psd_request *request, const psd_file *file, psd_buffer *out) {
  const uint8_t identifier[] = {(uint8_t)(file->identifier >> 8), (uint8_t)file->identifier};
  const uint8_t life_cycle = psd_state_of(psd_card_state(card))->iso;
  static const uint8_t read_always[] = {0x01, 0x00}; /* 5.4.3.1: access mode READ, security condition none */
  if (file->structure == PSD_STRUCTURE_TRANSPARENT)
    put_size(card, request, file, out);
  put_descriptor(card, file, out);
  psd_put_tlv(out, 0x83, identifier, sizeof identifier);
  if (file->id == PSD_FILE_PSD)
    psd_put_tlv(out, 0x84, PSD_AID_PSD, PSD_AID_PSD_SIZE);
  if (file->sfi != 0) {
    const uint8_t sfi = (uint8_t)(file->sfi << 3);
    psd_put_tlv(out, 0x88, &sfi, 1);
  }
  psd_put_tlv(out, 0x8A, &life_cycle, 1);
  if (file->structure != PSD_STRUCTURE_DIRECTORY)
    psd_put_tlv(out, 0x8C, read_always, sizeof read_always);
}

/* What GlobalPlatform readers look for (Card Specification 2.3.1, table 11-63): the most data a command may have. */
static void put_proprietary(psd_buffer *out) {
  const uint8_t most[] = {PSD_CARD_DATA_MAX >> 8, PSD_CARD_DATA_MAX & 0xFF};
  size_t opened = psd_open_tlv(out, 0xA5);
  psd_put_tlv(out, 0x9F65, most, sizeof most);
  psd_close_tlv(out, opened);
}

static void put_management(const psd_file *file, psd_buffer *out) {
  if (file->id == PSD_FILE_PSD)
    psd_put_tlv(out, 0x4F, PSD_AID_PSD, PSD_AID_PSD_SIZE);
  psd_put_tlv(out, 0x50, file->words, strlen(file->words));
}

uint16_t psd_handle_select(psd_card *card, const psd_request *request, psd_buffer *out) {
  const psd_apdu *apdu = &request->apdu;
  static const uint8_t methods[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x08, 0x09};
  bool occurrence_without_name = apdu->p1 != 0x04 && (apdu->p2 & OCCURRENCE) != 0;
  if (memchr(methods, apdu->p1, sizeof methods) == NULL || (apdu->p2 & 0xF0) != 0)
    return PSD_SW_WRONG_P1P2;
  if (occurrence_without_name)
    return PSD_SW_FUNCTION_UNSUPPORTED;
  if (!data_fits(apdu->p1, apdu->nc))
    return PSD_SW_WRONG_LENGTH;
  const psd_file *file = select_file(card, request);
  if (file == NULL)
    return PSD_SW_FILE_NOT_FOUND;
  unsigned form = apdu->p2 & 0x0C;
  if (form == FORM_NONE)
    return PSD_SW_OK;
  static const uint8_t templates[] = {0x6F, 0x62, 0x64};
  size_t opened = psd_open_tlv(out, templates[form >> 2]);
  if (form != FORM_FMD)
    put_parameters(card, request, file, out);
  if (form == FORM_FCI && file->structure == PSD_STRUCTURE_DIRECTORY)
    put_proprietary(out);
  if (form == FORM_FMD)
    put_management(file, out);
  psd_close_tlv(out, opened);
  return PSD_SW_OK;
}
