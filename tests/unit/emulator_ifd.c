/* The IFD handler, called as pcscd calls it. The test stands in for pcscd: it has log_msg. */
#include <debuglog.h>
#include <fcntl.h>
#include <ifdhandler.h>
#include <pthread.h>
#include <reader.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "emulator/holder.h"
#include "emulator/ifd_folder.h"
#include "probe_card.h"

#define LONG_MS 10000
#define LUN(reader, slot) ((DWORD)(reader) << 16 | (DWORD)(slot))

static char last_line[1024];
static unsigned line_count;

void log_msg(const int priority, const char *fmt, ...) {
  va_list arguments;
  (void)priority;
  va_start(arguments, fmt);
  (void)vsnprintf(last_line, sizeof last_line, fmt, arguments);
  va_end(arguments);
  line_count++;
}

static void expect_line(const char *part) {
  CU_ASSERT_EQUAL(line_count, 1);
  if (strstr(last_line, part) == NULL)
    (void)fprintf(stderr, "wanted a line with: %s\n  got: %s\n", part, last_line);
  CU_ASSERT_PTR_NOT_NULL(strstr(last_line, part));
  line_count = 0;
}

static char folder[64];

static const char *path_of(const char *name) {
  static char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void make_card(const char *name) {
  psd_card_birth birth = {.vendor = "PS", .model = "D1", .serial = 1, .key_version = 1, .key_size = 16};
  char why[PSD_HOLDER_WHY_MAX];
  CU_ASSERT_TRUE_FATAL(psd_holder_create(path_of(name), &birth, why));
}

static void begin(void) {
  (void)snprintf(folder, sizeof folder, "/tmp/psd-ifd-XXXXXX");
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
  line_count = 0;
}

static void open_slots(unsigned reader, unsigned count) {
  for (unsigned i = 0; i < count; i++)
    CU_ASSERT_EQUAL_FATAL(IFDHCreateChannelByName(LUN(reader, i), folder), IFD_SUCCESS);
}

static void close_slots(unsigned reader, unsigned count) {
  for (unsigned i = 0; i < count; i++)
    CU_ASSERT_EQUAL(IFDHCloseChannel(LUN(reader, i)), IFD_SUCCESS);
}

static void end(void) {
  CU_ASSERT_EQUAL(line_count, 0);
  static const char *const names[] = {"a.state", "b.state", "c.state", "d.state", "e.state",
                                      "f.state", "g.state", "h.state", "i.state", "gone"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    (void)unlink(path_of(names[i]));
  CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static void capability(DWORD lun, DWORD tag, void *value, size_t size) {
  UCHAR bytes[64];
  DWORD length = sizeof bytes;
  CU_ASSERT_EQUAL_FATAL(IFDHGetCapabilities(lun, tag, &length, bytes), IFD_SUCCESS);
  CU_ASSERT_EQUAL_FATAL(length, size);
  memcpy(value, bytes, size);
}

static double seconds(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Waits as pcscd's thread for the slot does; the folder must have changed. */
static void wait_for_change(DWORD lun) {
  RESPONSECODE (*waiting)(DWORD, int) = NULL;
  capability(lun, TAG_IFD_POLLING_THREAD_WITH_TIMEOUT, &waiting, sizeof waiting);
  double begun = seconds();
  CU_ASSERT_EQUAL(waiting(lun, LONG_MS), IFD_SUCCESS);
  CU_ASSERT_TRUE(seconds() - begun < LONG_MS / 2000.0);
}

static bool present(DWORD lun) {
  RESPONSECODE result = IFDHICCPresence(lun);
  CU_ASSERT_TRUE(result == IFD_ICC_PRESENT || result == IFD_ICC_NOT_PRESENT);
  return result == IFD_ICC_PRESENT;
}

static void power_up(DWORD lun) {
  UCHAR atr[MAX_ATR_SIZE];
  DWORD length = sizeof atr;
  CU_ASSERT_EQUAL(IFDHPowerICC(lun, IFD_POWER_UP, atr, &length), IFD_SUCCESS);
  psd_check_bytes(atr, length, PSD_PROBE_ATR, "answer to reset");
}

static RESPONSECODE transmit(DWORD lun, const char *command, UCHAR *response, DWORD *length) {
  uint8_t bytes[4096];
  SCARD_IO_HEADER send = {.Protocol = 1};
  SCARD_IO_HEADER received = {.Protocol = 0};
  size_t count = psd_check_hex(command, bytes, sizeof bytes);
  RESPONSECODE result = IFDHTransmitToICC(lun, send, bytes, count, response, length, &received);
  CU_ASSERT_TRUE(result != IFD_SUCCESS || received.Protocol == 1);
  return result;
}

static void expect_answer(DWORD lun, const char *command, const char *answer) {
  UCHAR response[4096];
  DWORD length = sizeof response;
  CU_ASSERT_EQUAL(transmit(lun, command, response, &length), IFD_SUCCESS);
  psd_check_bytes(response, length, answer, command);
}

static void test_no_folder(void) {
  char missing[] = "/nonexistent/psd";
  char missing_file[] = "/nonexistent/psd/a.state";
  char file[] = "/dev/null";
  line_count = 0;
  CU_ASSERT_EQUAL(IFDHCreateChannelByName(LUN(0, 0), missing), IFD_COMMUNICATION_ERROR);
  expect_line("/nonexistent/psd: cannot be watched for cards: No such file or directory");
  CU_ASSERT_EQUAL(IFDHCreateChannelByName(LUN(0, 0), missing_file), IFD_COMMUNICATION_ERROR);
  expect_line("No such file or directory");
  CU_ASSERT_EQUAL(IFDHCreateChannelByName(LUN(0, 0), file), IFD_COMMUNICATION_ERROR);
  expect_line("/dev/null: cannot be watched for cards: Not a directory");
  CU_ASSERT_EQUAL(IFDHCreateChannel(LUN(0, 0), 1), IFD_COMMUNICATION_ERROR);
  expect_line("no DEVICENAME");
}

static void test_unknown_lun(void) {
  DWORD length = 0;
  UCHAR byte = 0;
  static const DWORD luns[] = {LUN(0, 0), LUN(0, 8), LUN(16, 0), LUN(0xFFFF, 0xFFFF)};
  for (size_t i = 0; i < sizeof luns / sizeof luns[0]; i++) {
    CU_ASSERT_EQUAL(IFDHICCPresence(luns[i]), IFD_COMMUNICATION_ERROR);
    CU_ASSERT_EQUAL(IFDHCloseChannel(luns[i]), IFD_COMMUNICATION_ERROR);
    CU_ASSERT_EQUAL(IFDHPowerICC(luns[i], IFD_POWER_UP, &byte, &length), IFD_COMMUNICATION_ERROR);
    CU_ASSERT_EQUAL(transmit(luns[i], "00", &byte, &length), IFD_COMMUNICATION_ERROR);
    CU_ASSERT_EQUAL(IFDHGetCapabilities(luns[i], TAG_IFD_ATR, &length, &byte), IFD_COMMUNICATION_ERROR);
  }
}

static void test_capabilities(void) {
  begin();
  open_slots(0, 1);
  UCHAR value = 0;
  DWORD length = 0;
  capability(LUN(0, 0), TAG_IFD_SLOTS_NUMBER, &value, 1);
  CU_ASSERT_EQUAL(value, PSD_IFD_SLOTS_LEAST);
  capability(LUN(0, 0), TAG_IFD_SLOT_THREAD_SAFE, &value, 1);
  CU_ASSERT_EQUAL(value, 1);
  capability(LUN(0, 0), TAG_IFD_THREAD_SAFE, &value, 1);
  CU_ASSERT_EQUAL(value, 1);
  capability(LUN(0, 0), TAG_IFD_SIMULTANEOUS_ACCESS, &value, 1);
  CU_ASSERT_EQUAL(value, 16);
  capability(LUN(0, 0), TAG_IFD_POLLING_THREAD_KILLABLE, &value, 1);
  CU_ASSERT_EQUAL(value, 0);
  CU_ASSERT_EQUAL(IFDHGetCapabilities(LUN(0, 0), TAG_IFD_SLOTS_NUMBER, &length, &value), IFD_ERROR_INSUFFICIENT_BUFFER);
  CU_ASSERT_EQUAL(IFDHGetCapabilities(LUN(0, 0), 0x0101, &length, &value), IFD_ERROR_TAG);
  CU_ASSERT_EQUAL(IFDHSetCapabilities(LUN(0, 0), TAG_IFD_ATR, 1, &value), IFD_ERROR_VALUE_READ_ONLY);
  CU_ASSERT_EQUAL(IFDHSetProtocolParameters(LUN(0, 0), SCARD_PROTOCOL_T0, 0, 0, 0, 0), IFD_SUCCESS);
  CU_ASSERT_EQUAL(IFDHSetProtocolParameters(LUN(0, 0), SCARD_PROTOCOL_T1, 0, 0, 0, 0), IFD_SUCCESS);
  CU_ASSERT_EQUAL(IFDHSetProtocolParameters(LUN(0, 0), SCARD_PROTOCOL_RAW, 0, 0, 0, 0), IFD_PROTOCOL_NOT_SUPPORTED);
  CU_ASSERT_EQUAL(IFDHCreateChannelByName(LUN(0, 0), folder), IFD_COMMUNICATION_ERROR);
  expect_line("cannot be watched");
  close_slots(0, 1);
  end();
}

static void test_card(void) {
  begin();
  make_card("a.state");
  open_slots(0, 1);
  UCHAR bytes[MAX_ATR_SIZE];
  DWORD length = sizeof bytes;
  CU_ASSERT_TRUE(present(LUN(0, 0)));
  CU_ASSERT_EQUAL(IFDHGetCapabilities(LUN(0, 0), TAG_IFD_ATR, &length, bytes), IFD_SUCCESS);
  CU_ASSERT_EQUAL(length, 0);
  length = sizeof bytes;
  CU_ASSERT_EQUAL(transmit(LUN(0, 0), "00A40000", bytes, &length), IFD_ICC_NOT_PRESENT);
  CU_ASSERT_EQUAL(length, 0);
  power_up(LUN(0, 0));
  expect_answer(LUN(0, 0), "00A40000", "00A400009000");
  length = sizeof bytes;
  CU_ASSERT_EQUAL(IFDHGetCapabilities(LUN(0, 0), SCARD_ATTR_ATR_STRING, &length, bytes), IFD_SUCCESS);
  psd_check_bytes(bytes, length, PSD_PROBE_ATR, "answer to reset");
  length = 5;
  CU_ASSERT_EQUAL(transmit(LUN(0, 0), "00A40000", bytes, &length), IFD_ERROR_INSUFFICIENT_BUFFER);
  CU_ASSERT_EQUAL(length, 0);
  length = sizeof bytes;
  CU_ASSERT_EQUAL(IFDHPowerICC(LUN(0, 0), IFD_RESET, bytes, &length), IFD_SUCCESS);
  psd_check_bytes(bytes, length, PSD_PROBE_ATR, "answer to reset");
  length = 3;
  CU_ASSERT_EQUAL(IFDHPowerICC(LUN(0, 0), IFD_RESET, bytes, &length), IFD_ERROR_INSUFFICIENT_BUFFER);
  CU_ASSERT_EQUAL(IFDHPowerICC(LUN(0, 0), 999, bytes, &length), IFD_NOT_SUPPORTED);
  CU_ASSERT_EQUAL(IFDHPowerICC(LUN(0, 0), IFD_POWER_DOWN, NULL, NULL), IFD_SUCCESS);
  length = sizeof bytes;
  CU_ASSERT_EQUAL(transmit(LUN(0, 0), "00A40000", bytes, &length), IFD_ICC_NOT_PRESENT);
  close_slots(0, 1);
  end();
}

static void test_comes_and_goes(void) {
  UCHAR bytes[MAX_ATR_SIZE];
  DWORD length = sizeof bytes;
  begin();
  open_slots(0, 1);
  CU_ASSERT_FALSE(present(LUN(0, 0)));
  CU_ASSERT_EQUAL(IFDHPowerICC(LUN(0, 0), IFD_POWER_UP, bytes, &length), IFD_ERROR_POWER_ACTION);
  make_card("a.state");
  wait_for_change(LUN(0, 0));
  CU_ASSERT_TRUE(present(LUN(0, 0)));
  power_up(LUN(0, 0));
  char from[128];
  (void)snprintf(from, sizeof from, "%s", path_of("a.state"));
  CU_ASSERT_EQUAL(rename(from, path_of("gone")), 0);
  wait_for_change(LUN(0, 0));
  CU_ASSERT_FALSE(present(LUN(0, 0)));
  CU_ASSERT_FALSE(present(LUN(0, 0)));
  CU_ASSERT_EQUAL(rename(path_of("gone"), from), 0);
  wait_for_change(LUN(0, 0));
  CU_ASSERT_TRUE(present(LUN(0, 0)));
  close_slots(0, 1);
  end();
}

/* "rename over": another card under the same name is another card. */
static void test_replaced(void) {
  begin();
  make_card("a.state");
  make_card("gone");
  open_slots(0, 1);
  CU_ASSERT_TRUE(present(LUN(0, 0)));
  char from[128];
  (void)snprintf(from, sizeof from, "%s", path_of("gone"));
  CU_ASSERT_EQUAL(rename(from, path_of("a.state")), 0);
  wait_for_change(LUN(0, 0));
  CU_ASSERT_FALSE(present(LUN(0, 0)));
  wait_for_change(LUN(0, 0));
  CU_ASSERT_TRUE(present(LUN(0, 0)));
  close_slots(0, 1);
  end();
}

static void test_places(void) {
  begin();
  make_card("c.state");
  make_card("b.state");
  open_slots(0, 4);
  CU_ASSERT_TRUE(present(LUN(0, 0)) && present(LUN(0, 1)));
  CU_ASSERT_FALSE(present(LUN(0, 2)) || present(LUN(0, 3)));
  /* b was in slot 0, and what comes before it by name does not move it. */
  make_card("a.state");
  CU_ASSERT_TRUE(present(LUN(0, 0)) && present(LUN(0, 1)) && present(LUN(0, 2)));
  CU_ASSERT_EQUAL(unlink(path_of("b.state")), 0);
  CU_ASSERT_FALSE(present(LUN(0, 0)));
  CU_ASSERT_TRUE(present(LUN(0, 1)) && present(LUN(0, 2)));
  make_card("d.state");
  CU_ASSERT_FALSE(present(LUN(0, 3)));
  CU_ASSERT_TRUE(present(LUN(0, 0)));
  close_slots(0, 4);
  end();
}

static void test_number_of_slots(void) {
  static const char *const names[] = {"a.state", "b.state", "c.state", "d.state", "e.state",
                                      "f.state", "g.state", "h.state", "i.state"};
  begin();
  for (unsigned i = 0; i < 9; i++) {
    make_card(names[i]);
    psd_ifd_folder *cards = psd_ifd_folder_open(folder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cards);
    unsigned wanted = i + 1 < PSD_IFD_SLOTS_LEAST ? PSD_IFD_SLOTS_LEAST : i + 1;
    CU_ASSERT_EQUAL(psd_ifd_folder_slots(cards), wanted < PSD_IFD_SLOTS_MOST ? wanted : PSD_IFD_SLOTS_MOST);
    psd_ifd_folder_close(cards);
  }
  end();
}

static void test_single_file(void) {
  begin();
  char device[128];
  UCHAR slots = 0;
  make_card("a.state");
  (void)snprintf(device, sizeof device, "%s", path_of("b.state"));
  CU_ASSERT_EQUAL_FATAL(IFDHCreateChannelByName(LUN(0, 0), device), IFD_SUCCESS);
  capability(LUN(0, 0), TAG_IFD_SLOTS_NUMBER, &slots, 1);
  CU_ASSERT_EQUAL(slots, 1);
  CU_ASSERT_FALSE(present(LUN(0, 0)));
  make_card("b.state");
  wait_for_change(LUN(0, 0));
  CU_ASSERT_TRUE(present(LUN(0, 0)));
  close_slots(0, 1);
  end();
}

static void test_locked(void) {
  begin();
  char why[PSD_HOLDER_WHY_MAX];
  make_card("a.state");
  psd_holder *other = psd_holder_open(path_of("a.state"), true, why);
  CU_ASSERT_PTR_NOT_NULL_FATAL(other);
  open_slots(0, 1);
  CU_ASSERT_FALSE(present(LUN(0, 0)));
  expect_line("a.state: in use by another process: no card");
  CU_ASSERT_FALSE(present(LUN(0, 0)));
  CU_ASSERT_EQUAL(line_count, 0);
  psd_holder_close(other);
  wait_for_change(LUN(0, 0));
  CU_ASSERT_TRUE(present(LUN(0, 0)));
  CU_ASSERT_PTR_NULL(psd_holder_open(path_of("a.state"), true, why));
  CU_ASSERT_PTR_NOT_NULL(strstr(why, "in use by another process"));
  close_slots(0, 1);
  other = psd_holder_open(path_of("a.state"), true, why);
  CU_ASSERT_PTR_NOT_NULL(other);
  psd_holder_close(other);
  end();
}

/* Slots that look at a file they cannot have must not wake each other for ever. */
static void test_quiet(void) {
  begin();
  char why[PSD_HOLDER_WHY_MAX];
  make_card("a.state");
  psd_holder *other = psd_holder_open(path_of("a.state"), true, why);
  FILE *damaged = fopen(path_of("b.state"), "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(damaged);
  (void)fclose(damaged);
  open_slots(0, 4);
  RESPONSECODE (*waiting)(DWORD, int) = NULL;
  capability(LUN(0, 0), TAG_IFD_POLLING_THREAD_WITH_TIMEOUT, &waiting, sizeof waiting);
  unsigned rounds = 0;
  double begun = seconds();
  for (; rounds < 10 && seconds() - begun < 0.5; rounds++) {
    for (unsigned slot = 0; slot < 4; slot++)
      CU_ASSERT_FALSE(present(LUN(0, slot)));
    CU_ASSERT_EQUAL(waiting(LUN(0, 0), 500), IFD_SUCCESS);
  }
  CU_ASSERT_TRUE(rounds < 4);
  line_count = 0;
  psd_holder_close(other);
  close_slots(0, 4);
  end();
}

static void test_damaged(void) {
  begin();
  FILE *file = fopen(path_of("a.state"), "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_TRUE(fputs("nothing that a card would write", file) >= 0);
  (void)fclose(file);
  open_slots(0, 1);
  CU_ASSERT_FALSE(present(LUN(0, 0)));
  expect_line("a.state: is not the state of a card");
  CU_ASSERT_FALSE(present(LUN(0, 0)));
  CU_ASSERT_EQUAL(line_count, 0);
  CU_ASSERT_EQUAL(unlink(path_of("a.state")), 0);
  make_card("a.state");
  wait_for_change(LUN(0, 0));
  CU_ASSERT_TRUE(present(LUN(0, 0)));
  close_slots(0, 1);
  end();
}

static void test_two_readers(void) {
  begin();
  make_card("a.state");
  open_slots(0, 1);
  char first[sizeof folder];
  (void)snprintf(first, sizeof first, "%s", folder);
  begin();
  make_card("a.state");
  open_slots(1, 1);
  CU_ASSERT_TRUE(present(LUN(0, 0)) && present(LUN(1, 0)));
  power_up(LUN(0, 0));
  power_up(LUN(1, 0));
  expect_answer(LUN(0, 0), "0001", "00019000");
  expect_answer(LUN(1, 0), "0002", "00029000");
  close_slots(0, 1);
  expect_answer(LUN(1, 0), "0003", "00039000");
  close_slots(1, 1);
  end();
  (void)snprintf(folder, sizeof folder, "%s", first);
  end();
}

static void *wait_in_thread(void *argument) {
  wait_for_change(*(const DWORD *)argument);
  return NULL;
}

static void test_stop(void) {
  begin();
  open_slots(0, 1);
  RESPONSECODE (*stopping)(DWORD) = NULL;
  DWORD lun = LUN(0, 0);
  pthread_t thread;
  capability(lun, TAG_IFD_STOP_POLLING_THREAD, &stopping, sizeof stopping);
  CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, wait_in_thread, &lun), 0);
  CU_ASSERT_EQUAL(stopping(lun), IFD_SUCCESS);
  CU_ASSERT_EQUAL(pthread_join(thread, NULL), 0);
  close_slots(0, 1);
  CU_ASSERT_EQUAL(stopping(lun), IFD_COMMUNICATION_ERROR);
  end();
}

static DWORD control(DWORD code, UCHAR *bytes, DWORD capacity, RESPONSECODE wanted) {
  DWORD length = 99;
  CU_ASSERT_EQUAL(IFDHControl(LUN(0, 0), code, NULL, 0, bytes, capacity, &length), wanted);
  return length;
}

static void test_extended_length_is_advertised(void) {
  UCHAR bytes[64];
  DWORD length = control(CM_IOCTL_GET_FEATURE_REQUEST, bytes, sizeof bytes, IFD_SUCCESS);
  CU_ASSERT_EQUAL_FATAL(length, 6);
  CU_ASSERT_EQUAL(bytes[0], FEATURE_GET_TLV_PROPERTIES);
  CU_ASSERT_EQUAL(bytes[1], 4);
  DWORD code = (DWORD)bytes[2] << 24 | (DWORD)bytes[3] << 16 | (DWORD)bytes[4] << 8 | bytes[5];
  length = control(code, bytes, sizeof bytes, IFD_SUCCESS);
  psd_check_bytes(bytes, length, "0A0400000100", "dwMaxAPDUDataSize 65536");
  CU_ASSERT_EQUAL(control(CM_IOCTL_GET_FEATURE_REQUEST, bytes, 5, IFD_ERROR_INSUFFICIENT_BUFFER), 0);
  CU_ASSERT_EQUAL(control(1, bytes, sizeof bytes, IFD_ERROR_NOT_SUPPORTED), 0);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"without its folder there is no reader, and one line says why", test_no_folder},
      {"a slot that was never opened", test_unknown_lun},
      {"capabilities", test_capabilities},
      {"power, answer to reset, commands", test_card},
      {"a card comes and goes with its file", test_comes_and_goes},
      {"another file under the same name is another card", test_replaced},
      {"cards keep their slots, new ones take the first that is free", test_places},
      {"four to eight slots", test_number_of_slots},
      {"a single state file", test_single_file},
      {"a card that another process has is not there, and one line says why", test_locked},
      {"files that cannot be cards cause no work", test_quiet},
      {"a damaged file is not tried again until it changes", test_damaged},
      {"two readers", test_two_readers},
      {"pcscd stops its waiting thread", test_stop},
      {"the length of extended commands is advertised", test_extended_length_is_advertised},
  };
  return psd_check_run("IFD handler", tests, PSD_CHECK_COUNT(tests));
}
