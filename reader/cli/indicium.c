/* psd indicium: pays for pieces of mail and prints the evidence (docs/evidence.md). */
#include "indicium.h"

#include "psd/program/progress.h"
#include "psd/spec/amount.h"
#include "psd/spec/calendar.h"

#include <openssl/crypto.h>
#include <signal.h>
#include <string.h>

/* Set by the first Ctrl-C; the piece under way is made and printed. The second one is the system's to handle. */
static volatile sig_atomic_t stopped;

static void note_signal(int number) {
  (void)number;
  stopped = 1;
}

#define LAST_GIVES_IT "piece %llu is not lost: psd indicium --last -o FILE gives it again"

/* A command under way. */
typedef struct job {
  psd_cli *cli;
  psd_prints prints;
  psd_secret pin;
  psd_mail_piece piece;
  psd_host_meter meter;
  psd_rate_book book;
  psd_json json;
  unsigned made;
  uint64_t spent; /* mills */
} job;

static bool given(const psd_cli *cli, uint64_t options) {
  return (cli->given & options) != 0;
}

static psd_evidence_kind kind_of(const psd_cli *cli) {
  if (given(cli, PSD_OPTION(REDATE)))
    return PSD_EVIDENCE_REDATE;
  if (given(cli, PSD_OPTION(CORRECTION)))
    return PSD_EVIDENCE_CORRECTION;
  if (given(cli, PSD_OPTION(TEST)))
    return PSD_EVIDENCE_TEST;
  return given(cli, PSD_OPTION(WITHDRAWAL)) ? PSD_EVIDENCE_WITHDRAWAL : PSD_EVIDENCE_POSTAGE;
}

/* What each kind takes, beside what is for printing. */
static uint64_t options_of(const psd_cli *cli) {
  const uint64_t some = PSD_OPTION(PROFILE) | PSD_OPTION(DATE) | PSD_OPTION(ADDRESSEE);
  if (given(cli, PSD_OPTION(LAST)))
    return PSD_OPTION(ADDRESSEE);
  switch (kind_of(cli)) {
  case PSD_EVIDENCE_POSTAGE:
    return some | PSD_OPTIONS_PIECE | PSD_OPTION(POSTAGE) | PSD_OPTION(COUNT);
  case PSD_EVIDENCE_CORRECTION:
    return some | PSD_OPTION(TO);
  case PSD_EVIDENCE_REDATE:
    return some;
  case PSD_EVIDENCE_TEST:
    return PSD_OPTION(PROFILE) | PSD_OPTION(DATE) | PSD_OPTION(COUNT);
  default:
    return PSD_OPTION(PROFILE);
  }
}

static int check(const psd_cli *cli) {
  const uint64_t kinds =
      PSD_OPTION(REDATE) | PSD_OPTION(CORRECTION) | PSD_OPTION(TEST) | PSD_OPTION(LAST) | PSD_OPTION(WITHDRAWAL);
  const uint64_t all =
      PSD_OPTIONS_PIECE | PSD_OPTION(POSTAGE) | PSD_OPTION(COUNT) | PSD_OPTION(PROFILE) | PSD_OPTION(ADDRESSEE);
  uint64_t kind = cli->given & kinds;
  if ((kind & (kind - 1)) != 0)
    return psd_cli_usage(cli, "--redate, --correction, --test, --last and --withdrawal exclude one another");
  uint64_t foreign = cli->given & all & ~options_of(cli);
  if (foreign != 0)
    return psd_cli_usage(cli, "--%s does not go with this kind of evidence", psd_cli_option_name(foreign));
  if (kind == 0 && (!given(cli, PSD_OPTION(CLASS)) || !given(cli, PSD_OPTION(WEIGHT))))
    return psd_cli_usage(cli, "a piece of mail needs --class and --weight, and --to where its class has zones");
  if (cli->argc > 0 && !given(cli, PSD_OPTION(REDATE)))
    return psd_cli_usage(cli, "%s is not expected", cli->argv[0]);
  if (given(cli, PSD_OPTION(COUNT)) && cli->output == NULL && cli->raw == NULL && !cli->json)
    return psd_cli_usage(cli, "--count goes with -o, --raw or --json: the evidence has to stay somewhere");
  return PSD_EXIT_DONE;
}

/* What the command line says of the piece. */
static int take_piece(const psd_cli *cli, psd_mail_piece *piece) {
  unsigned number = 0;
  *piece = (psd_mail_piece){.kind = kind_of(cli),
                            .date = cli->date,
                            .mail_class = cli->mail_class,
                            .zone = cli->zone,
                            .grams = cli->grams,
                            .destination = cli->destination,
                            .postage = cli->postage};
  if (piece->kind == PSD_EVIDENCE_CORRECTION)
    piece->postage = cli->correction;
  const psd_profile_row *row = cli->profile != NULL ? psd_profile_named(cli->profile) : NULL;
  if (cli->profile != NULL && row == NULL)
    return psd_cli_usage(cli, "--profile is p256, dsa or compact");
  piece->profile = row != NULL ? row->id : 0;
  if (cli->argc > 0 && !psd_cli_number(cli->argv[0], 1, 999999999, &number))
    return psd_cli_usage(cli, "PIECE is the number of a piece");
  piece->destination = cli->argc > 0 ? number : piece->destination;
  return PSD_EXIT_DONE;
}

/* What the card has to say first: its day, its last piece, its rates. */
static psd_result complete(job *work) {
  psd_host *host = work->cli->host;
  psd_mail_piece *piece = &work->piece;
  uint64_t today = 0;
  psd_result result = psd_host_verify(host, &work->pin);
  if (result == PSD_OK)
    result = psd_host_meter_look(host, &work->meter);
  if (result == PSD_OK && piece->kind == PSD_EVIDENCE_POSTAGE)
    result = psd_rate_book_read(host, &work->book);
  if (result != PSD_OK)
    return result;
  if (work->cli->ahead > 0 && psd_day_of_date(work->meter.today, &today))
    piece->date = psd_date_of_day(today + work->cli->ahead);
  if (piece->kind == PSD_EVIDENCE_REDATE && piece->destination == 0)
    piece->destination = work->meter.registers.piece_count;
  return PSD_OK;
}

static psd_result keep(job *work, const psd_made *made) {
  psd_error error = {.result = PSD_OK};
  unsigned number = work->made + 1;
  psd_result result = psd_prints_write(work->cli, &work->prints, &work->meter, made, number, &error);
  if (result != PSD_OK)
    return psd_host_fail(work->cli->host, result, "%.180s; " LAST_GIVES_IT, error.words,
                         (unsigned long long)made->head.piece_count);
  work->made++;
  work->spent += made->head.postage;
  if (work->cli->json || !work->prints.many)
    psd_show_evidence(work->cli, &work->json, &work->prints, made, number);
  /* Of several without a file each has to be out before the next is paid for: --last gives one only. */
  if (work->cli->output == NULL && work->cli->raw == NULL && fflush(stdout) != 0)
    return psd_host_fail(work->cli->host, PSD_REFUSED, LAST_GIVES_IT, (unsigned long long)made->head.piece_count);
  return PSD_OK;
}

static psd_result make(job *work) {
  psd_host *host = work->cli->host;
  psd_indicium_wish wish;
  psd_made made;
  psd_error error = {.result = PSD_OK};
  psd_result result = psd_piece_wish(&work->meter, &work->book, &work->piece, &wish, &error);
  if (result != PSD_OK)
    return psd_host_fail(host, result, "%s", error.words);
  result = psd_piece_make(host, &work->pin, &work->meter, work->piece.kind, &wish, &made);
  work->cli->in_doubt = made.doubt;
  return result == PSD_OK ? keep(work, &made) : result;
}

static psd_result fetch_last(job *work) {
  psd_made last;
  psd_result result = psd_piece_last(work->cli->host, &work->meter.device, &last);
  return result == PSD_OK ? keep(work, &last) : result;
}

static void summarise(const job *work) {
  char words[PSD_AMOUNT_WORDS], first[PSD_CLI_PATH], last[PSD_CLI_PATH];
  const char *path = work->cli->output != NULL ? work->cli->output : work->cli->raw;
  printf("%u %s made, %s", work->made, work->made == 1 ? "piece" : "pieces", psd_amount_words(words, work->spent));
  if (work->made > 0 && psd_prints_path(&work->prints, path, 1, first) &&
      psd_prints_path(&work->prints, path, work->made, last)) {
    fputs(": ", stdout);
    psd_cli_print(stdout, first);
    fputs(" to ", stdout);
    psd_cli_print(stdout, last);
  }
  puts("");
}

static psd_result make_all(job *work) {
  unsigned count = work->cli->count != 0 ? work->cli->count : 1;
  psd_progress progress = psd_progress_begin("pieces", count);
  psd_result result = PSD_OK;
  if (work->cli->json && work->prints.many)
    psd_json_array(&work->json, NULL);
  for (unsigned i = 0; i < count && result == PSD_OK && stopped == 0; i++) {
    result = make(work);
    psd_progress_show(&progress, work->made);
  }
  psd_progress_end(&progress);
  if (work->cli->json && work->prints.many)
    psd_json_end_array(&work->json);
  else if (work->prints.many)
    summarise(work);
  return result;
}

static void catch_signals(void) {
  struct sigaction once = {.sa_handler = note_signal, .sa_flags = (int)SA_RESETHAND};
  stopped = 0;
  (void)sigemptyset(&once.sa_mask);
  (void)sigaction(SIGINT, &once, NULL);
  (void)sigaction(SIGTERM, &once, NULL);
}

static int run(job *work) {
  psd_cli *cli = work->cli;
  unsigned wanted = cli->count != 0 ? cli->count : 1;
  int status = psd_cli_enter(cli);
  if (status != PSD_EXIT_DONE)
    return status;
  catch_signals();
  psd_result result = complete(work);
  if (result == PSD_OK)
    result = given(cli, PSD_OPTION(LAST)) ? fetch_last(work) : make_all(work);
  status = psd_cli_leave(cli, result);
  if (status != PSD_EXIT_DONE || work->made >= wanted)
    return status;
  (void)fflush(stdout);
  fprintf(stderr, "psd: stopped: %u of %u %s made\n", work->made, wanted, wanted == 1 ? "piece was" : "pieces were");
  return PSD_EXIT_REFUSED;
}

int psd_run_indicium(psd_cli *cli) {
  static const psd_question question = {.prompt = "PIN"};
  job work = {.cli = cli, .json = psd_json_on(stdout)};
  psd_error error;
  int status = check(cli);
  if (status == PSD_EXIT_DONE)
    status = take_piece(cli, &work.piece);
  if (status == PSD_EXIT_DONE)
    status = psd_prints_take(cli, &work.prints);
  if (status != PSD_EXIT_DONE)
    return status;
  if (psd_addressee_digest(work.prints.addressee, work.piece.addressee, &error) != PSD_OK ||
      psd_ask(cli->pin_file, &question, 1, &work.pin, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  status = run(&work);
  OPENSSL_cleanse(&work.pin, sizeof work.pin);
  return status;
}
