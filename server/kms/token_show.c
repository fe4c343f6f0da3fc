#include "kms/token_show.h"

#include <stdio.h>

#include "psd/spec/text.h"

#define WORDS 64U

/* "PS D1 00001234" */
static const char *device_words(const psd_kms_device *device, char words[WORDS]) {
  psd_text text = psd_text_over(words, WORDS);
  psd_say_text(&text, device->bytes, 2);
  psd_say(&text, " ");
  psd_say_text(&text, device->bytes + 2, 2);
  psd_say(&text, " %02X%02X%02X%02X", device->bytes[4], device->bytes[5], device->bytes[6], device->bytes[7]);
  return words;
}

static const char *time_words(uint64_t time, char words[WORDS]) {
  psd_text text = psd_text_over(words, WORDS);
  psd_say_time(&text, time);
  return words;
}

static const char *state_name(const psd_kms_token *token) {
  return psd_kms_state_of(token->state)->name;
}

void psd_kms_print_token(const psd_kms_token *token) {
  char device[WORDS], since[WORDS];
  (void)printf("%s  set %lu, pointer %3u, order %-5s %u digits  %-11s since %s\n", device_words(&token->device, device),
               (unsigned long)token->set, token->pointer, psd_token_order_name(token->order), token->digits,
               state_name(token), time_words(token->changed, since));
}

void psd_kms_print_token_whole(const psd_kms_token *token) {
  char words[WORDS];
  (void)printf("%s, set %lu\n", device_words(&token->device, words), (unsigned long)token->set);
  (void)printf("  state        %s since %s\n", state_name(token), time_words(token->changed, words));
  (void)printf("  pointer      %u\n", token->pointer);
  (void)printf("  order        %s\n", psd_token_order_name(token->order));
  (void)printf("  digits       %u\n", token->digits);
  (void)printf("  made         %s\n", time_words(token->made, words));
  (void)printf("  handed out   %lu times\n", (unsigned long)token->handed_out);
  if (token->licence != 0)
    (void)printf("  licence      %lu\n", (unsigned long)token->licence);
  (void)printf("  wrong tokens %lu of %u%s\n", (unsigned long)token->failures, PSD_KMS_REGISTRATION_TRIES,
               token->failures == PSD_KMS_REGISTRATION_TRIES ? ": none is compared any more, see tokens clear" : "");
}

void psd_kms_json_token(psd_json *out, const psd_kms_token *token) {
  char device[WORDS];
  psd_json_object(out, NULL);
  psd_json_string(out, "device", device_words(&token->device, device));
  psd_json_number(out, "set", token->set);
  psd_json_number(out, "pointer", token->pointer);
  psd_json_string(out, "order", psd_token_order_name(token->order));
  psd_json_number(out, "digits", token->digits);
  psd_json_string(out, "state", state_name(token));
  psd_json_number(out, "changed", token->changed);
  psd_json_number(out, "made", token->made);
  psd_json_number(out, "handed_out", token->handed_out);
  psd_json_number(out, "wrong_tokens", token->failures);
  psd_json_number(out, "licence", token->licence);
  psd_json_end_object(out);
}
