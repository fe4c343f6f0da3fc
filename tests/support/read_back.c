#include "read_back.h"

#include "verify/decode.h"

#include <dmtx.h>
#include <stdio.h>
#include <string.h>

#define LONGEST_MS 10000

static void take(psd_read_back *found, const uint8_t *bytes, size_t length, const char *symbology) {
  found->count++;
  found->length = length;
  memcpy(found->bytes, bytes, length < sizeof found->bytes ? length : sizeof found->bytes);
  (void)snprintf(found->symbology, sizeof found->symbology, "%s", symbology);
}

static void on_symbol(void *user, const uint8_t *bytes, size_t length, const char *symbology) {
  take(user, bytes, length, symbology);
}

bool psd_read_zxing(const psd_scan *scan, psd_read_back *found) {
  memset(found, 0, sizeof *found);
  return psd_decode_picture(scan->grey, scan->width, scan->height, scan->width, on_symbol, found);
}

bool psd_read_dmtx(const psd_scan *scan, psd_read_back *found) {
  memset(found, 0, sizeof *found);
  DmtxImage *image = dmtxImageCreate(scan->grey, (int)scan->width, (int)scan->height, DmtxPack8bppK);
  DmtxDecode *decode = dmtxDecodeCreate(image, 1);
  DmtxTime until = dmtxTimeAdd(dmtxTimeNow(), LONGEST_MS);
  DmtxRegion *region;
  while (found->count == 0 && (region = dmtxRegionFindNext(decode, &until)) != NULL) {
    DmtxMessage *message = dmtxDecodeMatrixRegion(decode, region, DmtxUndefined);
    if (message != NULL)
      take(found, message->output, (size_t)message->outputIdx, "DataMatrix");
    (void)dmtxMessageDestroy(&message);
    (void)dmtxRegionDestroy(&region);
  }
  (void)dmtxDecodeDestroy(&decode);
  (void)dmtxImageDestroy(&image);
  return found->count == 1;
}
