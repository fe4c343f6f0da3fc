/* The command APDU as ISO/IEC 7816-4:2005, 5.1 frames it, and the class byte as 5.1.1 codes it. */
#ifndef PSD_SPEC_APDU_H
#define PSD_SPEC_APDU_H

#include "psd/spec/commands.h"

/* Bytes of the longest command there can be: header, extended Lc, 65535 bytes, extended Le. */
#define PSD_APDU_MAX (4U + 3U + 65535U + 2U)

/* Ne when Le is all zeroes, "all there is": in short and in extended form. */
#define PSD_NE_SHORT 256U
#define PSD_NE_ALL 65536U

typedef struct psd_apdu {
  uint8_t cla, ins, p1, p2;
  const uint8_t *data; /* nc bytes inside the command; NULL when nc is 0 */
  size_t nc;           /* bytes of data */
  size_t ne;           /* most bytes of answer wanted; 0 when there is no Le */
  bool extended;       /* Lc and Le in extended form */
} psd_apdu;

/* Takes a command apart. False when its length contradicts its Lc (status word 6700). */
bool psd_parse_apdu(const uint8_t *command, size_t length, psd_apdu *apdu);

/* Appends a command, in short form where that is enough. ne 0 means no Le. */
void psd_put_apdu(psd_buffer *buffer, const psd_apdu *apdu);

/* How a class byte asks for secure messaging (5.1.1, table 2). */
typedef enum psd_cla_sm {
  PSD_SM_NONE,
  PSD_SM_PROPRIETARY, /* GlobalPlatform's way */
  PSD_SM_ISO,         /* clause 6, header in clear or authenticated */
} psd_cla_sm;

typedef struct psd_cla {
  bool valid; /* a class this coding knows; FF and the reserved values are not */
  psd_class class;
  uint8_t channel; /* 0 to 19 */
  bool chained;    /* not the last command of a chain */
  psd_cla_sm sm;
} psd_cla;

/* 00-1F and 40-7F are interindustry; 80-9F and C0-FE are proprietary and coded alike. */
psd_cla psd_decode_cla(uint8_t cla);

#endif
