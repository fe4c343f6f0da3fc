#include "psd/reader/manufacture.h"
#include "profile.h"

#include <openssl/crypto.h>
#include <string.h>

/* Mode S8: every card of SCP03 has it. */
#define CHALLENGE_SIZE 8U
#define TRANSPORT_KEY_SIZE 32U

/* The keys of both domains; a PSD may go without the post's. */
static psd_result token_keys(const psd_manufacture_order *order, const psd_device_id *device, psd_new_keys *keys,
                             psd_error *error) {
  psd_kms_token_key wanted = {.serial = device->serial, .order = order->token_order, .digits = order->token_digits};
  memcpy(wanted.vendor, device->vendor, sizeof wanted.vendor);
  memcpy(wanted.model, device->model, sizeof wanted.model);
  psd_result result = PSD_OK;
  if (order->tokens)
    result = psd_link_token_key(order->kms, &wanted, &keys->vendor_token, error);
  if (result == PSD_OK && order->tokens && order->postal != NULL)
    result = psd_link_token_key(order->postal, &wanted, &keys->postal_token, error);
  return result;
}

psd_result psd_manufacture_keys(const psd_manufacture_order *order, const psd_device_id *device, psd_new_keys *keys,
                                psd_error *error) {
  psd_kms_manufacture wanted = {
      .serial = device->serial, .scheme = order->scheme, .suites = order->profile->session_policy.suites};
  memcpy(wanted.vendor, device->vendor, sizeof wanted.vendor);
  memcpy(wanted.model, device->model, sizeof wanted.model);
  psd_result result = psd_link_manufacture(order->kms, &wanted, keys, error);
  bool rsa = (wanted.suites & (PSD_SUITE_RSA | PSD_SUITE_CLASSIC)) != 0;
  bool shared = (wanted.suites & PSD_SUITE_SHARED) != 0;
  if (result == PSD_OK && ((rsa && keys->modulus_length == 0) || (shared && keys->keys.shared_key == 0)))
    result = psd_error_set(error, PSD_REFUSED, "the %s has no keys for one of these suites", psd_link_name(order->kms));
  if (result == PSD_OK)
    result = token_keys(order, device, keys, error);
  if (result != PSD_OK)
    OPENSSL_cleanse(keys, sizeof *keys);
  return result;
}

void psd_manufacture_transport(const psd_new_keys *keys, psd_host_keys *transport) {
  *transport = (psd_host_keys){.version = (uint8_t)keys->keys.transport_version, .size = TRANSPORT_KEY_SIZE};
  memcpy(transport->enc, keys->keys.enc, TRANSPORT_KEY_SIZE);
  memcpy(transport->mac, keys->keys.mac, TRANSPORT_KEY_SIZE);
  memcpy(transport->dek, keys->keys.dek, TRANSPORT_KEY_SIZE);
}

static void put_public_key(psd_public_key *key, uint64_t identifier, const uint8_t point[65]) {
  key->identifier = identifier;
  memcpy(key->point, point, 65);
}

/* The order's profile with the identity and keys of this one PSD. */
static void complete_profile(const psd_manufacture_order *order, const psd_device_id *device, const psd_new_keys *keys,
                             psd_profile *profile) {
  const psd_kms_manufactured *made = &keys->keys;
  *profile = *order->profile;
  profile->device_id = *device;
  profile->vendor_key.identifier = made->vendor_key;
  memcpy(profile->vendor_key.point, made->vendor_point, sizeof made->vendor_point);
  profile->device_key = (psd_device_key){.scheme = made->scheme, .pointer = made->pointer};
  memcpy(profile->device_key.key, made->key, sizeof made->key);
  put_public_key(&profile->ca_key, made->ca_key, made->ca_point);
  put_public_key(&profile->rate_key, made->rate_key, made->rate_point);
  profile->objects |= PSD_OBJECT_BIT(PSD_OBJECT_DEVICE_ID) | PSD_OBJECT_BIT(PSD_OBJECT_VENDOR_KEY) |
                      PSD_OBJECT_BIT(PSD_OBJECT_DEVICE_KEY) | PSD_OBJECT_BIT(PSD_OBJECT_CA_KEY) |
                      PSD_OBJECT_BIT(PSD_OBJECT_RATE_KEY);
  if (keys->modulus_length > 0) {
    profile->vendor_rsa_key = keys->rsa;
    memcpy(profile->modulus, keys->modulus, keys->modulus_length);
    profile->modulus_length = keys->modulus_length;
    profile->objects |= PSD_OBJECT_BIT(PSD_OBJECT_VENDOR_RSA_KEY);
  }
  if (keys->vendor_token.set != 0) {
    profile->vendor_token_key = keys->vendor_token;
    profile->objects |= PSD_OBJECT_BIT(PSD_OBJECT_VENDOR_TOKEN_KEY);
  }
  if (keys->postal_token.set != 0) {
    profile->postal_token_key = keys->postal_token;
    profile->objects |= PSD_OBJECT_BIT(PSD_OBJECT_POSTAL_TOKEN_KEY);
  }
  if (order->dsa)
    profile->evidence_policy.profiles |= 1U << PSD_PROFILE_DSA;
  if (made->shared_key != 0) {
    profile->shared_key.identifier = made->shared_key;
    memcpy(profile->shared_key.key, made->shared, sizeof made->shared);
    profile->objects |= PSD_OBJECT_BIT(PSD_OBJECT_SHARED_KEY);
  }
}

typedef struct finish {
  const psd_manufacture_order *order;
  const psd_device_id *device;
  const psd_new_keys *keys;
} finish;

/* The PSD's own key pair, and K4 with its public key in it; and its DSA pair, which that one vouches for. */
static psd_result add_key_pair(const finish *work, psd_host *host, uint8_t wrapped[PSD_SIZE_WRAPPED_K4]) {
  psd_kms_endorse wanted = {.serial = work->device->serial};
  uint8_t y[128];
  psd_error error;
  memcpy(wanted.vendor, work->device->vendor, sizeof wanted.vendor);
  memcpy(wanted.model, work->device->model, sizeof wanted.model);
  memcpy(wanted.wrapped_k4, wrapped, sizeof wanted.wrapped_k4);
  psd_result result = psd_host_make_key_pair(host, wanted.point);
  if (result != PSD_OK)
    return result;
  result = psd_link_endorse(work->order->kms, &wanted, wrapped, &error);
  if (result != PSD_OK)
    return psd_host_fail(host, result, "%s", error.words);
  return work->order->dsa ? psd_host_make_dsa_key(host, y) : PSD_OK;
}

/* Before the card becomes a meter the server knows it. */
static psd_result enrol(const void *context, psd_host *host) {
  const finish *work = context;
  psd_enrol wanted = {
      .serial = work->device->serial, .vendor_key = work->keys->keys.vendor_key, .ca_key = work->keys->keys.ca_key};
  psd_error error;
  memcpy(wanted.vendor, work->device->vendor, sizeof wanted.vendor);
  memcpy(wanted.model, work->device->model, sizeof wanted.model);
  memcpy(wanted.wrapped_k4, work->keys->keys.wrapped_k4, sizeof wanted.wrapped_k4);
  psd_result result = work->order->key_pair ? add_key_pair(work, host, wanted.wrapped_k4) : PSD_OK;
  if (result != PSD_OK)
    return result;
  result = psd_link_enrol(work->order->control, &wanted, &error);
  return result == PSD_OK ? PSD_OK : psd_host_fail(host, result, "%s", error.words);
}

static psd_result check_blank(psd_host *host) {
  psd_life_cycle life;
  psd_result result = psd_host_get_object(host, PSD_OBJECT_LIFE_CYCLE, &life);
  if (result != PSD_OK || life.state == PSD_STATE_MANUFACTURED)
    return result;
  const psd_state_row *state = psd_state_of((unsigned)life.state);
  return psd_host_fail(host, PSD_REFUSED, "the card is a meter already: %s", state != NULL ? state->name : "unknown");
}

/* A secure channel under the transport keys of the key management system. A card that still has others gets them first;
 * one that a manufacture cut short has left behind may have them already. */
static psd_result open_channel(psd_host *host, const psd_host_keys *transport, const psd_host_keys *present) {
  psd_result result = psd_host_secure(host, present != NULL ? present : transport, PSD_LEVEL_ALL, CHALLENGE_SIZE);
  if (present == NULL)
    return result;
  if (result == PSD_REFUSED)
    return psd_host_secure(host, transport, PSD_LEVEL_ALL, CHALLENGE_SIZE);
  if (result == PSD_OK)
    result = psd_host_replace_keys(host, present, transport);
  if (result == PSD_OK)
    result = psd_host_select_psd(host, NULL);
  return result == PSD_OK ? psd_host_secure(host, transport, PSD_LEVEL_ALL, CHALLENGE_SIZE) : result;
}

static psd_result run(psd_host *host, const finish *work, const psd_host_keys *present, uint64_t now) {
  psd_host_keys transport;
  psd_profile profile;
  psd_result result = psd_host_select_psd(host, NULL);
  if (result == PSD_OK)
    result = check_blank(host);
  if (result != PSD_OK)
    return result;
  psd_manufacture_transport(work->keys, &transport);
  complete_profile(work->order, work->device, work->keys, &profile);
  result = open_channel(host, &transport, present);
  if (result == PSD_OK)
    result = psd_store_profile(host, &profile, now, enrol, work);
  if (result == PSD_OK)
    result = psd_host_select_psd(host, NULL); /* which ends the secure channel at both ends */
  OPENSSL_cleanse(&transport, sizeof transport);
  psd_profile_wipe(&profile);
  return result;
}

psd_result psd_manufacture(psd_host *host, const psd_manufacture_order *order, const psd_device_id *device,
                           const psd_new_keys *keys, const psd_host_keys *present, uint64_t now) {
  const finish work = {.order = order, .device = device, .keys = keys};
  psd_result result = psd_host_begin(host);
  return result == PSD_OK ? psd_host_end(host, run(host, &work, present, now)) : result;
}
