/* The IFD handler: puts cards into pcscd with neither a virtual reader nor TCP. Version 3 of the interface that
 * pcsc-lite's ifdhandler.h describes; pcscd's DEVICENAME is a folder of state files, or one state file.
 *
 * pcscd may call from several threads at once: one for each slot that waits for changes, one for each client. */
#include <debuglog.h>
#include <errno.h>
#include <ifdhandler.h>
#include <limits.h>
#include <pthread.h>
#include <reader.h>
#include <string.h>

#include "crypto/crypto.h"
#include "emulator/ifd_slot.h"

#define READERS_MAX 16U

/* What stands behind one DEVICENAME. */
typedef struct reader {
  psd_ifd_folder *folder; /* NULL: not in use */
  unsigned open;          /* slots */
  psd_ifd_slot *slots[PSD_IFD_SLOTS_MOST];
} reader;

static reader readers[READERS_MAX];
static pthread_mutex_t readers_lock = PTHREAD_MUTEX_INITIALIZER;

/* A Lun is the reader's number in its upper, the slot's in its lower 16 bits. */
static psd_ifd_slot **place_of(DWORD Lun, reader **at) {
  DWORD number = Lun >> 16;
  DWORD slot = Lun & 0xFFFFU;
  if (number >= READERS_MAX || slot >= PSD_IFD_SLOTS_MOST)
    return NULL;
  *at = &readers[number];
  return &readers[number].slots[slot];
}

/* pcscd opens and closes a slot while it calls nothing else for it. */
static psd_ifd_slot *slot_of(DWORD Lun) {
  reader *at = NULL;
  (void)pthread_mutex_lock(&readers_lock);
  psd_ifd_slot **place = place_of(Lun, &at);
  psd_ifd_slot *slot = place != NULL ? *place : NULL;
  (void)pthread_mutex_unlock(&readers_lock);
  return slot;
}

/* Lets go of a folder that has no open slot. */
static void tidy(reader *at) {
  if (at->open > 0)
    return;
  psd_ifd_folder_close(at->folder);
  at->folder = NULL;
}

static bool open_slot(DWORD Lun, const char *device) {
  reader *at = NULL;
  psd_ifd_slot **place = place_of(Lun, &at);
  errno = EINVAL;
  if (place == NULL || *place != NULL)
    return false;
  if (at->folder == NULL)
    at->folder = psd_ifd_folder_open(device);
  if (at->folder != NULL)
    *place = psd_ifd_slot_open(at->folder, (unsigned)(Lun & 0xFFFFU));
  int reason = errno;
  if (*place != NULL)
    at->open++;
  else
    tidy(at);
  errno = reason;
  return *place != NULL;
}

RESPONSECODE IFDHCreateChannelByName(DWORD Lun, LPSTR DeviceName) {
  (void)pthread_mutex_lock(&readers_lock);
  bool opened = open_slot(Lun, DeviceName);
  int reason = errno;
  (void)pthread_mutex_unlock(&readers_lock);
  if (opened)
    return IFD_SUCCESS;
  log_msg(PCSC_LOG_ERROR, "psd: %s: cannot be watched for cards: %s: make the folder, or correct DEVICENAME",
          DeviceName, strerror(reason));
  return IFD_COMMUNICATION_ERROR;
}

RESPONSECODE IFDHCreateChannel(DWORD Lun, DWORD Channel) {
  (void)Lun;
  (void)Channel;
  log_msg(PCSC_LOG_ERROR, "psd: no DEVICENAME in the reader's configuration: name the folder of the cards");
  return IFD_COMMUNICATION_ERROR;
}

RESPONSECODE IFDHCloseChannel(DWORD Lun) {
  reader *at = NULL;
  (void)pthread_mutex_lock(&readers_lock);
  psd_ifd_slot **place = place_of(Lun, &at);
  bool open = place != NULL && *place != NULL;
  if (open) {
    psd_ifd_slot_close(*place);
    *place = NULL;
    at->open--;
    tidy(at);
  }
  (void)pthread_mutex_unlock(&readers_lock);
  return open ? IFD_SUCCESS : IFD_COMMUNICATION_ERROR;
}

/* pcscd's thread for the slot waits here. */
static RESPONSECODE wait_for_change(DWORD Lun, int timeout_ms) {
  psd_ifd_slot *slot = slot_of(Lun);
  if (slot == NULL)
    return IFD_COMMUNICATION_ERROR;
  psd_ifd_watch_wait(psd_ifd_slot_watch(slot), timeout_ms);
  return IFD_SUCCESS;
}

static RESPONSECODE stop_waiting(DWORD Lun) {
  psd_ifd_slot *slot = slot_of(Lun);
  if (slot == NULL)
    return IFD_COMMUNICATION_ERROR;
  psd_ifd_watch_wake(psd_ifd_slot_watch(slot));
  return IFD_SUCCESS;
}

static RESPONSECODE tell(PDWORD Length, PUCHAR Value, const void *value, size_t size) {
  if (*Length < size)
    return IFD_ERROR_INSUFFICIENT_BUFFER;
  if (size > 0)
    memcpy(Value, value, size);
  *Length = size;
  return IFD_SUCCESS;
}

static RESPONSECODE tell_byte(PDWORD Length, PUCHAR Value, unsigned value) {
  uint8_t byte = (uint8_t)value;
  return tell(Length, Value, &byte, sizeof byte);
}

static unsigned slots_of(DWORD Lun) {
  reader *at = NULL;
  (void)pthread_mutex_lock(&readers_lock);
  bool known = place_of(Lun, &at) != NULL && at->folder != NULL;
  unsigned slots = known ? psd_ifd_folder_slots(at->folder) : 0;
  (void)pthread_mutex_unlock(&readers_lock);
  return slots;
}

static RESPONSECODE tell_atr(DWORD Lun, PDWORD Length, PUCHAR Value) {
  uint8_t atr[PSD_CARD_ATR_MAX];
  psd_ifd_slot *slot = slot_of(Lun);
  if (slot == NULL)
    return IFD_COMMUNICATION_ERROR;
  return tell(Length, Value, atr, psd_ifd_slot_atr(slot, atr));
}

RESPONSECODE IFDHGetCapabilities(DWORD Lun, DWORD Tag, PDWORD Length, PUCHAR Value) {
  RESPONSECODE (*waiting)(DWORD, int) = wait_for_change;
  RESPONSECODE (*stopping)(DWORD) = stop_waiting;
  switch (Tag) {
  case TAG_IFD_ATR:
  case SCARD_ATTR_ATR_STRING:
    return tell_atr(Lun, Length, Value);
  case TAG_IFD_SIMULTANEOUS_ACCESS:
    return tell_byte(Length, Value, READERS_MAX);
  case TAG_IFD_THREAD_SAFE:
  case TAG_IFD_SLOT_THREAD_SAFE:
    return tell_byte(Length, Value, 1);
  case TAG_IFD_SLOTS_NUMBER:
    return tell_byte(Length, Value, slots_of(Lun));
  case TAG_IFD_POLLING_THREAD_WITH_TIMEOUT:
    return tell(Length, Value, &waiting, sizeof waiting);
  case TAG_IFD_STOP_POLLING_THREAD:
    return tell(Length, Value, &stopping, sizeof stopping);
  case TAG_IFD_POLLING_THREAD_KILLABLE:
    return tell_byte(Length, Value, 0);
  default:
    return IFD_ERROR_TAG;
  }
}

// NOLINTNEXTLINE(readability-non-const-parameter): the interface says so
RESPONSECODE IFDHSetCapabilities(DWORD Lun, DWORD Tag, DWORD Length, PUCHAR Value) {
  (void)Lun;
  (void)Tag;
  (void)Length;
  (void)Value;
  return IFD_ERROR_VALUE_READ_ONLY;
}

/* Nothing to negotiate: commands and answers pass whole. */
RESPONSECODE IFDHSetProtocolParameters(DWORD Lun, DWORD Protocol, UCHAR Flags, UCHAR PTS1, UCHAR PTS2, UCHAR PTS3) {
  (void)Lun;
  (void)Flags;
  (void)PTS1;
  (void)PTS2;
  (void)PTS3;
  bool known = Protocol == SCARD_PROTOCOL_T0 || Protocol == SCARD_PROTOCOL_T1;
  return known ? IFD_SUCCESS : IFD_PROTOCOL_NOT_SUPPORTED;
}

static bool power_of(DWORD Action, psd_ifd_power *what) {
  switch (Action) {
  case IFD_POWER_UP:
    *what = PSD_IFD_POWER_ON;
    return true;
  case IFD_POWER_DOWN:
    *what = PSD_IFD_POWER_OFF;
    return true;
  case IFD_RESET:
    *what = PSD_IFD_RESET;
    return true;
  default:
    return false;
  }
}

/* pcscd passes no room for an answer to reset when it powers the card down. */
RESPONSECODE IFDHPowerICC(DWORD Lun, DWORD Action, PUCHAR Atr, PDWORD AtrLength) {
  uint8_t atr[PSD_CARD_ATR_MAX];
  size_t length = 0;
  psd_ifd_power what = PSD_IFD_POWER_OFF;
  psd_ifd_slot *slot = slot_of(Lun);
  DWORD capacity = AtrLength != NULL ? *AtrLength : 0;
  if (AtrLength != NULL)
    *AtrLength = 0;
  if (slot == NULL)
    return IFD_COMMUNICATION_ERROR;
  if (!power_of(Action, &what))
    return IFD_NOT_SUPPORTED;
  if (!psd_ifd_slot_power(slot, what, atr, &length))
    return IFD_ERROR_POWER_ACTION;
  if (length == 0 || AtrLength == NULL || Atr == NULL)
    return IFD_SUCCESS;
  if (capacity < length)
    return IFD_ERROR_INSUFFICIENT_BUFFER;
  *AtrLength = capacity;
  return tell(AtrLength, Atr, atr, length);
}

RESPONSECODE IFDHTransmitToICC(DWORD Lun, SCARD_IO_HEADER SendPci, PUCHAR TxBuffer, DWORD TxLength, PUCHAR RxBuffer,
                               PDWORD RxLength, PSCARD_IO_HEADER RecvPci) {
  uint8_t response[PSD_CARD_RESPONSE_MAX];
  psd_ifd_slot *slot = slot_of(Lun);
  DWORD capacity = *RxLength;
  *RxLength = 0;
  if (slot == NULL)
    return IFD_COMMUNICATION_ERROR;
  size_t length = psd_ifd_slot_transmit(slot, TxBuffer, TxLength, response);
  if (length == 0)
    return IFD_ICC_NOT_PRESENT;
  if (RecvPci != NULL)
    RecvPci->Protocol = SendPci.Protocol;
  RESPONSECODE result = IFD_ERROR_INSUFFICIENT_BUFFER;
  if (length <= capacity) {
    memcpy(RxBuffer, response, length);
    *RxLength = length;
    result = IFD_SUCCESS;
  }
  psd_wipe(response, length);
  return result;
}

RESPONSECODE IFDHICCPresence(DWORD Lun) {
  psd_ifd_slot *slot = slot_of(Lun);
  if (slot == NULL)
    return IFD_COMMUNICATION_ERROR;
  return psd_ifd_slot_present(slot) ? IFD_ICC_PRESENT : IFD_ICC_NOT_PRESENT;
}

/* The reader's one feature (PC/SC Part 10, GET_FEATURE_REQUEST and GET_TLV_PROPERTIES): it tells that commands may be
 * extended, and how long. */
#define CONTROL_PROPERTIES SCARD_CTL_CODE(3401)

// NOLINTNEXTLINE(readability-non-const-parameter): the interface says so
RESPONSECODE IFDHControl(DWORD Lun, DWORD dwControlCode, PUCHAR TxBuffer, DWORD TxLength, PUCHAR RxBuffer,
                         DWORD RxLength, LPDWORD pdwBytesReturned) {
  static const uint8_t features[] = {FEATURE_GET_TLV_PROPERTIES,
                                     4,
                                     (uint8_t)(CONTROL_PROPERTIES >> 24 & 0xFF),
                                     (uint8_t)(CONTROL_PROPERTIES >> 16 & 0xFF),
                                     (uint8_t)(CONTROL_PROPERTIES >> 8 & 0xFF),
                                     (uint8_t)(CONTROL_PROPERTIES & 0xFF)};
  /* dwMaxAPDUDataSize, least significant byte first: 65536. */
  static const uint8_t properties[] = {PCSCv2_PART10_PROPERTY_dwMaxAPDUDataSize, 4, 0x00, 0x00, 0x01, 0x00};
  (void)Lun;
  (void)TxBuffer;
  (void)TxLength;
  *pdwBytesReturned = 0;
  if (dwControlCode != CM_IOCTL_GET_FEATURE_REQUEST && dwControlCode != CONTROL_PROPERTIES)
    return IFD_ERROR_NOT_SUPPORTED;
  DWORD room = RxLength;
  RESPONSECODE result = dwControlCode == CONTROL_PROPERTIES ? tell(&room, RxBuffer, properties, sizeof properties)
                                                            : tell(&room, RxBuffer, features, sizeof features);
  if (result == IFD_SUCCESS)
    *pdwBytesReturned = room;
  return result;
}
