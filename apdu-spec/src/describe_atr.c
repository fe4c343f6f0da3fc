#include "psd/spec/describe.h"

static void say_line(psd_text *text, const char *name, unsigned byte, const char *words) {
  psd_say(text, "%-4s %02X        %s\n", name, byte, words);
}

/* Interface bytes of group `i` (ISO/IEC 7816-3:2006, 8.2.3); returns the TD byte, 0 if there is none. */
static unsigned say_interface(psd_text *text, psd_cursor *atr, unsigned i, unsigned present, unsigned protocol) {
  static const char letters[] = {'A', 'B', 'C'};
  for (unsigned k = 0; k < 3; k++) {
    if ((present & (0x10U << k)) == 0)
      continue;
    unsigned byte = psd_take_u8(atr);
    bool of_t1 = i > 2 && protocol == 1;
    char name[6];
    psd_text label = psd_text_over(name, sizeof name);
    psd_say(&label, "T%c%u", letters[k], i);
    say_line(text, name, byte,
             of_t1 && k == 0   ? "T=1: bytes an information field of the card may have (IFSC)"
             : of_t1 && k == 1 ? "T=1: character and block waiting times"
                               : "interface parameter");
  }
  if ((present & 0x80) == 0)
    return 0;
  unsigned td = psd_take_u8(atr);
  char name[6];
  psd_text label = psd_text_over(name, sizeof name);
  psd_say(&label, "TD%u", i);
  psd_say(text, "%-4s %02X        protocol T=%u\n", name, td, td & 0x0F);
  return td;
}

/* Third software function table (ISO/IEC 7816-4:2005, 8.1.1.2.7, table 88). */
static void say_capabilities(psd_text *text, psd_cursor value) {
  psd_take(&value, 2);
  unsigned third = psd_take_u8(&value);
  if (value.failed)
    return;
  psd_say(text, "               %scommand chaining, %sextended lengths, %u logical channels\n",
          (third & 0x80) != 0 ? "" : "no ", (third & 0x40) != 0 ? "" : "no ", 1 + (third & 0x07));
}

static void say_compact(psd_text *text, unsigned head, psd_cursor value) {
  static const struct {
    unsigned tag;
    const char *words;
  } names[] = {{1, "country"},           {2, "issuer"},           {3, "card service data"},
               {4, "initial access"},    {5, "card issuer data"}, {6, "pre-issuing data"},
               {7, "card capabilities"}, {8, "life cycle state"}, {15, "application identifier"}};
  const char *words = "compact data object";
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (names[i].tag == head >> 4)
      words = names[i].words;
  psd_say(text, "     %02X ", head);
  psd_say_hex(text, value.at, value.left);
  psd_say(text, "   %s\n", words);
  if (head == 0x73)
    say_capabilities(text, value);
}

static void say_historical(psd_text *text, psd_cursor historical) {
  unsigned category = psd_take_u8(&historical);
  say_line(text, "", category, category == 0x80 ? "historical bytes: compact data objects" : "historical bytes");
  while (category == 0x80 && historical.left > 0) {
    unsigned head = psd_take_u8(&historical);
    const uint8_t *value = psd_take(&historical, head & 0x0F);
    if (value == NULL) {
      psd_say(text, "     (malformed)\n");
      return;
    }
    say_compact(text, head, psd_cursor_over(value, head & 0x0F));
  }
}

void psd_describe_atr(psd_text *text, const uint8_t *bytes, size_t length) {
  psd_cursor atr = psd_cursor_over(bytes, length);
  unsigned convention = psd_take_u8(&atr);
  unsigned t0 = psd_take_u8(&atr);
  unsigned historical = t0 & 0x0F;
  say_line(text, "TS", convention, convention == 0x3B ? "direct convention" : "inverse convention");
  psd_say(text, "%-4s %02X        %u historical bytes\n", "T0", t0, historical);
  bool checked = false;
  unsigned present = t0;
  for (unsigned i = 1; present != 0 && !atr.failed; i++) {
    unsigned protocol = i == 1 ? 0 : present & 0x0F;
    present = say_interface(text, &atr, i, present & 0xF0, protocol);
    checked = checked || (present & 0x0F) != 0;
  }
  const uint8_t *history = psd_take(&atr, historical);
  if (history == NULL || historical == 0) {
    psd_say(text, "%s", history == NULL ? "(cut short)\n" : "");
    return;
  }
  say_historical(text, psd_cursor_over(history, historical));
  if (!checked)
    return;
  uint8_t sum = 0;
  for (size_t i = 1; i < length; i++)
    sum ^= bytes[i];
  say_line(text, "TCK", psd_take_u8(&atr), sum == 0 ? "check byte, right" : "check byte, WRONG");
}
