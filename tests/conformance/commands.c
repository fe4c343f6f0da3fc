/* Every command × every life cycle state × every level of access: the status word that the table asks for. */
#include "check.h"
#include "psd/spec/status.h"
#include "stage.h"

#include <stdio.h>
#include <string.h>

/* A well-formed command of a row, and what it ends in once it is admitted. */
typedef struct sample {
  psd_command_id id;
  uint8_t p1, p2;
  const char *data;
  uint16_t ne;
  uint16_t admitted;
} sample;

/* P1 of PUT DATA and the value: the label, which has rules of its own on top (objects.def). */
#define LABEL_VALUE "41"
#define LABEL_OBJECT "DF310141"

/* 7C { 81 context, A0 { 80 user name, 81 verifier } } */
#define ZERO_32 "0000000000000000000000000000000000000000000000000000000000000000"
#define SIGN_ON "7C68 8120 " ZERO_32 "A044 8020 " ZERO_32 "8120 " ZERO_32

/* 1000 mills; and what the key management system did not make. */
#define FUNDS_START "00000000000003E8 00 00000000000000000000000000000000"
#define FUNDS_FORGED "000000000000" ZERO_32 ZERO_32

#define CALL "0102030405060708"

static const sample samples[] = {
    {PSD_COMMAND_SELECT, 0x04, 0x00, "F050534401", 256, PSD_SW_OK},
    {PSD_COMMAND_MANAGE_CHANNEL, 0x00, 0x00, "", 1, PSD_SW_OK},
    {PSD_COMMAND_GET_RESPONSE, 0x00, 0x00, "", 256, PSD_SW_CONDITIONS}, /* nothing waits */
    {PSD_COMMAND_READ_BINARY, 0x81, 0x00, "", 256, PSD_SW_OK},
    {PSD_COMMAND_READ_BINARY_ODD, 0x00, 0x01, "540100", 256, PSD_SW_OK},
    {PSD_COMMAND_READ_RECORD, 0x01, 0x2C, "", 256, PSD_SW_OK},
    {PSD_COMMAND_GET_DATA, 0xDF, 0x22, "", 256, PSD_SW_OK},
    {PSD_COMMAND_GET_DATA_GP, 0xDF, 0x22, "", 256, PSD_SW_OK},
    {PSD_COMMAND_GET_DATA_ODD, 0x3F, 0xFF, "5C02DF22", 256, PSD_SW_OK},
    {PSD_COMMAND_PUT_DATA, 0xDF, 0x31, LABEL_VALUE, 0, PSD_SW_OK},
    {PSD_COMMAND_PUT_DATA_ODD, 0x3F, 0xFF, LABEL_OBJECT, 0, PSD_SW_OK},
    {PSD_COMMAND_VERIFY, 0x00, 0x81, "313233343536", 0, PSD_SW_OK},
    {PSD_COMMAND_CHANGE_REFERENCE_DATA, 0x00, 0x81, "313233343536FFFFFFFFFFFFFFFFFFFF 343536373839FFFFFFFFFFFFFFFFFFFF",
     0, PSD_SW_OK},
    {PSD_COMMAND_RESET_RETRY_COUNTER, 0x01, 0x81, "3837363534333231", 0, PSD_SW_OK},
    {PSD_COMMAND_GET_CHALLENGE, 0x00, 0x00, "", 8, PSD_SW_OK},
    {PSD_COMMAND_SELF_TEST, 0x00, 0x00, "", 256, PSD_SW_OK},
    {PSD_COMMAND_INITIALIZE_UPDATE, 0x00, 0x00, "0102030405060708", 256, PSD_SW_OK},
    {PSD_COMMAND_EXTERNAL_AUTHENTICATE, 0x01, 0x00, "0102030405060708", 0, PSD_SW_CONDITIONS}, /* nothing was begun */
    {PSD_COMMAND_STORE_DATA, 0x10, 0x00, "DF20085042533100C0FFEE", 0, PSD_SW_OK},
    {PSD_COMMAND_PUT_KEY, 0x01, 0x81, "02", 0, PSD_SW_WRONG_DATA},
    {PSD_COMMAND_GENERATE_KEY_PAIR, 0x81, 0x00, "", 256, PSD_SW_OK},
    {PSD_COMMAND_GENERAL_AUTHENTICATE, 0x04, 0x01, SIGN_ON, 256, PSD_SW_OK},
    {PSD_COMMAND_MUTUAL_AUTHENTICATE, 0x00, 0x01, "0000", 256, PSD_SW_CONDITIONS}, /* out of turn */
    {PSD_COMMAND_ENVELOPE, 0x00, 0x00, "00", 256, PSD_SW_CONDITIONS},              /* no session */
    {PSD_COMMAND_ROTATE_KEY, 0x00, 0x00, "00", 0, PSD_SW_WRONG_DATA},
    /* The provider's orders: of one that is not authentic nothing is looked at but that. */
    {PSD_COMMAND_AUTHORIZE, 0x00, 0x00, ZERO_32 "000000000000000000000000", 0, PSD_SW_VERIFICATION_FAILED},
    {PSD_COMMAND_SET_LIMITS, 0x00, 0x00, ZERO_32 "000000000000000000000000", 0, PSD_SW_VERIFICATION_FAILED},
    {PSD_COMMAND_SET_WATCHDOG, 0x00, 0x00, ZERO_32 "0000000000000000000000000000000000000000", 0,
     PSD_SW_VERIFICATION_FAILED},
    {PSD_COMMAND_SET_CLOCK, 0x00, 0x00, ZERO_32 "00000000000000000000000000", 0, PSD_SW_VERIFICATION_FAILED},
    {PSD_COMMAND_SET_LICENCE, 0x00, 0x00, ZERO_32 "000000000000000000000000", 0, PSD_SW_VERIFICATION_FAILED},
    {PSD_COMMAND_ENABLE, 0x00, 0x00, ZERO_32 "00000000", 0, PSD_SW_VERIFICATION_FAILED},
    {PSD_COMMAND_DISABLE, 0x00, 0x00, ZERO_32 "00000000", 0, PSD_SW_VERIFICATION_FAILED},
    {PSD_COMMAND_LOAD_CERTIFICATE, 0x00, 0x00, ZERO_32 "0000000000", 0, PSD_SW_VERIFICATION_FAILED},
    {PSD_COMMAND_ZEROIZE, 0x00, 0x00, ZERO_32 "00000000", 0, PSD_SW_VERIFICATION_FAILED},
    {PSD_COMMAND_INITIALIZE_LOAD, 0x00, 0x00, FUNDS_START, 256, PSD_SW_OK},
    {PSD_COMMAND_CREDIT, 0x00, 0x00, FUNDS_FORGED, 256, PSD_SW_VERIFICATION_FAILED},
    {PSD_COMMAND_CANCEL_LOAD, 0x00, 0x00, "00000001", 256, PSD_SW_CONDITIONS}, /* nothing was started */
    {PSD_COMMAND_INITIALIZE_WITHDRAWAL, 0x00, 0x00, FUNDS_START, 256, PSD_SW_OK},
    {PSD_COMMAND_COMPLETE_WITHDRAWAL, 0x00, 0x00, FUNDS_FORGED, 256, PSD_SW_VERIFICATION_FAILED},
    /* A table that nobody signed; a test indicium, and the card has not made a key pair. */
    {PSD_COMMAND_LOAD_RATES, 0x00, 0x00, ZERO_32 ZERO_32 ZERO_32 ZERO_32 ZERO_32, 0, PSD_SW_VERIFICATION_FAILED},
    {PSD_COMMAND_CREATE_INDICIUM, 0x03, 0x00,
     "02"
     "00000000000000000000000000"
     "00000000000000000000000000000000",
     256, PSD_SW_REFERENCE_NOT_FOUND},
    {PSD_COMMAND_WITHDRAWAL_INDICIUM, 0x02, 0x00, "", 256, PSD_SW_REFERENCE_NOT_FOUND},
    {PSD_COMMAND_REGISTRATION_TOKENS, 0x00, 0x00, "", 256, PSD_SW_OK},
    {PSD_COMMAND_GET_LAST, 0x01, 0x00, "", 256, PSD_SW_REFERENCE_NOT_FOUND}, /* nothing was said */
    /* The certificate meter: the clock was never set, no slot has a key, and nobody has signed what is brought. */
    {PSD_COMMAND_REQUEST_CERTIFICATE, 0x01, 0x00, CALL "01010001 41", 256, PSD_SW_CONDITIONS},
    {PSD_COMMAND_INSTALL_CERTIFICATE, 0x01, 0x00, ZERO_32 ZERO_32, 0, PSD_SW_VERIFICATION_FAILED},
    {PSD_COMMAND_SIGN_MESSAGE, 0x01, 0x00, CALL "01" ZERO_32, 256, PSD_SW_CONDITIONS},
    {PSD_COMMAND_POSTMARK, 0x01, 0x00, CALL "0100" ZERO_32, 256, PSD_SW_CONDITIONS},
    {PSD_COMMAND_VALIDATE_POSTMARK, 0x00, 0x00, CALL "01" ZERO_32 "3000", 256, PSD_SW_WRONG_DATA},
    {PSD_COMMAND_ISSUE_CERTIFICATE, 0x01, 0x00, CALL "01001E0101 41 3000", 256, PSD_SW_WRONG_DATA},
    {PSD_COMMAND_REQUEST_REVOCATION, 0x01, 0x00, CALL, 256, PSD_SW_REFERENCE_NOT_FOUND},
    {PSD_COMMAND_REVOKE_CERTIFICATE, 0x00, 0x00, ZERO_32 ZERO_32, 256, PSD_SW_WRONG_DATA},
    {PSD_COMMAND_ACCEPT_CREDIT, 0x01, 0x00, CALL "3000", 256, PSD_SW_REFERENCE_NOT_FOUND},
    {PSD_COMMAND_PAY, 0x01, 0x00, CALL "0000000000000001 0000000000000000 01 41", 256, PSD_SW_CONDITIONS},
    {PSD_COMMAND_READ_CERTIFICATE, 0x01, 0x00, "", 256, PSD_SW_REFERENCE_NOT_FOUND},
    {PSD_COMMAND_DELETE_KEY, 0x01, 0x00, "", 0, PSD_SW_REFERENCE_NOT_FOUND},
    {PSD_COMMAND_IMPORT_KEY, 0x01, 0x01, "01" ZERO_32, 0, PSD_SW_FUNCTION_UNSUPPORTED}, /* it may not */
    {PSD_COMMAND_HASH, 0x00, 0x00, "616263", 0, PSD_SW_OK},
};

static const sample *sample_of(const psd_command *row) {
  for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
    if (samples[i].id == row->id)
      return &samples[i];
  return NULL;
}

/* The command's bytes; `data` is its data's memory. */
static psd_apdu make(const psd_command *row, uint8_t data[256]) {
  psd_apdu apdu = {.cla = row->class == PSD_CLASS_GP ? 0x80 : 0x00, .ins = row->ins};
  const sample *like = sample_of(row);
  CU_ASSERT_PTR_NOT_NULL_FATAL(like);
  apdu.p1 = like->p1;
  apdu.p2 = like->p2;
  apdu.nc = psd_check_hex(like->data, data, 256);
  apdu.ne = like->ne;
  apdu.data = apdu.nc > 0 ? data : NULL;
  return apdu;
}

/* From the row alone: state, then access, then what the command itself says. */
static uint16_t expected_status(const psd_command *row, psd_state state, const stage_access *access) {
  psd_access_set granted = stage_granted(access, row);
  bool session = access->level != 0;
  if (access->session && (!stage_has_records(state) || (row->flags & PSD_FLAG_OUTER) != 0))
    return PSD_SW_CONDITIONS;
  if (session && access->in_clear && (row->flags & PSD_FLAG_CLEAR) == 0)
    return PSD_SW_SM_MISSING;
  if (session && row->id == PSD_COMMAND_EXTERNAL_AUTHENTICATE)
    return PSD_SW_CONDITIONS; /* once a session is open it is no command of it */
  if ((row->states & PSD_STATE_BIT(state)) == 0)
    return PSD_SW_CONDITIONS;
  if ((row->access & granted) == 0)
    return PSD_SW_SECURITY_STATUS;
  if (row->id == PSD_COMMAND_PUT_DATA || row->id == PSD_COMMAND_PUT_DATA_ODD)
    return stage_write_status(&psd_objects[PSD_OBJECT_LABEL], state, granted, access->level);
  return sample_of(row)->admitted;
}

/* A command that is refused for state or access leaves the memory alone. */
static void try_cell(rig *r, const psd_command *row, psd_state state, const stage_access *access) {
  uint8_t data[256];
  psd_apdu apdu = make(row, data);
  uint64_t operations = r->ram.operations;
  uint16_t status = stage_send(r, access, row, &apdu);
  CU_ASSERT_TRUE(stage_check(row->name, state, access, status, expected_status(row, state, access)));
  if (status == PSD_SW_CONDITIONS || status == PSD_SW_SECURITY_STATUS)
    CU_ASSERT_EQUAL(r->ram.operations, operations);
}

static unsigned try_stage(psd_state state, const stage_access *access) {
  rig r;
  rig_copy copy;
  stage_enter(&r, state, access);
  rig_save(&r, &copy);
  stage_save();
  for (size_t i = 0; i < PSD_COMMAND_COUNT; i++) {
    rig_restore(&r, &copy);
    stage_restore();
    try_cell(&r, &psd_commands[i], state, access);
  }
  rig_forget(&copy);
  stage_leave(&r);
  return PSD_COMMAND_COUNT;
}

static void every_cell(void) {
  unsigned cells = 0;
  for (size_t s = 0; s < psd_state_count; s++)
    for (size_t a = 0; a < stage_access_count; a++)
      cells += try_stage(psd_states[s].state, &stage_accesses[a]);
  printf("%zu commands x %zu states x %zu levels of access = %u cells ... ", (size_t)PSD_COMMAND_COUNT, psd_state_count,
         stage_access_count, cells);
  CU_ASSERT_EQUAL(cells, PSD_COMMAND_COUNT * psd_state_count * stage_access_count);
}

/* Without the application the same commands are unknown, in every state. */
static void application_not_selected(void) {
  for (size_t s = 0; s < psd_state_count; s++) {
    rig r;
    stage_enter(&r, psd_states[s].state, &stage_accesses[0]);
    CU_ASSERT_EQUAL(rig_hex(&r, "00A4000C023F00"), PSD_SW_OK);
    for (size_t i = 0; i < PSD_COMMAND_COUNT; i++) {
      uint8_t data[256];
      const psd_command *row = &psd_commands[i];
      if (row->application != PSD_APPLICATION_PSD)
        continue;
      psd_apdu apdu = make(row, data);
      uint16_t status = stage_send(&r, &stage_accesses[0], row, &apdu);
      CU_ASSERT_TRUE(stage_check(row->name, psd_states[s].state, &stage_accesses[0], status, PSD_SW_INS_UNSUPPORTED));
    }
    stage_leave(&r);
  }
}

/* 5.1: a command with other parameters, or data that the row does not have. */
static void parameters_and_lengths(void) {
  rig r;
  rig_copy copy;
  const stage_access *access = &stage_accesses[0];
  stage_enter(&r, PSD_STATE_OPERATIONAL, access);
  rig_save(&r, &copy);
  for (size_t i = 0; i < PSD_COMMAND_COUNT; i++) {
    const psd_command *row = &psd_commands[i];
    uint8_t data[256];
    psd_apdu apdu = make(row, data);
    if (!row->p1.any) {
      rig_restore(&r, &copy);
      psd_apdu other = apdu;
      other.p1 ^= 0x40;
      CU_ASSERT_TRUE(stage_check(row->name, PSD_STATE_OPERATIONAL, access, stage_send(&r, access, row, &other),
                                 row->id == PSD_COMMAND_GET_RESPONSE ? PSD_SW_CONDITIONS : PSD_SW_WRONG_P1P2));
    }
    bool admitted = (row->states & PSD_STATE_BIT(PSD_STATE_OPERATIONAL)) != 0 && (row->access & PSD_ALWAYS) != 0;
    if (!admitted || row->id == PSD_COMMAND_GET_RESPONSE)
      continue;
    if (row->least > 1) {
      rig_restore(&r, &copy);
      psd_apdu fewer = apdu;
      fewer.data = data;
      fewer.nc = row->least - 1U;
      CU_ASSERT_TRUE(stage_check(row->name, PSD_STATE_OPERATIONAL, access, stage_send(&r, access, row, &fewer),
                                 PSD_SW_WRONG_LENGTH));
    }
    if (row->most < 255) {
      rig_restore(&r, &copy);
      psd_apdu more = apdu;
      memset(data, 0x31, sizeof data);
      more.data = data;
      more.nc = row->most + 1U;
      CU_ASSERT_TRUE(stage_check(row->name, PSD_STATE_OPERATIONAL, access, stage_send(&r, access, row, &more),
                                 PSD_SW_WRONG_LENGTH));
    }
  }
  rig_forget(&copy);
  stage_leave(&r);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"every command in every state with every access", every_cell},
      {"no command of an application that is not selected", application_not_selected},
      {"no command with other parameters or lengths", parameters_and_lengths},
  };
  return psd_check_run("conformance matrix: commands", tests, PSD_CHECK_COUNT(tests));
}
