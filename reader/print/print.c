#include "print/envelope.h"

#include <string.h>
#include <strings.h>

/* Around a stamp that stands alone, mm: more than any quiet zone. */
#define BORDER 3.0

bool psd_picture_of(const char *path, psd_picture *picture) {
  static const struct {
    const char *end;
    psd_picture picture;
  } ends[] = {{".png", PSD_PICTURE_PNG}, {".svg", PSD_PICTURE_SVG}, {".pdf", PSD_PICTURE_PDF}};
  const char *end = path != NULL ? strrchr(path, '.') : NULL;
  for (size_t i = 0; end != NULL && i < sizeof ends / sizeof ends[0]; i++)
    if (strcasecmp(end, ends[i].end) == 0) {
      *picture = ends[i].picture;
      return true;
    }
  return false;
}

psd_result psd_print_check(const psd_print_job *job, psd_picture picture, psd_error *error) {
  char place[PSD_PRINT_LINE];
  psd_envelope envelope;
  if (picture == PSD_PICTURE_PNG && (job->dpi < PSD_PRINT_DPI_LEAST || job->dpi > PSD_PRINT_DPI_MOST))
    return psd_error_set(error, PSD_BAD_INPUT, "%u dots an inch cannot be printed: %u to %u can", job->dpi,
                         PSD_PRINT_DPI_LEAST, PSD_PRINT_DPI_MOST);
  psd_result result = psd_print_place_of(job->place, place, error);
  return result == PSD_OK && job->envelope ? psd_envelope_make(job, &envelope, error) : result;
}

static psd_result check_indicium(const psd_print_job *job, psd_error *error) {
  const psd_profile_row *profile = psd_profile_of(job->head.profile);
  if (profile == NULL || job->indicium == NULL || job->length != profile->size)
    return psd_error_set(error, PSD_BAD_INPUT, "these %zu bytes are no indicium of the profile they should have",
                         job->length);
  return PSD_OK;
}

typedef struct psd_sheet {
  psd_stamp stamp;
  psd_envelope envelope;
  double width, height; /* mm */
} psd_sheet;

static psd_result make_sheet(const psd_print_job *job, psd_picture picture, psd_sheet *sheet, psd_error *error) {
  psd_result result = psd_print_check(job, picture, error);
  if (result == PSD_OK)
    result = check_indicium(job, error);
  if (result == PSD_OK)
    result = psd_stamp_make(job, psd_canvas_dot(picture, job->dpi), &sheet->stamp, error);
  if (result == PSD_OK && job->envelope)
    result = psd_envelope_make(job, &sheet->envelope, error);
  sheet->width = job->envelope ? PSD_ENVELOPE_WIDTH : sheet->stamp.width + 2 * BORDER;
  sheet->height = job->envelope ? PSD_ENVELOPE_HEIGHT : sheet->stamp.height + 2 * BORDER;
  return result;
}

static psd_result draw_sheet(const psd_print_job *job, psd_picture picture, const psd_sheet *sheet,
                             psd_whole_file *file, psd_error *error) {
  psd_canvas canvas;
  psd_result result = psd_canvas_begin(&canvas, picture, job->dpi, sheet->width, sheet->height, file, error);
  if (result != PSD_OK)
    return result;
  if (job->envelope)
    psd_envelope_draw(&canvas, &sheet->envelope, &sheet->stamp);
  else
    psd_stamp_draw(&canvas, &sheet->stamp, BORDER, BORDER, false);
  return psd_canvas_end(&canvas, error);
}

psd_result psd_print(const psd_print_job *job, psd_picture picture, const char *path, psd_error *error) {
  psd_sheet sheet = {.width = 0};
  psd_whole_file file;
  psd_result result = make_sheet(job, picture, &sheet, error);
  if (result == PSD_OK)
    result = psd_whole_file_begin(&file, path, error);
  if (result != PSD_OK)
    return result;
  result = draw_sheet(job, picture, &sheet, &file, error);
  return psd_whole_file_end(&file, result, error);
}
