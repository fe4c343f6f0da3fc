/* What the number in a record of the log means, by its event (KMS_RECORD, sequence). */
#ifndef PSD_KMS_LOG_DETAIL_H
#define PSD_KMS_LOG_DETAIL_H

#include "kms/log_event.h"
#include "psd/program/json.h"
#include "psd/spec/text.h"

/* ", number 7", ", licence 42" and so on; nothing where there is none. */
void psd_kms_say_detail(psd_text *text, const psd_kms_record *record);
/* Members of the object that is open; the digest too. */
void psd_kms_json_detail(psd_json *out, const psd_kms_record *record);

#endif
