/* What the meter remembers: one record, whole in RAM, replaced whole by every commit. */
#ifndef PSD_METER_CORE_H
#define PSD_METER_CORE_H

#include "psd/spec/objects.h"

typedef struct psd_core {
  psd_core_head head;
  psd_registers postage;
  psd_registers certificate;
  psd_funds funds;
  psd_limits limits;
  psd_clock_state clock;
  psd_watchdog watchdog;
  psd_pin_policy pins;
  psd_refill refill;
  psd_operation operation;  /* the last with funds, finished or not */
  psd_order order;          /* the last of the provider that was carried out; number 0 before the first */
  psd_rates_state rates[2]; /* of the rate table in force and of the next; the tables themselves are objects */
  psd_evidence_state evidence;
  psd_certificate_state services;
  psd_log_head log;
} psd_core;

#define PSD_CORE_LAYOUT 4U
/* Encoded length. */
#define PSD_CORE_SIZE                                                                                                  \
  (PSD_SIZE_CORE_HEAD + 2U * PSD_SIZE_REGISTERS + PSD_SIZE_FUNDS + PSD_SIZE_LIMITS + PSD_SIZE_CLOCK_STATE +            \
   PSD_SIZE_WATCHDOG + PSD_SIZE_PIN_POLICY + PSD_SIZE_REFILL + PSD_SIZE_OPERATION + PSD_SIZE_ORDER +                   \
   2U * PSD_SIZE_RATES_STATE + PSD_SIZE_EVIDENCE_STATE + PSD_SIZE_CERTIFICATE_STATE + PSD_SIZE_LOG_HEAD)

/* Record numbers in the store. */
enum psd_record {
  PSD_RECORD_CORE = 0,
  PSD_RECORD_PIN = 1,
  PSD_RECORD_PUK = 2,
  PSD_RECORD_TRANSPORT = 3,
  PSD_RECORD_KEY_PAIR = 4, /* the secret of the PSD's own key pair; its point is the object DEVICE_PUBLIC */
  PSD_RECORD_FUNDS = 5,    /* the last answer about funds, with its signature */
  PSD_RECORD_EVIDENCE = 6, /* the last evidence as it was answered */
  PSD_RECORD_DSA = 7,      /* the secret of its DSA pair; the public key is in the object DSA_KEY */
  PSD_RECORD_SERVICE = 8,  /* the last service that was charged, its answer, and the enciphered key with it */
  PSD_RECORD_SERVICE_ANSWER = 9,
  PSD_RECORD_SERVICE_KEY = 10,
  PSD_RECORD_OBJECT = 16, /* and psd_object_id on top of it */
  PSD_RECORD_LOG = 100,   /* a ring of PSD_LOG_RECORDS */
  PSD_RECORD_SLOT = 132,  /* and what certificate/slot.h has on top of it */
};
#define PSD_LOG_RECORDS 32U

/* A core as a blank card has it. */
void psd_core_blank(psd_core *core);
/* Encodes to exactly PSD_CORE_SIZE bytes; false if a value does not fit its field. */
bool psd_core_encode(const psd_core *core, uint8_t out[PSD_CORE_SIZE]);
/* False if the bytes are not a core of this layout. */
bool psd_core_decode(const uint8_t *data, size_t length, psd_core *core);
/* The invariant of the registers: ascending + descending = control total without overflow in each group; the
 * certificate group empty when merged; in current-account mode no descending register and the limit kept. */
bool psd_core_balanced(const psd_core *core);
/* The registers of a group (0 postage, 1 certificate). */
psd_registers *psd_core_group(psd_core *core, uint64_t group);
/* Where in the core the value of a data object lies, or NULL if it is not kept there. */
const void *psd_core_object(const psd_core *core, psd_object_id id);

#endif
