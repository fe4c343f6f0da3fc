/* Lines of credit and payments, checked off line (VM figures 7 to 9): what a merchant and a creditor look at. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "proof_bench.h"

#define ZEROES "0000000000000000000000000000000000000000000000000000000000000000"

static proof_world world;
static char why[PSD_PROOF_WHY_MAX];
static psd_proof_payment paid;

/* What a payment says; the line of credit is 100.00 of user certificate 7. */
typedef struct said {
  const char *holder, *device, *payee, *time, *expiry;
  unsigned certificate, amount, remaining, sequence;
  X509 *line;   /* whose hash it has */
  X509 *signer; /* enclosed */
} said;

static said good(void) {
  return (said){"Ada",  PROOF_DEVICE, "Baker", PROOF_NOW_TEXT, "20300401000000Z", 7,
                250000, 700000,       2,       world.line,     world.line};
}

static void hash_text(X509 *certificate, char hex[65]) {
  uint8_t hash[32];
  proof_der der = proof_of(certificate);
  CU_ASSERT_FATAL(EVP_Digest(der.data, der.length, hash, NULL, EVP_sha256(), NULL) == 1);
  for (size_t i = 0; i < 32; i++)
    snprintf(hex + 2 * i, 3, "%02x", hash[i]);
}

static proof_der content_of(const said *s) {
  char hash[65];
  hash_text(s->line, hash);
  return proof_asn1("SEQUENCE:p",
                    "[p]\nv = INTEGER:1\nh = SEQUENCE:h\nc = INTEGER:%u\nd = FORMAT:HEX,OCT:%s\nl = FORMAT:HEX,OCT:%s\n"
                    "a = INTEGER:%u\nr = INTEGER:%u\np = UTF8:%s\nt = GENTIME:%s\ne = GENTIME:%s\ns = INTEGER:%u\n"
                    "x = FORMAT:HEX,OCT:%s\n[h]\no = SET:h1\nc = SET:h2\n[h1]\nx = SEQUENCE:h3\n[h2]\nx = SEQUENCE:h4\n"
                    "[h3]\ni = OID:2.5.4.10\nn = UTF8:Lace Ltd\n[h4]\ni = OID:2.5.4.3\nn = UTF8:%s\n",
                    s->certificate, s->device, hash, s->amount, s->remaining, s->payee, s->time, s->expiry, s->sequence,
                    ZEROES, s->holder);
}

static proof_der payment_of(const said *s) {
  proof_der content = content_of(s);
  return proof_sign(&(proof_signing){.type = psd_oids[PSD_OID_PAYMENT].dotted,
                                     .content = content.data,
                                     .length = content.length,
                                     .certificate = s->signer,
                                     .key = world.key});
}

static psd_proof_result check(const said *s, const char *payee, uint64_t time) {
  proof_der made = payment_of(s);
  return psd_proof_check_payment(world.trust, proof_bytes(&made), payee, time, &paid, why);
}

static void begin(void) {
  proof_world_make(&world);
}

static void a_good_one_holds(void) {
  said s = good();
  CU_ASSERT_EQUAL(check(&s, "Baker", PROOF_NOW + 60), PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(paid.amount, 250000);
  CU_ASSERT_EQUAL(paid.remaining, 700000);
  CU_ASSERT_EQUAL(paid.sequence, 2);
  CU_ASSERT_EQUAL(paid.time, PROOF_NOW);
  CU_ASSERT_EQUAL(paid.expiry, 1901232000);
  CU_ASSERT_STRING_EQUAL(paid.payee, "Baker");
  CU_ASSERT_EQUAL(paid.credit.amount, 1000000);
  CU_ASSERT_EQUAL(paid.credit.certificate, 7);
  CU_ASSERT_EQUAL(paid.credit.holder.number, 12);
  CU_ASSERT_STRING_EQUAL(paid.credit.use, "anything");
  CU_ASSERT_STRING_EQUAL(paid.credit.holder.common_name, "Ada");
  proof_der made = payment_of(&s);
  uint8_t hash[32];
  CU_ASSERT_EQUAL(psd_proof_check_payment(world.trust, proof_bytes(&made), NULL, PROOF_NOW, &paid, why),
                  PSD_PROOF_HOLDS);
  EVP_Digest(made.data, made.length, hash, NULL, EVP_sha256(), NULL);
  CU_ASSERT(memcmp(hash, paid.hash, sizeof hash) == 0);
}

static psd_proof_result check_altered(void *user, psd_proof_bytes der) {
  return psd_proof_check_payment(world.trust, der, user, PROOF_NOW, &paid, why);
}

static void no_bit_of_it_may_change(void) {
  said s = good();
  char payee[] = "Baker";
  proof_der made = payment_of(&s);
  CU_ASSERT_EQUAL(proof_altered(&made, check_altered, payee), 0);
}

static void expect_terms(const said *s, const char *words) {
  CU_ASSERT_EQUAL(check(s, "Baker", PROOF_NOW), PSD_PROOF_TERMS);
  CU_ASSERT_PTR_NOT_NULL(strstr(why, words));
}

static void who_is_paid(void) {
  said s = good();
  s.payee = "Butcher";
  expect_terms(&s, "another payee");
  CU_ASSERT_EQUAL(check(&s, NULL, PROOF_NOW), PSD_PROOF_HOLDS);
  s = good();
  CU_ASSERT_EQUAL(check(&s, "baker", PROOF_NOW), PSD_PROOF_TERMS);
}

static void until_when(void) {
  said s = good();
  CU_ASSERT_EQUAL(check(&s, "Baker", 1901232000), PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(check(&s, "Baker", 1901232001), PSD_PROOF_TERMS);
  CU_ASSERT_STRING_EQUAL(why, "it has expired");
  s.expiry = "20330101000000Z"; /* beyond the line of credit */
  expect_terms(&s, "within the line");
  s = good();
  s.time = "20300402000000Z";
  expect_terms(&s, "within the line");
  s.time = "20280101000000Z";
  CU_ASSERT_EQUAL(check(&s, "Baker", PROOF_NOW), PSD_PROOF_CERTIFICATE);
}

static void how_much(void) {
  said s = good();
  s.remaining = 750000;
  CU_ASSERT_EQUAL(check(&s, "Baker", PROOF_NOW), PSD_PROOF_HOLDS);
  s.remaining = 750001;
  expect_terms(&s, "amounts");
  s = good();
  s.amount = 1000001;
  expect_terms(&s, "amounts");
  s.amount = 0;
  expect_terms(&s, "amounts");
}

static void from_which_line(void) {
  said s = good();
  s.line = world.user;
  expect_terms(&s, "another line");
  s = good();
  s.device = PROOF_OTHER_DEVICE;
  expect_terms(&s, "another line");
  s = good();
  s.certificate = 8;
  expect_terms(&s, "another line");
  s = good();
  s.holder = "Eve";
  expect_terms(&s, "another line");
}

/* 812: the payment that opens a line pays nobody. */
static void the_first_one(void) {
  said s = good();
  s.payee = "";
  s.amount = 0;
  s.remaining = 1000000;
  s.sequence = 0;
  CU_ASSERT_EQUAL(check(&s, NULL, PROOF_NOW), PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(check(&s, "", PROOF_NOW), PSD_PROOF_TERMS);
  s.remaining = 999999;
  CU_ASSERT_EQUAL(check(&s, NULL, PROOF_NOW), PSD_PROOF_TERMS);
}

static void who_gives_credit(void) {
  proof_der line = proof_of(world.line), user = proof_of(world.user);
  psd_proof_credit credit;
  CU_ASSERT_EQUAL(psd_proof_check_credit(world.trust, proof_bytes(&line), PROOF_NOW, &credit, why), PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(credit.amount, 1000000);
  CU_ASSERT_EQUAL(psd_proof_check_credit(world.trust, proof_bytes(&user), PROOF_NOW, &credit, why),
                  PSD_PROOF_CERTIFICATE);
  CU_ASSERT_EQUAL(psd_proof_check_credit(world.trust, proof_bytes(&line), PROOF_NOW + 400 * PROOF_DAY, &credit, why),
                  PSD_PROOF_CERTIFICATE);
  X509 *mine = proof_certify(&(proof_wish){.organization = "Lace Ltd",
                                           .name = "Ada",
                                           .issuer = world.agent,
                                           .issuer_key = world.agent_key,
                                           .key = world.key,
                                           .number = 12,
                                           .extensions = proof_line});
  said s = good();
  s.line = s.signer = mine;
  CU_ASSERT_EQUAL(check(&s, "Baker", PROOF_NOW), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_PTR_NOT_NULL(strstr(why, "agent"));
  X509_free(mine);
}

/* A user's certificate pays nothing, even if the payment is else in order. */
static void signed_as_a_user(void) {
  said s = good();
  s.line = s.signer = world.user;
  CU_ASSERT_EQUAL(check(&s, "Baker", PROOF_NOW), PSD_PROOF_CERTIFICATE);
}

static void what_is_no_payment(void) {
  said s = good();
  proof_der content = content_of(&s);
  proof_signing wanted = {.type = psd_oids[PSD_OID_PAYMENT].dotted,
                          .content = content.data,
                          .length = content.length,
                          .certificate = world.line,
                          .key = world.key,
                          .left_out = true};
  proof_der made = proof_sign(&wanted);
  CU_ASSERT_EQUAL(check_altered(NULL, proof_bytes(&made)), PSD_PROOF_UNREADABLE);
  wanted.left_out = false;
  wanted.type = psd_oids[PSD_OID_REVOCATION_COMMAND].dotted;
  made = proof_sign(&wanted);
  CU_ASSERT_EQUAL(check_altered(NULL, proof_bytes(&made)), PSD_PROOF_UNREADABLE);
  wanted.type = psd_oids[PSD_OID_PAYMENT].dotted;
  content.data[content.length] = 0;
  wanted.length++;
  made = proof_sign(&wanted);
  CU_ASSERT_EQUAL(check_altered(NULL, proof_bytes(&made)), PSD_PROOF_UNREADABLE);
}

/* 802: what is signed and postmarked. */
static void a_credit_request_is_read_as_it_was_written(void) {
  psd_proof_credit_request request = {{1, 2, 3, 4, 5, 6, 7, 8}, 7, 5000000, PROOF_NOW, "books"}, read;
  uint8_t der[256];
  psd_buffer out = psd_buffer_over(der, sizeof der);
  CU_ASSERT_FATAL(psd_proof_put_credit_request(&request, (const uint8_t *)"\1\2\3\4\5\6\7\10", &out));
  proof_der same = proof_asn1("SEQUENCE:r",
                              "[r]\nv = INTEGER:1\nd = FORMAT:HEX,OCT:0102030405060708\nc = INTEGER:7\n"
                              "a = INTEGER:5000000\nu = UTF8:books\nt = GENTIME:%s\nn = FORMAT:HEX,OCT:%s\n",
                              PROOF_NOW_TEXT, "0102030405060708");
  CU_ASSERT(same.length == out.length && memcmp(same.data, der, out.length) == 0);
  CU_ASSERT(psd_proof_read_credit_request(proof_bytes(&same), &read));
  CU_ASSERT(read.certificate == 7 && read.amount == 5000000 && read.time == PROOF_NOW);
  CU_ASSERT_STRING_EQUAL(read.use, "books");
  same.data[same.length++] = 0;
  CU_ASSERT_FALSE(psd_proof_read_credit_request(proof_bytes(&same), &read));
  same.length -= 2;
  CU_ASSERT_FALSE(psd_proof_read_credit_request(proof_bytes(&same), &read));
  psd_buffer small = psd_buffer_over(der, 20);
  CU_ASSERT_FALSE(psd_proof_put_credit_request(&request, der, &small));
}

static void a_credit_line_is_written_as_it_is_read(void) {
  static const uint8_t device[8] = {0x50, 0x53, 0x44, 0x31, 0, 0, 0, 1};
  psd_proof_credit credit = {.amount = 1000000, .certificate = 7, .use = "anything"};
  uint8_t der[256];
  psd_buffer out = psd_buffer_over(der, sizeof der);
  CU_ASSERT_FATAL(psd_proof_put_credit_line(&credit, device, &out));
  proof_der same = proof_asn1("SEQUENCE:line",
                              "[line]\na = INTEGER:1000000\nd = FORMAT:HEX,OCT:%s\nc = INTEGER:7\nu = UTF8:anything\n",
                              "5053443100000001");
  CU_ASSERT(same.length == out.length && memcmp(same.data, der, out.length) == 0);
}

static void end(void) {
  proof_world_free(&world);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"an authority, and holders of its certificates", begin},
      {"a good payment holds", a_good_one_holds},
      {"no bit of a payment may change", no_bit_of_it_may_change},
      {"it is bound to its payee", who_is_paid},
      {"and to its expiry", until_when},
      {"amount and credit remaining do not exceed the line", how_much},
      {"it is of the line of credit that is enclosed", from_which_line},
      {"812: the payment that opens a line", the_first_one},
      {"808: a creditor gives credit, and no agent", who_gives_credit},
      {"a user's certificate is no line of credit", signed_as_a_user},
      {"what is no payment", what_is_no_payment},
      {"802: a credit request", a_credit_request_is_read_as_it_was_written},
      {"712: what a line of credit says", a_credit_line_is_written_as_it_is_read},
      {"all is given back", end},
  };
  return psd_check_run("proof, payments", tests, PSD_CHECK_COUNT(tests));
}
