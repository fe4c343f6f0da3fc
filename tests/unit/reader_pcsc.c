/* PC/SC replaced by a table of our own: readers and cards that come and go, and every call made to fail in turn. */
#include "check.h"
#include "psd/reader/host.h"
#include "transport/pcsc.h"

#include <string.h>

/* What the fake pcscd has, and what was asked of it. */
static struct {
  const char *names; /* each ended by a zero byte */
  bool present[PSD_PCSC_READERS];
  DWORD extra_state; /* of every reader */
  DWORD protocol;
  LONG code;             /* what the failing call returns */
  unsigned fail_at;      /* number of the call that fails, from 1; 0 for none */
  const char *fail_name; /* or every call of this name */
  unsigned calls;
  void (*event)(void); /* what happens during the next wait; NULL: the time runs out */
  DWORD waited;        /* timeout of the last wait */
  int contexts, cards, transactions;
  unsigned resets; /* transactions that begin with "card was reset" */
  unsigned reconnects;
  DWORD disposition;
  uint8_t sent[300];
  DWORD sent_length;
  const SCARD_IO_REQUEST *pci;
  DWORD answer_length;
} fake;

static void begin(void) {
  memset(&fake, 0, sizeof fake);
  fake.names = "Alpha 00\0Beta 00\0Gamma 00\0";
  fake.present[1] = true;
  fake.protocol = SCARD_PROTOCOL_T1;
  fake.answer_length = 2;
}

static LONG call(const char *name) {
  fake.calls++;
  if (fake.calls == fake.fail_at || (fake.fail_name != NULL && strcmp(fake.fail_name, name) == 0))
    return fake.code;
  return SCARD_S_SUCCESS;
}

static LONG fake_establish(DWORD scope, LPCVOID a, LPCVOID b, LPSCARDCONTEXT context) {
  LONG code = call("establish");
  CU_ASSERT_EQUAL(scope, SCARD_SCOPE_SYSTEM);
  CU_ASSERT_PTR_NULL(a);
  CU_ASSERT_PTR_NULL(b);
  *context = 7;
  fake.contexts += code == SCARD_S_SUCCESS;
  return code;
}

static LONG fake_release(SCARDCONTEXT context) {
  CU_ASSERT_EQUAL(context, 7);
  fake.contexts--;
  return call("release");
}

static size_t names_length(void) {
  size_t length = 0;
  while (fake.names[length] != '\0')
    length += strlen(fake.names + length) + 1;
  return length + 1;
}

static LONG fake_list(SCARDCONTEXT context, LPCSTR groups, LPSTR names, LPDWORD length) {
  LONG code = call("list");
  (void)context;
  CU_ASSERT_PTR_NULL(groups);
  if (code != SCARD_S_SUCCESS)
    return code;
  if (names_length() == 1)
    return (LONG)SCARD_E_NO_READERS_AVAILABLE;
  CU_ASSERT_FATAL(names_length() <= *length);
  memcpy(names, fake.names, names_length());
  *length = (DWORD)names_length();
  return SCARD_S_SUCCESS;
}

static LONG look(SCARD_READERSTATE *states, DWORD count) {
  for (DWORD i = 0; i < count; i++) {
    states[i].dwEventState = SCARD_STATE_CHANGED | fake.extra_state;
    states[i].dwEventState |= fake.present[i] ? SCARD_STATE_PRESENT : SCARD_STATE_EMPTY;
    states[i].cbAtr = fake.present[i] ? 2 : 0;
    states[i].rgbAtr[0] = 0x3B;
    states[i].rgbAtr[1] = 0x00;
  }
  return SCARD_S_SUCCESS;
}

static LONG fake_change(SCARDCONTEXT context, DWORD timeout, SCARD_READERSTATE *states, DWORD count) {
  LONG code = call(timeout == 0 ? "look" : "wait");
  (void)context;
  if (code != SCARD_S_SUCCESS)
    return code;
  if (timeout == 0)
    return look(states, count);
  fake.waited = timeout;
  /* One who waits tells what is known, and asks for new readers too. */
  CU_ASSERT_STRING_EQUAL(states[count - 1].szReader, "\\\\?PnP?\\Notification");
  for (DWORD i = 0; i + 1 < count; i++)
    CU_ASSERT_NOT_EQUAL(states[i].dwCurrentState, SCARD_STATE_UNAWARE);
  if (fake.event == NULL)
    return (LONG)SCARD_E_TIMEOUT;
  fake.event();
  return SCARD_S_SUCCESS;
}

static LONG fake_connect(SCARDCONTEXT context, LPCSTR name, DWORD share, DWORD protocols, LPSCARDHANDLE card,
                         LPDWORD protocol) {
  LONG code = call("connect");
  (void)context;
  (void)name;
  CU_ASSERT_EQUAL(share, SCARD_SHARE_SHARED);
  CU_ASSERT_EQUAL(protocols, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1);
  *card = 9;
  *protocol = fake.protocol;
  fake.cards += code == SCARD_S_SUCCESS;
  return code;
}

static LONG fake_reconnect(SCARDHANDLE card, DWORD share, DWORD protocols, DWORD disposition, LPDWORD protocol) {
  (void)card;
  (void)share;
  (void)protocols;
  fake.reconnects++;
  fake.disposition = disposition;
  *protocol = fake.protocol;
  return call("reconnect");
}

static LONG fake_disconnect(SCARDHANDLE card, DWORD disposition) {
  CU_ASSERT_EQUAL(card, 9);
  CU_ASSERT_EQUAL(disposition, SCARD_LEAVE_CARD);
  fake.cards--;
  return call("disconnect");
}

static LONG fake_begin(SCARDHANDLE card) {
  LONG code = call("begin");
  (void)card;
  if (fake.resets > 0) {
    fake.resets--;
    return (LONG)SCARD_W_RESET_CARD;
  }
  fake.transactions += code == SCARD_S_SUCCESS;
  return code;
}

static LONG fake_end(SCARDHANDLE card, DWORD disposition) {
  (void)card;
  CU_ASSERT_EQUAL(disposition, SCARD_LEAVE_CARD);
  fake.transactions--;
  return call("end");
}

static LONG fake_status(SCARDHANDLE card, LPSTR name, LPDWORD name_length, LPDWORD state, LPDWORD protocol, LPBYTE atr,
                        LPDWORD atr_length) {
  LONG code = call("status");
  (void)card;
  (void)name;
  (void)name_length;
  (void)state;
  (void)protocol;
  CU_ASSERT_FATAL(*atr_length >= 2);
  atr[0] = 0x3B;
  atr[1] = 0x00;
  *atr_length = 2;
  return code;
}

static LONG fake_transmit(SCARDHANDLE card, const SCARD_IO_REQUEST *pci, LPCBYTE command, DWORD length,
                          SCARD_IO_REQUEST *received, LPBYTE response, LPDWORD response_length) {
  LONG code = call("transmit");
  (void)card;
  CU_ASSERT_PTR_NULL(received);
  fake.pci = pci;
  fake.sent_length = length;
  memcpy(fake.sent, command, length < sizeof fake.sent ? length : sizeof fake.sent);
  if (code != SCARD_S_SUCCESS)
    return code;
  if (*response_length >= 2) {
    response[0] = 0x90;
    response[1] = 0x00;
  }
  *response_length = fake.answer_length;
  return code;
}

static const psd_pcsc table = {
    .establish_context = fake_establish,
    .release_context = fake_release,
    .list_readers = fake_list,
    .get_status_change = fake_change,
    .connect = fake_connect,
    .reconnect = fake_reconnect,
    .disconnect = fake_disconnect,
    .begin_transaction = fake_begin,
    .end_transaction = fake_end,
    .status = fake_status,
    .transmit = fake_transmit,
};

static psd_error error;

static psd_result open_reader(const char *name, unsigned wait_ms, psd_transport **transport) {
  error = (psd_error){.result = PSD_OK};
  psd_result result = psd_pcsc_transport(&table, name, wait_ms, transport, &error);
  CU_ASSERT_EQUAL(result == PSD_OK, *transport != NULL);
  CU_ASSERT_EQUAL(result == PSD_OK, error.words[0] == '\0');
  return result;
}

static void nothing_open(void) {
  CU_ASSERT_EQUAL(fake.contexts, 0);
  CU_ASSERT_EQUAL(fake.cards, 0);
}

static psd_transport *open_connected(void) {
  psd_transport *transport = NULL;
  CU_ASSERT_EQUAL_FATAL(open_reader(NULL, 0, &transport), PSD_OK);
  CU_ASSERT_EQUAL_FATAL(psd_transport_connect(transport, &error), PSD_OK);
  return transport;
}

static void which_reader(void) {
  psd_transport *transport = NULL;
  begin();
  CU_ASSERT_EQUAL_FATAL(open_reader(NULL, 0, &transport), PSD_OK);
  CU_ASSERT_STRING_EQUAL(psd_transport_name(transport), "Beta 00");
  psd_transport_close(transport);
  fake.present[2] = true;
  CU_ASSERT_EQUAL_FATAL(open_reader("amma", 0, &transport), PSD_OK);
  CU_ASSERT_STRING_EQUAL(psd_transport_name(transport), "Gamma 00");
  psd_transport_close(transport);
  CU_ASSERT_EQUAL_FATAL(open_reader("a 00", 0, &transport), PSD_OK); /* the first of them with a card */
  CU_ASSERT_STRING_EQUAL(psd_transport_name(transport), "Beta 00");
  psd_transport_close(transport);
  nothing_open();
}

static void nothing_there(void) {
  psd_transport *transport = NULL;
  begin();
  CU_ASSERT_EQUAL(open_reader("Alpha", 0, &transport), PSD_NO_CARD);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.words, "Alpha 00"));
  CU_ASSERT_EQUAL(open_reader("Delta", 0, &transport), PSD_NO_READER);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.words, "Delta"));
  fake.present[1] = false;
  CU_ASSERT_EQUAL(open_reader(NULL, 0, &transport), PSD_NO_CARD);
  fake.names = "";
  CU_ASSERT_EQUAL(open_reader(NULL, 0, &transport), PSD_NO_READER);
  fake.fail_name = "establish";
  fake.code = (LONG)SCARD_E_NO_SERVICE;
  CU_ASSERT_EQUAL(open_reader(NULL, 0, &transport), PSD_NO_SERVICE);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.words, "pcscd is not running: start it with"));
  fake.code = (LONG)SCARD_W_SECURITY_VIOLATION;
  CU_ASSERT_EQUAL(open_reader(NULL, 0, &transport), PSD_DENIED);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.words, "polkit"));
  nothing_open();
}

static void card_comes(void) {
  fake.present[0] = true;
  fake.event = NULL;
}

static void reader_comes(void) {
  fake.names = "Alpha 00\0";
  fake.event = card_comes;
}

/* The wait ends with the event, not with the time. */
static void waiting(void) {
  psd_transport *transport = NULL;
  begin();
  fake.names = "";
  fake.present[1] = false;
  fake.event = reader_comes;
  CU_ASSERT_EQUAL_FATAL(open_reader(NULL, 3600000, &transport), PSD_OK);
  CU_ASSERT_STRING_EQUAL(psd_transport_name(transport), "Alpha 00");
  CU_ASSERT_FATAL(fake.waited > 3500000 && fake.waited <= 3600000);
  psd_transport_close(transport);
  fake.present[0] = false;
  CU_ASSERT_EQUAL(open_reader(NULL, 3600000, &transport), PSD_NO_CARD); /* the fake lets the time run out at once */
  nothing_open();
}

static void talking(void) {
  begin();
  psd_transport *transport = open_connected();
  uint8_t atr[PSD_ATR_MAX], response[8];
  size_t length = 0;
  CU_ASSERT_EQUAL(psd_transport_atr(transport, atr, &length, &error), PSD_OK);
  psd_check_bytes(atr, length, "3B00", "answer to reset");
  CU_ASSERT_FALSE(psd_transport_short_only(transport));
  CU_ASSERT_EQUAL(psd_transport_begin(transport, &error), PSD_OK);
  CU_ASSERT_EQUAL(fake.transactions, 1);
  CU_ASSERT_EQUAL(psd_transport_transmit(transport, (const uint8_t *)"\0\xCA\xDF\x20", 5, response, 8, &length, &error),
                  PSD_OK);
  CU_ASSERT_PTR_EQUAL(fake.pci, SCARD_PCI_T1);
  psd_check_bytes(fake.sent, fake.sent_length, "00CADF2000", "command");
  psd_check_bytes(response, length, "9000", "answer");
  CU_ASSERT_EQUAL(psd_transport_end(transport, &error), PSD_OK);
  CU_ASSERT_EQUAL(fake.transactions, 0);
  CU_ASSERT_EQUAL(psd_transport_reset(transport, &error), PSD_OK);
  CU_ASSERT_EQUAL(fake.disposition, SCARD_RESET_CARD);
  CU_ASSERT_EQUAL(psd_transport_connect(transport, &error), PSD_OK);
  CU_ASSERT_EQUAL(fake.disposition, SCARD_LEAVE_CARD);
  psd_transport_close(transport);
  nothing_open();
}

/* ISO/IEC 7816-3:2006, 12.2: what T=0 makes of a command. */
static void t0(void) {
  static const char *const commands[][2] = {{"00A40000", "00A4000000"},       {"00CADF2008", "00CADF2008"},
                                            {"00DADF310141", "00DADF310141"}, {"00A40400023F0000", "00A40400023F00"},
                                            {"00CADF20000000", NULL},         {"00DADF31000001AA", NULL},
                                            {"00DADF3102AA", NULL},           {"00DADF3101AA00BB", NULL}};
  begin();
  fake.protocol = SCARD_PROTOCOL_T0;
  psd_transport *transport = open_connected();
  CU_ASSERT_TRUE(psd_transport_short_only(transport));
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    uint8_t command[16], response[8];
    size_t length = psd_check_hex(commands[i][0], command, sizeof command);
    size_t answered = 0;
    fake.sent_length = 0;
    psd_result result = psd_transport_transmit(transport, command, length, response, 8, &answered, &error);
    CU_ASSERT_EQUAL(result, commands[i][1] != NULL ? PSD_OK : PSD_BAD_INPUT);
    psd_check_bytes(fake.sent, fake.sent_length, commands[i][1] != NULL ? commands[i][1] : "", "TPDU");
    CU_ASSERT_PTR_EQUAL(fake.pci, SCARD_PCI_T0);
  }
  psd_transport_close(transport);
  nothing_open();
}

/* pcsc-lite reports success with another protocol than asked. */
static void protocols(void) {
  psd_transport *transport = NULL;
  begin();
  fake.protocol = 0;
  CU_ASSERT_EQUAL_FATAL(open_reader(NULL, 0, &transport), PSD_OK);
  CU_ASSERT_EQUAL(psd_transport_connect(transport, &error), PSD_NO_CARD);
  psd_transport_close(transport);
  nothing_open();
  fake.protocol = SCARD_PROTOCOL_RAW;
  transport = open_connected();
  uint8_t response[8];
  size_t length;
  CU_ASSERT_EQUAL(psd_transport_transmit(transport, (const uint8_t *)"\0\0\0", 4, response, 8, &length, &error),
                  PSD_OK);
  CU_ASSERT_PTR_EQUAL(fake.pci, SCARD_PCI_RAW);
  psd_transport_close(transport);
}

/* Another program reset the card: a transaction begins all the same, but what was under way must begin again. */
static void resets(void) {
  begin();
  psd_transport *transport = open_connected();
  uint8_t response[8];
  size_t length;
  fake.resets = 1;
  CU_ASSERT_EQUAL(psd_transport_begin(transport, &error), PSD_RESET);
  CU_ASSERT_EQUAL(psd_transport_begin(transport, &error), PSD_OK);
  CU_ASSERT_EQUAL(fake.reconnects, 1);
  fake.fail_name = "transmit";
  fake.code = (LONG)SCARD_W_RESET_CARD;
  CU_ASSERT_EQUAL(psd_transport_transmit(transport, (const uint8_t *)"\0\0\0", 4, response, 8, &length, &error),
                  PSD_RESET);
  CU_ASSERT_EQUAL(fake.reconnects, 2);
  CU_ASSERT_EQUAL(fake.disposition, SCARD_LEAVE_CARD);
  fake.fail_name = NULL;
  CU_ASSERT_EQUAL(psd_transport_transmit(transport, (const uint8_t *)"\0\0\0", 4, response, 8, &length, &error),
                  PSD_OK);
  psd_transport_close(transport);
  nothing_open();
}

/* A conversation takes a reset before a transaction as it comes, but not for ever. */
static void resets_before_transactions(void) {
  psd_host *host = NULL;
  begin();
  CU_ASSERT_EQUAL_FATAL(psd_host_open(open_connected(), &host, &error), PSD_OK);
  fake.resets = 3;
  CU_ASSERT_EQUAL(psd_host_begin(host), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_end(host, PSD_OK), PSD_OK);
  fake.resets = 1000;
  CU_ASSERT_EQUAL(psd_host_begin(host), PSD_RESET);
  CU_ASSERT_FATAL(fake.resets > 900);
  psd_host_close(host);
  nothing_open();
}

static void long_answers(void) {
  begin();
  psd_transport *transport = open_connected();
  uint8_t response[8];
  size_t length;
  static const DWORD wrong[] = {0, 1, 9, 70000};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    fake.answer_length = wrong[i];
    CU_ASSERT_EQUAL(psd_transport_transmit(transport, (const uint8_t *)"\0\0\0", 4, response, 8, &length, &error),
                    PSD_BAD_ANSWER);
  }
  psd_transport_close(transport);
}

static void not_connected(void) {
  psd_transport *transport = NULL;
  uint8_t bytes[PSD_ATR_MAX];
  size_t length;
  begin();
  CU_ASSERT_EQUAL_FATAL(open_reader(NULL, 0, &transport), PSD_OK);
  CU_ASSERT_EQUAL(psd_transport_atr(transport, bytes, &length, &error), PSD_LOST);
  CU_ASSERT_EQUAL(psd_transport_reset(transport, &error), PSD_LOST);
  CU_ASSERT_EQUAL(psd_transport_begin(transport, &error), PSD_LOST);
  CU_ASSERT_EQUAL(psd_transport_end(transport, &error), PSD_LOST);
  CU_ASSERT_EQUAL(psd_transport_transmit(transport, bytes, 4, bytes, 8, &length, &error), PSD_LOST);
  psd_transport_close(transport);
  nothing_open();
}

/* A whole conversation; returns its result. */
static psd_result converse(void) {
  psd_transport *transport = NULL;
  psd_host *host = NULL;
  psd_result result = psd_pcsc_transport(&table, NULL, 1000, &transport, &error);
  if (result == PSD_OK)
    result = psd_host_open(transport, &host, &error);
  if (result != PSD_OK)
    return result;
  result = psd_host_begin(host);
  if (result == PSD_OK)
    result = psd_host_end(host, psd_host_command(host, PSD_COMMAND_GET_DATA, 0xDF, 0x20, NULL, 0, 256, NULL));
  error = *psd_host_error(host);
  psd_host_close(host);
  return result;
}

/* Each call fails in turn with each code: there is always a reason in words, nothing stays open, nothing crashes. */
static void every_call_fails(void) {
  static const LONG codes[] = {
      (LONG)SCARD_E_NO_SERVICE,        (LONG)SCARD_E_SERVICE_STOPPED,   (LONG)SCARD_E_INVALID_HANDLE,
      (LONG)SCARD_W_RESET_CARD,        (LONG)SCARD_W_REMOVED_CARD,      (LONG)SCARD_W_UNPOWERED_CARD,
      (LONG)SCARD_W_UNRESPONSIVE_CARD, (LONG)SCARD_E_SHARING_VIOLATION, (LONG)SCARD_E_READER_UNAVAILABLE,
      (LONG)SCARD_E_NO_SMARTCARD,      (LONG)SCARD_E_PROTO_MISMATCH,    (LONG)SCARD_F_COMM_ERROR,
      (LONG)SCARD_E_TIMEOUT,           (LONG)SCARD_E_NO_MEMORY,         (LONG)SCARD_E_INSUFFICIENT_BUFFER,
      (LONG)SCARD_W_UNSUPPORTED_CARD,  (LONG)SCARD_E_UNKNOWN_READER,    (LONG)SCARD_E_NO_ACCESS};
  begin();
  CU_ASSERT_EQUAL_FATAL(converse(), PSD_OK);
  unsigned calls = fake.calls;
  CU_ASSERT_FATAL(calls >= 8);
  unsigned failed = 0;
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    for (unsigned at = 1; at <= calls; at++) {
      begin();
      fake.fail_at = at;
      fake.code = codes[i];
      error.words[0] = '\0';
      psd_result result = converse();
      if (result != PSD_OK)
        CU_ASSERT_NOT_EQUAL(error.words[0], '\0');
      failed += result != PSD_OK;
      nothing_open();
    }
  }
  /* All but a reset before a transaction and what fails when leaving are noticed. */
  CU_ASSERT_FATAL(failed > (calls - 4) * (sizeof codes / sizeof codes[0]));
}

static void list(void) {
  psd_reader_info *readers = NULL;
  size_t count = 0;
  begin();
  fake.extra_state = SCARD_STATE_EXCLUSIVE | SCARD_STATE_MUTE;
  CU_ASSERT_EQUAL_FATAL(psd_pcsc_list(&table, &readers, &count, &error), PSD_OK);
  CU_ASSERT_EQUAL_FATAL(count, 3);
  CU_ASSERT_STRING_EQUAL(readers[2].name, "Gamma 00");
  CU_ASSERT_FALSE(readers[0].present);
  CU_ASSERT_TRUE(readers[1].present && readers[1].in_use && readers[1].mute);
  psd_check_bytes(readers[1].atr, readers[1].atr_length, "3B00", "answer to reset");
  psd_reader_list_free(readers, count);
  fake.names = "";
  CU_ASSERT_EQUAL_FATAL(psd_pcsc_list(&table, &readers, &count, &error), PSD_OK);
  CU_ASSERT_EQUAL(count, 0);
  psd_reader_list_free(readers, count);
  for (unsigned at = 1; at <= 3; at++) {
    begin();
    fake.fail_at = at;
    fake.code = (LONG)SCARD_E_NO_SERVICE;
    CU_ASSERT_EQUAL(psd_pcsc_list(&table, &readers, &count, &error), PSD_NO_SERVICE);
    CU_ASSERT_PTR_NULL(readers);
    CU_ASSERT_EQUAL(count, 0);
  }
  nothing_open();
}

/* More readers than pcsc-lite can have are cut off, not run over. */
static void many_readers(void) {
  static char names[40 * 4 + 1];
  psd_reader_info *readers = NULL;
  size_t count = 0;
  begin();
  for (size_t i = 0; i < 40; i++)
    memcpy(names + 4 * i, "abc", 4);
  names[160] = '\0';
  fake.names = names;
  fake.present[1] = false;
  CU_ASSERT_EQUAL_FATAL(psd_pcsc_list(&table, &readers, &count, &error), PSD_OK);
  CU_ASSERT_EQUAL(count, 16);
  psd_reader_list_free(readers, count);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"which reader is taken", which_reader},
      {"no service, no reader, no card", nothing_there},
      {"waiting for a reader and a card", waiting},
      {"commands, transactions, resets", talking},
      {"T=0", t0},
      {"the protocol in use is checked", protocols},
      {"a card that others reset", resets},
      {"resets before transactions", resets_before_transactions},
      {"answers of impossible length", long_answers},
      {"calls before connecting", not_connected},
      {"every call fails in turn", every_call_fails},
      {"the list of readers", list},
      {"too many readers", many_readers},
  };
  return psd_check_run("reader: PC/SC", tests, PSD_CHECK_COUNT(tests));
}
