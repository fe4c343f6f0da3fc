#include "sample.h"

#include "check.h"
#include "psd/spec/tlv.h"

#include <string.h>

/* The base point of P-256 (SP 800-186, 3.2.1.3), and twice the base point. */
#define POINT_1                                                                                                        \
  "04 6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"                                                \
  "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
#define POINT_2                                                                                                        \
  "04 7CF27B188D034F7E8A52380304B51AC3C08969E277F21B35A60B48FC47669978"                                                \
  "07775510DB8ED040293D9AC69F7430DBBA7DADE63CE982299E04B79D227873D1"
/* An odd number of 2048 bits: nobody here asks for more of a modulus. */
#define MODULUS_64                                                                                                     \
  "C1C2C3C4C5C6C7C8C9CACBCCCDCECFC1C1C2C3C4C5C6C7C8C9CACBCCCDCECFC1"                                                   \
  "C1C2C3C4C5C6C7C8C9CACBCCCDCECFC1C1C2C3C4C5C6C7C8C9CACBCCCDCECFC1"
#define MODULUS MODULUS_64 MODULUS_64 MODULUS_64 MODULUS_64
#define KEY "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"

const char *sample_value(psd_object_id id) {
  static const struct {
    psd_object_id id;
    const char *value;
  } samples[] = {
      {PSD_OBJECT_DEVICE_ID, "5042 5331 00C0FFEE"},
      {PSD_OBJECT_FUNDS, "00 0000000000000000"},
      {PSD_OBJECT_LIMITS, "000000000000000A 0000000000018696 00000000000F4240 00000000000003E8 000000000007A120"},
      {PSD_OBJECT_CLOCK, "000000006955B900 01"},
      {PSD_OBJECT_WATCHDOG, "0000000000000000 0076A700 009E3400"},
      {PSD_OBJECT_LICENCE, "00012345 00067890"},
      {PSD_OBJECT_CERTIFICATE, "3003020101"},
      {PSD_OBJECT_PIN_POLICY, "030A04"},
      {PSD_OBJECT_LABEL, "6C6162656C"},
      {PSD_OBJECT_USER_PIN, "313233343536"},
      {PSD_OBJECT_USER_PUK, "3837363534333231"},
      {PSD_OBJECT_VENDOR_KEY, "00000001" POINT_1},
      {PSD_OBJECT_DEVICE_KEY, "00 0000" KEY},
      {PSD_OBJECT_VENDOR_TOKEN_KEY, "00000007 03E7 05 00" KEY},
      {PSD_OBJECT_POSTAL_TOKEN_KEY, "00000008 0000 08 00" KEY},
      {PSD_OBJECT_CA_KEY, "00000002" POINT_2},
      {PSD_OBJECT_RATE_KEY, "00000003" POINT_1},
      {PSD_OBJECT_SESSION_POLICY, "07 01"},
      {PSD_OBJECT_VENDOR_RSA_KEY, "00000004 00010001" MODULUS},
      {PSD_OBJECT_SHARED_KEY, "00000005" KEY},
      {PSD_OBJECT_EVIDENCE_POLICY, "5553 0C 1E 05A0"},
      {PSD_OBJECT_CERTIFICATE_POLICY, "00"},
  };
  for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
    if (samples[i].id == id)
      return samples[i].value;
  return NULL;
}

void sample_put_value(psd_buffer *block, psd_object_id id, const char *value) {
  uint8_t bytes[2048];
  psd_put_tlv(block, psd_objects[id].tag, bytes, psd_check_hex(value, bytes, sizeof bytes));
  CU_ASSERT_FALSE_FATAL(block->overflow);
}

void sample_put(psd_buffer *block, psd_object_id id) {
  CU_ASSERT_PTR_NOT_NULL_FATAL(sample_value(id));
  sample_put_value(block, id, sample_value(id));
}

void sample_put_mandatory(psd_buffer *block, psd_object_id but) {
  for (size_t i = 0; i < psd_mandatory_count; i++)
    if (psd_mandatory[i] != but)
      sample_put(block, psd_mandatory[i]);
}

uint16_t sample_store(rig *r, const psd_buffer *block, bool last, uint8_t number) {
  uint8_t command[2100];
  uint8_t wire[2200];
  psd_apdu apdu = {.cla = 0x80,
                   .ins = psd_commands[PSD_COMMAND_STORE_DATA].ins,
                   .p1 = last ? 0x90 : 0x10,
                   .p2 = number,
                   .data = block->data,
                   .nc = block->length};
  psd_buffer out = psd_buffer_over(command, sizeof command);
  psd_put_apdu(&out, &apdu);
  uint16_t status = rig_send(r, wire, rig_wrap_bytes(r, command, out.length, wire, sizeof wire));
  rig_unwrap(r, status);
  return status;
}

void sample_personalise(rig *r) {
  uint8_t bytes[2048];
  psd_buffer block = psd_buffer_over(bytes, sizeof bytes);
  CU_ASSERT_EQUAL_FATAL(rig_select(r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_open_channel(r, 0x33), PSD_SW_OK);
  for (size_t i = 0; i < PSD_OBJECT_COUNT; i++)
    if ((psd_objects[i].write & PSD_SCP) != 0)
      sample_put(&block, (psd_object_id)i);
  CU_ASSERT_EQUAL_FATAL(sample_store(r, &block, true, 0), PSD_SW_OK);
}
