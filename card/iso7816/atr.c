#include "iso7816/atr.h"

#include <string.h>

/* 8.1.1.2.3: applications selected by full and partial name; EF.DIR and EF.ATR in BER-TLV, read with READ BINARY; a
 * master file. */
#define SERVICE_DATA 0xF8U
/* 8.1.1.2.7, first table: selection by full name, partial name, path and identifier; short identifiers; record numbers.
 */
#define SELECTION_METHODS 0xF6U
/* Second table: data units of one byte. */
#define DATA_CODING 0x21U
/* Third table: command chaining, extended lengths (limits in EF.ATR), channels assigned by card or by reader; 4 of
 * them. */
#define CHAINING_AND_CHANNELS 0xDBU

void psd_atr_historical(const psd_card *card, psd_buffer *out) {
  const psd_state_row *state = psd_state_of(psd_card_state(card));
  const uint8_t fixed[] = {0x80, 0x31, SERVICE_DATA, 0x73, SELECTION_METHODS, DATA_CODING, CHAINING_AND_CHANNELS, 0x81};
  psd_put(out, fixed, sizeof fixed);
  psd_put_u8(out, state->iso);
  psd_put_u8(out, 0xF0U | PSD_AID_PSD_SIZE);
  psd_put(out, PSD_AID_PSD, PSD_AID_PSD_SIZE);
}

size_t psd_atr_build(const psd_card *card, uint8_t atr[PSD_CARD_ATR_MAX]) {
  uint8_t historical[15];
  psd_buffer history = psd_buffer_over(historical, sizeof historical);
  psd_atr_historical(card, &history);
  psd_buffer out = psd_buffer_over(atr, PSD_CARD_ATR_MAX);
  /* TS; T0: TD1 and K; TD1: T=1 and TD2; TD2: T=1, TA3 and TB3; TA3: IFSC 254; TB3: waiting times. */
  const uint8_t head[] = {0x3B, (uint8_t)(0x80U | history.length), 0x81, 0x31, 0xFE, 0x45};
  psd_put(&out, head, sizeof head);
  psd_put(&out, historical, history.length);
  uint8_t check = 0;
  for (size_t i = 1; i < out.length; i++)
    check ^= atr[i];
  psd_put_u8(&out, check);
  return out.length;
}
