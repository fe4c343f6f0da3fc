/* What a card signs about funds, altered on its way or by the card itself (docs/funds.md). */
#include "check.h"
#include "funds_bench.h"

#define AMOUNT 1000000U

/* Whether a request was answered as done. */
static bool done(funds_bench *on, psd_host_operation operation) {
  bool answered = on->at.taken < on->at.sent_count && on->at.sent[on->at.taken].type == PSD_FRAME_HOST_DATA;
  return answered && funds_answer(on, operation) == 0;
}

/* What the answer is about: kind, operation, group, PSD and amount; of a receipt its number as well. */
static bool names(uint8_t ins, size_t byte) {
  return ins == 0x40 || ins == 0x46 ? byte < 12 || (byte >= 16 && byte < 24) : byte < 23;
}

/* What the card says is altered, one bit of each field, before it is signed or after: nobody is given anything for it.
 * Of a receipt the session's record vouches for what does not matter to the ledger. */
static void alter(uint8_t ins, size_t size, bool is_signed, psd_host_operation operation) {
  for (size_t byte = 0; byte < size; byte += byte < 8 ? 1U : 4U) {
    funds_bench on;
    funds_open(&on);
    CU_ASSERT_EQUAL(funds_move(&on, PSD_HOST_REFILL, PSD_GROUP_POSTAGE, AMOUNT, false), 0);
    on.card.altered = ins;
    on.card.alter_byte = byte;
    on.card.alter_by = 0x20;
    on.card.alter_signed = is_signed;
    if (ins == 0x44)
      on.at.kms_refuses = PSD_SIGNAL_LIMIT;
    funds_ask(&on, operation, PSD_GROUP_POSTAGE, AMOUNT, false);
    if (ins == 0x44) {
      CU_ASSERT_TRUE(funds_run_to(&on, 0x44));
      on.at.kms_refuses = PSD_SIGNAL_NONE;
    }
    funds_run(&on);
    bool well = done(&on, operation);
    if (names(ins, byte))
      (void)bench_expect_end(&on.at, PSD_SIGNAL_MESSAGE, 0);
    /* What contradicts or does not verify locks the meter. */
    if (names(ins, byte) || (!is_signed && !well))
      CU_ASSERT_EQUAL(funds_row(&on).lock, PSD_METER_ALARMED);
    funds_check(&on, well);
    CU_ASSERT_FALSE(well && (is_signed ? ins == 0x44 : ins == 0x40 || ins == 0x44 || ins == 0x46));
    /* Never more than the card has, and never for nothing. */
    CU_ASSERT_TRUE(funds_account(&on) + on.card.descending[0] <= FUNDS_DEPOSIT);
    on.card.altered = 0;
    funds_lose(&on);
    (void)funds_again(&on);
    funds_check(&on, false);
    CU_ASSERT_TRUE(funds_account(&on) + on.card.descending[0] <= FUNDS_DEPOSIT);
    funds_close(&on);
  }
}

static void test_altered(void) {
  alter(0x40, PSD_SIZE_FUNDS_REQUEST, false, PSD_HOST_REFILL);
  alter(0x42, PSD_SIZE_FUNDS_RECEIPT, false, PSD_HOST_REFILL);
  alter(0x44, PSD_SIZE_FUNDS_RECEIPT, false, PSD_HOST_REFILL);
  alter(0x46, PSD_SIZE_FUNDS_REQUEST, false, PSD_HOST_WITHDRAW);
  alter(0x48, PSD_SIZE_FUNDS_RECEIPT, false, PSD_HOST_WITHDRAW);
}

static void test_altered_and_signed(void) {
  alter(0x40, PSD_SIZE_FUNDS_REQUEST, true, PSD_HOST_REFILL);
  alter(0x42, PSD_SIZE_FUNDS_RECEIPT, true, PSD_HOST_REFILL);
  alter(0x44, PSD_SIZE_FUNDS_RECEIPT, true, PSD_HOST_REFILL);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"what the card says is altered", test_altered},
      {"what the card says is altered, and signed", test_altered_and_signed},
  };
  return psd_check_run("server funds altered", tests, PSD_CHECK_COUNT(tests));
}
