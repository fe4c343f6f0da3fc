/* What psd indicium writes: pictures, and the bytes of indicia. */
#include "indicium.h"

#include "print/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATTERN "%.*s-%04u%s"
#define DPI 300U

bool psd_prints_path(const psd_prints *prints, const char *path, unsigned number, char name[PSD_CLI_PATH]) {
  const char *slash = strrchr(path, '/');
  const char *file = slash != NULL ? slash + 1 : path;
  const char *dot = strrchr(file, '.');
  const char *end = dot != NULL && dot != file ? dot : path + strlen(path);
  int length = prints->many ? snprintf(name, PSD_CLI_PATH, PATTERN, (int)(end - path), path, number, end)
                            : snprintf(name, PSD_CLI_PATH, "%s", path);
  return length > 0 && (size_t)length < PSD_CLI_PATH;
}

/* A file beside the one that is to be: the folder is there, and takes files, and names as long as that of a picture
 * that is under way (print/file.c). It is gone again at once. */
static bool folder_takes_files(const char *path) {
  char name[PSD_CLI_PATH + 32];
  int length = snprintf(name, sizeof name, "%s.%ld-XXXXXX", path, (long)getpid());
  int fd = length > 0 && (size_t)length < sizeof name ? mkstemp(name) : -1;
  if (fd < 0)
    return false;
  (void)close(fd);
  (void)unlink(name);
  return true;
}

/* A stamp is worth money: no new one takes the place of another that may not have been used yet. */
static int check_file(const psd_cli *cli, const psd_prints *prints, const char *path, unsigned number) {
  char name[PSD_CLI_PATH];
  struct stat status;
  psd_error error = {.result = PSD_BAD_INPUT};
  bool replaces = (cli->given & (PSD_OPTION(YES) | PSD_OPTION(LAST))) != 0;
  if (!psd_prints_path(prints, path, number, name)) {
    (void)psd_error_set(&error, PSD_BAD_INPUT, "the name of the file is too long");
    return psd_cli_failed(cli, &error);
  }
  bool there = lstat(name, &status) == 0;
  if (there && S_ISDIR(status.st_mode))
    (void)psd_error_set(&error, PSD_BAD_INPUT, "%.200s is a folder", name);
  else if (there && !S_ISREG(status.st_mode)) /* the file would take the place of a device, or of a link */
    (void)psd_error_set(&error, PSD_BAD_INPUT, "%.200s is no ordinary file: choose another name", name);
  else if (there && !replaces)
    (void)psd_error_set(&error, PSD_BAD_INPUT, "%.200s is there already: choose another name, or replace it with --yes",
                        name);
  else if (folder_takes_files(name))
    return PSD_EXIT_DONE;
  else
    (void)psd_error_set(&error, PSD_BAD_INPUT, "%.200s cannot be written: %s", name, strerror(errno));
  return psd_cli_failed(cli, &error);
}

static int check_files(const psd_cli *cli, const psd_prints *prints, const char *path) {
  int status = PSD_EXIT_DONE;
  unsigned count = cli->count != 0 ? cli->count : 1;
  for (unsigned i = 1; i <= count && path != NULL && status == PSD_EXIT_DONE; i++)
    status = check_file(cli, prints, path, i);
  return status;
}

/* The lines of a file. */
static psd_result read_lines(int fd, const char *path, char text[PSD_ADDRESSEE_MAX + 1], psd_error *error) {
  size_t length = 0;
  ssize_t got = 1;
  while (got > 0 && length <= PSD_ADDRESSEE_MAX) {
    got = read(fd, text + length, PSD_ADDRESSEE_MAX + 1 - length);
    if (got < 0 && errno == EINTR)
      got = 1;
    else if (got < 0)
      return psd_error_set(error, PSD_BAD_INPUT, "%.200s cannot be read: %s", path, strerror(errno));
    else
      length += (size_t)got;
  }
  if (length > PSD_ADDRESSEE_MAX)
    return psd_error_set(error, PSD_BAD_INPUT, "%.200s: an address has at most %u bytes", path, PSD_ADDRESSEE_MAX);
  text[length] = '\0';
  if (memchr(text, '\0', length) != NULL)
    return psd_error_set(error, PSD_BAD_INPUT, "%.200s is no text", path);
  return PSD_OK;
}

/* Words of the command line, in which \n is a new line. */
static psd_result take_words(const char *words, char text[PSD_ADDRESSEE_MAX + 1], psd_error *error) {
  size_t length = 0;
  for (const char *at = words; *at != '\0'; at++) {
    bool line = at[0] == '\\' && at[1] == 'n';
    if (length == PSD_ADDRESSEE_MAX)
      return psd_error_set(error, PSD_BAD_INPUT, "an address has at most %u bytes", PSD_ADDRESSEE_MAX);
    text[length++] = line ? '\n' : *at;
    at += line ? 1 : 0;
  }
  text[length] = '\0';
  return PSD_OK;
}

/* A name such as a file has, in one word: no address, so it is a file that is not there. */
static bool names_file(const char *value) {
  return strpbrk(value, "./") != NULL && strpbrk(value, " \t\n") == NULL && strstr(value, "\\n") == NULL;
}

/* What names a file that is there is the file. */
static psd_result take_address(const char *value, char text[PSD_ADDRESSEE_MAX + 1], psd_error *error) {
  text[0] = '\0';
  if (value == NULL)
    return PSD_OK;
  int fd = open(value, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0 && (errno == EACCES || names_file(value)))
    return psd_error_set(error, PSD_BAD_INPUT, "%.200s cannot be opened: %s", value, strerror(errno));
  if (fd < 0)
    return take_words(value, text, error);
  psd_result result = read_lines(fd, value, text, error);
  (void)close(fd);
  return result;
}

int psd_prints_take(const psd_cli *cli, psd_prints *prints) {
  const uint64_t of_pictures = PSD_OPTION(ENVELOPE) | PSD_OPTION(SYMBOLOGY) | PSD_OPTION(DPI) | PSD_OPTION(PLACE);
  psd_error error;
  *prints = (psd_prints){.many = (cli->given & PSD_OPTION(COUNT)) != 0};
  if (cli->output == NULL && (cli->given & of_pictures) != 0)
    return psd_cli_usage(cli, "--envelope, --symbology, --dpi and --place are for a picture: -o FILE");
  if (cli->output != NULL && !psd_picture_of(cli->output, &prints->picture))
    return psd_cli_usage(cli, "the name of a picture ends in .png, .svg or .pdf");
  if (cli->output != NULL && cli->raw != NULL && strcmp(cli->output, cli->raw) == 0)
    return psd_cli_usage(cli, "-o and --raw name the same file");
  if (cli->sender != NULL && (cli->given & PSD_OPTION(ENVELOPE)) == 0)
    return psd_cli_usage(cli, "--sender is for an envelope: --envelope");
  if (take_address(cli->sender, prints->sender, &error) != PSD_OK ||
      take_address(cli->addressee, prints->addressee, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  const psd_print_job texts = {.place = cli->place,
                               .sender = prints->sender,
                               .addressee = prints->addressee,
                               .envelope = (cli->given & PSD_OPTION(ENVELOPE)) != 0,
                               .dpi = cli->dpi != 0 ? cli->dpi : DPI};
  if (cli->output != NULL && psd_print_check(&texts, prints->picture, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  int status = check_files(cli, prints, cli->output);
  return status == PSD_EXIT_DONE ? check_files(cli, prints, cli->raw) : status;
}

/* "SPRINGFIELD IL 62701", or the ZIP alone. */
static void say_place(const psd_cli *cli, const psd_host_meter *meter, char place[64 + 256]) {
  const char *words = cli->place != NULL ? cli->place : "";
  (void)snprintf(place, 64 + 256, "%.256s%s%05u", words, words[0] != '\0' ? " " : "", (unsigned)meter->licence.zip);
}

static psd_result print(const psd_cli *cli, const psd_prints *prints, const psd_host_meter *meter, const psd_made *made,
                        const char *path, psd_error *error) {
  char place[64 + 256];
  say_place(cli, meter, place);
  const psd_print_job job = {.head = made->head,
                             .indicium = made->indicium,
                             .length = made->length,
                             .device = meter->device,
                             .place = place,
                             .sender = prints->sender,
                             .addressee = prints->addressee,
                             .symbology = cli->symbology,
                             .envelope = (cli->given & PSD_OPTION(ENVELOPE)) != 0,
                             .dpi = cli->dpi != 0 ? cli->dpi : DPI};
  return psd_print(&job, prints->picture, path, error);
}

psd_result psd_prints_write(const psd_cli *cli, const psd_prints *prints, const psd_host_meter *meter,
                            const psd_made *made, unsigned number, psd_error *error) {
  char name[PSD_CLI_PATH];
  psd_result result = PSD_OK;
  if (cli->output != NULL && psd_prints_path(prints, cli->output, number, name))
    result = print(cli, prints, meter, made, name, error);
  if (result == PSD_OK && cli->raw != NULL && psd_prints_path(prints, cli->raw, number, name))
    result = psd_whole_file_put(name, made->indicium, made->length, error);
  return result;
}
