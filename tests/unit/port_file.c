/* The flash in a file: durable, locked, never half there, and plain about what is wrong. */
#define _DEFAULT_SOURCE /* setgroups, P_tmpdir */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "port/nvm_file.h"
#include "store/store.h"

#define SIZE (PSD_NVM_FILE_HEADER + PSD_NVM_FILE_BLOCK * PSD_NVM_FILE_BLOCKS)

static char directory[] = P_tmpdir "/psd-port-file.XXXXXX";
static char path[64];
static char message[PSD_NVM_FILE_MESSAGE];
static psd_nvm_file file;
static psd_nvm nvm;

static unsigned files_there(void) {
  unsigned count = 0;
  DIR *stream = opendir(directory);
  CU_ASSERT_FATAL(stream != NULL);
  for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
    count += entry->d_name[0] != '.';
  closedir(stream);
  return count;
}

static bool says(const char *words) {
  bool found = strstr(message, words) != NULL && strchr(message, '\n') == NULL;
  if (!found)
    fprintf(stderr, "message: %s\n", message);
  message[0] = '\0';
  return found;
}

static void made(void) {
  CU_ASSERT_FATAL(psd_nvm_file_create(&file, path, true, message));
  CU_ASSERT_FATAL(psd_nvm_file_publish(&file, message));
  nvm = psd_nvm_file_port(&file);
}

static void opened(void) {
  CU_ASSERT_FATAL(psd_nvm_file_open(&file, path, true, message));
  nvm = psd_nvm_file_port(&file);
}

static void done(void) {
  psd_nvm_file_close(&file);
  psd_nvm_file_close(&file);
  unlink(path);
  CU_ASSERT(files_there() == 0);
}

static bool refused(void) {
  psd_nvm_file other;
  bool refused = !psd_nvm_file_open(&other, path, true, message) && other.descriptor == -1;
  psd_nvm_file_close(&other);
  return refused;
}

/* Overwrites a part of the closed file. */
static void patch(off_t offset, const void *data, size_t length) {
  int descriptor = open(path, O_RDWR);
  CU_ASSERT_FATAL(descriptor >= 0 && pwrite(descriptor, data, length, offset) == (ssize_t)length);
  close(descriptor);
}

/* Runs `child` in another process; returns its exit status. */
static int in_child(int (*child)(void)) {
  fflush(NULL);
  pid_t pid = fork();
  CU_ASSERT_FATAL(pid >= 0);
  if (pid == 0)
    _exit(child());
  int status = 0;
  CU_ASSERT_FATAL(waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_new_file_is_erased_and_private(void) {
  static uint8_t bytes[PSD_NVM_FILE_BLOCK * PSD_NVM_FILE_BLOCKS];
  made();
  struct stat status;
  CU_ASSERT(stat(path, &status) == 0);
  CU_ASSERT((status.st_mode & 07777) == 0600 && status.st_size == SIZE && status.st_nlink == 1);
  CU_ASSERT(status.st_blocks * 512 >= SIZE); /* its space is there */
  CU_ASSERT(nvm.page_size == PSD_NVM_FILE_PAGE && nvm.block_size == PSD_NVM_FILE_BLOCK &&
            nvm.block_count == PSD_NVM_FILE_BLOCKS);
  CU_ASSERT(nvm.read(nvm.device, 0, bytes, sizeof bytes));
  CU_ASSERT(bytes[0] == 0xFF && memcmp(bytes, bytes + 1, sizeof bytes - 1) == 0);
  done();
}

static void a_file_has_no_name_before_it_is_published(void) {
  CU_ASSERT_FATAL(psd_nvm_file_create(&file, path, true, message));
  CU_ASSERT(access(path, F_OK) != 0);
  CU_ASSERT(files_there() == 1);
  psd_nvm_file_close(&file);
  CU_ASSERT(files_there() == 0);
  made();
  CU_ASSERT(files_there() == 1);
  CU_ASSERT(!psd_nvm_file_publish(&file, message) && says("has its name"));
  done();
}

static void an_existing_file_is_never_overwritten(void) {
  psd_nvm_file other;
  CU_ASSERT_FATAL(psd_nvm_file_create(&other, path, true, message));
  made();
  CU_ASSERT(!psd_nvm_file_publish(&other, message) && says("exists already"));
  psd_nvm_file_close(&other);
  CU_ASSERT(!psd_nvm_file_create(&other, path, true, message) && says("exists already"));
  psd_nvm_file_close(&other);
  CU_ASSERT(files_there() == 1);
  done();
  CU_ASSERT_FATAL(symlink("nowhere", path) == 0);
  CU_ASSERT(!psd_nvm_file_create(&other, path, true, message) && says("exists already"));
  CU_ASSERT_FATAL(unlink(path) == 0);
  psd_nvm_file_close(&other);
}

static void what_is_written_is_found_again(void) {
  uint8_t page[PSD_NVM_FILE_PAGE];
  uint8_t found[2];
  made();
  memset(page, 0x42, sizeof page);
  CU_ASSERT(nvm.program(nvm.device, PSD_NVM_FILE_BLOCK, page, sizeof page) && nvm.sync(nvm.device));
  psd_nvm_file_close(&file);
  CU_ASSERT(psd_nvm_file_open(&file, path, false, message));
  nvm = psd_nvm_file_port(&file);
  CU_ASSERT(nvm.read(nvm.device, PSD_NVM_FILE_BLOCK + PSD_NVM_FILE_PAGE - 1U, found, 2));
  CU_ASSERT(found[0] == 0x42 && found[1] == 0xFF);
  CU_ASSERT(nvm.erase(nvm.device, 1) && nvm.sync(nvm.device));
  CU_ASSERT(nvm.read(nvm.device, PSD_NVM_FILE_BLOCK, found, 1) && found[0] == 0xFF);
  done();
}

static void it_keeps_the_rules_of_a_flash(void) {
  static uint8_t pages[10U * PSD_NVM_FILE_PAGE];
  uint32_t end = PSD_NVM_FILE_BLOCK * PSD_NVM_FILE_BLOCKS;
  made();
  CU_ASSERT(nvm.program(nvm.device, 9U * PSD_NVM_FILE_PAGE, pages, PSD_NVM_FILE_PAGE));
  CU_ASSERT(!nvm.program(nvm.device, 9U * PSD_NVM_FILE_PAGE, pages, PSD_NVM_FILE_PAGE));
  CU_ASSERT(!nvm.program(nvm.device, 0, pages, sizeof pages));
  CU_ASSERT(!nvm.program(nvm.device, 1, pages, PSD_NVM_FILE_PAGE));
  CU_ASSERT(!nvm.program(nvm.device, 0, pages, PSD_NVM_FILE_PAGE - 1U));
  CU_ASSERT(!nvm.program(nvm.device, end, pages, PSD_NVM_FILE_PAGE));
  CU_ASSERT(!nvm.erase(nvm.device, PSD_NVM_FILE_BLOCKS));
  CU_ASSERT(!nvm.read(nvm.device, end - 1U, pages, 2));
  CU_ASSERT(nvm.read(nvm.device, 0, pages, 1) && pages[0] == 0xFF);
  CU_ASSERT(nvm.program(nvm.device, 0, pages, 9U * PSD_NVM_FILE_PAGE));
  CU_ASSERT(file.error == 0);
  done();
}

static void erasures_are_counted_for_good(void) {
  uint32_t erases = 99;
  made();
  CU_ASSERT(psd_nvm_file_wear(&file, 0, &erases) && erases == 0);
  for (unsigned i = 0; i < 300; i++)
    CU_ASSERT_FATAL(nvm.erase(nvm.device, 7));
  CU_ASSERT(nvm.erase(nvm.device, PSD_NVM_FILE_BLOCKS - 1U) && nvm.sync(nvm.device));
  psd_nvm_file_close(&file);
  opened();
  CU_ASSERT(psd_nvm_file_wear(&file, 6, &erases) && erases == 0);
  CU_ASSERT(psd_nvm_file_wear(&file, 7, &erases) && erases == 300);
  CU_ASSERT(psd_nvm_file_wear(&file, PSD_NVM_FILE_BLOCKS - 1U, &erases) && erases == 1);
  CU_ASSERT(!psd_nvm_file_wear(&file, PSD_NVM_FILE_BLOCKS, &erases));
  psd_nvm_file_close(&file);
  patch(64 + 7 * 4, "\xFF\xFF\xFF\xFF", 4);
  opened();
  CU_ASSERT(nvm.erase(nvm.device, 7));
  CU_ASSERT(psd_nvm_file_wear(&file, 7, &erases) && erases == UINT32_MAX);
  done();
}

static int open_as_other_process(void) {
  psd_nvm_file other;
  if (psd_nvm_file_open(&other, path, true, message))
    return 1;
  return says("in use by another process") ? 0 : 2;
}

static void two_processes_never_share_a_file(void) {
  made();
  CU_ASSERT(in_child(open_as_other_process) == 0);
  CU_ASSERT(refused() && says("in use by another process"));
  psd_nvm_file_close(&file);
  CU_ASSERT(in_child(open_as_other_process) == 1);
  opened();
  CU_ASSERT(in_child(open_as_other_process) == 0);
  done();
}

static void files_that_are_not_a_card_are_refused(void) {
  CU_ASSERT(refused() && says("no such file"));
  made();
  psd_nvm_file_close(&file);
  patch(0, "PSDNVX", 6);
  CU_ASSERT(refused() && says("not the state of a card"));
  patch(0, "PSDNVM", 6);
  patch(6, "\x01\x02", 2);
  CU_ASSERT(refused() && says("is of version 258, and this program knows version 1"));
  patch(6, "\0\x01", 2);
  opened();
  done();
  static const char *const others[] = {"", "x",
                                       "hello, this is some text that is longer than the header of a state file"};
  for (size_t i = 0; i < PSD_CHECK_COUNT(others); i++) {
    int descriptor = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    CU_ASSERT_FATAL(descriptor >= 0);
    CU_ASSERT(write(descriptor, others[i], strlen(others[i])) == (ssize_t)strlen(others[i]));
    close(descriptor);
    CU_ASSERT(refused() && says("not the state of a card"));
  }
  unlink(path);
}

static void geometries_that_make_no_sense_are_refused(void) {
  static const uint32_t geometries[][3] = {
      {0, 4096, 64},    {96, 4096, 64}, {64, 0, 64},   {64, 100, 64},     {64, 4096, 0},          {64, 4096, 63},
      {64, 4096, 1010}, {32, 4096, 64}, {128, 64, 64}, {64, 1U << 31, 2}, {1U << 31, 1U << 31, 2}};
  made();
  psd_nvm_file_close(&file);
  for (size_t i = 0; i < PSD_CHECK_COUNT(geometries); i++) {
    uint8_t bytes[12];
    for (size_t j = 0; j < sizeof bytes; j++)
      bytes[j] = (uint8_t)(geometries[i][j / 4] >> (24U - 8U * (j % 4U)));
    patch(8, bytes, sizeof bytes);
    CU_ASSERT(refused() && says("is damaged: its header makes no sense"));
  }
  patch(8, "\0\0\0\x40\0\0\x20\0\0\0\0\x40", 12);
  CU_ASSERT(refused() && says("is damaged: it has 266240 bytes and should have 528384"));
  done();
}

static void files_of_another_size_are_refused(void) {
  static const off_t sizes[] = {SIZE - 1, SIZE + 1, SIZE / 2, PSD_NVM_FILE_HEADER, 64};
  made();
  psd_nvm_file_close(&file);
  for (size_t i = 0; i < PSD_CHECK_COUNT(sizes); i++) {
    CU_ASSERT_FATAL(truncate(path, sizes[i]) == 0);
    CU_ASSERT(refused() && says("is damaged: it has"));
  }
  CU_ASSERT_FATAL(truncate(path, SIZE) == 0);
  opened();
  done();
}

static void what_is_no_file_is_refused(void) {
  CU_ASSERT_FATAL(mkdir(path, 0700) == 0);
  CU_ASSERT(refused() && says("cannot be opened"));
  CU_ASSERT_FATAL(rmdir(path) == 0);
  CU_ASSERT_FATAL(mkfifo(path, 0600) == 0);
  CU_ASSERT(refused() && says("is not a file"));
  CU_ASSERT_FATAL(unlink(path) == 0);
  char target[80];
  snprintf(target, sizeof target, "%s.real", path);
  made();
  psd_nvm_file_close(&file);
  CU_ASSERT_FATAL(rename(path, target) == 0 && symlink(target, path) == 0);
  CU_ASSERT(refused() && says("symbolic link"));
  CU_ASSERT_FATAL(unlink(path) == 0 && unlink(target) == 0);
}

/* Gives up the rights of root, for which no file is read-only. */
static bool become_nobody(void) {
  return geteuid() != 0 || (setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
}

static int open_read_only_file(void) {
  psd_nvm_file other;
  if (!become_nobody() || psd_nvm_file_open(&other, path, true, message))
    return 1;
  return says("cannot be opened for writing") ? 0 : 2;
}

static int create_in_read_only_directory(void) {
  psd_nvm_file other;
  if (!become_nobody() || psd_nvm_file_create(&other, path, true, message))
    return 1;
  return says("cannot be made: Permission denied") ? 0 : 2;
}

static void files_that_cannot_be_written_are_refused(void) {
  made();
  psd_nvm_file_close(&file);
  CU_ASSERT_FATAL(chmod(path, 0444) == 0 && chmod(directory, 0555) == 0);
  CU_ASSERT(in_child(open_read_only_file) == 0);
  CU_ASSERT_FATAL(chmod(directory, 0755) == 0 && unlink(path) == 0 && chmod(directory, 0555) == 0);
  CU_ASSERT(in_child(create_in_read_only_directory) == 0);
  CU_ASSERT_FATAL(chmod(directory, 0700) == 0);
  CU_ASSERT(files_there() == 0);
}

static int publish_in_unreadable_directory(void) {
  psd_nvm_file other;
  if (!become_nobody() || !psd_nvm_file_create(&other, path, true, message))
    return 1;
  bool published = psd_nvm_file_publish(&other, message);
  psd_nvm_file_close(&other);
  return !published && says("cannot be made durable") ? 0 : 2;
}

/* A directory that cannot be opened cannot be synced. */
static void what_cannot_be_published_is_not_there(void) {
  CU_ASSERT_FATAL(chmod(directory, 0333) == 0);
  CU_ASSERT(in_child(publish_in_unreadable_directory) == 0);
  CU_ASSERT_FATAL(chmod(directory, 0700) == 0);
  CU_ASSERT(files_there() == 0);
}

static bool limit_files_to(rlim_t size) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
    return false;
  limit.rlim_cur = size;
  return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

static int create_without_space(void) {
  psd_nvm_file other;
  if (!limit_files_to(SIZE / 2) || psd_nvm_file_create(&other, path, true, message))
    return 1;
  return says("cannot be written: File too large") ? 0 : 2;
}

static void without_space_nothing_is_left_behind(void) {
  CU_ASSERT(in_child(create_without_space) == 0);
  CU_ASSERT(files_there() == 0);
}

/* After a write that failed, nothing more is promised. */
static int write_without_space(void) {
  static uint8_t page[PSD_NVM_FILE_PAGE];
  uint32_t last = PSD_NVM_FILE_BLOCKS - 1U;
  if (!limit_files_to(SIZE - PSD_NVM_FILE_BLOCK))
    return 1;
  if (!nvm.program(nvm.device, 0, page, sizeof page) || !nvm.sync(nvm.device) || file.error != 0)
    return 2;
  if (nvm.program(nvm.device, last * PSD_NVM_FILE_BLOCK, page, sizeof page) || file.error != EFBIG)
    return 3;
  if (nvm.program(nvm.device, PSD_NVM_FILE_PAGE, page, sizeof page) || nvm.read(nvm.device, 0, page, 1) ||
      nvm.sync(nvm.device) || nvm.erase(nvm.device, 0))
    return 4;
  file.error = 0;
  return nvm.erase(nvm.device, last) || file.error != EFBIG ? 5 : 0;
}

static void a_write_that_fails_stops_the_port(void) {
  made();
  CU_ASSERT(in_child(write_without_space) == 0);
  done();
}

/* What is read after it need not be what is on the disk. */
static void a_sync_that_fails_stops_the_port(void) {
  int ends[2];
  uint8_t byte = 0;
  made();
  CU_ASSERT_FATAL(pipe(ends) == 0);
  int kept = file.descriptor;
  file.descriptor = ends[0]; /* a pipe cannot be synced */
  CU_ASSERT(!nvm.sync(nvm.device) && file.error == EINVAL);
  file.descriptor = kept;
  CU_ASSERT(!nvm.sync(nvm.device) && !nvm.read(nvm.device, 0, &byte, 1));
  close(ends[0]);
  close(ends[1]);
  done();
}

static void a_file_cut_short_while_open_fails_to_read(void) {
  uint8_t byte = 0;
  made();
  CU_ASSERT_FATAL(truncate(path, PSD_NVM_FILE_HEADER + 1) == 0);
  CU_ASSERT(nvm.read(nvm.device, 0, &byte, 1) && byte == 0xFF);
  CU_ASSERT(!nvm.read(nvm.device, 0, &byte, 2));
  static const uint8_t page[PSD_NVM_FILE_PAGE];
  CU_ASSERT(!nvm.program(nvm.device, PSD_NVM_FILE_BLOCK, page, sizeof page));
  CU_ASSERT_FATAL(truncate(path, 100) == 0);
  uint32_t erases = 0;
  CU_ASSERT(!psd_nvm_file_wear(&file, 20, &erases));
  CU_ASSERT(!nvm.erase(nvm.device, 20) && file.error != 0);
  done();
}

static void a_closed_port_serves_nothing(void) {
  static uint8_t page[PSD_NVM_FILE_PAGE];
  made();
  psd_nvm_file_close(&file);
  CU_ASSERT(!nvm.read(nvm.device, 0, page, 1) && !nvm.program(nvm.device, 0, page, sizeof page));
  CU_ASSERT(!nvm.erase(nvm.device, 0) && !nvm.sync(nvm.device));
  done();
}

static void a_name_without_a_directory_is_in_this_one(void) {
  char here[512];
  CU_ASSERT_FATAL(getcwd(here, sizeof here) != NULL && chdir(directory) == 0);
  CU_ASSERT(psd_nvm_file_create(&file, "card", true, message));
  CU_ASSERT(psd_nvm_file_publish(&file, message));
  CU_ASSERT_FATAL(chdir(here) == 0);
  done();
}

/* A program that is killed in the middle of its commits: what it acknowledged is there. */
static void commits_survive_a_kill(void) {
  int acknowledged[2];
  made();
  psd_store store;
  uint32_t zero = 0;
  psd_store_put put = {.record = 1, .length = sizeof zero, .value = &zero};
  CU_ASSERT_FATAL(psd_store_format(&store, &nvm) == PSD_STORE_OK);
  CU_ASSERT_FATAL(psd_store_commit(&store, &put, 1) == PSD_STORE_OK);
  psd_nvm_file_close(&file);
  uint32_t last = 0;
  for (unsigned round = 0; round < 5; round++) {
    CU_ASSERT_FATAL(pipe(acknowledged) == 0);
    fflush(NULL);
    pid_t pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
      bool ok = psd_nvm_file_open(&file, path, false, message);
      nvm = psd_nvm_file_port(&file);
      ok = ok && psd_store_open(&store, &nvm) == PSD_STORE_OK;
      for (uint32_t value = last + 1; ok; value++) {
        put.value = &value;
        ok = psd_store_commit(&store, &put, 1) == PSD_STORE_OK &&
             write(acknowledged[1], &value, sizeof value) == (ssize_t)sizeof value;
      }
      _exit(1);
    }
    close(acknowledged[1]);
    uint32_t value = 0;
    for (unsigned i = 0; i < 700; i++)
      CU_ASSERT_FATAL(read(acknowledged[0], &value, sizeof value) == (ssize_t)sizeof value);
    CU_ASSERT(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
    while (read(acknowledged[0], &value, sizeof value) == (ssize_t)sizeof value)
      continue;
    close(acknowledged[0]);
    opened();
    size_t length = 0;
    CU_ASSERT_FATAL(psd_store_open(&store, &nvm) == PSD_STORE_OK);
    CU_ASSERT(psd_store_read(&store, 1, &last, sizeof last, &length) == PSD_STORE_OK);
    CU_ASSERT(last == value || last == value + 1U);
    psd_nvm_file_close(&file);
  }
  done();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a new file is erased and private", a_new_file_is_erased_and_private},
      {"a file has no name before it is published", a_file_has_no_name_before_it_is_published},
      {"an existing file is never overwritten", an_existing_file_is_never_overwritten},
      {"what is written is found again", what_is_written_is_found_again},
      {"it keeps the rules of a flash", it_keeps_the_rules_of_a_flash},
      {"erasures are counted for good", erasures_are_counted_for_good},
      {"two processes never share a file", two_processes_never_share_a_file},
      {"files that are not a card are refused", files_that_are_not_a_card_are_refused},
      {"geometries that make no sense are refused", geometries_that_make_no_sense_are_refused},
      {"files of another size are refused", files_of_another_size_are_refused},
      {"what is no file is refused", what_is_no_file_is_refused},
      {"files that cannot be written are refused", files_that_cannot_be_written_are_refused},
      {"what cannot be published is not there", what_cannot_be_published_is_not_there},
      {"without space nothing is left behind", without_space_nothing_is_left_behind},
      {"a write that fails stops the port", a_write_that_fails_stops_the_port},
      {"a sync that fails stops the port", a_sync_that_fails_stops_the_port},
      {"a file cut short while open fails to read", a_file_cut_short_while_open_fails_to_read},
      {"a closed port serves nothing", a_closed_port_serves_nothing},
      {"a name without a directory is in this one", a_name_without_a_directory_is_in_this_one},
      {"commits survive a kill", commits_survive_a_kill},
  };
  if (mkdtemp(directory) == NULL) {
    perror(directory);
    return 2;
  }
  snprintf(path, sizeof path, "%s/card", directory);
  int result = psd_check_run("flash in a file", tests, PSD_CHECK_COUNT(tests));
  rmdir(directory);
  return result;
}
