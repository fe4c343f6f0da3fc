/* psd rates update: another rate table, from a file or from the meter server. */
#include "rates.h"
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>

static psd_result read_file(const char *path, psd_rate_page *page, psd_error *error) {
  uint8_t bytes[PSD_RATES_SIGNED + 1];
  size_t length = 0;
  ssize_t got = 1;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  while (fd >= 0 && got > 0 && length < sizeof bytes) {
    got = read(fd, bytes + length, sizeof bytes - length);
    if (got < 0 && errno == EINTR)
      got = 1;
    else if (got > 0)
      length += (size_t)got;
  }
  if (fd < 0 || got < 0)
    (void)psd_error_set(error, PSD_BAD_INPUT, "%.200s cannot be read: %s", path, strerror(errno));
  if (fd >= 0)
    (void)close(fd);
  if (fd < 0 || got < 0)
    return PSD_BAD_INPUT;
  psd_result result = psd_rate_page_take(bytes, length, page, error);
  if (result == PSD_BAD_INPUT)
    (void)psd_error_set(error, result, "%.200s is no signed rate table", path);
  return result;
}

/* Which of the card's tables is which. */
static const char *standing_of(const psd_host_meter *meter, const psd_rate_book *book, const psd_rate_page *page) {
  if (psd_rate_book_on(book, meter->today) == page)
    return "in force";
  return page->table.head.effective > meter->today ? "to come" : "not in force any more";
}

static void show_page(const psd_cli *cli, psd_json *json, const psd_host_meter *meter, const psd_rate_book *book,
                      const psd_rate_page *page) {
  char words[PSD_CLI_TABLE_WORDS];
  if (page->length == 0)
    return;
  if (!cli->json) {
    printf("%s: %s\n", psd_cli_table(&page->table, words), standing_of(meter, book, page));
    return;
  }
  psd_json_object(json, NULL);
  psd_show_table(json, page);
  psd_json_string(json, "standing", standing_of(meter, book, page));
  psd_json_end_object(json);
}

/* The tables as the card has them now. */
static psd_result show_book(const psd_cli *cli, psd_json *json) {
  psd_host_meter meter;
  psd_rate_book book;
  psd_result result = psd_host_meter_look(cli->host, &meter);
  if (result == PSD_OK)
    result = psd_rate_book_read(cli->host, &book);
  if (result != PSD_OK)
    return result;
  if (cli->json)
    psd_json_array(json, "rate_tables");
  show_page(cli, json, &meter, &book, &book.first);
  show_page(cli, json, &meter, &book, &book.next);
  if (cli->json)
    psd_json_end_array(json);
  else if (book.first.length == 0 && book.next.length == 0)
    puts("The card has no rate table.");
  return PSD_OK;
}

static psd_result load(psd_cli *cli, const psd_secret *pin, const psd_rate_page *page) {
  psd_host_meter meter;
  psd_rate_book book;
  psd_json json = psd_json_on(stdout);
  psd_result result = psd_host_verify(cli->host, pin);
  if (result == PSD_OK)
    result = psd_host_meter_look(cli->host, &meter);
  if (result == PSD_OK)
    result = psd_rate_book_read(cli->host, &book);
  if (result == PSD_OK)
    result = psd_rate_page_load(cli->host, &meter, &book, page);
  if (result != PSD_OK)
    return result;
  if (cli->json)
    psd_json_object(&json, NULL);
  result = show_book(cli, &json);
  if (cli->json)
    psd_json_end_object(&json);
  return result;
}

static int update_by_file(psd_cli *cli) {
  static const psd_question question = {.prompt = "PIN"};
  psd_rate_page page;
  psd_secret pin;
  psd_error error;
  if (read_file(cli->argv[1], &page, &error) != PSD_OK || psd_ask(cli->pin_file, &question, 1, &pin, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  int status = psd_cli_enter(cli);
  if (status == PSD_EXIT_DONE)
    status = psd_cli_leave(cli, load(cli, &pin, &page));
  OPENSSL_cleanse(&pin, sizeof pin);
  return status;
}

/* The server has delivered right after the audit what was due. */
static psd_result show_delivery(psd_meeting *meeting) {
  bool came = (meeting->actions & PSD_ACTION_RATES) != 0;
  if (meeting->cli->json)
    psd_json_bool(&meeting->json, "delivered", came);
  else
    puts(came ? "The meter server delivered a rate table." : "The meter server has no other rate table for this card.");
  return show_book(meeting->cli, &meeting->json);
}

int psd_rates_update(psd_cli *cli) {
  static const psd_errand errand = {.show = show_delivery};
  const uint64_t of_session = PSD_OPTION(SERVER) | PSD_OPTION(USER) | PSD_OPTION(PASSWORD_FILE) | PSD_OPTION(SUITE);
  if (cli->argc > 1 && (cli->given & of_session) != 0)
    return psd_cli_usage(cli, "a table from a file needs no meter server");
  if (cli->argc > 1)
    return update_by_file(cli);
  if ((cli->given & PSD_OPTION(PIN_FILE)) != 0)
    return psd_cli_usage(cli, "--pin-file goes with a file: psd rates update FILE");
  int status = psd_cli_needs_server(cli);
  return status == PSD_EXIT_DONE ? psd_meet(cli, &errand, 1) : status;
}
