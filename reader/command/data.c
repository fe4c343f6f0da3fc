#include "host_state.h"
#include "psd/reader/command.h"
#include "psd/spec/status.h"
#include "psd/spec/tlv.h"

#define TAG_LIST 0x5CU
/* READ BINARY counts offsets in 15 bits (ISO/IEC 7816-4:2005, 7.2.2). */
#define OFFSET_MAX 0x7FFFU
/* READ RECORD: P1 is a record number, in the file that the upper bits of P2 name (7.3.2, table 49). */
#define RECORD_BY_NUMBER 0x04U

psd_result psd_host_get_data(psd_host *host, uint32_t tag, psd_buffer *value) {
  return psd_host_command(host, PSD_COMMAND_GET_DATA, (uint8_t)(tag >> 8), (uint8_t)tag, NULL, 0, PSD_NE_SHORT, value);
}

psd_result psd_host_get_data_list(psd_host *host, const psd_object_id *objects, size_t count, psd_buffer *list) {
  uint8_t tags[255];
  psd_buffer data = psd_buffer_over(tags, sizeof tags);
  size_t opened = psd_open_tlv(&data, TAG_LIST);
  for (size_t i = 0; i < count; i++)
    psd_put_tag(&data, psd_objects[objects[i]].tag);
  psd_close_tlv(&data, opened);
  if (data.overflow)
    return psd_host_fail(host, PSD_BAD_INPUT, "%zu objects are too many for one tag list", count);
  return psd_host_command(host, PSD_COMMAND_GET_DATA_ODD, 0, 0, tags, data.length, PSD_NE_ALL, list);
}

psd_result psd_host_get_object(psd_host *host, psd_object_id object, void *value) {
  const psd_object *row = &psd_objects[object];
  uint8_t bytes[256];
  psd_buffer answer = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_host_get_data(host, row->tag, &answer);
  if (result == PSD_OK && !psd_parse_message(bytes, answer.length, (psd_message_id)row->format, value))
    return psd_host_fail(host, PSD_BAD_ANSWER, "the card's %s has %zu bytes, not %zu", row->words, answer.length,
                         psd_messages[row->format].size);
  return result;
}

psd_result psd_host_put_data(psd_host *host, uint32_t tag, const void *value, size_t length) {
  return psd_host_command(host, PSD_COMMAND_PUT_DATA, (uint8_t)(tag >> 8), (uint8_t)tag, value, length, 0, NULL);
}

psd_result psd_host_read_binary(psd_host *host, psd_buffer *content) {
  for (size_t offset = 0; offset <= OFFSET_MAX;) {
    size_t before = content->length;
    psd_result result = psd_host_command(host, PSD_COMMAND_READ_BINARY, (uint8_t)(offset >> 8), (uint8_t)offset, NULL,
                                         0, PSD_NE_ALL, content);
    /* A file whose length is a multiple of what was read ends with an offset outside it. */
    if (offset > 0 && result == PSD_REFUSED && host->status == PSD_SW_OFFSET_OUTSIDE)
      return PSD_OK;
    if (result != PSD_OK)
      return result;
    size_t got = content->length - before;
    if (got < PSD_NE_SHORT || host->status == PSD_SW_END_OF_FILE)
      return PSD_OK;
    offset += got;
  }
  return psd_host_fail(host, PSD_BAD_ANSWER, "the card's file has no end");
}

psd_result psd_host_read_record(psd_host *host, uint8_t sfi, uint8_t number, psd_buffer *record) {
  uint8_t p2 = (uint8_t)((unsigned)sfi << 3 | RECORD_BY_NUMBER);
  return psd_host_command(host, PSD_COMMAND_READ_RECORD, number, p2, NULL, 0, PSD_NE_SHORT, record);
}
