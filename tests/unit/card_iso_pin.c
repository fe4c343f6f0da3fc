/* ISO/IEC 7816-4:2005, 7.5.6, 7.5.7 and 7.5.10: VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER. */
#include "check.h"
#include "expect.h"

#include <stdlib.h>
#include <string.h>

/* The bench's PIN 123456 and PUK 87654321; a wrong one. */
#define PIN "313233343536"
#define PUK "3837363534333231"
#define WRONG "393939393939"
#define PAD6 " FF{10} "
#define PAD8 " FF{8} "
#define NEW "616263646566"

static rig r;

static void begin(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  expect_selected(&r);
}

static void end(void) {
  rig_destroy(&r);
}

static void expect_tries(unsigned pin, unsigned puk) {
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF2C00"), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.response[0], pin);
  CU_ASSERT_EQUAL(r.response[1], puk);
}

static void block_pin(void) {
  expect(&r, "0020008106" WRONG, "63C2");
  expect(&r, "0020008106" WRONG, "63C1");
  expect(&r, "0020008106" WRONG, "63C0");
}

static void expect_event(psd_event event) {
  CU_ASSERT_EQUAL(rig_hex(&r, "00B2012C00"), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.response[12], event);
}

static void status_query(void) {
  begin();
  expect(&r, "00200081", "63C3");
  expect(&r, "0020008100", "63C3"); /* an Le changes nothing */
  expect(&r, "0020008106" WRONG, "63C2");
  expect(&r, "00200081", "63C2");
  expect(&r, "00200081", "63C2"); /* asking costs no try */
  expect(&r, "0020008106" PIN, "9000");
  expect(&r, "00200081", "9000");
  end();
}

static void right_one_restores_the_tries(void) {
  begin();
  expect(&r, "0020008106" WRONG, "63C2");
  expect(&r, "0020008106" WRONG, "63C1");
  expect_tries(1, 10);
  expect(&r, "0020008106" PIN, "9000");
  expect_tries(3, 10);
  end();
}

static void blocked(void) {
  begin();
  block_pin();
  expect_event(PSD_EVENT_PIN_BLOCKED);
  expect(&r, "0020008106" WRONG, "6983");
  expect(&r, "0020008106" PIN, "6983");
  expect(&r, "00200081", "6983");
  psd_card_reset(r.card);
  expect_selected(&r);
  expect(&r, "0020008106" PIN, "6983");
  end();
}

static void tries_last(void) {
  begin();
  expect(&r, "0020008106" WRONG, "63C2");
  psd_card_reset(r.card);
  expect_selected(&r);
  expect(&r, "0020008106" WRONG, "63C1");
  psd_card_power_off(r.card);
  psd_card_power_on(r.card);
  expect_selected(&r);
  expect(&r, "0020008106" WRONG, "63C0");
  end();
}

static void padding(void) {
  begin();
  expect(&r, "0020008110" PIN PAD6, "9000");
  expect(&r, "0020008107" PIN "FF", "9000");
  expect(&r, "0020008107" PIN "30", "63C2");
  expect(&r, "0020008105 3132333435", "63C1");
  end();
}

static void no_reference_data_at_all(void) {
  begin();
  expect(&r, "0020008106" PIN, "9000");
  expect(&r, "0020008106 313233FFFFFF", "6A80"); /* three bytes are too few */
  expect(&r, "0020008110 FF{16}", "6A80");
  expect(&r, "0020008107 313233FF343536", "6A80"); /* padding inside */
  expect(&r, "0020008106 310033343536", "6A80");
  expect(&r, "0020008106 31320A343536", "6A80");
  expect(&r, "0020008106 3132333435C4", "6A80");
  expect(&r, "0020008103 313233", "6700");
  expect(&r, "0020008111 31{17}", "6700");
  expect_tries(3, 10); /* none of these was a try */
  expect(&r, "00200081", "9000");
  end();
}

static void parameters(void) {
  begin();
  expect(&r, "0020008006" PIN, "6A86");
  expect(&r, "0020000006" PIN, "6A86");
  expect(&r, "0020018106" PIN, "6A86");
  expect(&r, "0020FF8106" PIN, "6A86");
  expect(&r, "00200181", "6A86");
  expect(&r, "0024018120" PIN PAD6 NEW PAD6, "6A86");
  expect(&r, "0024008020" PIN PAD6 NEW PAD6, "6A86");
  expect(&r, "002C028108" PUK, "6A86");
  expect(&r, "002C008008" PUK, "6A86");
  expect_tries(3, 10);
  end();
}

static void taken_back(void) {
  begin();
  expect(&r, "0020008106" PIN, "9000");
  expect(&r, "0020FF81", "9000");
  expect(&r, "00200081", "63C3");
  expect(&r, "00DADF3101 41", "6982");
  end();
}

static void wrong_one_takes_it_back(void) {
  begin();
  expect(&r, "0020008106" PIN, "9000");
  expect(&r, "0020008106" WRONG, "63C2");
  expect(&r, "00200081", "63C2");
  expect(&r, "00DADF3101 41", "6982");
  end();
}

static void change(void) {
  begin();
  expect(&r, "0020008106" PIN, "9000");
  expect(&r, "0024008120" PIN PAD6 NEW PAD6, "9000");
  expect_event(PSD_EVENT_PIN_CHANGED);
  expect(&r, "00200081", "63C3"); /* verified by what is the PIN no longer */
  expect(&r, "0020008106" PIN, "63C2");
  expect(&r, "0020008106" NEW, "9000");
  psd_card_reset(r.card);
  expect_selected(&r);
  expect(&r, "0020008106" NEW, "9000");
  expect(&r, "0024008120" NEW PAD6 "31{16}", "9000"); /* the longest */
  expect(&r, "0020008110 31{16}", "9000");
  end();
}

static void change_with_a_wrong_pin(void) {
  begin();
  expect(&r, "0024008120" WRONG PAD6 NEW PAD6, "63C2");
  expect(&r, "0024008120" WRONG PAD6 NEW PAD6, "63C1");
  expect(&r, "0020008106" PIN, "9000");
  expect_tries(3, 10);
  for (int i = 0; i < 3; i++)
    expect(&r, "0024008120" WRONG PAD6 NEW PAD6, "63C.");
  expect_event(PSD_EVENT_PIN_BLOCKED);
  expect(&r, "0024008120" PIN PAD6 NEW PAD6, "6983");
  expect(&r, "00200081", "6983");
  end();
}

static void change_to_nonsense(void) {
  begin();
  expect(&r, "0024008120" PIN PAD6 "313233 FF{13}", "6A80"); /* shorter than the policy has it */
  expect(&r, "0024008120" PIN PAD6 "FF{16}", "6A80");
  expect(&r, "0024008120" PIN PAD6 "3132333400 FF{11}", "6A80");
  expect(&r, "0024008120 FF{16}" NEW PAD6, "6A80");
  expect(&r, "002400810C" PIN NEW, "6700");
  expect(&r, "0024008121" PIN PAD6 NEW PAD6 "FF", "6700");
  expect(&r, "0024008110" PIN PAD6, "6700");
  expect_tries(3, 10); /* judged before anything is compared */
  expect(&r, "0020008106" PIN, "9000");
  end();
}

static void unblock_with_a_new_pin(void) {
  begin();
  block_pin();
  expect(&r, "002C008120" PUK PAD8 NEW PAD6, "9000");
  expect_event(PSD_EVENT_PIN_UNBLOCKED);
  expect_tries(3, 10);
  expect(&r, "00200081", "63C3");
  expect(&r, "0020008106" PIN, "63C2");
  expect(&r, "0020008106" NEW, "9000");
  end();
}

static void unblock_the_same_pin(void) {
  begin();
  block_pin();
  expect(&r, "002C018108" PUK, "9000");
  expect_event(PSD_EVENT_PIN_UNBLOCKED);
  expect_tries(3, 10);
  expect(&r, "0020008106" PIN, "9000");
  expect(&r, "002C018110" PUK PAD8, "9000");
  end();
}

static void wrong_puk(void) {
  begin();
  expect(&r, "002C018106" WRONG, "63C9");
  expect(&r, "002C008120" WRONG PAD6 NEW PAD6, "63C8");
  expect_tries(3, 8); /* the PIN's are its own */
  expect(&r, "0020008106" PIN, "9000");
  expect(&r, "002C018108" PUK, "9000");
  expect_tries(3, 10);
  end();
}

static void blocked_puk(void) {
  begin();
  block_pin();
  for (unsigned left = 10; left-- > 0;)
    CU_ASSERT_EQUAL(rig_hex(&r, "002C018106" WRONG), 0x63C0U + left);
  expect_event(PSD_EVENT_PUK_BLOCKED);
  expect(&r, "002C018108" PUK, "6983");
  expect(&r, "002C008120" PUK PAD8 NEW PAD6, "6983");
  expect(&r, "0020008106" PIN, "6983");
  expect_tries(0, 0);
  end();
}

static void unblock_with_nonsense(void) {
  begin();
  expect(&r, "002C008108" PUK, "6700");               /* the new PIN is missing */
  expect(&r, "002C018120" PUK PAD8 NEW PAD6, "6700"); /* one too many */
  expect(&r, "002C018104 FFFFFFFF", "6A80");
  expect(&r, "002C008120" PUK PAD8 "313233 FF{13}", "6A80");
  expect(&r, "002C008120 FF{16}" NEW PAD6, "6A80");
  expect(&r, "002C0181", "6700");
  expect(&r, "002C008121 31{33}", "6700");
  expect_tries(3, 10);
  end();
}

static void unblocking_does_not_verify(void) {
  begin();
  expect(&r, "002C018108" PUK, "9000");
  expect(&r, "00200081", "63C3");
  expect(&r, "0020008106" PIN, "9000");
  expect(&r, "002C018108" PUK, "9000");
  expect(&r, "00200081", "63C3");
  end();
}

static void without_reference_data(void) {
  rig_create(&r);
  expect_selected(&r);
  expect(&r, "00200081", "6984");
  expect(&r, "0020008106" PIN, "6984");
  expect(&r, "0024008120" PIN PAD6 NEW PAD6, "6985"); /* not in this state */
  expect(&r, "002C018108" PUK, "6985");
  end();
}

/* The reference data themselves are nowhere in the memory. */
static void only_a_digest_is_kept(void) {
  begin();
  expect(&r, "0024008120" PIN PAD6 "5365437245743432 FF{8}", "9000");
  size_t size = psd_nvm_ram_size(&r.ram);
  uint8_t *image = malloc(size);
  CU_ASSERT_PTR_NOT_NULL_FATAL(image);
  psd_nvm_ram_save(&r.ram, image);
  unsigned found = 0;
  for (size_t i = 0; i + 8 <= size; i++)
    found += memcmp(image + i, "SeCrEt42", 8) == 0 ? 1U : 0U;
  CU_ASSERT_EQUAL(found, 0);
  free(image);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"7.5.6: VERIFY without data tells the tries, or 9000 once verified", status_query},
      {"7.5.6: the right PIN restores the tries", right_one_restores_the_tries},
      {"7.5.6: 63C0, then 6983, also for the right one; logged", blocked},
      {"7.5.6: tries outlive a reset", tries_last},
      {"7.5.6: FF pads the PIN", padding},
      {"7.5.6: what cannot be a PIN is no try", no_reference_data_at_all},
      {"7.5.6: other parameters are answered 6A86 and are no try", parameters},
      {"7.5.6: P1 FF takes the verification back", taken_back},
      {"7.5.6: a wrong PIN takes the verification back", wrong_one_takes_it_back},
      {"7.5.7: CHANGE REFERENCE DATA", change},
      {"7.5.7: a wrong PIN there is a try like any other", change_with_a_wrong_pin},
      {"7.5.7: a PIN that cannot be is refused before anything is compared", change_to_nonsense},
      {"7.5.10: RESET RETRY COUNTER with PUK and new PIN", unblock_with_a_new_pin},
      {"7.5.10: RESET RETRY COUNTER with the PUK alone", unblock_the_same_pin},
      {"7.5.10: a wrong PUK counts the PUK's tries", wrong_puk},
      {"7.5.10: a PUK without tries is blocked; logged", blocked_puk},
      {"7.5.10: what cannot be PUK and PIN is no try", unblock_with_nonsense},
      {"7.5.10: unblocking does not verify", unblocking_does_not_verify},
      {"7.5.6: 6984 while there is no PIN", without_reference_data},
      {"7.5: the memory holds no PIN in clear", only_a_digest_is_kept},
  };
  return psd_check_run("ISO 7816-4: PIN and PUK", tests, PSD_CHECK_COUNT(tests));
}
