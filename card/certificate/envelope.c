#include "certificate/envelope.h"

#include "certificate/der.h"

#include <string.h>

#define KEY_SIZE 32U /* AES-256 */
#define WRAPPED_SIZE (KEY_SIZE + PSD_WRAP_ADDED)
/* The longest PKCS#8, of RSA, and its padding. */
#define CONTENT_MAX (PSD_RSA_KEY_MAX + 64U)

/* Context-specific tags of RFC 5652. */
enum {
  EXPLICIT_0 = 0xA0, /* ContentInfo.content; KeyAgreeRecipientInfo.originator */
  EXPLICIT_1 = 0xA1, /* RecipientInfo: kari; OriginatorIdentifierOrKey: originatorKey; and of RFC 5915, publicKey */
  EXPLICIT_2 = 0xA2, /* ECC-CMS-SharedInfo.suppPubInfo */
  ENCRYPTED_CONTENT = 0x80, /* EncryptedContentInfo.encryptedContent */
};
/* CMSVersions: of EnvelopedData with KeyTrans by issuer and serial number, and with anything else (6.1); of
 * KeyTransRecipientInfo and KeyAgreeRecipientInfo (6.2.1, 6.2.2). */
enum { VERSION_TRANSPORT = 0, VERSION_OTHERS = 2, VERSION_KTRI = 0, VERSION_KARI = 3 };

/* An envelope on its way. */
typedef struct sealing {
  uint8_t key[KEY_SIZE]; /* of the content */
  uint8_t vector[PSD_AES_BLOCK];
  uint8_t content[CONTENT_MAX];
  size_t length; /* of the content, padding included */
} sealing;

/* RFC 5915, 3; the curve is named in the AlgorithmIdentifier around it. */
static void put_ec_private(psd_buffer *out, const psd_key *key) {
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_number(out, 1);
  psd_put_tlv(out, PSD_DER_OCTET_STRING, key->secret, key->secret_length);
  size_t public = psd_open_tlv(out, EXPLICIT_1);
  psd_der_put_bits(out, key->public, key->public_length);
  psd_close_tlv(out, public);
  psd_close_tlv(out, opened);
}

/* PrivateKeyInfo (RFC 5208, 5). */
static void put_private(psd_buffer *out, const psd_key *key) {
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_number(out, 0);
  psd_key_put_kind(out, key->algorithm);
  size_t octets = psd_open_tlv(out, PSD_DER_OCTET_STRING);
  if (key->algorithm == PSD_ALGORITHM_P256)
    put_ec_private(out, key);
  else
    psd_put(out, key->secret, key->secret_length);
  psd_close_tlv(out, octets);
  psd_close_tlv(out, opened);
}

/* The content and its padding (6.3), enciphered in place. */
static bool encipher(const psd_key *key, sealing *s) {
  psd_buffer content = psd_buffer_over(s->content, sizeof s->content);
  put_private(&content, key);
  uint8_t padding = (uint8_t)(PSD_AES_BLOCK - content.length % PSD_AES_BLOCK);
  for (uint8_t i = 0; i < padding; i++)
    psd_put_u8(&content, padding);
  s->length = content.length;
  return !content.overflow && psd_aes_cbc_encrypt(s->key, sizeof s->key, s->vector, s->content, s->length, s->content);
}

static void put_receiver_name(psd_buffer *out, const psd_certificate *receiver) {
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_put(out, receiver->issuer.at, receiver->issuer.left);
  psd_put(out, receiver->serial.at, receiver->serial.left);
  psd_close_tlv(out, opened);
}

/* RFC 4055, 4.1: hash and mask generation with SHA-256; no label. */
static void put_oaep(psd_buffer *out) {
  size_t algorithm = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_oid(out, PSD_OID_RSAES_OAEP);
  size_t parameters = psd_open_tlv(out, PSD_DER_SEQUENCE);
  size_t hash = psd_open_tlv(out, EXPLICIT_0);
  psd_der_put_algorithm(out, PSD_OID_SHA256, true);
  psd_close_tlv(out, hash);
  size_t mask = psd_open_tlv(out, EXPLICIT_1);
  size_t function = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_oid(out, PSD_OID_MGF1);
  psd_der_put_algorithm(out, PSD_OID_SHA256, true);
  psd_close_tlv(out, function);
  psd_close_tlv(out, mask);
  psd_close_tlv(out, parameters);
  psd_close_tlv(out, algorithm);
}

/* KeyTransRecipientInfo (RFC 5652, 6.2.1). */
static bool put_transport(psd_card *card, const psd_certificate *receiver, const sealing *s, psd_buffer *out) {
  uint8_t enciphered[PSD_RSA_MAX];
  size_t length = 0;
  if (!psd_card_ready_for(card, PSD_KAT_RSA_OAEP) ||
      !psd_rsa_oaep_encrypt(&card->drbg, &receiver->rsa, s->key, sizeof s->key, enciphered, &length))
    return false;
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_number(out, VERSION_KTRI);
  put_receiver_name(out, receiver);
  put_oaep(out);
  psd_put_tlv(out, PSD_DER_OCTET_STRING, enciphered, length);
  psd_close_tlv(out, opened);
  return true;
}

/* ECC-CMS-SharedInfo (RFC 5753, 7.2): for which algorithm, and how many bits. */
static void put_shared_info(psd_buffer *out) {
  static const uint8_t bits[] = {0, 0, 8U * KEY_SIZE >> 8, 0};
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_algorithm(out, PSD_OID_AES256_WRAP, false); /* RFC 3565, 2.3.2: no parameters */
  size_t supplement = psd_open_tlv(out, EXPLICIT_2);
  psd_put_tlv(out, PSD_DER_OCTET_STRING, bits, sizeof bits);
  psd_close_tlv(out, supplement);
  psd_close_tlv(out, opened);
}

/* RFC 5753, 3.1.2: the key of the content under one that an ephemeral pair and the receiver's agree on. */
static bool agree(psd_card *card, const psd_certificate *receiver, const sealing *s, uint8_t point[PSD_P256_POINT],
                  uint8_t wrapped[WRAPPED_SIZE]) {
  uint8_t secret[PSD_P256_SECRET], shared[32], key[KEY_SIZE], info[64];
  psd_buffer encoded = psd_buffer_over(info, sizeof info);
  put_shared_info(&encoded);
  bool ok = psd_card_ready_for(card, PSD_KAT_P256_AGREE) && psd_card_ready_for(card, PSD_KAT_WRAP) &&
            !encoded.overflow && psd_p256_ephemeral(&card->drbg, secret, point) &&
            psd_p256_agree(secret, receiver->point, shared) &&
            psd_x963_kdf(shared, sizeof shared, info, encoded.length, key, sizeof key) &&
            psd_aes_wrap(key, sizeof key, s->key, sizeof s->key, wrapped);
  psd_wipe(secret, sizeof secret);
  psd_wipe(shared, sizeof shared);
  psd_wipe(key, sizeof key);
  return ok;
}

/* OriginatorPublicKey: its curve is the receiver's. */
static void put_originator(psd_buffer *out, const uint8_t point[PSD_P256_POINT]) {
  size_t originator = psd_open_tlv(out, EXPLICIT_0);
  size_t opened = psd_open_tlv(out, EXPLICIT_1);
  psd_der_put_algorithm(out, PSD_OID_EC_PUBLIC_KEY, false);
  psd_der_put_bits(out, point, PSD_P256_POINT);
  psd_close_tlv(out, opened);
  psd_close_tlv(out, originator);
}

static void put_agreement_algorithm(psd_buffer *out) {
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_oid(out, PSD_OID_ECDH_SHA256_KDF);
  psd_der_put_algorithm(out, PSD_OID_AES256_WRAP, false);
  psd_close_tlv(out, opened);
}

static void put_wrapped(psd_buffer *out, const psd_certificate *receiver, const uint8_t wrapped[WRAPPED_SIZE]) {
  size_t keys = psd_open_tlv(out, PSD_DER_SEQUENCE);
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  put_receiver_name(out, receiver);
  psd_put_tlv(out, PSD_DER_OCTET_STRING, wrapped, WRAPPED_SIZE);
  psd_close_tlv(out, opened);
  psd_close_tlv(out, keys);
}

/* KeyAgreeRecipientInfo (RFC 5652, 6.2.2; RFC 5753, 3.1.1). */
static bool put_agreement(psd_card *card, const psd_certificate *receiver, const sealing *s, psd_buffer *out) {
  uint8_t point[PSD_P256_POINT], wrapped[WRAPPED_SIZE];
  if (!agree(card, receiver, s, point, wrapped))
    return false;
  size_t opened = psd_open_tlv(out, EXPLICIT_1);
  psd_der_put_number(out, VERSION_KARI);
  put_originator(out, point);
  put_agreement_algorithm(out);
  put_wrapped(out, receiver, wrapped);
  psd_close_tlv(out, opened);
  return true;
}

/* EncryptedContentInfo (6.1). */
static void put_content(psd_buffer *out, const sealing *s) {
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_oid(out, PSD_OID_DATA);
  size_t algorithm = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_oid(out, PSD_OID_AES256_CBC);
  psd_put_tlv(out, PSD_DER_OCTET_STRING, s->vector, sizeof s->vector);
  psd_close_tlv(out, algorithm);
  psd_put_tlv(out, ENCRYPTED_CONTENT, s->content, s->length);
  psd_close_tlv(out, opened);
}

static bool put_envelope(psd_card *card, const psd_certificate *receiver, const sealing *s, psd_buffer *out) {
  bool transport = receiver->algorithm == PSD_ALGORITHM_RSA2048;
  size_t info = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_oid(out, PSD_OID_ENVELOPED_DATA);
  size_t explicit = psd_open_tlv(out, EXPLICIT_0);
  size_t enveloped = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_number(out, transport ? VERSION_TRANSPORT : VERSION_OTHERS);
  size_t recipients = psd_open_tlv(out, PSD_DER_SET);
  bool ok = transport ? put_transport(card, receiver, s, out) : put_agreement(card, receiver, s, out);
  psd_close_tlv(out, recipients);
  put_content(out, s);
  psd_close_tlv(out, enveloped);
  psd_close_tlv(out, explicit);
  psd_close_tlv(out, info);
  return ok;
}

static bool usable(const psd_certificate *receiver) {
  return receiver->algorithm == PSD_ALGORITHM_RSA2048 ||
         (receiver->algorithm == PSD_ALGORITHM_P256 && psd_p256_check(receiver->point));
}

uint16_t psd_envelope_put(psd_card *card, const psd_key *key, const psd_certificate *receiver, psd_buffer *out) {
  sealing s;
  if (!usable(receiver))
    return PSD_SW_WRONG_DATA;
  bool ok = psd_drbg_read(&card->drbg, s.key, sizeof s.key) && psd_drbg_read(&card->drbg, s.vector, sizeof s.vector) &&
            encipher(key, &s) && put_envelope(card, receiver, &s, out);
  psd_wipe(&s, sizeof s);
  if (!card->drbg.ready)
    psd_card_set_fault(card, PSD_FAULT_RANDOM);
  if (!ok)
    return PSD_SW_EXECUTION_ERROR;
  return out->overflow ? PSD_SW_NO_SPACE : PSD_SW_OK;
}
