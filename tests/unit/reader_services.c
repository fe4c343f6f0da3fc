/* One call, one service, one charge: on the real card, with answers lost at every exchange. And why it is refused; each
 * decision of the figures that the Host has to tell is named by its number. */
#include "check.h"
#include "psd/reader/certificate.h"
#include "psd/spec/status.h"
#include "psd/spec/tlv.h"
#include "reader_lossy.h"
#include "services_look.h"

#include <openssl/evp.h>
#include <string.h>

#define MESSAGE "Ten barrels of oil"
#define EXCHANGES 12U

static services s;
static lossy way;
static psd_host *host;
static psd_services seen;
static psd_desk desk;
static const psd_secret pin = {.bytes = RIG_PIN, .length = sizeof RIG_PIN - 1};
static uint8_t bytes[2][PSD_SERVICE_ANSWER_MAX];
static psd_buffer out, more;

static void look(void) {
  CU_ASSERT_EQUAL_FATAL(psd_services_look(host, &seen), PSD_OK);
}

/* The PSD selected, the PIN verified, the card looked at. */
static void enter(void) {
  CU_ASSERT_EQUAL_FATAL(psd_host_begin(host), PSD_OK);
  CU_ASSERT_EQUAL_FATAL(psd_host_select_psd(host, NULL), PSD_OK);
  CU_ASSERT_EQUAL_FATAL(psd_host_verify(host, &pin), PSD_OK);
  look();
  desk = (psd_desk){.host = host, .pin = &pin, .services = &seen};
}

static void enter_anew(void) {
  psd_host_close(host);
  host = lossy_host(&way);
  enter();
}

static void open_bench(void) {
  services_begin(&s);
  way = (lossy){.r = s.r};
  host = lossy_host(&way);
  enter();
}

static void close_bench(void) {
  psd_host_close(host);
  services_end(&s);
}

static void clear(void) {
  out = psd_buffer_over(bytes[0], sizeof bytes[0]);
  more = psd_buffer_over(bytes[1], sizeof bytes[1]);
}

static bool because(const char *words) {
  bool found = strstr(psd_host_error(host)->words, words) != NULL;
  if (!found)
    fprintf(stderr, "wanted %s\n in %s\n", words, psd_host_error(host)->words);
  return found;
}

static services_bytes kept(void) {
  services_bytes as = {.length = out.length};
  memcpy(as.data, out.data, out.length);
  return as;
}

static psd_digested digest_of(const char *message) {
  psd_digested digested = {.digest = PSD_DIGEST_SHA256};
  CU_ASSERT_EQUAL_FATAL(EVP_Digest(message, strlen(message), digested.bytes, NULL, EVP_sha256(), NULL), 1);
  return digested;
}

/* A message that the card hashes, in two pieces. */
static size_t given;
static psd_result next(void *context, uint8_t piece[PSD_HASH_PIECE], size_t *length, psd_error *error) {
  const char *message = context;
  size_t left = strlen(message) - given;
  (void)error;
  *length = left > 10 ? 10 : left;
  memcpy(piece, message + given, *length);
  given += *length;
  return PSD_OK;
}
static psd_result again(void *context, psd_error *error) {
  (void)context;
  (void)error;
  given = 0;
  return PSD_OK;
}
static char message[] = MESSAGE;
static const psd_digested by_card = {.digest = 0, .next = next, .rewind = again, .context = message};

/* The services. Each leaves its answer in `out`. */
static psd_result do_sign(void) {
  psd_digested digested = digest_of(MESSAGE);
  return psd_message_sign(&desk, SERVICES_USER, &digested, true, &out);
}
static psd_result do_sign_by_card(void) {
  return psd_message_sign(&desk, SERVICES_USER, &by_card, true, &out);
}
static psd_result do_postmark(void) {
  psd_digested digested = digest_of(MESSAGE);
  static const uint8_t nonce[4] = {1, 2, 3, 4};
  return psd_postmark_make(&desk, SERVICES_POSTMARK, &digested, nonce, sizeof nonce, true, &out);
}
static psd_result do_pay(void) {
  return psd_credit_pay(&desk, SERVICES_USER, 25, 0, "Merchant", &out);
}
static services_bytes token;
static psd_verdict verdict;
static psd_result do_validate(void) {
  psd_digested digested = digest_of(MESSAGE);
  return psd_postmark_validate(&desk, &digested, token.data, token.length, &verdict);
}

static bool signature_holds(void) {
  services_bytes made = kept();
  CMS_ContentInfo *cms = look_cms_of(&made);
  bool holds = look_holds(cms, NULL, s.a.certificate, RIG_TIME, MESSAGE, sizeof MESSAGE - 1);
  CMS_ContentInfo_free(cms);
  return holds;
}
static bool postmark_holds(void) {
  services_bytes made = kept();
  return look_stamp(&s, &made, NULL, MESSAGE, sizeof MESSAGE - 1, "0x01020304");
}
static bool payment_holds(void) {
  psd_credit_state credit;
  uint8_t hash[32];
  return psd_credit_look(host, SERVICES_USER, &credit) == PSD_OK &&
         EVP_Digest(out.data, out.length, hash, NULL, EVP_sha256(), NULL) == 1 &&
         memcmp(hash, credit.previous, sizeof hash) == 0;
}
static bool verdict_holds(void) {
  return verdict.reason == PSD_VERDICT_VALID;
}

static const struct {
  const char *name;
  psd_result (*run)(void);
  bool (*holds)(void);
  uint64_t price;
} cases[] = {
    {"sign", do_sign, signature_holds, SERVICES_SIGNING},
    {"sign, the card hashes", do_sign_by_card, signature_holds, SERVICES_SIGNING},
    {"postmark", do_postmark, postmark_holds, SERVICES_STAMPING},
    {"pay", do_pay, payment_holds, SERVICES_PAYING},
    {"validate", do_validate, verdict_holds, SERVICES_VERIFYING},
};
#define CASES (sizeof cases / sizeof cases[0])

static const psd_registers *on_card(void) {
  return &s.r->card->core.certificate;
}

static void add_credit(void) {
  services_bytes line = services_make_credit(&s, &(services_credit){.number = 0});
  clear();
  CU_ASSERT_EQUAL_FATAL(psd_credit_accept(&desk, SERVICES_USER, line.data, line.length, &out), PSD_OK);
}

static void add_token(void) {
  clear();
  CU_ASSERT_EQUAL_FATAL(do_postmark(), PSD_OK);
  token = kept();
}

/* One service with a loss; true if the loss took place. */
static bool one_loss(size_t i, lossy_kind kind, bool after, unsigned at, unsigned twice) {
  const psd_registers before = *on_card();
  clear();
  lossy_arm(&way, kind, after, at, twice);
  psd_result result = cases[i].run();
  bool lost = way.lost > 0;
  way.armed = false;
  CU_ASSERT_TRUE(result == PSD_OK || (lost && twice > 0));
  uint64_t made = on_card()->piece_count - before.piece_count;
  CU_ASSERT_TRUE(result == PSD_OK ? made == 1 : made <= 1);
  CU_ASSERT_EQUAL(on_card()->ascending, before.ascending + made * cases[i].price);
  CU_ASSERT_EQUAL(on_card()->descending, before.descending - made * cases[i].price);
  if (result == PSD_OK && !cases[i].holds()) {
    fprintf(stderr, "%s: kind %d, exchange %u\n", cases[i].name, (int)kind, at);
    CU_FAIL("what was made does not hold");
  }
  enter_anew();
  return lost;
}

static void every_loss(void) {
  open_bench();
  add_credit();
  add_token();
  for (size_t i = 0; i < CASES; i++)
    for (unsigned kind = 0; kind < LOSSY_KINDS; kind++)
      for (unsigned after = 0; after < 2; after++)
        for (unsigned at = 0; at < EXCHANGES && one_loss(i, (lossy_kind)kind, after != 0, at, 0); at++)
          CU_ASSERT_TRUE(at + 1 < EXCHANGES);
  close_bench();
}

static void two_losses(void) {
  open_bench();
  add_credit();
  for (unsigned twice = 1; twice < 6; twice++)
    for (unsigned kind = 0; kind < LOSSY_KINDS; kind++)
      (void)one_loss(0, (lossy_kind)kind, true, 0, twice);
  close_bench();
}

static void card_that_stays_away(void) {
  open_bench();
  clear();
  lossy_arm(&way, LOSSY_GONE, true, 0, 0);
  way.absent = 5;
  CU_ASSERT_TRUE(psd_result_unreachable(do_sign()));
  CU_ASSERT_TRUE(because("it is not known whether a signature was made"));
  CU_ASSERT_EQUAL(out.length, 0);
  way.absent = 0;
  way.armed = false;
  enter_anew();
  clear();
  CU_ASSERT_EQUAL(psd_host_get_last(host, PSD_LAST_SERVICE, &out), PSD_OK);
  CU_ASSERT_TRUE(signature_holds());
  close_bench();
}

/* The bench's card gets other registers; the Host looks. */
static void with_funds(uint64_t descending) {
  psd_core core = s.r->card->core;
  core.certificate.descending = descending;
  core.certificate.control_total = core.certificate.ascending + descending;
  rig_set_core(s.r, &core);
  enter_anew();
}

/* Funds suffice to the mill, or are refused one mill below. */
static void paid_or_refused(psd_result (*run)(void), uint64_t price) {
  clear();
  with_funds(price - 1);
  CU_ASSERT_EQUAL(run(), PSD_REFUSED);
  CU_ASSERT_TRUE(because("funds do not suffice"));
  CU_ASSERT_TRUE(because("--group certificate"));
  CU_ASSERT_EQUAL(psd_host_error(host)->status, 0);
  clear();
  with_funds(price);
  CU_ASSERT_EQUAL(run(), PSD_OK);
  CU_ASSERT_EQUAL(on_card()->descending, 0);
}

/* VM 308/310: postmark; 404/406: validation. */
static void funds_308_404(void) {
  open_bench();
  add_token();
  paid_or_refused(do_postmark, SERVICES_STAMPING);
  paid_or_refused(do_sign, SERVICES_SIGNING);
  paid_or_refused(do_validate, SERVICES_VERIFYING);
  close_bench();
}

/* VM 410/412, 416/418/420: what the card finds. */
static void verdicts_410_416(void) {
  psd_digested other = digest_of("Twenty barrels of oil");
  open_bench();
  add_token();
  CU_ASSERT_EQUAL(do_validate(), PSD_OK);
  CU_ASSERT_EQUAL(psd_verdict_step(verdict.reason), 420);
  CU_ASSERT_EQUAL(verdict.charge, SERVICES_VERIFYING);
  CU_ASSERT_EQUAL(psd_postmark_validate(&desk, &other, token.data, token.length, &verdict), PSD_OK);
  CU_ASSERT_EQUAL(verdict.reason, PSD_VERDICT_DIGEST);
  CU_ASSERT_EQUAL(psd_verdict_step(verdict.reason), 418);
  token.data[token.length - 1] ^= 1; /* the last byte of the signature */
  CU_ASSERT_EQUAL(do_validate(), PSD_OK);
  CU_ASSERT_EQUAL(verdict.reason, PSD_VERDICT_SIGNATURE);
  close_bench();
}

/* VM 904/906. */
static void credit_904(void) {
  psd_credit_state credit;
  open_bench();
  clear();
  CU_ASSERT_EQUAL(do_pay(), PSD_REFUSED);
  CU_ASSERT_TRUE(because("has no line of credit"));
  add_credit();
  clear();
  CU_ASSERT_EQUAL(psd_credit_pay(&desk, SERVICES_USER, SERVICES_LINE + 1, 0, "Merchant", &out), PSD_REFUSED);
  CU_ASSERT_TRUE(because("the credit does not suffice"));
  CU_ASSERT_EQUAL(psd_credit_pay(&desk, SERVICES_USER, SERVICES_LINE, 0, "Merchant", &out), PSD_OK);
  CU_ASSERT_EQUAL(psd_credit_look(host, SERVICES_USER, &credit), PSD_OK);
  CU_ASSERT_EQUAL(credit.remaining, 0);
  CU_ASSERT_EQUAL(psd_credit_pay(&desk, SERVICES_USER, 1, RIG_TIME - 1, "Merchant", &out), PSD_REFUSED);
  CU_ASSERT_EQUAL(psd_credit_pay(&desk, SERVICES_USER, 1, 0, "", &out), PSD_BAD_INPUT);
  close_bench();
}

static psd_result do_request(void) {
  static const psd_certificate_order order = {.slot = 3,
                                              .purpose = PSD_PURPOSE_USER,
                                              .algorithm = PSD_ALGORITHM_P256,
                                              .key = PSD_REQUEST_NEW_KEY,
                                              .name = "Anna"};
  return psd_certificate_ask(&desk, &order, &out);
}

/* VM 504/506: request and activation have to be there; 512-520: the rest of figure 5. */
static void request_504(void) {
  psd_certificate_request head;
  uint8_t grant[AUTHORITY_ANSWER_MAX];
  open_bench();
  uint64_t both = seen.prices.certificate + seen.prices.activation;
  with_funds(both - 1);
  clear();
  CU_ASSERT_EQUAL(do_request(), PSD_REFUSED);
  CU_ASSERT_TRUE(because("funds do not suffice"));
  with_funds(both);
  CU_ASSERT_EQUAL(do_request(), PSD_OK);
  look();
  CU_ASSERT_EQUAL(seen.slots[2].state, PSD_SLOT_REQUESTED);
  CU_ASSERT_EQUAL(psd_certificate_waiting(&desk, 3, &more), PSD_OK);
  CU_ASSERT_TRUE(more.length == out.length && memcmp(more.data, out.data, out.length) == 0);
  CU_ASSERT_EQUAL(psd_certificate_waiting(&desk, 2, &more), PSD_REFUSED);
  X509_REQ *opened = authority_open(&s.a, out.data, out.length, &head);
  CU_ASSERT_PTR_NOT_NULL_FATAL(opened);
  X509 *made = authority_certify(&s.a, &head, opened, &(authority_fault){.number = 0});
  size_t length = authority_grant(&s.a, &head, made, &(authority_fault){.number = 0}, grant);
  X509_free(made);
  X509_REQ_free(opened);
  lossy_arm(&way, LOSSY_RESET, true, 0, 0); /* the answer to the installation is lost */
  CU_ASSERT_EQUAL(psd_certificate_install(&desk, 3, grant, length), PSD_OK);
  CU_ASSERT_EQUAL(way.lost, 1);
  way.armed = false;
  CU_ASSERT_EQUAL(on_card()->descending, 0);
  look();
  CU_ASSERT_EQUAL(seen.slots[2].state, PSD_SLOT_ACTIVE);
  close_bench();
}

/* VM 612/614, and 618 with both its ends: paid, payment due. */
static void revocation_618(void) {
  open_bench();
  clear();
  with_funds(SERVICES_REVOKING - 1);
  CU_ASSERT_EQUAL(psd_revocation_request(&desk, SERVICES_USER, PSD_REASON_SUPERSEDED, &out), PSD_OK);
  services_command wanted = {.certificate = seen.slots[SERVICES_USER - 1].certificate, .reason = PSD_REASON_SUPERSEDED};
  services_bytes command = services_make_command(&s, &wanted);
  command.data[command.length - 1] ^= 1;
  clear();
  CU_ASSERT_EQUAL(psd_revocation_carry_out(&desk, SERVICES_USER, command.data, command.length, &out), PSD_REFUSED);
  command.data[command.length - 1] ^= 1;
  CU_ASSERT_EQUAL(psd_revocation_carry_out(&desk, SERVICES_USER, command.data, command.length, &out), PSD_OK);
  look();
  CU_ASSERT_EQUAL(seen.slots[SERVICES_USER - 1].confirmed, PSD_CONFIRMED_DUE);
  CU_ASSERT_EQUAL(seen.state.due, SERVICES_REVOKING);
  clear();
  CU_ASSERT_EQUAL(do_postmark(), PSD_REFUSED);
  CU_ASSERT_TRUE(because("are due for a revocation: psd refill"));
  close_bench();
  open_bench();
  clear();
  wanted.certificate = seen.slots[SERVICES_USER - 1].certificate;
  command = services_make_command(&s, &wanted);
  CU_ASSERT_EQUAL(psd_revocation_carry_out(&desk, SERVICES_USER, command.data, command.length, &out), PSD_OK);
  look();
  CU_ASSERT_EQUAL(seen.slots[SERVICES_USER - 1].confirmed, PSD_CONFIRMED_PAID);
  CU_ASSERT_EQUAL(seen.state.due, 0);
  clear();
  CU_ASSERT_EQUAL(do_sign(), PSD_REFUSED);
  CU_ASSERT_TRUE(because("its certificate is revoked"));
  close_bench();
}

static void refusals(void) {
  psd_digested digested = digest_of(MESSAGE);
  open_bench();
  clear();
  CU_ASSERT_EQUAL(psd_message_sign(&desk, SERVICES_POSTMARK, &digested, true, &out), PSD_REFUSED);
  CU_ASSERT_TRUE(because("slot 2 is for postmark keys"));
  CU_ASSERT_EQUAL(psd_message_sign(&desk, 7, &digested, true, &out), PSD_REFUSED);
  CU_ASSERT_TRUE(because("slot 7 has no key"));
  CU_ASSERT_EQUAL(psd_message_sign(&desk, 9, &digested, true, &out), PSD_REFUSED);
  CU_ASSERT_TRUE(because("from 1 to 8"));
  authority_wait(&s.a, UINT64_C(86400) * (AUTHORITY_DAYS + 1));
  enter_anew();
  CU_ASSERT_EQUAL(do_sign(), PSD_REFUSED);
  CU_ASSERT_EQUAL(out.length, 0);
  close_bench();
}

static void responses(void) {
  static const uint8_t bare[] = {0x30, 0x05, 0x06, 0x01, 0x2A, 0x05, 0x00};
  psd_buffer response = psd_buffer_over(bytes[0], sizeof bytes[0]);
  psd_postmark_put_response(&response, bare, sizeof bare);
  CU_ASSERT_EQUAL(response.length, sizeof bare + 7);
  psd_cursor found = psd_postmark_token(response.data, response.length);
  CU_ASSERT_TRUE(found.left == sizeof bare && memcmp(found.at, bare, sizeof bare) == 0);
  found = psd_postmark_token(bare, sizeof bare);
  CU_ASSERT_TRUE(found.at == bare && found.left == sizeof bare);
  found = psd_postmark_token(bare, 3);
  CU_ASSERT_TRUE(found.at == bare && found.left == 3);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a loss at every exchange", every_loss},
      {"two losses", two_losses},
      {"a card that stays away", card_that_stays_away},
      {"funds for postmark and validation (308, 404)", funds_308_404},
      {"what the card finds (410, 416)", verdicts_410_416},
      {"the line of credit (904)", credit_904},
      {"a certificate (504)", request_504},
      {"revocation (612, 618)", revocation_618},
      {"refusals", refusals},
      {"responses", responses},
  };
  return psd_check_run("reader: services of the certificate meter", tests, PSD_CHECK_COUNT(tests));
}
