/* One card: everything it has in RAM. Its memory is the caller's (psd/card.h); its size is fixed. */
#ifndef PSD_CARD_CONTEXT_H
#define PSD_CARD_CONTEXT_H

#include "crypto/crypto.h"
#include "meter/core.h"
#include "psd/card.h"
#include "psd/spec/apdu.h"
#include "psd/spec/status.h"
#include "store/store.h"

/* What secure messaging adds to an answer at most: one block of padding and a 16-byte MAC. */
#define PSD_SECURED_MAX (PSD_CARD_DATA_MAX + 32U)

/* Why a channel's buffer holds bytes. */
typedef enum psd_buffer_use {
  PSD_BUFFER_FREE,
  PSD_BUFFER_CHAIN,  /* command data, of a chain or taken out of secure messaging */
  PSD_BUFFER_ANSWER, /* the rest of an answer, for GET RESPONSE */
} psd_buffer_use;

/* One logical channel (ISO/IEC 7816-4:2005, 5.1.1.2): its own application, file, PIN state, chain and answer. */
typedef struct psd_channel {
  bool open;
  bool pin_verified;
  psd_application application;
  psd_file_id directory; /* current DF */
  psd_file_id file;      /* current EF; the directory itself when there is none */
  uint8_t record;        /* current record of a cyclic file, 0 for none */
  psd_buffer_use use;
  bool chaining;           /* more commands of the chain are to come */
  uint8_t chain_header[4]; /* CLA without its chaining bit, INS, P1, P2 */
  uint16_t length, taken;  /* bytes in `data`; of an answer, bytes already sent */
  uint16_t status;         /* that ends the answer */
  uint8_t data[PSD_SECURED_MAX];
} psd_channel;

typedef enum psd_scp_phase {
  PSD_SCP_CLOSED,
  PSD_SCP_BEGUN, /* INITIALIZE UPDATE was answered */
  PSD_SCP_OPEN,
} psd_scp_phase;

/* Security level bits of EXTERNAL AUTHENTICATE (Card Specification 2.3.1, table 10-1; Amendment D, 7.1.2). */
enum psd_scp_level { PSD_SCP_CMAC = 0x01, PSD_SCP_CENC = 0x02, PSD_SCP_RMAC = 0x10, PSD_SCP_RENC = 0x20 };

/* The personaliser's secure channel (SCP03). There is one in the card; it lives on one logical channel. */
typedef struct psd_scp {
  psd_scp_phase phase;
  uint8_t channel;
  uint8_t level;
  bool answer_secured; /* the command being carried out came through the open channel: so does its answer */
  uint8_t mac_size;    /* 8 (S8) or 16 (S16) */
  uint8_t key_size;
  uint32_t counter; /* of enciphered commands */
  uint16_t block;   /* STORE DATA: next block number */
  uint8_t s_enc[32], s_mac[32], s_rmac[32];
  uint8_t host_cryptogram[16];
  uint8_t chaining[16]; /* MAC chaining value */
} psd_scp;

/* Where the conversation with the meter server stands (EP steps 202-246). */
typedef enum psd_session_phase {
  PSD_SESSION_NONE,
  PSD_SESSION_SIGNED_ON, /* M1 was made: the sign-on response is awaited (222) */
  PSD_SESSION_ANSWERED,  /* the meter server is authenticated (224): the audit request is awaited (228) */
  PSD_SESSION_AUDITED,   /* the audit response was signed (232): its result is awaited */
  PSD_SESSION_OPEN,      /* both sides are authenticated: the provider's commands come in records */
} psd_session_phase;

/* Keys of one direction: PSD_TRAFFIC_KEY bytes, as they are derived, and the number of the next record. */
typedef struct psd_traffic {
  uint8_t key[32];
  uint8_t vector[12];
  uint64_t sequence;
  const struct psd_session_suite *suite;
} psd_traffic;

/* The session with the meter server (docs/handshake.md). There is one in the card; it lives on one logical channel. */
typedef struct psd_session {
  psd_session_phase phase;
  uint8_t channel;
  bool forward;
  const struct psd_session_suite *suite;
  uint8_t key[32];        /* K_S, until the traffic keys are derived */
  uint8_t secret[32];     /* behind `enc` of M1, as long */
  uint8_t transcript[32]; /* th1, then th2 */
  uint8_t identifier[16]; /* of the session */
  uint8_t nonce[16];      /* the server's, for the audit response */
  uint8_t audit[32];      /* hash of the audit response */
  psd_traffic to_server, to_card;
} psd_session;

/* A message that is hashed on the card, piece by piece (certificate/hash.h). There is one; it lives on one logical
 * channel. */
typedef struct psd_hashing_state {
  bool begun;
  uint8_t channel;
  psd_sha256_run run;
} psd_hashing_state;

/* The last rate that was found, and what for: in a run of mail most pieces cost the same, and a table is long. */
typedef struct psd_evidence_rating {
  bool known;
  bool anywhere;               /* it does not depend on the destination */
  uint32_t date;               /* of mailing */
  uint16_t grams, destination; /* first three digits, and 1000 for none */
  uint8_t mail_class, zone;
  uint8_t hash[4];
  uint64_t row, postage;
} psd_evidence_rating;

/* What evidence says of the card (meter/evidence.h): read from its objects when it is first needed, and anew once an
 * object was replaced. */
typedef struct psd_evidence_self {
  bool known;
  bool licensed;
  psd_device_id identity;
  psd_licence licence; /* zeroes if not licensed */
  psd_evidence_policy policy;
  uint64_t certificate; /* serial number of its certificate; 0 without one, and for one that an indicium cannot name */
  psd_evidence_rating rating;
} psd_evidence_self;

struct psd_card {
  psd_ports ports;
  psd_store store;
  psd_drbg drbg;
  bool on;
  psd_fault fault;
  uint16_t kats_run, kats_failed; /* one bit a psd_kat */
  psd_core core;                  /* as committed; only psd_change_commit and power-up write it */
  psd_evidence_self self;
  psd_scp scp;
  psd_session session;
  psd_hashing_state hashing;
  psd_channel channels[PSD_CARD_CHANNELS];
  uint8_t answer[PSD_SECURED_MAX]; /* where handlers write */
  uint8_t atr[PSD_CARD_ATR_MAX];
  uint8_t atr_length;
};

/* A command on its way to a handler. */
typedef struct psd_request {
  const psd_command *row;
  psd_apdu apdu; /* data complete and in clear */
  psd_channel *channel;
  uint8_t number;         /* of the channel */
  psd_access_set granted; /* ALWAYS, PIN, SCP, PROVIDER: what this command may claim */
} psd_request;

/* Every handler of commands.def: parses, checks, acts in one commit, writes its answer's data to `out`, returns
 * SW1-SW2. An answer's data counts only with 9000 or a warning. */
typedef uint16_t psd_handler(psd_card *card, const psd_request *request, psd_buffer *out);

/* The state the card is in now: the stored one, as faults and the clock have it. */
psd_state psd_card_state(const psd_card *card);

/* Looks at the store and the core once more, after a commit whose end is unknown and at power-up. */
void psd_card_reload(psd_card *card);

/* Marks the card FAULTED until the next power-up. The first fault stays. */
void psd_card_set_fault(psd_card *card, psd_fault fault);

/* Runs the known-answer test of an algorithm unless it ran since power-up. False, and FAULTED, if it failed. */
bool psd_card_ready_for(psd_card *card, psd_kat test);

#endif
