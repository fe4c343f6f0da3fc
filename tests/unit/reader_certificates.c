/* psd cert, postmark, sign, verify, agent, credit and pay as people and scripts meet them: on a card behind a socket.
 */
#include "emulator/front.h"
#include "reader_json.h"
#include "reader_program.h"
#include "reader_support.h"
#include "services_look.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIN RIG_PIN "\n"
#define SERVICES_AGENT 5U

static struct {
  services s;
  sandbox box;
  psd_front *front;
  FILE *log;
} bench;

static void write_certificate(const char *name, X509 *certificate) {
  FILE *file = fopen(sandbox_path(&bench.box, name), "we");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_EQUAL_FATAL(PEM_write_X509(file, certificate), 1);
  CU_ASSERT_EQUAL_FATAL(fclose(file), 0);
}

static void start(void) {
  psd_card_power_off(bench.s.r->card);
  (void)snprintf(program_socket, sizeof program_socket, "%s/card", bench.box.path);
  bench.log = tmpfile();
  psd_front_config config = {.kind = PSD_FRONT_LISTEN, .card = bench.s.r->card, .name = "card", .log = bench.log};
  CU_ASSERT_PTR_NOT_NULL_FATAL(bench.log);
  CU_ASSERT_TRUE_FATAL(psd_endpoint_parse(program_socket, &config.endpoint));
  CU_ASSERT_EQUAL_FATAL(psd_front_open(&config, &bench.front), PSD_FRONT_OK);
  CU_ASSERT_TRUE_FATAL(psd_front_start(bench.front));
}

/* `import`: the card was made so that it takes keys from outside. */
static void set_up_with(bool import) {
  services_begin(&bench.s);
  rig_put_object(bench.s.r, PSD_OBJECT_CERTIFICATE_POLICY, (const uint8_t[]){import}, 1);
  authority_activate(&bench.s.a, SERVICES_AGENT, PSD_PURPOSE_AGENT, PSD_ALGORITHM_P256);
  services_bytes line = services_make_credit(&bench.s, &(services_credit){.number = 0});
  CU_ASSERT_EQUAL_FATAL(services_accept(&bench.s, SERVICES_USER, services_piece(&line)), 0x9000);
  sandbox_create(&bench.box);
  write_certificate("root.pem", bench.s.a.certificate);
  write_certificate("creditor.pem", bench.s.creditor_certificate);
  (void)sandbox_write(&bench.box, "message", "Ten barrels of oil\n");
  (void)sandbox_write(&bench.box, "other", "Twenty barrels of oil\n");
  start();
}

static void set_up(void) {
  set_up_with(false);
}

static void tear_down(void) {
  psd_front_close(bench.front);
  (void)fclose(bench.log);
  sandbox_destroy(&bench.box);
  services_end(&bench.s);
}

/* psd REST --card @ --pin-file -; % is the folder of the files. */
static const char *spread(const char *rest, char line[2048]) {
  size_t length = 0;
  for (; *rest != '\0'; rest++) {
    if (*rest == '%')
      length += (size_t)snprintf(line + length, 2048 - length, "%s", bench.box.path);
    else
      line[length++] = *rest;
  }
  line[length] = '\0';
  return line;
}

static int run(const char *rest) {
  char line[2048], whole[2200];
  (void)snprintf(whole, sizeof whole, "%s --card @ --pin-file -", spread(rest, line));
  return psd(PIN, whole);
}

static int plain(const char *rest) {
  char line[2048];
  return psd("", spread(rest, line));
}

static uint64_t spent(void) {
  static const char key[] = "\"ascending_mills\": ";
  CU_ASSERT_EQUAL_FATAL(plain("info --json --card @"), 0);
  const char *group = strstr(out, "\"certificate_registers\"");
  const char *at = group != NULL ? strstr(group, key) : NULL;
  CU_ASSERT_PTR_NOT_NULL_FATAL(at);
  return at != NULL ? strtoull(at + sizeof key - 1, NULL, 10) : 0;
}

static bool is_there(const char *name) {
  struct stat status;
  return stat(sandbox_path(&bench.box, name), &status) == 0 && status.st_size > 0;
}

static const char *const wrong_lines[] = {
    "cert",
    "cert look",
    "cert request",
    "cert request --subject CN=A",
    "cert request --subject A --server x:1 --user y",
    "cert request --subject CN= --server x:1 --user y",
    "cert request --subject CN=A,CN=B --server x:1 --user y",
    "cert request --subject O=A --server x:1 --user y",
    "cert request --subject CN=A --purpose thing --server x:1 --user y",
    "cert request --subject CN=A --purpose agent --server x:1 --user y",
    "cert request --subject CN=A --algorithm rsa1024",
    "cert request --subject CN=A --slot 9",
    "cert request --subject CN=A --reason hold",
    "cert renew --server x:1 --user y",
    "cert revoke --server x:1 --user y",
    "cert revoke --slot 1 --reason why",
    "cert delete",
    "cert import",
    "cert import x y",
    "cert list x",
    "cert list --slot 1",
    "cert export --purpose user",
    "postmark",
    "postmark x",
    "postmark x --metered -o y",
    "postmark --verify x",
    "postmark --verify x y -o z",
    "postmark --verify --last x y",
    "postmark --last x -o y",
    "sign",
    "sign --last",
    "sign x -o y --days 3",
    "verify x",
    "verify x y",
    "agent",
    "agent look",
    "agent issue",
    "agent issue --subject CN=A",
    "agent issue --subject CN=A,O=B --receiver x",
    "agent issue --subject CN=A --receiver x --days 0",
    "agent issue --last",
    "credit",
    "credit look",
    "credit request",
    "credit request 0",
    "credit request 1000",
    "credit accept x",
    "credit show x",
    "pay",
    "pay 25.00",
    "pay 25.00 --to Merchant",
    "pay 0 --to Merchant -o x",
    "pay x --to Merchant -o x",
    "pay --verify x",
    "pay --verify --last x",
    "indicium --class first --weight 28g --to Merchant",
};

static void usage(void) {
  set_up();
  for (size_t i = 0; i < sizeof wrong_lines / sizeof wrong_lines[0]; i++) {
    int status = psd("", wrong_lines[i]);
    CU_ASSERT_EQUAL(status, 2);
    CU_ASSERT_STRING_EQUAL(out, "");
    CU_ASSERT_TRUE(complained("--help"));
    if (status != 2)
      fprintf(stderr, "psd %s: %d\n", wrong_lines[i], status);
  }
  tear_down();
}

/* VM figures 3 and 4. */
static void postmarks(void) {
  set_up();
  uint64_t before = spent();
  CU_ASSERT_EQUAL(run("postmark %/message -o %/message.tsr"), 0);
  CU_ASSERT_TRUE(said("postmark written"));
  CU_ASSERT_EQUAL(spent(), before + SERVICES_STAMPING);
  CU_ASSERT_EQUAL(plain("postmark --verify %/message %/message.tsr --root %/root.pem"), 0);
  CU_ASSERT_TRUE(said("the postmark holds"));
  CU_ASSERT_EQUAL(plain("postmark --verify %/message %/message.tsr --root %/root.pem --json"), 0);
  CU_ASSERT_TRUE(said("\"holds\": true"));
  CU_ASSERT_EQUAL(plain("postmark --verify %/other %/message.tsr --root %/root.pem"), 1);
  CU_ASSERT_TRUE(complained("is refused"));
  CU_ASSERT_EQUAL(plain("postmark --verify %/message %/message.tsr --root %/creditor.pem"), 1);
  CU_ASSERT_EQUAL(plain("postmark --verify %/message %/other --root %/root.pem"), 1);
  CU_ASSERT_EQUAL(plain("postmark --verify %/message %/message.tsr"), 2);
  CU_ASSERT_EQUAL(spent(), before + SERVICES_STAMPING);
  CU_ASSERT_EQUAL(run("postmark --verify --metered %/message %/message.tsr"), 0);
  CU_ASSERT_TRUE(said("step 420"));
  CU_ASSERT_EQUAL(run("postmark --verify --metered --card-hash %/other %/message.tsr --json"), 1);
  CU_ASSERT_TRUE(said("\"step\": 418"));
  CU_ASSERT_TRUE(complained("refused by the card"));
  CU_ASSERT_EQUAL(spent(), before + SERVICES_STAMPING + 2 * SERVICES_VERIFYING);
  CU_ASSERT_EQUAL(run("postmark %/message -o %/hashed.tsr --card-hash"), 0);
  CU_ASSERT_EQUAL(plain("postmark --verify %/message %/hashed.tsr --root %/root.pem"), 0);
  tear_down();
}

/* A file that is there stays, and nothing is charged; what was made is given again. */
static void files(void) {
  set_up();
  CU_ASSERT_EQUAL(run("postmark %/message -o %/message.tsr"), 0);
  uint64_t before = spent();
  CU_ASSERT_EQUAL(run("postmark %/message -o %/message.tsr"), 1);
  CU_ASSERT_TRUE(complained("--yes"));
  CU_ASSERT_EQUAL(run("postmark %/message -o %/nowhere/message.tsr"), 1);
  CU_ASSERT_EQUAL(run("postmark %/missing -o %/missing.tsr"), 1);
  CU_ASSERT_EQUAL(run("sign %/missing"), 1);
  CU_ASSERT_FALSE(is_there("missing.tsr"));
  CU_ASSERT_EQUAL(spent(), before);
  CU_ASSERT_EQUAL(run("postmark --last -o %/again.tsr"), 0);
  CU_ASSERT_EQUAL(plain("postmark --verify %/message %/again.tsr --root %/root.pem"), 0);
  CU_ASSERT_EQUAL(run("sign --last -o %/again.p7s"), 1);
  CU_ASSERT_TRUE(complained("is no signature"));
  CU_ASSERT_EQUAL(spent(), before);
  CU_ASSERT_EQUAL(run("postmark %/message -o %/message.tsr --yes"), 0);
  CU_ASSERT_EQUAL(spent(), before + SERVICES_STAMPING);
  tear_down();
}

static void signatures(void) {
  set_up();
  uint64_t before = spent();
  CU_ASSERT_EQUAL(run("sign %/message"), 0);
  CU_ASSERT_TRUE(is_there("message.p7s"));
  CU_ASSERT_EQUAL(spent(), before + SERVICES_SIGNING);
  CU_ASSERT_EQUAL(plain("verify %/message %/message.p7s --root %/root.pem"), 0);
  CU_ASSERT_TRUE(said("the signature holds") && said("0.05"));
  CU_ASSERT_EQUAL(plain("verify %/other %/message.p7s --root %/root.pem"), 1);
  CU_ASSERT_EQUAL(plain("verify %/message %/message.p7s --root %/creditor.pem"), 1);
  CU_ASSERT_EQUAL(plain("verify %/message %/message.p7s --root %/message"), 1);
  CU_ASSERT_EQUAL(run("sign --last -o %/again.p7s --json"), 0);
  CU_ASSERT_EQUAL(plain("verify %/message %/again.p7s --root %/root.pem --json"), 0);
  CU_ASSERT_EQUAL(run("sign %/message -o %/x.p7s --slot 2"), 1);
  CU_ASSERT_TRUE(complained("slot 2 is for postmark keys"));
  CU_ASSERT_FALSE(is_there("x.p7s"));
  CU_ASSERT_EQUAL(psd("99999\n", "sign @ -o @.p7s --card @ --pin-file -"), 1);
  CU_ASSERT_EQUAL(spent(), before + SERVICES_SIGNING);
  tear_down();
}

static void slots(void) {
  set_up();
  CU_ASSERT_EQUAL(plain("cert list --card @"), 0);
  CU_ASSERT_TRUE(said("postmark") && said("active"));
  CU_ASSERT_EQUAL(plain("cert list --card @ --json"), 0);
  CU_ASSERT_TRUE(said("\"slots\"") && said("\"due_mills\": 0"));
  CU_ASSERT_EQUAL(plain("cert export --card @"), 1);
  CU_ASSERT_TRUE(complained("--slot"));
  CU_ASSERT_EQUAL(plain("cert export --slot 1 --card @"), 0);
  CU_ASSERT_TRUE(said("-----BEGIN CERTIFICATE-----"));
  CU_ASSERT_EQUAL(plain("cert export --slot 2 --card @ -o %/two.pem"), 0);
  CU_ASSERT_TRUE(is_there("two.pem"));
  CU_ASSERT_EQUAL(plain("cert export --slot 8 --card @"), 1);
  CU_ASSERT_EQUAL(run("cert delete --slot 1"), 1);
  CU_ASSERT_TRUE(complained("psd cert revoke"));
  CU_ASSERT_EQUAL(run("cert delete --slot 8"), 1);
  CU_ASSERT_TRUE(complained("has no key"));
  CU_ASSERT_EQUAL(plain("info --card @"), 0);
  CU_ASSERT_TRUE(said("keys of users"));
  tear_down();
}

/* VM figure 5, less security: this card was not made for it. */
static void foreign_keys(void) {
  set_up();
  FILE *file = fopen(sandbox_path(&bench.box, "key.pem"), "we");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_EQUAL_FATAL(PEM_write_PrivateKey(file, bench.s.creditor, NULL, NULL, 0, NULL, NULL), 1);
  CU_ASSERT_EQUAL_FATAL(fclose(file), 0);
  CU_ASSERT_EQUAL(run("cert import %/key.pem"), 1);
  CU_ASSERT_TRUE(complained("takes no key from outside"));
  CU_ASSERT_EQUAL(run("cert import %/message"), 1);
  CU_ASSERT_TRUE(complained("is no private key"));
  tear_down();
  set_up_with(true);
  file = fopen(sandbox_path(&bench.box, "key.pem"), "we");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_EQUAL_FATAL(PEM_write_PrivateKey(file, bench.s.creditor, NULL, NULL, 0, NULL, NULL), 1);
  CU_ASSERT_EQUAL_FATAL(fclose(file), 0);
  CU_ASSERT_EQUAL(run("cert import %/key.pem --slot 1"), 1);
  CU_ASSERT_EQUAL(run("cert import %/key.pem --json"), 0);
  CU_ASSERT_TRUE(said("\"slot\": 3"));
  CU_ASSERT_EQUAL(run("cert delete --slot 3"), 0);
  tear_down();
}

/* VM figure 3A: the certificate, and the key that only the receiver opens. */
static void agents(void) {
  set_up();
  CU_ASSERT_EQUAL(run("agent issue --subject CN=Anna~Example --receiver %/creditor.pem -o %/anna --days 30"), 0);
  CU_ASSERT_TRUE(said("Anna Example"));
  CU_ASSERT_TRUE(is_there("anna.crt") && is_there("anna.p7m"));
  FILE *file = fopen(sandbox_path(&bench.box, "anna.crt"), "re");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  X509 *issued = PEM_read_X509(file, NULL, NULL, NULL);
  (void)fclose(file);
  CU_ASSERT_PTR_NOT_NULL_FATAL(issued);
  BIO *sealed = BIO_new_file(sandbox_path(&bench.box, "anna.p7m"), "r");
  CMS_ContentInfo *cms = d2i_CMS_bio(sealed, NULL);
  BIO *opened = BIO_new(BIO_s_mem());
  CU_ASSERT_PTR_NOT_NULL_FATAL(cms);
  CU_ASSERT_EQUAL(CMS_decrypt(cms, bench.s.creditor, bench.s.creditor_certificate, NULL, opened, 0), 1);
  PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO_bio(opened, NULL);
  EVP_PKEY *key = info != NULL ? EVP_PKCS82PKEY(info) : NULL;
  CU_ASSERT_EQUAL(X509_check_private_key(issued, key), 1);
  EVP_PKEY_free(key);
  PKCS8_PRIV_KEY_INFO_free(info);
  BIO_free(opened);
  BIO_free(sealed);
  CMS_ContentInfo_free(cms);
  X509_free(issued);
  CU_ASSERT_EQUAL(run("agent issue --last -o %/again"), 0);
  CU_ASSERT_TRUE(is_there("again.crt") && is_there("again.p7m"));
  CU_ASSERT_EQUAL(run("agent issue --subject CN=Anna --receiver %/creditor.pem -o %/anna"), 1);
  CU_ASSERT_EQUAL(run("agent issue --subject CN=Anna --receiver %/message -o %/bert"), 1);
  CU_ASSERT_FALSE(is_there("bert.crt"));
  tear_down();
}

/* VM figure 9: 904 both ways, and what the merchant checks. */
static void payments(void) {
  set_up();
  CU_ASSERT_EQUAL(plain("credit show --card @"), 0);
  CU_ASSERT_TRUE(said("100.00"));
  CU_ASSERT_EQUAL(run("pay 25.00 --to Merchant -o %/pay.p7s"), 0);
  CU_ASSERT_TRUE(said("75.00"));
  CU_ASSERT_EQUAL(run("pay 75.01 --to Merchant -o %/more.p7s"), 1);
  CU_ASSERT_TRUE(complained("the credit does not suffice: 75.00 remain"));
  CU_ASSERT_FALSE(is_there("more.p7s"));
  CU_ASSERT_EQUAL(run("pay --last -o %/again.p7s --json"), 0);
  CU_ASSERT_TRUE(said("\"remaining_mills\": 75000"));
  CU_ASSERT_EQUAL(plain("pay --verify %/pay.p7s --to Somebody --root %/creditor.pem"), 1);
  CU_ASSERT_EQUAL(plain("pay --verify %/message --to Merchant --root %/creditor.pem"), 1);
  CU_ASSERT_EQUAL(plain("credit show --card @ --json"), 0);
  CU_ASSERT_TRUE(said("\"sequence\": 1"));
  tear_down();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"usage", usage},
      {"postmarks, made and checked (308, 410, 416)", postmarks},
      {"files", files},
      {"signatures", signatures},
      {"slots", slots},
      {"keys from outside", foreign_keys},
      {"certificates of an agent", agents},
      {"payments (904)", payments},
  };
  return psd_check_run("psd: the certificate meter", tests, PSD_CHECK_COUNT(tests));
}
