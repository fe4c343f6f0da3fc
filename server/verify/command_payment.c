/* psd-verify payment: what a merchant checks off line before he delivers (VM figure 9), and remembers. */
#include <string.h>

#include "verify/commands.h"
#include "verify/document.h"
#include "verify/paid.h"
#include "verify/site.h"

#define WORDS 512U

/* Payments are checked one after the other, in the order of the command line. */
typedef struct till {
  const psd_verify_options *options;
  const psd_trust *trust;
  psd_paid *paid; /* NULL where nothing is remembered */
  psd_json json;
  bool all_hold, broken;
} till;

static const char *const findings[] = {
    [PSD_PAID_AGAIN] = "it was presented before",
    [PSD_PAID_FORKED] = "another payment with this number was presented before",
    [PSD_PAID_CONTRADICTS] = "it contradicts a payment that was presented before",
};

/* Off line it is only the own past that shows a payment made twice; the creditor sees the rest. */
static void remember(till *t, const psd_proof_payment *payment, psd_finding *finding) {
  char words[WORDS], when[PSD_TIME_WORDS];
  psd_paid_found found;
  if (t->paid == NULL || finding->result != PSD_PROOF_HOLDS)
    return;
  if (!psd_paid_add(t->paid, payment, psd_verify_now(), &found, words, sizeof words)) {
    (void)psd_verify_refused("%s", words);
    t->broken = true;
  } else if (found.finding != PSD_PAID_NEW) {
    finding->result = PSD_PROOF_TERMS;
    (void)snprintf(finding->why, sizeof finding->why, "%s: number %llu, %s", findings[found.finding],
                   (unsigned long long)found.sequence, psd_time_words(when, found.seen));
  }
}

static void show(const char *path, const psd_proof_payment *payment, const psd_finding *finding) {
  psd_show_fact("file", path);
  if (finding->result != PSD_PROOF_UNREADABLE) {
    psd_show_amount("amount", payment->amount);
    psd_show_fact("payee", payment->payee);
    psd_show_number("number", payment->sequence);
    psd_show_time("made", payment->time);
    psd_show_time("expires", payment->expiry);
    psd_show_signer(&payment->credit.holder);
    psd_show_amount("line", payment->credit.amount);
    psd_show_amount("remaining", payment->remaining);
    if (payment->credit.use[0] != '\0')
      psd_show_fact("use", payment->credit.use);
  }
  psd_show_finding(finding);
}

static void put_payment(psd_json *json, const psd_proof_payment *payment) {
  psd_json_number(json, "amount", payment->amount);
  psd_json_number(json, "remaining", payment->remaining);
  psd_json_string(json, "payee", payment->payee);
  psd_json_number(json, "sequence", payment->sequence);
  psd_json_number(json, "time", payment->time);
  psd_json_number(json, "expiry", payment->expiry);
  psd_json_number(json, "line", payment->credit.amount);
  psd_json_hex(json, "credit", payment->credit.hash, sizeof payment->credit.hash);
  psd_json_hex(json, "hash", payment->hash, sizeof payment->hash);
  psd_json_string(json, "use", payment->credit.use);
  psd_json_signer(json, "holder", &payment->credit.holder);
}

static void tell(till *t, const char *path, const psd_proof_payment *payment, const psd_finding *finding) {
  if (!t->options->json) {
    show(path, payment, finding);
    return;
  }
  psd_json_object(&t->json, NULL);
  psd_json_string(&t->json, "file", path);
  if (finding->result != PSD_PROOF_UNREADABLE)
    put_payment(&t->json, payment);
  psd_json_finding(&t->json, finding);
  psd_json_end_object(&t->json);
}

static void take(till *t, const char *path) {
  static psd_object object;
  psd_proof_payment payment;
  psd_finding finding = {.why = ""};
  if (!psd_object_read(path, &object)) {
    t->all_hold = false;
    return;
  }
  finding.result = psd_proof_check_payment(t->trust, psd_object_bytes(&object), t->options->payee, psd_verify_now(),
                                           &payment, finding.why);
  remember(t, &payment, &finding);
  if (!t->broken)
    tell(t, path, &payment, &finding);
  t->all_hold = t->all_hold && finding.result == PSD_PROOF_HOLDS;
}

static int take_all(till *t) {
  const psd_verify_options *options = t->options;
  if (options->json)
    psd_json_array(&t->json, NULL);
  for (size_t i = 0; i < options->path_count && !t->broken; i++) {
    take(t, options->paths[i]);
    if (!options->json && i + 1 < options->path_count)
      (void)putchar('\n');
  }
  if (options->json)
    psd_json_end_array(&t->json);
  if (t->broken)
    return PSD_EXIT_UNREACHABLE;
  return t->all_hold ? PSD_EXIT_DONE : PSD_EXIT_REFUSED;
}

static int open_paid(const psd_verify_options *options, psd_paid **paid) {
  char words[WORDS] = "";
  *paid = NULL;
  if (options->no_remember || (options->db == NULL && options->site == NULL))
    return PSD_EXIT_DONE;
  char *url = psd_verify_database(options);
  if (url == NULL)
    return psd_verify_refused("no memory");
  *paid = psd_paid_open(url, words, sizeof words);
  psd_verify_database_free(url);
  if (*paid != NULL)
    return PSD_EXIT_DONE;
  (void)psd_verify_refused("%s", words);
  return PSD_EXIT_UNREACHABLE;
}

int psd_verify_command_payment(const psd_verify_options *options) {
  psd_paid *paid = NULL;
  psd_trust *trust = psd_verify_open_trust(options);
  if (trust == NULL)
    return PSD_EXIT_REFUSED;
  int status = open_paid(options, &paid);
  if (status == PSD_EXIT_DONE) {
    till t = {.options = options, .trust = trust, .paid = paid, .json = psd_json_on(stdout), .all_hold = true};
    status = take_all(&t);
  }
  psd_paid_close(paid);
  psd_trust_free(trust);
  return status;
}
