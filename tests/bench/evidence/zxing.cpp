#include "zxing.h"

#define ZX_USE_UTF8 1
#include <ZXing/ReadBarcode.h>

#include <algorithm>
#include <exception>

extern "C" bool zxing_once(const psd_scan *scan, psd_read_back *found) {
  *found = {};
  try {
    const ZXing::ImageView view(scan->grey, static_cast<int>(scan->width), static_cast<int>(scan->height),
                                ZXing::ImageFormat::Lum);
    ZXing::DecodeHints hints;
    hints.setFormats(ZXing::BarcodeFormat::DataMatrix | ZXing::BarcodeFormat::PDF417);
    for (const ZXing::Result &result : ZXing::ReadBarcodes(view, hints)) {
      if (!result.isValid())
        continue;
      found->count++;
      found->length = std::min<size_t>(result.bytes().size(), sizeof found->bytes);
      std::copy_n(result.bytes().begin(), found->length, found->bytes);
    }
    return true;
  } catch (const std::exception &) {
    return false;
  }
}
