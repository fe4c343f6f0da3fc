/* Suite classic: what EP could mean in 1997. Built with PSD_CLASSIC only, and even then no card does it unless its
 * SESSION_POLICY says so. */
#include "crypto/classic.h"
#include "meter/objects.h"
#include "meter/session.h"

/* Not among the card's self-tests, whose answer is the same in every build: run with every sign-on instead. */
static bool ready(psd_card *card) {
  bool passed = psd_tdes_kat();
  if (!passed)
    psd_card_set_fault(card, PSD_FAULT_ALGORITHM);
  return passed;
}

/* The key of the MAC is derived: whoever finds it has not found K3, which makes HMACs besides. */
static uint16_t sign(const psd_card *card, psd_piece audit, uint8_t *signature) {
  psd_device_key k3;
  uint8_t key[PSD_CLASSIC_KEY];
  uint16_t status = psd_object_fetch(card, PSD_OBJECT_DEVICE_KEY, &k3);
  if (status != PSD_SW_OK)
    return status;
  const psd_piece label = {PSD_SIGN_AUDIT, sizeof PSD_SIGN_AUDIT - 1};
  bool ok = psd_hkdf_sha256_expand(k3.key, PSD_TDES_KEY_LABEL, sizeof PSD_TDES_KEY_LABEL - 1, key, sizeof key) &&
            psd_tdes_mac(key, sizeof key, &label, 1, audit, signature);
  psd_wipe(&k3, sizeof k3);
  psd_wipe(key, sizeof key);
  return ok ? PSD_SW_OK : PSD_SW_EXECUTION_ERROR;
}

const psd_session_suite psd_session_classic = {.key_size = PSD_CLASSIC_KEY,
                                               .wrap_rsa = psd_rsa_classic_encrypt,
                                               .seal = psd_tdes_seal,
                                               .open = psd_tdes_open,
                                               .ready = ready,
                                               .kind = PSD_SIGNATURE_TDES,
                                               .signature_size = PSD_TDES_MAC,
                                               .sign = sign};
