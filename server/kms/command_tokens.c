/* The token keys of PSDs: what the archive has of them, and what the operator does with one. */
#include <stdio.h>

#include "kms/commands.h"
#include "kms/notice.h"
#include "kms/token_show.h"

/* What a verb does with a token key, and what it says of it afterwards. */
static const struct deed {
  psd_kms_token_verb verb;
  psd_kms_event_id event;
  psd_kms_state state; /* NONE: as it is */
  const char *done;
} deeds[] = {
    {PSD_KMS_TOKENS_RETIRE, PSD_KMS_EVENT_TOKEN_OBSOLETE, PSD_KMS_STATE_OBSOLETE, "is obsolete"},
    {PSD_KMS_TOKENS_COMPROMISE, PSD_KMS_EVENT_TOKEN_COMPROMISED, PSD_KMS_STATE_COMPROMISED, "is compromised"},
    {PSD_KMS_TOKENS_CLEAR, PSD_KMS_EVENT_TOKEN_CLEARED, PSD_KMS_STATE_NONE, "may be registered again"},
};

static const struct deed *deed_of(psd_kms_token_verb verb) {
  for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++)
    if (deeds[i].verb == verb)
      return &deeds[i];
  return NULL;
}

/* Whether the options mean this one. */
static bool meant(const psd_kms_options *options, const psd_kms_token *token) {
  if (options->set != 0 && options->set != token->set)
    return false;
  if (options->serial_count == 0)
    return true;
  psd_kms_device device = psd_kms_device_of(options->vendor, options->model, options->serials[0]);
  return psd_secret_equal(device.bytes, token->device.bytes, sizeof device.bytes);
}

/* Whether it can be done with a token key in its state: what is over stays so. */
static bool applies(const struct deed *deed, const psd_kms_token *token) {
  if (deed->state == PSD_KMS_STATE_NONE)
    return token->failures > 0 && psd_kms_state_of(token->state)->opens;
  return psd_kms_may_move(token->state, deed->state);
}

static bool note(psd_kms_events *events, const struct deed *deed, const psd_kms_token *token) {
  const psd_kms_event event = {.event = deed->event,
                               .time = psd_kms_now(),
                               .kind = PSD_KMS_METER,
                               .key = token->set,
                               .from = token->state,
                               .to = deed->state != PSD_KMS_STATE_NONE ? deed->state : token->state,
                               .about_device = true,
                               .device = token->device};
  return psd_kms_note(events, &event);
}

/* Notes it of each token key that is meant, and says so; false, and why, if there is none that it applies to. */
static bool collect(const psd_kms_options *options, const struct deed *deed, const psd_kms_archive *archive,
                    psd_kms_events *events, char *why) {
  bool known = false;
  for (size_t i = 0; i < psd_kms_archive_count(archive); i++) {
    const psd_kms_token *token = psd_kms_archive_at(archive, i);
    if (!meant(options, token))
      continue;
    known = true;
    if (applies(deed, token) && !note(events, deed, token)) {
      (void)snprintf(why, PSD_KMS_WHY_MAX, "too many keys at once: say --set ID");
      return false;
    }
  }
  if (events->count == 0)
    (void)snprintf(why, PSD_KMS_WHY_MAX, "%s",
                   known ? "no token key of this PSD is in a state for that: psd-kms tokens show tells it"
                         : "no token key was made for this PSD: psd-kms tokens list has those that were");
  return events->count != 0;
}

static void print_done(const struct deed *deed, const psd_kms_events *events) {
  for (size_t i = 0; i < events->count; i++)
    (void)printf("the token key of set %lu %s\n", (unsigned long)events->list[i].key, deed->done);
}

static bool act(psd_kms *kms, const psd_kms_options *options, const struct deed *deed, char *why) {
  psd_kms_events events = {.count = 0};
  const psd_kms_archive *archive = psd_kms_archive_begin(kms, why);
  if (archive == NULL)
    return false;
  bool done = collect(options, deed, archive, &events, why);
  const psd_kms_events noted = events;
  if (done && !psd_kms_record_events(kms, &events)) {
    (void)snprintf(why, PSD_KMS_WHY_MAX, "the log cannot be written");
    done = false;
  }
  psd_kms_archive_end(kms);
  if (done)
    print_done(deed, &noted);
  return done;
}

static void print_one(const psd_kms_options *options, psd_json *json, const psd_kms_token *token) {
  if (options->json)
    psd_kms_json_token(json, token);
  else if (options->verb == PSD_KMS_TOKENS_SHOW)
    psd_kms_print_token_whole(token);
  else
    psd_kms_print_token(token);
}

/* All that are meant. Nobody need wait for it: what comes to the log meanwhile is not in it. */
static bool show(psd_kms *kms, const psd_kms_options *options, char *why) {
  psd_json json = psd_json_on(stdout);
  size_t shown = 0;
  const psd_kms_archive *archive = psd_kms_archive_begin(kms, why);
  if (archive == NULL)
    return false;
  psd_kms_archive_end(kms);
  if (options->json)
    psd_json_array(&json, NULL);
  for (size_t i = 0; i < psd_kms_archive_count(archive); i++) {
    if (!meant(options, psd_kms_archive_at(archive, i)))
      continue;
    print_one(options, &json, psd_kms_archive_at(archive, i));
    shown++;
  }
  if (options->json)
    psd_json_end_array(&json);
  if (options->verb == PSD_KMS_TOKENS_LIST && !options->json)
    (void)printf("%zu token keys of the %s domain\n", shown, psd_token_domain_name(psd_kms_keys(kms)->domain));
  if (options->verb == PSD_KMS_TOKENS_LIST || shown > 0)
    return true;
  (void)snprintf(why, PSD_KMS_WHY_MAX, "no token key was made for this PSD: psd-kms tokens list has those that were");
  return false;
}

int psd_kms_command_tokens(const psd_kms_options *options) {
  char why[PSD_KMS_WHY_MAX];
  if (options->verb == PSD_KMS_TOKENS_AUDIT)
    return psd_kms_command_audit(options);
  psd_kms *kms = psd_kms_command_open(options);
  if (kms == NULL)
    return PSD_EXIT_REFUSED;
  const struct deed *deed = deed_of(options->verb);
  bool done = deed != NULL ? act(kms, options, deed, why) : show(kms, options, why);
  psd_kms_close(kms);
  return done ? PSD_EXIT_DONE : psd_kms_command_refused(why);
}
