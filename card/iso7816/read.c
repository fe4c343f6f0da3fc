/* READ BINARY and READ RECORD (ISO/IEC 7816-4:2005, 7.2.3 and 7.3.3). */
#include "iso7816/file.h"
#include "iso7816/handlers.h"
#include "psd/spec/tlv.h"

#include <string.h>

#define SHORT_IDENTIFIER 0x80U
#define SFI_MASK 0x1FU
#define SFI_IN_P2 31U
#define OFFSET_OBJECT 0x54U
#define DISCRETIONARY 0x53U

/* The file that a short identifier names, which then is the current one (7.2.2); 0 names the current one. */
static uint16_t current_file(psd_channel *channel, uint8_t sfi, const psd_file **file) {
  if (sfi != 0) {
    *file = psd_file_short(channel->directory, sfi);
    if (*file == NULL)
      return PSD_SW_FILE_NOT_FOUND;
    if (channel->file != (*file)->id)
      channel->record = 0;
    channel->file = (*file)->id;
  }
  *file = &psd_files[channel->file];
  return (*file)->structure == PSD_STRUCTURE_DIRECTORY ? PSD_SW_NO_CURRENT_FILE : PSD_SW_OK;
}

/* Leaves in `out` the bytes from `offset`, at most `wanted` (0: all). */
static uint16_t read_from(psd_card *card, const psd_request *request, const psd_file *file, size_t offset,
                          size_t wanted, psd_buffer *out) {
  if (file->structure != PSD_STRUCTURE_TRANSPARENT)
    return PSD_SW_COMMAND_INCOMPATIBLE;
  size_t start = out->length;
  uint16_t status = psd_file_content(card, request, file, out);
  size_t size = out->length - start;
  if (status != PSD_SW_OK)
    return status;
  if (offset > size || (offset == size && size > 0))
    return PSD_SW_OFFSET_OUTSIDE;
  size_t left = size - offset;
  memmove(out->data + start, out->data + start + offset, left);
  out->length = start + left;
  if (wanted == 0 || wanted >= left)
    return wanted > left ? PSD_SW_END_OF_FILE : PSD_SW_OK;
  out->length = start + wanted;
  return PSD_SW_OK;
}

/* Le as a number of bytes; "all there is", short or extended, as 0. */
static size_t wanted_bytes(const psd_apdu *apdu) {
  bool all = apdu->ne == (apdu->extended ? PSD_NE_ALL : PSD_NE_SHORT);
  return all ? 0 : apdu->ne;
}

uint16_t psd_handle_read_binary(psd_card *card, const psd_request *request, psd_buffer *out) {
  const psd_apdu *apdu = &request->apdu;
  bool by_sfi = (apdu->p1 & SHORT_IDENTIFIER) != 0;
  if (by_sfi && (apdu->p1 & 0x60) != 0)
    return PSD_SW_WRONG_P1P2;
  size_t offset = by_sfi ? apdu->p2 : (size_t)apdu->p1 << 8 | apdu->p2;
  const psd_file *file;
  uint16_t status = current_file(request->channel, by_sfi ? apdu->p1 & SFI_MASK : 0, &file);
  if (status != PSD_SW_OK)
    return status;
  status = read_from(card, request, file, offset, wanted_bytes(apdu), out);
  /* A reader that asks in short form for what there is reads on with the next offset: the rest does not wait. */
  if (!apdu->extended && out->length > PSD_NE_SHORT)
    out->length = PSD_NE_SHORT;
  return status;
}

/* Odd instruction: P1-P2 is a short identifier (0 to 30), or a file identifier; the offset comes in a data object. */
uint16_t psd_handle_read_binary_odd(psd_card *card, const psd_request *request, psd_buffer *out) {
  const psd_apdu *apdu = &request->apdu;
  uint16_t identifier = (uint16_t)(apdu->p1 << 8 | apdu->p2);
  psd_cursor data = psd_cursor_over(apdu->data, apdu->nc);
  psd_tlv offset;
  if (!psd_take_tlv(&data, &offset) || !psd_cursor_done(&data) || offset.tag != OFFSET_OBJECT ||
      offset.value.left < 1 || offset.value.left > 4)
    return PSD_SW_WRONG_DATA;
  size_t at = (size_t)psd_take_uint(&offset.value, offset.value.left);
  uint8_t sfi = 0;
  if (identifier < SFI_IN_P2) {
    sfi = (uint8_t)identifier;
  } else {
    const psd_file *named = psd_file_child(request->channel->directory, identifier);
    if (named == NULL || named->structure == PSD_STRUCTURE_DIRECTORY)
      return PSD_SW_FILE_NOT_FOUND;
    sfi = named->sfi;
  }
  const psd_file *file;
  uint16_t status = current_file(request->channel, sfi, &file);
  if (status != PSD_SW_OK)
    return status;
  size_t opened = psd_open_tlv(out, DISCRETIONARY);
  status = read_from(card, request, file, at, 0, out);
  psd_close_tlv(out, opened);
  return status;
}

/* 7.3.2: the record that P1 and the mode name, from 1; 0 if there is none. */
static uint8_t record_number(const psd_channel *channel, uint8_t p1, uint8_t mode, uint8_t count) {
  uint8_t current = channel->record;
  if (mode == 0x04)
    return p1 != 0 ? p1 : current;
  switch (mode) {
  case 0x00:
    return 1;
  case 0x01:
    return count;
  case 0x02:
    return (uint8_t)(current + 1);
  default: /* previous; the last one where there is no current record */
    return current == 0 ? count : (uint8_t)(current - 1);
  }
}

uint16_t psd_handle_read_record(psd_card *card, const psd_request *request, psd_buffer *out) {
  uint8_t mode = request->apdu.p2 & 0x07;
  uint8_t sfi = request->apdu.p2 >> 3;
  if (sfi == SFI_IN_P2 || mode > 0x04 || (mode != 0x04 && request->apdu.p1 != 0))
    return PSD_SW_WRONG_P1P2;
  const psd_file *file;
  uint16_t status = current_file(request->channel, sfi, &file);
  if (status != PSD_SW_OK)
    return status;
  if (file->structure != PSD_STRUCTURE_CYCLIC)
    return PSD_SW_COMMAND_INCOMPATIBLE;
  uint8_t count = psd_file_records(card, file);
  uint8_t number = record_number(request->channel, request->apdu.p1, mode, count);
  if (number == 0 || number > count)
    return PSD_SW_RECORD_NOT_FOUND;
  uint64_t written = card->core.log.count;
  uint16_t slot = (uint16_t)(PSD_RECORD_LOG + (written - number) % PSD_LOG_RECORDS);
  uint8_t *room = psd_put_room(out, PSD_SIZE_LOG_RECORD);
  size_t length = 0;
  if (room == NULL || psd_store_read(&card->store, slot, room, PSD_SIZE_LOG_RECORD, &length) != PSD_STORE_OK)
    return PSD_SW_MEMORY_FAILURE;
  if (mode != 0x04)
    request->channel->record = number;
  return wanted_bytes(&request->apdu) > PSD_SIZE_LOG_RECORD ? PSD_SW_END_OF_FILE : PSD_SW_OK;
}
