/* Inside the flows of evidence. */
#ifndef PSD_READER_FLOW_EVIDENCE_H
#define PSD_READER_FLOW_EVIDENCE_H

#include "psd/reader/evidence.h"
#include "psd/spec/text.h"

/* The key that a profile is made with. */
psd_object_id psd_profile_key(uint64_t profile);

/* Why the card, which is as `meter` says, has refused with the status word it answered last; in place of the host's
 * error, where a reason is found. Returns PSD_REFUSED. */
psd_result psd_piece_explain(psd_host *host, const psd_host_meter *meter, psd_evidence_kind kind,
                             const psd_indicium_wish *wish);

/* What the card is, where that is why it refuses; false where it is in operation, or in one of the states of `more`,
 * bits by number. */
bool psd_host_meter_say_state(psd_text *text, const psd_host_meter *meter, unsigned more);

#endif
