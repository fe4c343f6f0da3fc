#include "store/pages.h"

#include <string.h>

#include "crypto/crypto.h"

void psd_store_view_start(psd_store_view *view, const psd_nvm *nvm, uint32_t limit) {
  view->nvm = nvm;
  view->limit = limit;
  view->start = 0;
  view->end = 0;
  view->used = 0;
}

void psd_store_view_stop(psd_store_view *view) {
  psd_wipe(view->bytes, view->used);
  view->start = view->end = view->used = 0;
}

const uint8_t *psd_store_view_page(psd_store_view *view, uint32_t address) {
  const psd_nvm *nvm = view->nvm;
  if (address < view->start || address >= view->end) {
    uint32_t left = view->limit - address;
    uint32_t length = left < sizeof view->bytes ? left : (uint32_t)sizeof view->bytes;
    if (view->used < length)
      view->used = length;
    view->start = view->end = address;
    if (!nvm->read(nvm->device, address, view->bytes, length))
      return NULL;
    view->end = address + length;
  }
  return view->bytes + (address - view->start);
}

bool psd_store_reader_take(psd_store_reader *reader, void *out, uint32_t length) {
  uint32_t size = reader->view->nvm->page_size;
  uint8_t *to = out;
  while (length > 0) {
    uint32_t offset = reader->address % size;
    const uint8_t *page = psd_store_view_page(reader->view, reader->address - offset);
    if (page == NULL)
      return false;
    uint32_t some = length < size - offset ? length : size - offset;
    reader->checksum = psd_crc32(reader->checksum, page + offset, some);
    if (to != NULL) {
      memcpy(to, page + offset, some);
      to += some;
    }
    length -= some;
    reader->address = psd_store_advance(reader->view->nvm, reader->address, some);
  }
  return true;
}

void psd_store_writer_start(psd_store_writer *writer, const psd_nvm *nvm, uint32_t address) {
  writer->nvm = nvm;
  writer->address = address;
  writer->fill = 0;
  writer->checksum = 0;
  writer->kind = PSD_STORE_KIND_HEAD;
  writer->failed = false;
}

void psd_store_writer_stop(psd_store_writer *writer) {
  psd_wipe(writer->bytes, sizeof writer->bytes);
}

static void program(psd_store_writer *writer) {
  const psd_nvm *nvm = writer->nvm;
  if (!writer->failed && writer->fill > 0)
    writer->failed = !nvm->program(nvm->device, writer->address, writer->bytes, writer->fill);
  writer->address += writer->fill;
  writer->fill = 0;
}

void psd_store_writer_add(psd_store_writer *writer, const void *data, uint32_t length) {
  uint32_t size = writer->nvm->page_size;
  const uint8_t *from = data;
  while (length > 0) {
    if (writer->fill == sizeof writer->bytes)
      program(writer);
    if (writer->fill % size == 0) {
      writer->bytes[writer->fill++] = (uint8_t)writer->kind;
      writer->kind = PSD_STORE_KIND_BODY;
    }
    uint32_t room = size - writer->fill % size;
    uint32_t some = length < room ? length : room;
    memcpy(writer->bytes + writer->fill, from, some);
    writer->checksum = psd_crc32(writer->checksum, from, some);
    writer->fill += some;
    from += some;
    length -= some;
  }
}

uint32_t psd_store_writer_position(const psd_store_writer *writer) {
  uint32_t next = writer->address + writer->fill;
  return next % writer->nvm->page_size == 0 ? next + 1U : next;
}

bool psd_store_writer_flush(psd_store_writer *writer) {
  uint32_t size = writer->nvm->page_size;
  uint32_t rest = (size - writer->fill % size) % size;
  memset(writer->bytes + writer->fill, 0xFF, rest);
  writer->fill += rest;
  program(writer);
  return !writer->failed;
}
