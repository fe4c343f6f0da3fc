/* Personalisation: from a card as it leaves manufacture (state MANUFACTURED) to a meter that can be licensed (state
 * INITIALIZED), as a profile says. */
#ifndef PSD_READER_PERSONALIZE_H
#define PSD_READER_PERSONALIZE_H

#include "psd/reader/command.h"
#include "psd/reader/scp03.h"

/* Digits of a token, unless something else is said. */
#define PSD_TOKEN_DIGITS 5U

/* What a profile asks for. `objects` has a bit (1 << psd_object_id) for each object that is to be stored. */
typedef struct psd_profile {
  uint64_t objects;
  psd_device_id device_id;
  psd_funds funds;
  psd_limits limits;
  psd_clock clock;
  bool clock_now; /* the clock is set to the time of personalisation */
  psd_watchdog watchdog;
  psd_pin_policy pin_policy;
  psd_secret pin, puk;
  psd_vendor_key vendor_key;
  psd_device_key device_key;
  psd_token_key vendor_token_key, postal_token_key;
  psd_public_key ca_key, rate_key;
  psd_session_policy session_policy;
  psd_evidence_policy evidence_policy;
  psd_certificate_policy certificate_policy;
  psd_rsa_key vendor_rsa_key; /* and its modulus */
  uint8_t modulus[384];
  size_t modulus_length;
  psd_shared_key shared_key;
  bool replace_keys;
  psd_host_keys new_keys;
} psd_profile;

/* Reads a profile; docs/reader.md and psd(1) describe its settings. Paths in it count from the profile's own folder.
 * When others may read it or a key file it names, `warning` says so, otherwise its words are empty. The profile holds
 * secrets: psd_profile_wipe it. Anything but PSD_OK leaves it wiped. */
psd_result psd_profile_read(const char *path, psd_profile *profile, psd_error *warning, psd_error *error);
/* The same for a manufacture (psd/reader/manufacture.h): identity and keys are not the profile's to give
 * (PSD_BAD_INPUT), and what it leaves out is filled in with defaults; psd(1) has them. PIN and PUK stay missing when
 * the profile has none. `path` may be NULL: defaults alone. */
psd_result psd_profile_for_manufacture(const char *path, psd_profile *profile, psd_error *warning, psd_error *error);
void psd_profile_wipe(psd_profile *profile);
/* True if the profile has this object. */
bool psd_profile_has(const psd_profile *profile, psd_object_id object);

/* Personalises the card: selects the PSD, opens a secure channel at level 33 under `keys`, stores the profile's objects
 * in blocks of STORE DATA, the last of which moves the card to INITIALIZED if it has all it needs, and then replaces
 * the transport keys if the profile says so. A profile without objects replaces the keys only.
 *
 * In the end the PSD is selected and the secure channel closed.
 *
 * `now` is the time, in seconds since 1970, for `clock = now` and as the last inspection. Runs inside one transaction.
 * The card takes a block whole or not at all; until the last one is taken it stays in MANUFACTURED, and the flow can be
 * repeated. Blocks already taken are then simply stored again. */
psd_result psd_personalize(psd_host *host, const psd_host_keys *keys, const psd_profile *profile, uint64_t now);

#endif
