// zxing-cpp behind an interface of C. No exception leaves this file.
#include "verify/decode.h"
#include "verify/regions.h"
#include "verify/turn.h"

#define ZX_USE_UTF8 1
#include <ZXing/ReadBarcode.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>
#include <vector>

namespace {

// How many times its own pixels a picture may take.
constexpr uint64_t AREAS_MOST = 8;
// PDF417 is read up to 3 degrees askew, and no further: a picture in which nothing was found is turned by each of
// these. More pixels than an envelope at 600 dots an inch has are not worth the time, nor those of the paper that a
// long strip would need.
constexpr double ASKEW[] = {4, -4, 8, -8, 12, -12};
constexpr uint64_t ASKEW_PIXELS = 16000000, PAPER_PIXELS = 32000000;

ZXing::BarcodeFormats both() {
  return ZXing::BarcodeFormat::DataMatrix | ZXing::BarcodeFormat::PDF417;
}

// White around the page: a symbol at its edge lacks the quiet zone that it is found by.
constexpr unsigned MARGIN = 16;

struct Page {
  std::vector<uint8_t> grey;
  int width, height;
};

Page copy_of(const uint8_t *grey, unsigned width, unsigned height, size_t stride) {
  const size_t across = width + 2U * MARGIN, down = height + 2U * MARGIN;
  Page page{std::vector<uint8_t>(across * down, 0xFF), static_cast<int>(across), static_cast<int>(down)};
  for (size_t row = 0; row < height; row++)
    std::copy_n(grey + row * stride, width,
                page.grey.begin() + static_cast<std::ptrdiff_t>((row + MARGIN) * across + MARGIN));
  return page;
}

// The side of the line from `a` to `b` on which the point lies.
int64_t side_of(const ZXing::PointI &a, const ZXing::PointI &b, int x, int y) {
  return static_cast<int64_t>(b.x - a.x) * (y - a.y) - static_cast<int64_t>(b.y - a.y) * (x - a.x);
}

bool inside(const ZXing::Position &corners, int x, int y) {
  bool left = true, right = true;
  for (size_t i = 0; i < 4; i++) {
    int64_t side = side_of(corners[i], corners[(i + 1) % 4], x, y);
    left = left && side >= 0;
    right = right && side <= 0;
  }
  return left || right;
}

// Paints a symbol over, so that it is not found twice.
void paint_over(Page &page, const ZXing::Position &corners) {
  int left = page.width, right = 0, top = page.height, bottom = 0;
  for (const ZXing::PointI &corner : corners) {
    left = std::min(left, corner.x);
    right = std::max(right, corner.x);
    top = std::min(top, corner.y);
    bottom = std::max(bottom, corner.y);
  }
  for (int y = std::max(top, 0); y <= std::min(bottom, page.height - 1); y++)
    for (int x = std::max(left, 0); x <= std::min(right, page.width - 1); x++)
      if (inside(corners, x, y))
        page.grey[static_cast<size_t>(y) * static_cast<size_t>(page.width) + static_cast<size_t>(x)] = 0xFF;
}

ZXing::DecodeHints hints(ZXing::BarcodeFormats formats) {
  ZXing::DecodeHints wanted;
  wanted.setFormats(formats);
  wanted.setTryHarder(true);
  wanted.setTryRotate(true);
  return wanted;
}

struct Told {
  ZXing::ByteArray bytes;
  ZXing::Position place;
};

struct Search {
  Page &page;
  psd_symbol_found *found;
  void *user;
  std::vector<Told> told;
  size_t places; // where something is printed
};

ZXing::Position moved(const ZXing::Position &corners, const psd_region &region) {
  ZXing::Position there = corners;
  for (ZXing::PointI &corner : there)
    corner = ZXing::PointI(corner.x + static_cast<int>(region.left), corner.y + static_cast<int>(region.top));
  return there;
}

// The square of how far apart two points are.
int64_t apart(const ZXing::PointI &a, const ZXing::PointI &b) {
  const int64_t x = a.x - b.x, y = a.y - b.y;
  return x * x + y * y;
}

ZXing::PointI middle_of(const ZXing::Position &corners) {
  return ZXing::PointI((corners[0].x + corners[1].x + corners[2].x + corners[3].x) / 4,
                       (corners[0].y + corners[1].y + corners[2].y + corners[3].y) / 4);
}

// Painted over or not, what is left of a symbol may be enough to be read again. Further away than it is large there is
// another one with its bytes: a copy.
bool was_told(const Search &search, const ZXing::ByteArray &bytes, const ZXing::Position &place) {
  return std::any_of(search.told.begin(), search.told.end(), [&](const Told &told) {
    const int64_t size = std::max(apart(told.place[0], told.place[2]), apart(place[0], place[2]));
    return told.bytes == bytes && apart(middle_of(told.place), middle_of(place)) <= size;
  });
}

// Looks at one place; true if a symbol was found there that was not told before, which is gone from the page then.
bool find_at(Search &search, const psd_region &region, ZXing::BarcodeFormats formats) {
  const ZXing::ImageView view(search.page.grey.data(), search.page.width, search.page.height, ZXing::ImageFormat::Lum);
  const size_t before = search.told.size();
  const ZXing::Results results =
      ZXing::ReadBarcodes(view.cropped(static_cast<int>(region.left), static_cast<int>(region.top),
                                       static_cast<int>(region.width), static_cast<int>(region.height)),
                          hints(formats));
  for (const ZXing::Result &result : results) {
    if (!result.isValid() || search.told.size() == PSD_SYMBOLS_MOST)
      continue;
    const ZXing::Position place = moved(result.position(), region);
    paint_over(search.page, place);
    if (was_told(search, result.bytes(), place))
      continue;
    search.told.push_back({result.bytes(), place});
    search.found(search.user, result.bytes().data(), result.bytes().size(),
                 result.format() == ZXing::BarcodeFormat::PDF417 ? "PDF417" : "DataMatrix");
  }
  return search.told.size() > before;
}

// Symbols outside the middle of the picture, and what others have hidden. How many pixels are looked at is bounded,
// lest pictures be made that keep the site busy.
bool find_apart(Search &search) {
  psd_regions regions;
  const Page &page = search.page;
  const auto width = static_cast<unsigned>(page.width), height = static_cast<unsigned>(page.height);
  uint64_t left = AREAS_MOST * static_cast<uint64_t>(width) * height;
  if (!psd_regions_find(page.grey.data(), width, height, width, &regions))
    return false;
  search.places = regions.count;
  for (size_t i = 0; i < regions.count; i++) {
    const psd_region &region = regions.list[i];
    uint64_t pixels = static_cast<uint64_t>(region.width) * region.height;
    while (pixels <= left && find_at(search, region, both()))
      left -= pixels;
    left -= std::min(left, pixels);
  }
  return true;
}

// PDF417 symbols that lie askew.
bool find_askew(Search &search) {
  const auto width = static_cast<unsigned>(search.page.width), height = static_cast<unsigned>(search.page.height);
  for (double degrees : ASKEW) {
    unsigned wide, high;
    std::unique_ptr<uint8_t, decltype(&std::free)> turned(
        psd_turn(search.page.grey.data(), width, height, degrees, &wide, &high), std::free);
    if (!turned)
      return false;
    Page page = copy_of(turned.get(), wide, high, wide);
    Search again{page, search.found, search.user, {}, 0};
    if (find_at(again, {0, 0, wide, high}, ZXing::BarcodeFormat::PDF417))
      return true;
  }
  return true;
}

// Turned by a degrees, a picture needs w * h + (w * w + h * h) * sin(a) * cos(a) pixels: here less than a quarter.
bool may_be_turned(const Page &page) {
  const auto width = static_cast<uint64_t>(page.width), height = static_cast<uint64_t>(page.height);
  return width * height <= ASKEW_PIXELS && width * height + (width * width + height * height) / 4 <= PAPER_PIXELS;
}

bool find_all(Page &page, psd_symbol_found *found, void *user) {
  Search search{page, found, user, {}, 0};
  const psd_region whole = {0, 0, static_cast<unsigned>(page.width), static_cast<unsigned>(page.height)};
  while (search.told.size() < PSD_SYMBOLS_MOST && find_at(search, whole, both())) {
  }
  if (!find_apart(search))
    return false;
  return !search.told.empty() || search.places == 0 || !may_be_turned(page) || find_askew(search);
}

} // namespace

extern "C" bool psd_decode_picture(const uint8_t *grey, unsigned width, unsigned height, size_t stride,
                                   psd_symbol_found *found, void *user) {
  if (width == 0 || height == 0 || width > PSD_PICTURE_SIDE || height > PSD_PICTURE_SIDE || stride < width ||
      static_cast<uint64_t>(width) * height > PSD_PICTURE_PIXELS)
    return false;
  try {
    Page page = copy_of(grey, width, height, stride);
    return find_all(page, found, user);
  } catch (const std::exception &) {
    return false;
  }
}
