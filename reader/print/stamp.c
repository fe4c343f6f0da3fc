#include "print/stamp.h"

#include <math.h>

#define SPECIMEN "SPECIMEN"
/* Between symbol and words; more than the quiet zone of any symbol. */
#define GAP 1.5
#define SIZE 2.2
#define PITCH 2.95
#define TITLE_SIZE 2.8
#define TITLE_PITCH 3.5
#define AMOUNT_SIZE 5.0
#define AMOUNT_PITCH 5.3
#define KIND_HEIGHT 3.2
#define TOKEN_SIZE 2.6

static psd_box symbol_box(const psd_stamp *stamp, double x, double y) {
  return (psd_box){x, y, stamp->symbol.columns * stamp->module,
                   stamp->symbol.rows * stamp->symbol.row_height * stamp->module};
}

static bool has(const char *words) {
  return words[0] != '\0';
}

/* Data Matrix: what stands to the right of the symbol. */
static double column_height(const psd_print_words *words) {
  return TITLE_PITCH + AMOUNT_PITCH + PITCH + (has(words->rated) ? PITCH : 0) + (has(words->kind) ? KIND_HEIGHT : 0);
}

/* What stands below: place, PSD and piece, tokens. PDF417 is wide enough for two things in a line. */
static double foot_height(const psd_stamp *stamp) {
  const psd_print_words *words = &stamp->words;
  unsigned lines = stamp->symbology == PSD_SYMBOL_PDF417 ? 2 : 1U + has(words->place) + has(words->tokens);
  return (lines - 1) * PITCH + TOKEN_SIZE;
}

psd_result psd_stamp_make(const psd_print_job *job, double dot, psd_stamp *stamp, psd_error *error) {
  psd_result result = psd_print_words_of(job, &stamp->words, error);
  if (result == PSD_OK)
    result = psd_symbol_make(job->symbology, job->indicium, job->length, &stamp->symbol, error);
  if (result != PSD_OK)
    return result;
  stamp->symbology = job->symbology;
  stamp->module = psd_canvas_module(dot, stamp->symbol.module);
  psd_box symbol = symbol_box(stamp, 0, 0);
  stamp->width = fmax(PSD_STAMP_HEAD_WIDTH, symbol.width);
  stamp->height = (job->symbology == PSD_SYMBOL_PDF417 ? PSD_STAMP_HEAD_HEIGHT + symbol.height
                                                       : fmax(symbol.height, column_height(&stamp->words))) +
                  GAP + foot_height(stamp);
  return PSD_OK;
}

/* White on black, so that nobody takes it for the usual. */
static void draw_kind(psd_canvas *canvas, psd_box box, const char *kind) {
  psd_canvas_bar(canvas, box);
  psd_canvas_text(canvas,
                  (psd_place){.x = box.x + 0.5,
                              .y = box.y + (box.height - SIZE * PSD_CAPITAL) / 2,
                              .width = box.width - 1,
                              .size = SIZE,
                              .align = PSD_ALIGN_MIDDLE,
                              .bold = true,
                              .white = true},
                  kind);
}

static void draw_column(psd_canvas *canvas, const psd_print_words *words, double x, double y, double width) {
  psd_canvas_text(canvas, (psd_place){.x = x, .y = y, .width = width, .size = TITLE_SIZE, .bold = true}, words->title);
  y += TITLE_PITCH;
  psd_canvas_text(canvas, (psd_place){.x = x, .y = y, .width = width, .size = AMOUNT_SIZE, .bold = true},
                  words->amount);
  y += AMOUNT_PITCH;
  psd_canvas_text(canvas, (psd_place){.x = x, .y = y, .width = width, .size = SIZE, .bold = true}, words->date);
  y += PITCH;
  psd_canvas_text(canvas, (psd_place){.x = x, .y = y, .width = width, .size = SIZE}, words->rated);
  y += has(words->rated) ? PITCH : 0;
  if (has(words->kind))
    draw_kind(canvas, (psd_box){x, y, width, KIND_HEIGHT - 0.3}, words->kind);
}

/* PDF417: what stands above the symbol. */
static void draw_head(psd_canvas *canvas, const psd_print_words *words, double x, double y, double width) {
  double half = width / 2 - GAP / 2, right = x + width - half;
  psd_canvas_text(canvas, (psd_place){.x = x, .y = y, .width = half, .size = TITLE_SIZE, .bold = true}, words->title);
  psd_canvas_text(
      canvas,
      (psd_place){.x = right, .y = y, .width = half, .size = AMOUNT_SIZE, .align = PSD_ALIGN_RIGHT, .bold = true},
      words->amount);
  y += TITLE_PITCH;
  psd_canvas_text(canvas, (psd_place){.x = x, .y = y, .width = half, .size = SIZE, .bold = true}, words->date);
  y += PITCH;
  psd_canvas_text(canvas, (psd_place){.x = x, .y = y, .width = half, .size = SIZE}, words->rated);
  if (has(words->kind))
    draw_kind(canvas, (psd_box){right, y - 0.6, half, KIND_HEIGHT - 0.3}, words->kind);
}

static void draw_pair(psd_canvas *canvas, psd_place line, const char *left, const char *right) {
  double all = line.width;
  line.width = all * 0.62;
  psd_canvas_text(canvas, line, left);
  line.x += line.width + all * 0.02;
  line.width = all * 0.36;
  line.align = PSD_ALIGN_RIGHT;
  line.bold = line.may_cut = false;
  line.size = SIZE;
  psd_canvas_text(canvas, line, right);
}

static void draw_foot(psd_canvas *canvas, const psd_stamp *stamp, double x, double y) {
  const psd_print_words *words = &stamp->words;
  psd_place line = {.x = x, .y = y, .width = stamp->width, .size = SIZE, .may_cut = true};
  psd_place tokens = {.x = x, .width = stamp->width, .size = TOKEN_SIZE, .bold = true};
  if (stamp->symbology == PSD_SYMBOL_PDF417) {
    draw_pair(canvas, line, words->place, words->device);
    tokens.y = y + PITCH;
    draw_pair(canvas, tokens, words->tokens, words->piece);
    return;
  }
  psd_canvas_text(canvas, line, words->place);
  line.y += has(words->place) ? PITCH : 0;
  line.may_cut = false;
  draw_pair(canvas, line, words->device, words->piece);
  tokens.y = line.y + PITCH;
  psd_canvas_text(canvas, tokens, words->tokens);
}

/* The symbol with its quiet zone has nothing behind it. */
static void draw_specimen(psd_canvas *canvas, const psd_stamp *stamp, psd_box symbol, psd_box box, double angle) {
  double quiet = stamp->symbol.quiet * stamp->module;
  psd_box spared = {symbol.x - quiet, symbol.y - quiet, symbol.width + 2 * quiet, symbol.height + 2 * quiet};
  psd_canvas_watermark(canvas, box, angle, SPECIMEN, spared);
}

/* Words beside the symbol and below. SPECIMEN goes past the symbol's lower right corner, above the tokens. */
static void draw_data_matrix(psd_canvas *canvas, const psd_stamp *stamp, double x, double y) {
  psd_box symbol = symbol_box(stamp, x, y);
  double left = x + symbol.width + GAP, tokens = has(stamp->words.tokens) ? TOKEN_SIZE : 0;
  psd_box box = {x + 11.5, y + 7.5, stamp->width - 11.5, stamp->height - 7.5 - tokens};
  draw_specimen(canvas, stamp, symbol, box, 0.6);
  draw_column(canvas, &stamp->words, left, y, x + stamp->width - left);
  psd_canvas_symbol(canvas, &stamp->symbol, stamp->module, symbol.x, symbol.y);
}

/* Words above the symbol, with SPECIMEN across, and below. */
static void draw_pdf417(psd_canvas *canvas, const psd_stamp *stamp, double x, double y, bool beside_fim) {
  psd_box symbol = symbol_box(stamp, x, y + PSD_STAMP_HEAD_HEIGHT);
  double width = beside_fim ? PSD_STAMP_HEAD_WIDTH : stamp->width, left = x + stamp->width - width;
  draw_specimen(canvas, stamp, symbol, (psd_box){left, y - 0.5, width, PSD_STAMP_HEAD_HEIGHT}, 0.12);
  draw_head(canvas, &stamp->words, left, y, width);
  psd_canvas_symbol(canvas, &stamp->symbol, stamp->module, symbol.x, symbol.y);
}

void psd_stamp_draw(psd_canvas *canvas, const psd_stamp *stamp, double x, double y, bool beside_fim) {
  if (stamp->symbology == PSD_SYMBOL_PDF417)
    draw_pdf417(canvas, stamp, x, y, beside_fim);
  else
    draw_data_matrix(canvas, stamp, x, y);
  draw_foot(canvas, stamp, x, y + stamp->height - foot_height(stamp));
}
