#include "iso7816/file.h"

#include "iso7816/atr.h"
#include "meter/objects.h"
#include "psd/spec/tlv.h"

static const char label[] = "psd postage meter";

/* 8.2.1.1: one application template an application. */
static void put_dir(psd_buffer *out) {
  size_t opened = psd_open_tlv(out, 0x61);
  psd_put_tlv(out, 0x4F, PSD_AID_PSD, PSD_AID_PSD_SIZE);
  psd_put_tlv(out, 0x50, label, sizeof label - 1);
  psd_close_tlv(out, opened);
}

/* 8.2.1.1: the historical bytes, the identifier of the PSD, and (2013 edition, 12.7.1) the extended length information:
 * the longest command and the longest answer. */
static void put_atr(const psd_card *card, psd_buffer *out) {
  uint8_t limits[8];
  psd_buffer inner = psd_buffer_over(limits, sizeof limits);
  const uint8_t most_command[] = {(PSD_CARD_DATA_MAX + 9U) >> 8, (PSD_CARD_DATA_MAX + 9U) & 0xFF};
  const uint8_t most_answer[] = {PSD_CARD_RESPONSE_MAX >> 8, PSD_CARD_RESPONSE_MAX & 0xFF};
  psd_put_tlv(&inner, 0x02, most_command, sizeof most_command);
  psd_put_tlv(&inner, 0x02, most_answer, sizeof most_answer);
  size_t opened = psd_open_tlv(out, 0x5F52);
  psd_atr_historical(card, out);
  psd_close_tlv(out, opened);
  psd_put_tlv(out, 0x7F66, limits, inner.length);
}

uint16_t psd_file_content(psd_card *card, const psd_request *request, const psd_file *file, psd_buffer *out) {
  if (file->id == PSD_FILE_DIR) {
    put_dir(out);
    return PSD_SW_OK;
  }
  if (file->id == PSD_FILE_ATR) {
    put_atr(card, out);
    return PSD_SW_OK;
  }
  for (size_t i = 0; i < psd_file_object_count; i++) {
    if (psd_file_objects[i].file != file->id)
      continue;
    uint16_t status = psd_object_read_tlv(card, request, &psd_objects[psd_file_objects[i].object], out);
    if (status != PSD_SW_OK && status != PSD_SW_REFERENCE_NOT_FOUND)
      return status;
  }
  return PSD_SW_OK;
}

const psd_file *psd_file_child(psd_file_id directory, uint16_t identifier) {
  for (size_t i = 0; i < PSD_FILE_COUNT; i++)
    if (psd_files[i].parent == directory && psd_files[i].identifier == identifier && psd_files[i].id != directory)
      return &psd_files[i];
  return NULL;
}

const psd_file *psd_file_short(psd_file_id directory, uint8_t sfi) {
  for (size_t i = 0; sfi != 0 && i < PSD_FILE_COUNT; i++)
    if (psd_files[i].parent == directory && psd_files[i].sfi == sfi)
      return &psd_files[i];
  return NULL;
}

uint8_t psd_file_records(const psd_card *card, const psd_file *file) {
  if (file->structure != PSD_STRUCTURE_CYCLIC || !card->store.open)
    return 0;
  uint64_t count = card->core.log.count;
  return (uint8_t)(count < PSD_LOG_RECORDS ? count : PSD_LOG_RECORDS);
}
