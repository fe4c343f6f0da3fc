/* SVG and PDF, rendered by programs that nobody here wrote: what they show, and what they say. */
#include "openssl_run.h"
#include "reader_print_support.h"

#include <stdio.h>
#include <string.h>

#define RUN(...) openssl_run("/", (const char *const[]){__VA_ARGS__, NULL})
#define WORDS_MOST 64U

static void svg_shows(const psd_print_job *job, const char *dpi) {
  psd_scan scan;
  print(job, "stamp.svg");
  CU_ASSERT_EQUAL_FATAL(RUN("rsvg-convert", "-d", dpi, "-p", dpi, "-o", in_folder("svg.png"), in_folder("stamp.svg")),
                        0);
  CU_ASSERT_TRUE_FATAL(psd_scan_read(in_folder("svg.png"), &scan));
  zxing_reads(job, &scan);
  psd_scan_free(&scan);
}

static void pdf_shows(const psd_print_job *job, const char *dpi) {
  psd_scan scan;
  print(job, "stamp.pdf");
  CU_ASSERT_EQUAL_FATAL(RUN("pdftoppm", "-r", dpi, "-png", "-singlefile", in_folder("stamp.pdf"), in_folder("pdf")), 0);
  CU_ASSERT_TRUE_FATAL(psd_scan_read(in_folder("pdf.png"), &scan));
  zxing_reads(job, &scan);
  psd_scan_free(&scan);
}

static void read_back(void) {
  static const psd_symbology symbologies[] = {PSD_SYMBOL_DATA_MATRIX, PSD_SYMBOL_PDF417};
  for (size_t i = 0; i < PSD_CHECK_COUNT(symbologies); i++) {
    psd_print_job job = a_job(PSD_PROFILE_P256, symbologies[i], 0);
    job.dpi = 0; /* of no meaning */
    svg_shows(&job, "300");
    pdf_shows(&job, "300");
    job = a_job(PSD_PROFILE_COMPACT, symbologies[i], 200);
    job.envelope = true;
    svg_shows(&job, "300");
    pdf_shows(&job, "300");
  }
}

static size_t read_text(const char *name, char *text, size_t room) {
  FILE *file = fopen(in_folder(name), "r");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  size_t length = fread(text, 1, room - 1, file);
  text[length] = '\0';
  (void)fclose(file);
  return length;
}

/* True size: number 10 is 241.3 x 104.8 mm. */
static void sizes(void) {
  char text[65536];
  psd_print_job job = a_job(PSD_PROFILE_COMPACT, PSD_SYMBOL_DATA_MATRIX, 0);
  job.envelope = true;
  print(&job, "size.svg");
  (void)read_text("size.svg", text, sizeof text);
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "width=\"241.3mm\" height=\"104.8mm\" viewBox=\"0 0 241.3 104.8\""));
  print(&job, "size.pdf");
  psd_scan scan;
  CU_ASSERT_EQUAL_FATAL(RUN("pdftoppm", "-r", "254", "-png", "-singlefile", in_folder("size.pdf"), in_folder("size")),
                        0);
  CU_ASSERT_TRUE_FATAL(psd_scan_read(in_folder("size.png"), &scan));
  CU_ASSERT_EQUAL(scan.width, 2413);
  CU_ASSERT_EQUAL(scan.height, 1048);
  psd_scan_free(&scan);
}

/* What pdftotext reads of the job: each text of `expected` (up to NULL) must be there. */
static void says(const psd_print_job *job, const char *const expected[]) {
  char text[8192];
  print(job, "text.pdf");
  CU_ASSERT_EQUAL_FATAL(RUN("pdftotext", "-layout", in_folder("text.pdf"), in_folder("text.txt")), 0);
  (void)read_text("text.txt", text, sizeof text);
  for (size_t i = 0; expected[i] != NULL; i++) {
    if (strstr(text, expected[i]) == NULL)
      (void)printf("\nno \"%s\" in:\n%s\n", expected[i], text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, expected[i]));
  }
}
#define SAYS(job, ...) says((job), (const char *const[]){__VA_ARGS__, NULL})

static void words(void) {
  psd_print_job job = a_job(PSD_PROFILE_P256, PSD_SYMBOL_DATA_MATRIX, 0);
  SAYS(&job, "US POSTAGE", "$0.73", "NOV 22 2026", "FIRST-CLASS LETTER", "SPRINGFIELD IL 62701", "PS D1 0A0B0C0D",
       "PIECE 123", "V 01234", "P 67890");
  job.symbology = PSD_SYMBOL_PDF417;
  job.head.postage = 1005;
  job.head.postal_digits = 8;
  job.head.postal_token = 7;
  job.head.vendor_digits = 0;
  SAYS(&job, "$1.005", "P 00000007", "NOV 22 2026", "PS D1 0A0B0C0D", "PIECE 123");
  job.envelope = true;
  job.sender = "Zo\xC3\xAB \xC5\x81uka\r\n1 Elm Street";
  job.addressee = "\n\n J\xC3\xBCrgen\tM\xC3\xBCller \n\xCE\x91\xCE\xB8\xCE\xAE\xCE\xBD\xCE\xB1\n";
  SAYS(&job, "Zo\xC3\xAB \xC5\x81uka", "1 Elm Street", "J\xC3\xBCrgen M\xC3\xBCller",
       "\xCE\x91\xCE\xB8\xCE\xAE\xCE\xBD\xCE\xB1", "US POSTAGE");
}

typedef struct word_box {
  double left, top, right, bottom;
  char text[64];
} word_box;

/* Where pdftotext finds each word, points. */
static size_t find_words(double *width, double *height, word_box words[WORDS_MOST]) {
  char line[4096];
  size_t count = 0;
  CU_ASSERT_EQUAL_FATAL(RUN("pdftotext", "-bbox", in_folder("text.pdf"), in_folder("text.html")), 0);
  FILE *file = fopen(in_folder("text.html"), "r");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  while (fgets(line, sizeof line, file) != NULL && count < WORDS_MOST) {
    word_box *word = &words[count];
    (void)sscanf(line, " <page width=\"%lf\" height=\"%lf\">", width, height);
    if (sscanf(line, " <word xMin=\"%lf\" yMin=\"%lf\" xMax=\"%lf\" yMax=\"%lf\">%63[^<]", &word->left, &word->top,
               &word->right, &word->bottom, word->text) == 5)
      count++;
  }
  (void)fclose(file);
  return count;
}

/* Lines are a little closer than their tallest letters might need: the middle two thirds of each must be its own. */
static bool overlap(const word_box *a, const word_box *b) {
  double a_edge = (a->bottom - a->top) / 6, b_edge = (b->bottom - b->top) / 6;
  return a->left < b->right && b->left < a->right && a->top + a_edge < b->bottom - b_edge &&
         b->top + b_edge < a->bottom - a_edge;
}

/* Whatever the texts are, none stands on another or beyond the edge, and the symbol can be read. */
static void nothing_overlaps(const psd_print_job *job) {
  word_box words[WORDS_MOST];
  double width = 0, height = 0;
  print(job, "text.pdf");
  size_t count = find_words(&width, &height, words);
  CU_ASSERT(count > 8);
  for (size_t i = 0; i < count; i++) {
    CU_ASSERT(words[i].left >= 0 && words[i].right <= width && words[i].top >= 0 && words[i].bottom <= height);
    for (size_t j = 0; j < i; j++)
      if (overlap(&words[i], &words[j])) {
        (void)printf("\n\"%s\" stands on \"%s\"\n", words[i].text, words[j].text);
        CU_FAIL("texts overlap");
      }
  }
}

static void kinds(void) {
  psd_print_job job = a_job(PSD_PROFILE_P256, PSD_SYMBOL_DATA_MATRIX, 0);
  job.head.mail_class = 0;
  job.head.kind = PSD_EVIDENCE_CORRECTION;
  SAYS(&job, "US POSTAGE", "$0.73", "CORRECTION");
  job.head.kind = PSD_EVIDENCE_REDATE;
  job.head.postage = 0;
  job.head.destination = 122;
  SAYS(&job, "US POSTAGE", "$0.00", "REDATE", "OF PIECE 122");
  job.head.kind = PSD_EVIDENCE_TEST;
  SAYS(&job, "TEST", "$0.00", "NOT VALID FOR MAIL");
  job.head.kind = PSD_EVIDENCE_WITHDRAWAL;
  job.head.destination = PSD_ASCENDING_MOST;
  SAYS(&job, "WITHDRAWAL", "$1099511627.775", "NOT VALID FOR MAIL");
  nothing_overlaps(&job);
}

#define TEN "WWWWWWWWW "
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define WIDE "\xC3\x84\xC3\x84\xC3\x84\xC3\x84\xC3\x84\xC3\x84\xC3\x84\xC3\x84"
#define WIDER WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE WIDE

static void long_texts(void) {
  for (unsigned i = 0; i < 4; i++) {
    psd_print_job job =
        a_job(PSD_PROFILE_P256, i % 2 == 0 ? PSD_SYMBOL_DATA_MATRIX : PSD_SYMBOL_PDF417, (uint8_t)(40 * i));
    job.envelope = i >= 2;
    job.place = i % 2 == 0 ? HUNDRED HUNDRED HUNDRED HUNDRED : WIDER;
    job.sender = job.addressee = HUNDRED "\n" WIDER "\nthird\n" HUNDRED HUNDRED HUNDRED HUNDRED "\nfifth\n" HUNDRED;
    job.head.postage = PSD_POSTAGE_MOST;
    job.head.piece_count = UINT32_MAX;
    job.head.mail_class = PSD_CLASS_OF_EXPRESS;
    job.head.vendor_digits = job.head.postal_digits = 8;
    job.head.vendor_token = job.head.postal_token = 99999999;
    if (i % 2 == 1) {
      job.head.kind = PSD_EVIDENCE_REDATE;
      job.head.mail_class = 0;
      job.head.destination = UINT32_MAX;
    }
    nothing_overlaps(&job);
    pdf_shows(&job, "200");
    SAYS(&job, "$16777.215", "V 99999999", "P 99999999", "PIECE 4294967295", "PS D1 0A0B0C0D", "...");
  }
}

static void no_texts(void) {
  psd_print_job job = a_job(PSD_PROFILE_COMPACT, PSD_SYMBOL_DATA_MATRIX, 0);
  job.place = NULL;
  job.head.vendor_digits = job.head.postal_digits = 0;
  pdf_shows(&job, "300");
  SAYS(&job, "US POSTAGE", "PIECE 123");
  job.envelope = true;
  pdf_shows(&job, "200");
}

int main(void) {
  static const psd_check_test tests[] = {
      {"SVG and PDF can be read back", read_back},
      {"SVG and PDF have their true size", sizes},
      {"what a stamp says", words},
      {"kinds of evidence", kinds},
      {"long texts are made smaller, then cut, and overlap nothing", long_texts},
      {"texts that are missing", no_texts},
  };
  return print_check_run("reader_print_vector", tests, PSD_CHECK_COUNT(tests));
}
