#include "psd/spec/apdu.h"

static bool parse_short(psd_cursor body, psd_apdu *apdu) {
  apdu->nc = psd_take_u8(&body);
  apdu->data = psd_take(&body, apdu->nc);
  if (body.left > 0) {
    uint8_t le = psd_take_u8(&body);
    apdu->ne = le == 0 ? PSD_NE_SHORT : le;
  }
  return psd_cursor_done(&body);
}

static bool parse_extended(psd_cursor body, psd_apdu *apdu) {
  apdu->extended = true;
  psd_take_u8(&body); /* the zero that announces extended form */
  size_t first = psd_take_u16(&body);
  if (body.failed)
    return false;
  if (body.left == 0) { /* case 2E: the field is Le */
    apdu->ne = first == 0 ? PSD_NE_ALL : first;
    return true;
  }
  apdu->nc = first;
  apdu->data = psd_take(&body, first);
  if (body.left > 0) {
    size_t le = psd_take_u16(&body);
    apdu->ne = le == 0 ? PSD_NE_ALL : le;
  }
  return first != 0 && psd_cursor_done(&body);
}

bool psd_parse_apdu(const uint8_t *command, size_t length, psd_apdu *apdu) {
  psd_cursor body = psd_cursor_over(command, length);
  *apdu = (psd_apdu){0};
  apdu->cla = psd_take_u8(&body);
  apdu->ins = psd_take_u8(&body);
  apdu->p1 = psd_take_u8(&body);
  apdu->p2 = psd_take_u8(&body);
  if (body.failed)
    return false;
  if (body.left == 0) /* case 1 */
    return true;
  if (body.left == 1) { /* case 2S */
    apdu->ne = body.at[0] == 0 ? PSD_NE_SHORT : body.at[0];
    return true;
  }
  return body.at[0] != 0 ? parse_short(body, apdu) : parse_extended(body, apdu);
}

void psd_put_apdu(psd_buffer *buffer, const psd_apdu *apdu) {
  bool extended = apdu->extended || apdu->nc > 255 || apdu->ne > PSD_NE_SHORT;
  size_t size = extended ? 2 : 1;
  psd_put_u8(buffer, apdu->cla);
  psd_put_u8(buffer, apdu->ins);
  psd_put_u8(buffer, apdu->p1);
  psd_put_u8(buffer, apdu->p2);
  if (extended && (apdu->nc > 0 || apdu->ne > 0))
    psd_put_u8(buffer, 0);
  if (apdu->nc > 0) {
    psd_put_uint(buffer, apdu->nc, size);
    psd_put(buffer, apdu->data, apdu->nc);
  }
  if (apdu->ne > 0)
    psd_put_uint(buffer, apdu->ne & (extended ? 0xFFFFU : 0xFFU), size);
}

psd_cla psd_decode_cla(uint8_t cla) {
  psd_cla out = {.valid = cla != 0xFF && (cla & 0x60) != 0x20,
                 .class = (cla & 0x80) != 0 ? PSD_CLASS_GP : PSD_CLASS_ISO,
                 .chained = (cla & 0x10) != 0,
                 .sm = PSD_SM_NONE};
  if ((cla & 0x40) != 0) { /* table 3: further channels */
    out.channel = (uint8_t)(4 + (cla & 0x0F));
    if ((cla & 0x20) != 0)
      out.sm = PSD_SM_ISO;
    return out;
  }
  out.channel = cla & 0x03;
  unsigned sm = (cla >> 2) & 0x03;
  out.sm = sm == 0 ? PSD_SM_NONE : sm == 1 ? PSD_SM_PROPRIETARY : PSD_SM_ISO;
  return out;
}
