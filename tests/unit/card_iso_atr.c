/* ISO/IEC 7816-3:2006, 8.2, and ISO/IEC 7816-4:2005, 8.1.1 and 8.2.1.1: the answer to reset, EF.DIR and EF.ATR, and
 * that what they promise is so. */
#include "check.h"
#include "expect.h"
#include "psd/spec/tlv.h"

#include <string.h>

static rig r;
static const uint8_t *atr;
static size_t length;
/* The historical bytes. */
static const uint8_t *history;
static size_t history_length;

static void begin_in(psd_state state) {
  rig_create(&r);
  rig_enter(&r, state);
  atr = psd_card_atr(r.card, &length);
  CU_ASSERT_FATAL(length > 8 && length <= PSD_CARD_ATR_MAX);
  history_length = atr[1] & 0x0F;
  history = atr + length - 1 - history_length;
}

static void begin(void) {
  begin_in(PSD_STATE_OPERATIONAL);
}

static void end(void) {
  rig_destroy(&r);
}

/* A compact data object of the historical bytes; NULL if there is none of this tag. */
static const uint8_t *compact(unsigned tag, size_t *size) {
  for (size_t at = 1; at < history_length; at += 1U + (history[at] & 0x0F))
    if (history[at] >> 4 == tag) {
      *size = history[at] & 0x0F;
      return history + at + 1;
    }
  return NULL;
}

static void interface_bytes(void) {
  begin();
  CU_ASSERT_EQUAL(atr[0], 0x3B);                    /* TS: direct convention */
  CU_ASSERT_EQUAL(atr[1] & 0xF0, 0x80);             /* T0: TD1 alone */
  CU_ASSERT_EQUAL(atr[2], 0x81);                    /* TD1: T=1; TD2 alone, so no TA2: the card negotiates */
  CU_ASSERT_EQUAL(atr[3], 0x31);                    /* TD2: T=1; TA3 and TB3 */
  CU_ASSERT_TRUE(atr[4] >= 0x01 && atr[4] <= 0xFE); /* TA3: IFSC */
  CU_ASSERT_TRUE(atr[5] >> 4 <= 9);                 /* TB3: BWI, CWI */
  CU_ASSERT_EQUAL(length, 6 + history_length + 1);
  end();
}

static void check_byte(void) {
  for (size_t i = 0; i < psd_state_count; i++) {
    begin_in(psd_states[i].state);
    uint8_t sum = 0;
    for (size_t k = 1; k < length; k++)
      sum ^= atr[k];
    CU_ASSERT_EQUAL(sum, 0);
    end();
  }
}

static void compact_objects(void) {
  begin();
  CU_ASSERT_EQUAL(history[0], 0x80);
  size_t at = 1;
  while (at < history_length)
    at += 1U + (history[at] & 0x0F);
  CU_ASSERT_EQUAL(at, history_length); /* they end where the historical bytes end */
  end();
}

static void life_cycle(void) {
  for (size_t i = 0; i < psd_state_count; i++) {
    begin_in(psd_states[i].state);
    size_t size = 0;
    const uint8_t *status = compact(8, &size);
    CU_ASSERT_FATAL(status != NULL && size == 1);
    CU_ASSERT_EQUAL(*status, psd_states[i].iso);
    end();
  }
}

static void life_cycle_follows_the_state(void) {
  begin();
  CU_ASSERT_EQUAL(history[history_length - 7], 0x07);
  r.seconds += UINT64_C(120) * 86400; /* the watchdog runs out */
  psd_card_reset(r.card);
  atr = psd_card_atr(r.card, &length);
  CU_ASSERT_EQUAL(atr[length - 8], 0x06);
  end();
}

static void identifier(void) {
  begin();
  size_t size = 0;
  const uint8_t *aid = compact(15, &size);
  CU_ASSERT_FATAL(aid != NULL && size == PSD_AID_PSD_SIZE);
  uint8_t select[16] = {0x00, 0xA4, 0x04, 0x00, (uint8_t)size};
  memcpy(select + 5, aid, size);
  CU_ASSERT_EQUAL(rig_send(&r, select, 5 + size), PSD_SW_OK);
  end();
}

static void service_data(void) {
  begin();
  size_t size = 0;
  const uint8_t *service = compact(3, &size);
  CU_ASSERT_FATAL(service != NULL && size == 1);
  CU_ASSERT_EQUAL(*service, 0xF8);
  expect(&r, "00A4040C05F050534401", "9000"); /* bit 8: by full name */
  expect(&r, "00A4040C01F0", "9000");         /* bit 7: by partial name */
  expect(&r, "00A4000C023F00", "9000");       /* bit 1 off: there is a master file */
  expect(&r, "00B09E0000", "61* 9000");       /* bits 6 and 4: EF.DIR, data objects, READ BINARY */
  expect(&r, "00B09D0000", "5F52* 9000");     /* bit 5: EF.ATR */
  end();
}

static const uint8_t *capabilities(void) {
  size_t size = 0;
  const uint8_t *bytes = compact(7, &size);
  CU_ASSERT_FATAL(bytes != NULL && size == 3);
  return bytes;
}

static void selection_methods(void) {
  begin();
  CU_ASSERT_EQUAL(capabilities()[0], 0xF6);
  expect(&r, "00A4080C0450535101", "9000"); /* bit 6: by path */
  expect(&r, "00A4000C023F00", "9000");     /* bit 5: by identifier */
  expect(&r, "00A4040C", "9000");
  expect_selected(&r);
  expect(&r, "00B0810000", "DF20* 9000");  /* bit 3: short identifiers */
  expect(&r, "00B2012C00", "..{40} 9000"); /* bit 2: record numbers */
  expect(&r, "00B2012800", "6A86");        /* bit 1 off: record identifiers */
  end();
}

static void data_coding(void) {
  begin();
  unsigned coding = capabilities()[1];
  CU_ASSERT_EQUAL(coding & 0x0F, 0x01); /* units of two quartets, one byte: offsets count bytes */
  CU_ASSERT_EQUAL(coding & 0x10, 0);    /* no tag begins with FF */
  expect(&r, "00B09E0002", "61.. 9000");
  expect(&r, "00B0000102", "..4F 9000");
  expect_selected(&r);
  expect(&r, "00CB3FFF05 5C03FF8101 00", "6A80");
  end();
}

static void chains_lengths_and_channels(void) {
  begin();
  unsigned third = capabilities()[2];
  CU_ASSERT_EQUAL(third & 0x80, 0x80);
  CU_ASSERT_EQUAL(third & 0x40, 0x40);
  CU_ASSERT_EQUAL(third & 0x18, 0x18);
  unsigned channels = 1 + (third & 0x07);
  CU_ASSERT_EQUAL(channels, PSD_CARD_CHANNELS);
  expect_selected(&r);
  expect(&r, "0020008106 313233343536", "9000");
  expect(&r, "10DADF3101 41", "9000"); /* bit 8: chains */
  expect(&r, "00DADF3101 42", "9000");
  expect(&r, "00CADF31000000", "4142 9000"); /* bit 7: extended lengths */
  expect(&r, "00700003", "9000");            /* bit 4: the reader assigns channels */
  for (unsigned i = 2; i < channels; i++)
    expect(&r, "0070000001", "0. 9000"); /* bit 5: the card assigns channels */
  expect(&r, "0070000001", "6A81");
  end();
}

static void costs_nothing(void) {
  begin();
  uint64_t operations = r.ram.operations;
  uint64_t reads = r.ram.reads;
  expect_selected(&r);
  expect(&r, "0020008106 313233343536", "9000");
  operations = r.ram.operations;
  reads = r.ram.reads;
  for (int i = 0; i < 100; i++) {
    size_t again = 0;
    CU_ASSERT_PTR_EQUAL(psd_card_atr(r.card, &again), atr);
    CU_ASSERT_EQUAL(again, length);
  }
  CU_ASSERT_EQUAL(r.ram.operations, operations);
  CU_ASSERT_EQUAL(r.ram.reads, reads);
  expect(&r, "00200081", "9000"); /* nor touches what was verified */
  end();
}

static void off_is_mute(void) {
  begin();
  psd_card_power_off(r.card);
  psd_card_atr(r.card, &length);
  CU_ASSERT_EQUAL(length, 0);
  CU_ASSERT_FALSE(psd_card_is_on(r.card));
  uint8_t response[PSD_CARD_RESPONSE_MAX];
  CU_ASSERT_EQUAL(psd_card_transmit(r.card, (const uint8_t *)"\x00\xA4\x04\x00", 4, response), 0);
  psd_card_power_on(r.card);
  CU_ASSERT_TRUE(psd_card_is_on(r.card));
  end();
}

static void ef_dir(void) {
  begin();
  CU_ASSERT_EQUAL(rig_hex(&r, "00B09E0000"), PSD_SW_OK);
  uint8_t dir[256];
  memcpy(dir, r.response, r.length);
  psd_cursor list = psd_cursor_over(dir, r.length);
  psd_tlv template;
  unsigned applications = 0;
  while (psd_take_tlv(&list, &template)) {
    psd_tlv aid;
    psd_tlv label;
    CU_ASSERT_EQUAL_FATAL(template.tag, 0x61);
    CU_ASSERT_TRUE_FATAL(psd_find_tlv(template.value, 0x4F, &aid));
    CU_ASSERT_TRUE(psd_find_tlv(template.value, 0x50, &label) && label.value.left > 0);
    uint8_t select[32] = {0x00, 0xA4, 0x04, 0x0C, (uint8_t)aid.value.left};
    memcpy(select + 5, aid.value.at, aid.value.left);
    CU_ASSERT_EQUAL(rig_send(&r, select, 5 + aid.value.left), PSD_SW_OK);
    applications++;
  }
  CU_ASSERT_TRUE(psd_cursor_done(&list));
  CU_ASSERT_TRUE(applications > 0);
  end();
}

static void ef_atr_repeats_the_historical_bytes(void) {
  for (size_t i = 0; i < psd_state_count; i++) {
    begin_in(psd_states[i].state);
    CU_ASSERT_EQUAL(rig_hex(&r, "00B09D0000"), PSD_SW_OK);
    psd_tlv bytes;
    CU_ASSERT_TRUE_FATAL(psd_find_tlv(psd_cursor_over(r.response, r.length), 0x5F52, &bytes));
    CU_ASSERT_EQUAL(bytes.value.left, history_length);
    CU_ASSERT_EQUAL(memcmp(bytes.value.at, history, history_length), 0);
    end();
  }
}

/* One of the two numbers in 7F66. */
static size_t longest(unsigned which) {
  CU_ASSERT_EQUAL_FATAL(rig_hex(&r, "00B09D0000"), PSD_SW_OK);
  psd_tlv template;
  psd_tlv number;
  CU_ASSERT_TRUE_FATAL(psd_find_tlv(psd_cursor_over(r.response, r.length), 0x7F66, &template));
  for (unsigned i = 0; i <= which; i++)
    CU_ASSERT_TRUE_FATAL(psd_take_tlv(&template.value, &number) && number.tag == 0x02);
  return (size_t)psd_take_uint(&number.value, number.value.left);
}

static void ef_atr_tells_the_lengths(void) {
  begin();
  size_t command = longest(0);
  CU_ASSERT_EQUAL(command, 4 + 3 + PSD_CARD_DATA_MAX + 2);
  CU_ASSERT_EQUAL(longest(1), PSD_CARD_RESPONSE_MAX);
  expect_selected(&r);
  expect(&r, "0020008106 313233343536", "9000");
  expect(&r, "00DADF31000800 41{2048} 0000", "6A80"); /* arrives: the label is shorter, that is all */
  uint8_t certificate[1900];
  memset(certificate, 0xC5, sizeof certificate);
  rig_put_object(&r, PSD_OBJECT_CERTIFICATE, certificate, sizeof certificate);
  expect(&r, "00CADF2A000000", "C5{1900} 9000");
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"7816-3, 8.2: TS, T0, T=1 alone, IFSC and waiting times", interface_bytes},
      {"7816-3, 8.2.5: TCK makes the sum of T0 to TCK zero, in each state", check_byte},
      {"8.1.1: the category is 80, compact data objects follow", compact_objects},
      {"8.1.1.3: the life cycle status is that of the card, in each state", life_cycle},
      {"8.1.1.3: the life cycle status is looked up at every reset", life_cycle_follows_the_state},
      {"8.1.1.2.2: the identifier can be selected", identifier},
      {"8.1.1.2.3: the card service data are true", service_data},
      {"8.1.1.2.7, table 86: the selection methods are true", selection_methods},
      {"8.1.1.2.7, table 87: the data coding is true", data_coding},
      {"8.1.1.2.7, table 88: chains, extended lengths and channels are true", chains_lengths_and_channels},
      {"7816-3, 8: asking for the answer to reset costs nothing and changes nothing", costs_nothing},
      {"7816-3, 6: a card without power is mute", off_is_mute},
      {"8.2.1.1: every application of EF.DIR can be selected", ef_dir},
      {"8.2.1.1: EF.ATR repeats the historical bytes, in each state", ef_atr_repeats_the_historical_bytes},
      {"8.2.1.1: EF.ATR tells the longest command and answer", ef_atr_tells_the_lengths},
  };
  return psd_check_run("ISO 7816: answer to reset, EF.DIR, EF.ATR", tests, PSD_CHECK_COUNT(tests));
}
