#include "cli.h"
#include "psd/program/json.h"
#include "psd/spec/text.h"

#include <locale.h>
#include <string.h>

const psd_verb psd_verbs[] = {
    {"list", "", "shows the readers, and which hold a PSD", "With --card, shows that card alone.\n", PSD_OPTIONS_CARD,
     0, 0, psd_run_list},
    {"info", "", "shows identity, state, registers, limits, inspection, PIN status and keys", "", PSD_OPTIONS_CARD, 0,
     0, psd_run_info},
    {"pin", "status|verify|change|unblock", "asks for the PIN, changes it, or unblocks it with the PUK",
     "The PIN is asked for on the terminal, or is the first line of --pin-file (- is standard\n"
     "input); the new PIN is the second line. For unblock the first line is the PUK.\n",
     PSD_OPTIONS_CARD | PSD_OPTION(PIN_FILE), 1, 1, psd_run_pin},
    {"personalize", "--keys FILE --profile FILE", "makes a meter of a blank card",
     "FILE of --keys holds the card's transport keys; FILE of --profile what is to be stored.\n",
     PSD_OPTIONS_CARD | PSD_OPTION(KEYS) | PSD_OPTION(PROFILE), 0, 0, psd_run_personalize},
    {"audit", "--server HOST:PORT --user NAME",
     "signs on with a meter server and completes the audit: card, server and user are authenticated",
     "Shows each step of EP 0 851 630 by its number, with its time. The password is asked for on the\n"
     "terminal, or is the first line of --password-file (- is standard input).\n",
     PSD_OPTIONS_SESSION, 0, 0, psd_run_audit},
    {"register", "--server HOST:PORT --user NAME", "binds the PSD to the user, with the meter server",
     "Signs on as psd audit does. A new meter that the provider has authorized is in operation then: for\n"
     "that it signs on once more.\n",
     PSD_OPTIONS_SESSION, 0, 0, psd_run_register},
    {"refill", "AMOUNT", "buys postage: the account pays AMOUNT into the meter",
     "AMOUNT is dollars with up to three decimals, such as 50.00. Signs on as psd audit does. A refill\n"
     "of this amount that was cut off before is finished, and nothing more is bought.\n",
     PSD_OPTIONS_SESSION | PSD_OPTION(GROUP), 1, 1, psd_run_refill},
    {"withdraw", "AMOUNT | --all [--yes]", "gives money of the meter back to the account",
     "Signs on as psd audit does. --all takes the meter out of service for good, and asks first.\n",
     PSD_OPTIONS_SESSION | PSD_OPTION(GROUP) | PSD_OPTION(ALL) | PSD_OPTION(YES), 0, 1, psd_run_withdraw},
    {"recover", "", "finishes or cancels a refill or withdrawal that was cut off, and says which",
     "Signs on as psd audit does.\n", PSD_OPTIONS_SESSION, 0, 0, psd_run_recover},
    {"password", "--server HOST:PORT --user NAME", "changes the user's password with the meter server",
     "Signs on as psd audit does. The new password is asked for twice, or is the second line of\n"
     "--password-file.\n",
     PSD_OPTIONS_SESSION, 0, 0, psd_run_password},
    {"manufacture", "--kms PATH --server CONTROL-PATH", "makes a meter of a blank card, with keys of the KMS",
     "The key of the vendor's tokens comes from --kms, that of the post's from --postal-kms.\n"
     "With --count and --state-dir: makes that many, each a state file for psd-card run. Otherwise the\n"
     "blank card in the reader becomes a meter; --keys are its transport keys if they are not the\n"
     "KMS's own. PIN and PUK are the profile's, or the lines of --pin-file; otherwise they are drawn\n"
     "by lot and shown.\n",
     PSD_OPTIONS_CARD | PSD_OPTION(KMS) | PSD_OPTION(SERVER) | PSD_OPTION(PROFILE) | PSD_OPTION(KEYS) |
         PSD_OPTION(SERIAL) | PSD_OPTION(SCHEME) | PSD_OPTION(POSTAL_KMS) | PSD_OPTION(DSA) | PSD_OPTION(TOKEN_DIGITS) |
         PSD_OPTION(TOKEN_ORDER) | PSD_OPTION(NO_TOKENS) | PSD_OPTION(SUITES) | PSD_OPTION(KEY_PAIR) |
         PSD_OPTION(PIN_FILE) | PSD_OPTION(COUNT) | PSD_OPTION(STATE_DIR) | PSD_OPTION(FIRST_SERIAL),
     0, 0, psd_run_manufacture},
    {"indicium", "--class CLASS --weight WEIGHT --to ZIP [-o FILE] | KIND ...",
     "pays for a piece of mail, and prints the evidence of it (needs the PIN)",
     "What it costs the card finds in its rate table. Without -o says what was made. KIND is one of\n"
     "--redate [PIECE], --correction AMOUNT, --test, --last or --withdrawal. The PIN as in psd pin.\n",
     PSD_OPTIONS_CARD | PSD_OPTIONS_PIECE | PSD_OPTION(POSTAGE) | PSD_OPTION(REDATE) | PSD_OPTION(CORRECTION) |
         PSD_OPTION(TEST) | PSD_OPTION(LAST) | PSD_OPTION(WITHDRAWAL) | PSD_OPTION(OUTPUT) | PSD_OPTION(RAW) |
         PSD_OPTION(ENVELOPE) | PSD_OPTION(SYMBOLOGY) | PSD_OPTION(DPI) | PSD_OPTION(PLACE) | PSD_OPTION(SENDER) |
         PSD_OPTION(ADDRESSEE) | PSD_OPTION(PROFILE) | PSD_OPTION(PIN_FILE) | PSD_OPTION(COUNT) | PSD_OPTION(YES),
     0, 1, psd_run_indicium},
    {"rates", "show | price | update [FILE]", "shows the card's rate table, what a piece costs, or loads another table",
     "show takes --next and --class; price takes --class, --weight, --to, --zone and --date; update takes\n"
     "a signed table and the PIN, or, without FILE, signs on with the meter server, which delivers.\n",
     PSD_OPTIONS_SESSION | PSD_OPTIONS_PIECE | PSD_OPTION(NEXT) | PSD_OPTION(PIN_FILE), 1, 2, psd_run_rates},
    {"tokens", "register --kms PATH [--postal-kms PATH]",
     "proves to the key management systems that the card holds its token keys (needs the PIN)",
     "The card needs its licence for it. The PIN as in psd pin.\n",
     PSD_OPTIONS_CARD | PSD_OPTION(KMS) | PSD_OPTION(POSTAL_KMS) | PSD_OPTION(PIN_FILE), 1, 1, psd_run_tokens},
    {"cert", "request | renew | install | status | list | export | revoke | delete | import",
     "certificates of users: asked for, installed, shown, revoked (most need the PIN)",
     "request takes --subject, --slot, --purpose and --algorithm; renew --slot and --subject; export --slot\n"
     "and -o; revoke --slot and --reason; import a FILE with a private key, --slot and --purpose. request,\n"
     "renew, install, status and revoke sign on as psd audit does. list and export need no PIN.\n",
     PSD_OPTIONS_SESSION | PSD_OPTION(PIN_FILE) | PSD_OPTION(SUBJECT) | PSD_OPTION(SLOT) | PSD_OPTION(PURPOSE) |
         PSD_OPTION(ALGORITHM) | PSD_OPTION(REASON) | PSD_OPTION(OUTPUT) | PSD_OPTION(YES),
     1, 2, psd_run_cert},
    {"postmark", "FILE -o FILE.tsr | --verify FILE FILE.tsr",
     "postmarks a file with the card's secure clock, or checks that (RFC 3161; needs the PIN)",
     "--verify checks without the card: --root, --ca and --crl say whom to believe; with --metered the card\n"
     "checks, and charges it. --last -o FILE.tsr gives the last one again, and charges nothing.\n",
     PSD_OPTIONS_CARD | PSD_OPTION(PIN_FILE) | PSD_OPTION(SLOT) | PSD_OPTION(OUTPUT) | PSD_OPTION(YES) |
         PSD_OPTION(VERIFY) | PSD_OPTION(METERED) | PSD_OPTION(CARD_HASH) | PSD_OPTION(LAST) | PSD_OPTION(ROOT) |
         PSD_OPTION(CA) | PSD_OPTION(CRL),
     0, 2, psd_run_postmark},
    {"sign", "FILE [-o FILE.p7s]", "signs a file with a user's key (CMS, detached; needs the PIN)",
     "Without -o the signature goes to FILE.p7s. --last -o FILE.p7s gives the last one again, and charges\n"
     "nothing.\n",
     PSD_OPTIONS_CARD | PSD_OPTION(PIN_FILE) | PSD_OPTION(SLOT) | PSD_OPTION(OUTPUT) | PSD_OPTION(YES) |
         PSD_OPTION(CARD_HASH) | PSD_OPTION(LAST),
     0, 1, psd_run_sign},
    {"verify", "FILE FILE.p7s", "checks the signature of a file, without the card",
     "--root, --ca and --crl say whom to believe.\n",
     PSD_OPTION(JSON) | PSD_OPTION(ROOT) | PSD_OPTION(CA) | PSD_OPTION(CRL), 2, 2, psd_run_verify},
    {"agent", "issue --subject CN=NAME --receiver FILE [-o PREFIX]",
     "issues a certificate, its private key enciphered for the receiver (needs the PIN)",
     "Writes PREFIX.crt and PREFIX.p7m. Takes --slot, --algorithm, --days and --purpose. --last -o PREFIX\n"
     "gives the last ones again, and charges nothing.\n",
     PSD_OPTIONS_CARD | PSD_OPTION(PIN_FILE) | PSD_OPTION(SLOT) | PSD_OPTION(OUTPUT) | PSD_OPTION(YES) |
         PSD_OPTION(SUBJECT) | PSD_OPTION(RECEIVER) | PSD_OPTION(ALGORITHM) | PSD_OPTION(DAYS) | PSD_OPTION(PURPOSE) |
         PSD_OPTION(LAST),
     1, 1, psd_run_agent},
    {"credit", "request AMOUNT [USE] | accept [NUMBER] | show", "asks for a line of credit, accepts it, shows it",
     "request and accept sign on as psd audit does, and need the PIN.\n",
     PSD_OPTIONS_SESSION | PSD_OPTION(PIN_FILE) | PSD_OPTION(SLOT), 1, 3, psd_run_credit},
    {"pay", "AMOUNT --to MERCHANT -o FILE.p7s | --verify FILE.p7s --to MERCHANT",
     "pays from the line of credit, or checks a payment (needs the PIN)",
     "--days says until when it can be settled. --verify checks without the card: --root, --ca and --crl say\n"
     "whom to believe. --last -o FILE.p7s gives the last one again.\n",
     PSD_OPTIONS_CARD | PSD_OPTION(PIN_FILE) | PSD_OPTION(SLOT) | PSD_OPTION(OUTPUT) | PSD_OPTION(YES) |
         PSD_OPTION(TO) | PSD_OPTION(DAYS) | PSD_OPTION(LAST) | PSD_OPTION(VERIFY) | PSD_OPTION(ROOT) | PSD_OPTION(CA) |
         PSD_OPTION(CRL),
     0, 1, psd_run_pay},
    {"tsa", "[--listen HOST:PORT]", "time stamps over HTTP (RFC 3161), made and paid for by the meter (needs the PIN)",
     "Takes --reader and --card as often as there are cards; each has the same PIN. Ends with Ctrl-C. Whoever\n"
     "reaches the address spends the money of the meter.\n",
     PSD_OPTION(READER) | PSD_OPTION(CARD) | PSD_OPTION(JSON) | PSD_OPTION(PIN_FILE) | PSD_OPTION(SLOT) |
         PSD_OPTION(LISTEN),
     0, 0, psd_run_tsa},
    {"certificate", "FILE | --dsa FILE", "writes the PSD's certificate, or its DSA key, to a file",
     "FILE is what a verification site is given: X.509 in DER; with --dsa, identity and DSA key.\n",
     PSD_OPTIONS_CARD | PSD_OPTION(DSA), 1, 1, psd_run_certificate},
    {"log", "[--count N]", "shows the transaction log, newest record first", "", PSD_OPTIONS_CARD | PSD_OPTION(COUNT),
     0, 0, psd_run_log},
    {"self-test", "", "has the card run all its self-tests", "", PSD_OPTIONS_CARD, 0, 0, psd_run_self_test},
    {"label", "TEXT", "gives the card a name (needs the PIN)",
     "Up to 64 bytes; an empty text takes the name away. The PIN as in psd pin.\n",
     PSD_OPTIONS_CARD | PSD_OPTION(PIN_FILE), 1, 1, psd_run_label},
    {"apdu", "HEX...", "sends commands as they are and explains the answers",
     "Each argument is one command APDU in hexadecimal. All run on the basic channel, one after\n"
     "the other, in one transaction. The exit status is 1 if the last answer is an error.\n",
     PSD_OPTIONS_CARD, 1, 256, psd_run_apdu},
    {"trace", "COMMAND [ANSWER] | --atr HEX", "explains bytes, without a card",
     "COMMAND and ANSWER are APDUs in hexadecimal; with --atr, HEX is an answer to reset.\n",
     PSD_OPTION(JSON) | PSD_OPTION(ATR), 0, 2, psd_run_trace},
};
const size_t psd_verb_count = sizeof psd_verbs / sizeof psd_verbs[0];

#define PSD_CLI_OPTION(NAME, name, argument, line) line,
static const char *const option_lines[PSD_OPTION_COUNT] = {
#include "options.def"
};

static void help_of_verb(const psd_verb *verb) {
  printf("usage: psd %s%s%s\n\n%s: %s.\n%s", verb->name, verb->synopsis[0] != '\0' ? " " : "", verb->synopsis,
         verb->name, verb->summary, verb->help);
  puts("\noptions:");
  for (size_t i = 0; i < sizeof option_lines / sizeof option_lines[0]; i++)
    if ((verb->options >> i & 1U) != 0)
      fputs(option_lines[i], stdout);
}

/* Of one verb, or, with NULL, of the whole command. */
static void help(const psd_verb *verb) {
  if (verb != NULL) {
    help_of_verb(verb);
    return;
  }
  puts("usage: psd [--reader NAME | --card ADDRESS] [--wait SECONDS] [--json] COMMAND ...\n\n"
       "Talks to a Postal Security Device.\n\ncommands:");
  for (size_t i = 0; i < psd_verb_count; i++)
    printf("  %-12s %s\n", psd_verbs[i].name, psd_verbs[i].summary);
  puts("\npsd COMMAND --help tells more; psd --version tells the version.\n\n"
       "exit status: 0 done, 1 refused, 2 usage, 3 card, reader or server out of reach");
}

void psd_cli_print(FILE *out, const char *words) {
  char memory[4 * PSD_ERROR_WORDS]; /* one byte may become four */
  psd_text text = psd_text_over(memory, sizeof memory);
  psd_say_text(&text, words, strlen(words));
  fputs(memory, out);
}

const char *psd_cli_device(const psd_device_id *id, char words[PSD_CLI_DEVICE_WORDS]) {
  psd_text text = psd_text_over(words, PSD_CLI_DEVICE_WORDS);
  psd_say_text(&text, id->vendor, sizeof id->vendor);
  psd_say(&text, " ");
  psd_say_text(&text, id->model, sizeof id->model);
  psd_say(&text, " %08X", (unsigned)id->serial);
  return words;
}

int psd_cli_failed(const psd_cli *cli, const psd_error *error) {
  const char *advice = psd_advice(cli, error);
  (void)fflush(stdout); /* what was shown before it stands before it */
  fputs("psd: ", stderr);
  psd_cli_print(stderr, error->words);
  fprintf(stderr, "%s%s\n", advice != NULL ? "; " : "", advice != NULL ? advice : "");
  return psd_result_unreachable(error->result) ? PSD_EXIT_UNREACHABLE : PSD_EXIT_REFUSED;
}

void psd_cli_warn(const psd_error *warning) {
  if (warning->words[0] == '\0')
    return;
  fputs("psd: warning: ", stderr);
  psd_cli_print(stderr, warning->words);
  fputc('\n', stderr);
}

void psd_cli_done(const psd_cli *cli, const char *words) {
  if (!cli->json) {
    puts(words);
    return;
  }
  psd_json json = psd_json_on(stdout);
  psd_json_object(&json, NULL);
  psd_json_string(&json, "done", words);
  psd_json_end_object(&json);
}

/* The transport that the options ask for. */
static psd_result make_transport(const psd_cli *cli, psd_transport **transport, psd_error *error) {
  return cli->card != NULL ? psd_transport_socket(cli->card, transport, error)
                           : psd_transport_pcsc(cli->reader, cli->wait_ms, transport, error);
}

/* A card that has no channel to spare is used on its basic one. */
static psd_result enter(psd_cli *cli) {
  psd_result result = psd_host_begin(cli->host);
  if (result == PSD_OK)
    result = psd_host_open_channel(cli->host);
  if (result == PSD_OK || result == PSD_REFUSED)
    result = psd_host_select_psd(cli->host, NULL);
  return result;
}

int psd_cli_reach(psd_cli *cli) {
  psd_transport *transport = NULL;
  psd_error error;
  psd_result result = make_transport(cli, &transport, &error);
  if (result == PSD_OK)
    result = psd_host_open(transport, &cli->host, &error);
  return result == PSD_OK ? PSD_EXIT_DONE : psd_cli_failed(cli, &error);
}

int psd_cli_enter(psd_cli *cli) {
  int status = psd_cli_reach(cli);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_result result = enter(cli);
  return result == PSD_OK ? PSD_EXIT_DONE : psd_cli_leave(cli, result);
}

int psd_cli_leave(psd_cli *cli, psd_result result) {
  result = psd_host_end(cli->host, result);
  int status = result == PSD_OK ? PSD_EXIT_DONE : psd_cli_failed(cli, psd_host_error(cli->host));
  psd_host_close(cli->host);
  cli->host = NULL;
  return status;
}

int psd_cli_main(int argc, char **argv) {
  psd_cli cli;
  (void)setlocale(LC_CTYPE, "");
  int status = psd_cli_parse(&cli, argc, argv);
  if (status != PSD_EXIT_DONE)
    return status;
  if ((cli.given & PSD_OPTION(VERSION)) != 0)
    puts("psd " PSD_VERSION);
  else if ((cli.given & PSD_OPTION(HELP)) != 0)
    help(cli.verb);
  else
    status = cli.verb->run(&cli);
  if (fflush(stdout) != 0 || ferror(stdout)) {
    /* Whoever takes money for refused refills once more. */
    fprintf(stderr, "psd: standard output cannot be written%s\n", status == PSD_EXIT_DONE ? "; it was done" : "");
    return status == PSD_EXIT_DONE ? PSD_EXIT_REFUSED : status;
  }
  return status;
}
