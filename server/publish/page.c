/* The page that says what there is. */
#include <stdlib.h>
#include <string.h>

#include "psd/spec/text.h"
#include "publish/internal.h"

#define PAGE_ROOM 4096U

static const char head[] = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>SPECIMEN Postal "
                           "Security Devices</title></head>\n<body><h1>SPECIMEN Postal Security Devices</h1>\n<ul>\n"
                           "<li><a href=\"/root.crt\">root certificate</a>\n";
static const char tail[] = "<li><a href=\"/creditor.crt\">certificate of the creditor</a>\n"
                           "<li>OCSP (RFC 6960): /ocsp, by GET and POST\n</ul>\n</body></html>\n";

char *psd_publish_page(psd_publish *publish) {
  psd_publish_ca *active = NULL;
  char *page = malloc(PAGE_ROOM);
  if (page == NULL)
    return NULL;
  psd_text text = psd_text_over(page, PAGE_ROOM);
  psd_say(&text, "%s", head);
  if (psd_publish_find_ca(publish, 0, &active) == PSD_PUBLISHED)
    psd_say(&text,
            "<li><a href=\"/ca-%lu.crt\">certificate of the CA</a>, <a href=\"/ca-%lu.crl\">list of revoked "
            "certificates</a>\n",
            (unsigned long)active->key, (unsigned long)active->key);
  psd_say(&text, "%s", tail);
  return page;
}
