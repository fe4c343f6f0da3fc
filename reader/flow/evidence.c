/* One request, one piece, one debit: whatever is lost on the way (docs/evidence.md, "The rule"). */
#include "evidence.h"

#include "again.h"
#include "psd/spec/status.h"

#include <string.h>

/* How often the card is asked anew for the same piece once it is known that none was made, and how often it is reached
 * for to find that out: other programs may keep resetting it. */
#define ROUNDS 3U

/* A piece under way. */
typedef struct making {
  psd_host *host;
  const psd_secret *pin;
  const psd_host_meter *meter; /* before it */
  psd_evidence_kind kind;
  const psd_indicium_wish *wish;
  psd_made *made;
} making;

static bool agrees(const psd_indicium *said, const psd_evidence_head *head, const psd_device_id *device) {
  return said->version == PSD_INDICIUM_VERSION && said->algorithm == head->profile &&
         memcmp(said->vendor, device->vendor, sizeof said->vendor) == 0 &&
         memcmp(said->model, device->model, sizeof said->model) == 0 && said->serial == device->serial &&
         said->ascending == head->ascending && said->descending == head->descending && said->postage == head->postage &&
         said->date == head->date && said->destination == head->destination && said->piece_count == head->piece_count &&
         said->category >> PSD_CATEGORY_KIND == head->kind;
}

static bool agrees_compact(const psd_compact_indicium *said, const psd_evidence_head *head,
                           const psd_device_id *device) {
  return said->version == PSD_COMPACT_VERSION && said->piece_count == head->piece_count &&
         said->maker == psd_maker_of(device->vendor, device->model) && said->serial == device->serial &&
         said->postage == head->postage && said->category >> PSD_CATEGORY_KIND == head->kind;
}

bool psd_piece_take(const void *answer, size_t length, const psd_device_id *device, psd_made *evidence) {
  psd_cursor from = psd_cursor_over(answer, length);
  psd_indicium said;
  psd_compact_indicium compact;
  *evidence = (psd_made){.length = 0};
  if (!psd_take_message(&from, PSD_MESSAGE_EVIDENCE_HEAD, &evidence->head))
    return false;
  const psd_profile_row *row = psd_profile_of(evidence->head.profile);
  if (row == NULL || from.left != row->size || evidence->head.kind >= PSD_EVIDENCE_KINDS)
    return false;
  evidence->length = row->size;
  memcpy(evidence->indicium, from.at, row->size);
  if (row->id == PSD_PROFILE_COMPACT)
    return psd_take_message(&from, PSD_MESSAGE_COMPACT_INDICIUM, &compact) &&
           agrees_compact(&compact, &evidence->head, device);
  return psd_take_message(&from, PSD_MESSAGE_INDICIUM, &said) && agrees(&said, &evidence->head, device);
}

psd_result psd_piece_last(psd_host *host, const psd_device_id *device, psd_made *evidence) {
  uint8_t bytes[PSD_EVIDENCE_MAX];
  psd_buffer answer = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_host_last_evidence(host, &answer);
  if (result == PSD_REFUSED && psd_host_status(host) == PSD_SW_REFERENCE_NOT_FOUND)
    return psd_host_fail(host, PSD_REFUSED, "the card has made no evidence yet");
  if (result == PSD_OK && !psd_piece_take(bytes, answer.length, device, evidence))
    result = psd_host_fail(host, PSD_BAD_ANSWER, "the card's last evidence, %zu bytes, does not agree with itself",
                           answer.length);
  return result;
}

/* Whether it is what was asked for. The proof of a withdrawal may be an earlier one again. */
static bool is_the_one(const making *of, const psd_made *evidence) {
  const psd_evidence_head *head = &evidence->head;
  const psd_registers *before = &of->meter->registers;
  bool next = head->piece_count == before->piece_count + 1;
  if (head->kind != of->kind || head->profile != of->wish->profile)
    return false;
  if (of->kind == PSD_EVIDENCE_WITHDRAWAL)
    return head->postage == 0 && (next || head->piece_count == before->piece_count);
  return next && head->postage == of->wish->postage && head->mail_class == of->wish->mail_class &&
         head->destination == of->wish->destination && (of->wish->date == 0 || head->date == of->wish->date) &&
         head->ascending == before->ascending + of->wish->postage;
}

static psd_result ask(const making *of) {
  uint8_t bytes[PSD_EVIDENCE_MAX];
  psd_buffer answer = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = of->kind == PSD_EVIDENCE_WITHDRAWAL
                          ? psd_host_withdrawal_indicium(of->host, (psd_profile_id)of->wish->profile, &answer)
                          : psd_host_create_indicium(of->host, of->kind, of->wish, &answer);
  if (result == PSD_OK &&
      !(psd_piece_take(bytes, answer.length, &of->meter->device, of->made) && is_the_one(of, of->made)))
    result = psd_host_fail(of->host, PSD_BAD_ANSWER, "the card's evidence is not of the piece that was asked for");
  return result;
}

/* How it stands with a piece whose answer was lost. */
typedef enum standing { UNKNOWN, NOT_MADE, MADE } standing;

static psd_result look_back(const making *of, standing *found) {
  psd_registers now;
  psd_result result = psd_host_get_object(of->host, PSD_OBJECT_POSTAGE_REGISTERS, &now);
  if (result == PSD_OK && now.piece_count == of->meter->registers.piece_count) {
    *found = NOT_MADE;
    return PSD_OK;
  }
  if (result == PSD_OK)
    result = psd_piece_last(of->host, &of->meter->device, of->made);
  if (result == PSD_OK && !is_the_one(of, of->made))
    return psd_host_fail(of->host, PSD_REFUSED, "other pieces were made meanwhile, up to number %llu",
                         (unsigned long long)now.piece_count);
  if (result == PSD_OK)
    *found = MADE;
  return result;
}

static psd_result look_once(const making *of, psd_result before, standing *found) {
  psd_result result = psd_in_touch(before) ? PSD_OK : psd_enter_again(of->host, &of->meter->device, of->pin);
  return result == PSD_OK ? look_back(of, found) : result;
}

/* A card that says no now would say so again. */
static standing find_out(const making *of, psd_result lost) {
  standing found = UNKNOWN;
  psd_result result = lost;
  for (unsigned i = 0; i < ROUNDS && (i == 0 || !psd_in_touch(result)); i++)
    result = look_once(of, result, &found);
  return found;
}

/* Nothing was made: what is told of it, or whether the card is asked once more. After a reset, or power, the command is
 * no longer under way in it. */
static psd_result not_made(const making *of, const psd_error *why, bool *again) {
  *again = why->result == PSD_RESET || why->result == PSD_LOST;
  return psd_host_fail(of->host, why->result, "%.200s; nothing was made, and nothing debited", why->words);
}

static psd_result in_doubt(const making *of, const psd_error *why) {
  psd_error last = *psd_host_error(of->host);
  of->made->doubt = true;
  return psd_host_fail(of->host, psd_result_unreachable(last.result) ? last.result : PSD_REFUSED,
                       "it is not known whether piece %llu was made: %.120s; %.120s",
                       (unsigned long long)of->meter->registers.piece_count + 1, why->words, last.words);
}

static bool refused(const making *of, psd_result result) {
  return result == PSD_BAD_INPUT ||
         (result == PSD_REFUSED && psd_host_status(of->host) != PSD_SW_MEMORY_FAILURE); /* its end is unknown */
}

static psd_result make_once(const making *of, bool *again) {
  *again = false;
  psd_result result = ask(of);
  if (result == PSD_REFUSED && refused(of, result))
    return psd_piece_explain(of->host, of->meter, of->kind, of->wish);
  if (result == PSD_OK || refused(of, result))
    return result;
  psd_error why = *psd_host_error(of->host);
  standing found = find_out(of, result);
  if (found == NOT_MADE)
    return not_made(of, &why, again);
  if (found == UNKNOWN)
    return in_doubt(of, &why);
  of->made->recovered = true;
  return PSD_OK;
}

psd_result psd_piece_make(psd_host *host, const psd_secret *pin, psd_host_meter *meter, psd_evidence_kind kind,
                          const psd_indicium_wish *wish, psd_made *made) {
  const making of = {.host = host, .pin = pin, .meter = meter, .kind = kind, .wish = wish, .made = made};
  bool again = true;
  psd_result result = PSD_OK;
  *made = (psd_made){.length = 0};
  for (unsigned i = 0; i < ROUNDS && again; i++)
    result = make_once(&of, &again);
  if (result == PSD_OK) {
    meter->registers.ascending = made->head.ascending;
    meter->registers.descending = made->head.descending;
    meter->registers.piece_count = made->head.piece_count;
  }
  return result;
}
