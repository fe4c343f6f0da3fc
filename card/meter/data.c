/* GET DATA and PUT DATA (ISO/IEC 7816-4:2005, 7.4). */
#include "iso7816/handlers.h"
#include "meter/objects.h"
#include "psd/spec/tlv.h"

#include <string.h>

#define TAG_LIST 0x5CU

uint16_t psd_handle_get_data(psd_card *card, const psd_request *request, psd_buffer *out) {
  const psd_object *object = psd_object_of((uint32_t)request->apdu.p1 << 8 | request->apdu.p2);
  return object != NULL ? psd_object_read(card, request, object, out) : PSD_SW_REFERENCE_NOT_FOUND;
}

/* An empty tag list asks for everything that may be read and is there. What the answer has no room for any more is left
 * out: it can be asked for by its tag, and the rest is not lost for a long rate table. */
static uint16_t get_all(psd_card *card, const psd_request *request, psd_buffer *out) {
  for (size_t i = 0; i < PSD_OBJECT_COUNT; i++) {
    size_t before = out->length;
    if (psd_object_read_tlv(card, request, &psd_objects[i], out) == PSD_SW_MEMORY_FAILURE)
      return PSD_SW_MEMORY_FAILURE;
    if (out->overflow)
      *out = (psd_buffer){.data = out->data, .capacity = out->capacity, .length = before};
  }
  return PSD_SW_OK;
}

uint16_t psd_handle_get_data_odd(psd_card *card, const psd_request *request, psd_buffer *out) {
  psd_cursor data = psd_cursor_over(request->apdu.data, request->apdu.nc);
  psd_tlv list;
  if (!psd_take_tlv(&data, &list) || !psd_cursor_done(&data) || list.tag != TAG_LIST)
    return PSD_SW_WRONG_DATA;
  if (list.value.left == 0)
    return get_all(card, request, out);
  while (list.value.left > 0) {
    uint32_t tag = psd_take_tag(&list.value);
    if (list.value.failed)
      return PSD_SW_WRONG_DATA;
    const psd_object *object = psd_object_of(tag);
    uint16_t status = object != NULL ? psd_object_read_tlv(card, request, object, out) : PSD_SW_REFERENCE_NOT_FOUND;
    if (out->overflow)
      return PSD_SW_WRONG_DATA; /* asked for more than one answer holds */
    if (status != PSD_SW_OK)
      return status;
  }
  return PSD_SW_OK;
}

static uint16_t put_one(psd_card *card, const psd_request *request, uint32_t tag, psd_cursor value) {
  const psd_object *object = psd_object_of(tag);
  if (object == NULL)
    return PSD_SW_REFERENCE_NOT_FOUND;
  psd_object_change change;
  memset(&change, 0, sizeof change);
  psd_change_begin(&change.change, card);
  uint16_t status = psd_object_write(card, request, object, value, &change);
  if (status == PSD_SW_OK) {
    psd_change_log(&change.change, card, PSD_EVENT_OBJECT_WRITTEN, (uint16_t)object->tag, 0);
    status = psd_object_commit(card, &change);
  }
  psd_wipe(&change, sizeof change);
  return status;
}

uint16_t psd_handle_put_data(psd_card *card, const psd_request *request, psd_buffer *out) {
  (void)out;
  return put_one(card, request, (uint32_t)request->apdu.p1 << 8 | request->apdu.p2,
                 psd_cursor_over(request->apdu.data, request->apdu.nc));
}

uint16_t psd_handle_put_data_odd(psd_card *card, const psd_request *request, psd_buffer *out) {
  (void)out;
  psd_cursor data = psd_cursor_over(request->apdu.data, request->apdu.nc);
  psd_tlv object;
  if (!psd_take_tlv(&data, &object) || !psd_cursor_done(&data))
    return PSD_SW_WRONG_DATA;
  return put_one(card, request, object.tag, object.value);
}
