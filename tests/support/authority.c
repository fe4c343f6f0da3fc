#include "authority.h"

#include "certificate/slot.h"
#include "check.h"
#include "crypto/evp.h"
#include "evidence.h"
#include "issuer.h"

#include <string.h>

static void put_object(rig *r, psd_object_id id, psd_message_id layout, const void *value) {
  uint8_t encoded[128];
  psd_buffer out = psd_buffer_over(encoded, sizeof encoded);
  psd_put_message(&out, layout, value);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  rig_put_object(r, id, encoded, out.length);
}

void authority_equip(authority *a, rig *r) {
  psd_device_key k3 = {.scheme = 0};
  psd_public_key ca = {.identifier = 11};
  uint8_t encoded[PSD_SIZE_DEVICE_ID];
  size_t length = 0;
  memset(a, 0, sizeof *a);
  CU_ASSERT_TRUE_FATAL(psd_evp_start());
  a->r = r;
  a->key = issuer_key("P-256");
  a->certificate = authority_of(a->key);
  a->next = 1001;
  for (size_t i = 0; i < sizeof a->k3; i++)
    a->k3[i] = (uint8_t)(0xC3 + 29 * i);
  memcpy(k3.key, a->k3, sizeof k3.key);
  issuer_point(a->key, ca.point);
  put_object(r, PSD_OBJECT_DEVICE_KEY, PSD_MESSAGE_DEVICE_KEY, &k3);
  put_object(r, PSD_OBJECT_CA_KEY, PSD_MESSAGE_PUBLIC_KEY, &ca);
  CU_ASSERT_EQUAL_FATAL(
      psd_store_read(&r->card->store, PSD_RECORD_OBJECT + PSD_OBJECT_DEVICE_ID, encoded, sizeof encoded, &length),
      PSD_STORE_OK);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(encoded, length, PSD_MESSAGE_DEVICE_ID, &a->device));
}

void authority_begin(authority *a, rig *r) {
  evidence_begin(r);
  authority_equip(a, r);
  authority_funds(a, AUTHORITY_FUNDS);
}

void authority_free(authority *a) {
  EVP_PKEY_free(a->key);
  X509_free(a->certificate);
}

void authority_end(authority *a) {
  rig_destroy(a->r);
  authority_free(a);
}

void authority_core(authority *a, const psd_core *core) {
  rig_set_core(a->r, core);
  CU_ASSERT_EQUAL_FATAL(rig_select(a->r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(a->r, RIG_PIN), PSD_SW_OK);
}

void authority_funds(authority *a, uint64_t descending) {
  psd_core core = a->r->card->core;
  core.certificate.descending = descending;
  core.certificate.control_total = core.certificate.ascending + descending;
  authority_core(a, &core);
}

void authority_wait(authority *a, uint64_t seconds) {
  a->r->seconds += seconds;
}

uint16_t authority_send(rig *r, psd_command_id id, uint8_t p1, uint8_t p2, const void *data, size_t length) {
  uint8_t command[AUTHORITY_ANSWER_MAX + 16];
  psd_buffer out = psd_buffer_over(command, sizeof command);
  const psd_apdu apdu = {.cla = 0x80,
                         .ins = psd_commands[id].ins,
                         .p1 = p1,
                         .p2 = p2,
                         .data = data,
                         .nc = length,
                         .ne = (psd_commands[id].cases & (PSD_C2 | PSD_C4)) != 0 ? PSD_NE_ALL : 0,
                         .extended = true};
  psd_put_apdu(&out, &apdu);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  return rig_send(r, command, out.length);
}

authority_mark authority_look(const authority *a) {
  return (authority_mark){.core = a->r->card->core, .operations = a->r->ram.operations};
}

bool authority_untouched(const authority *a, const authority_mark *mark) {
  return a->r->ram.operations == mark->operations && memcmp(&a->r->card->core, &mark->core, sizeof mark->core) == 0;
}

psd_slot authority_slot(const authority *a, uint8_t number) {
  psd_slot slot = {.slot = 0};
  CU_ASSERT_EQUAL_FATAL(psd_slot_read(a->r->card, number, &slot), PSD_SW_OK);
  return slot;
}

uint16_t authority_ask(authority *a, const authority_wish *wish) {
  const char *name = wish->name != NULL ? wish->name : "Alice";
  psd_certificate_wish asked = {.purpose = wish->purpose != 0 ? wish->purpose : PSD_PURPOSE_USER,
                                .algorithm = wish->algorithm != 0 ? wish->algorithm : PSD_ALGORITHM_P256,
                                .name = strlen(name)};
  const char *organization = wish->organization;
  if (organization == NULL)
    organization = asked.purpose == PSD_PURPOSE_AGENT ? "Specimen Ltd" : "";
  asked.organization = strlen(organization);
  uint64_t call = wish->call != 0 ? wish->call : ++a->calls << 8;
  psd_buffer number = psd_buffer_over(asked.call, sizeof asked.call);
  psd_put_uint(&number, call, sizeof asked.call);
  uint8_t data[512];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  psd_put_message(&out, PSD_MESSAGE_CERTIFICATE_WISH, &asked);
  psd_put(&out, organization, (size_t)asked.organization);
  psd_put(&out, name, (size_t)asked.name);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  return authority_send(a->r, PSD_COMMAND_REQUEST_CERTIFICATE, wish->slot,
                        wish->kept ? PSD_REQUEST_KEPT_KEY : PSD_REQUEST_NEW_KEY, data, out.length);
}

static void communications_key(const authority *a, const char *label, uint8_t key[PSD_AES_KEY]) {
  uint8_t info[64];
  psd_buffer out = psd_buffer_over(info, sizeof info);
  psd_put(&out, label, strlen(label));
  psd_put_message(&out, PSD_MESSAGE_DEVICE_ID, &a->device);
  CU_ASSERT_TRUE_FATAL(psd_hkdf_expand(a->k3, info, out.length, key, PSD_AES_KEY));
}

/* PKCS#10 whose signature is right, and nothing behind it. */
static X509_REQ *take_request(const uint8_t *der, size_t length) {
  const uint8_t *at = der;
  X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)length);
  if (request != NULL && at == der + length && X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) == 1)
    return request;
  X509_REQ_free(request);
  return NULL;
}

X509_REQ *authority_open(const authority *a, const uint8_t *sealed, size_t length, psd_certificate_request *head) {
  uint8_t key[PSD_AES_KEY], text[AUTHORITY_ANSWER_MAX];
  const size_t clear = PSD_SIZE_CERTIFICATE_REQUEST;
  if (length <= clear + PSD_GCM_TAG || length > sizeof text ||
      !psd_parse_message(sealed, clear, PSD_MESSAGE_CERTIFICATE_REQUEST, head))
    return NULL;
  const size_t inside = length - clear - PSD_GCM_TAG;
  communications_key(a, PSD_COMMUNICATIONS_REQUEST, key);
  if (!psd_gcm_open(key, head->nonce, (psd_part){sealed, clear}, sealed + clear, inside, sealed + length - PSD_GCM_TAG,
                    text))
    return NULL;
  return take_request(text, inside);
}

size_t authority_grant(const authority *a, const psd_certificate_request *head, const X509 *certificate,
                       const authority_fault *fault, uint8_t out[AUTHORITY_ANSWER_MAX]) {
  uint8_t key[PSD_AES_KEY];
  psd_certificate_grant grant = {.serial = (head->serial + fault->serial) & UINT32_MAX,
                                 .slot = head->slot + fault->slot,
                                 .request = (head->number + fault->request) & UINT32_MAX,
                                 .time = a->r->seconds};
  memcpy(grant.vendor, head->vendor, sizeof grant.vendor);
  memcpy(grant.model, head->model, sizeof grant.model);
  psd_buffer buffer = psd_buffer_over(out, AUTHORITY_ANSWER_MAX - PSD_HASH);
  psd_put_message(&buffer, PSD_MESSAGE_CERTIFICATE_GRANT, &grant);
  int length = i2d_X509(certificate, NULL);
  CU_ASSERT_FATAL(length > 0);
  uint8_t *der = psd_put_room(&buffer, (size_t)length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(der);
  i2d_X509(certificate, &der);
  communications_key(a, fault->other_key ? PSD_COMMUNICATIONS_REQUEST : PSD_COMMUNICATIONS_GRANT, key);
  const psd_part said = {out, buffer.length};
  CU_ASSERT_TRUE_FATAL(psd_hmac(key, sizeof key, &said, 1, out + buffer.length));
  return buffer.length + PSD_HASH;
}

size_t authority_answer(authority *a, const authority_fault *fault, uint8_t out[AUTHORITY_ANSWER_MAX]) {
  psd_certificate_request head;
  X509_REQ *request = authority_open(a, a->r->response, a->r->length, &head);
  CU_ASSERT_PTR_NOT_NULL_FATAL(request);
  X509 *certificate = authority_certify(a, &head, request, fault);
  size_t length = authority_grant(a, &head, certificate, fault, out);
  X509_free(certificate);
  X509_REQ_free(request);
  return length;
}

uint16_t authority_install(authority *a, uint8_t slot, const uint8_t *grant, size_t length) {
  return authority_send(a->r, PSD_COMMAND_INSTALL_CERTIFICATE, slot, 0, grant, length);
}

/* The key that this program enters, as IMPORT KEY takes it. */
static size_t entered_key(psd_algorithm algorithm, uint8_t out[PSD_RSA_DER_MAX]) {
  static psd_rsa *made;
  if (algorithm == PSD_ALGORITHM_P256) {
    for (size_t i = 0; i < PSD_SCALAR; i++)
      out[i] = (uint8_t)(0x33 + 17 * i);
    return PSD_SCALAR;
  }
  if (made == NULL)
    made = psd_rsa_new(2048);
  CU_ASSERT_PTR_NOT_NULL_FATAL(made);
  return psd_rsa_der(made, out);
}

uint16_t authority_import(authority *a, uint8_t slot, psd_purpose purpose, psd_algorithm algorithm) {
  uint8_t data[1 + PSD_RSA_DER_MAX] = {(uint8_t)purpose};
  size_t length = entered_key(algorithm, data + 1);
  put_object(a->r, PSD_OBJECT_CERTIFICATE_POLICY, PSD_MESSAGE_CERTIFICATE_POLICY,
             &(psd_certificate_policy){.import = 1});
  return authority_send(a->r, PSD_COMMAND_IMPORT_KEY, slot, (uint8_t)algorithm, data, 1 + length);
}

void authority_activate(authority *a, uint8_t slot, psd_purpose purpose, psd_algorithm algorithm) {
  uint8_t grant[AUTHORITY_ANSWER_MAX];
  bool entered = algorithm == PSD_ALGORITHM_RSA2048;
  if (entered)
    CU_ASSERT_EQUAL_FATAL(authority_import(a, slot, purpose, algorithm), PSD_SW_OK);
  const authority_wish wish = {.slot = slot, .kept = entered, .purpose = purpose, .algorithm = algorithm};
  CU_ASSERT_EQUAL_FATAL(authority_ask(a, &wish), PSD_SW_OK);
  size_t length = authority_answer(a, &(authority_fault){.number = 0}, grant);
  CU_ASSERT_EQUAL_FATAL(authority_install(a, slot, grant, length), PSD_SW_OK);
}

X509 *authority_installed(authority *a, uint8_t slot) {
  CU_ASSERT_EQUAL_FATAL(authority_send(a->r, PSD_COMMAND_READ_CERTIFICATE, slot, PSD_READ_CERTIFICATE, NULL, 0),
                        PSD_SW_OK);
  const uint8_t *at = a->r->response;
  X509 *certificate = d2i_X509(NULL, &at, (long)a->r->length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(certificate);
  return certificate;
}
