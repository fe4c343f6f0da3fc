/* Whom a site believes about certificates: what is in its folder, and what the command line adds. */
#include "psd/proof/proof.h"
#include "verify/commands.h"
#include "verify/folder.h"

/* A reader of files has its trust behind psd_site_reading.keys. */
typedef struct believer {
  psd_trust *trust;
} believer;

typedef bool adder(psd_trust *trust, const char *path, char why[PSD_PROOF_WHY_MAX]);

static bool add_file(psd_site_reading *reading, adder *add) {
  const believer *to = reading->keys;
  char why[PSD_PROOF_WHY_MAX];
  if (add(to->trust, reading->path, why))
    return true;
  psd_say(&reading->words, "%s", why);
  return false;
}

static bool add_roots(psd_site_reading *reading) {
  return add_file(reading, psd_trust_add_roots);
}

static bool add_authorities(psd_site_reading *reading) {
  return add_file(reading, psd_trust_add_authorities);
}

static bool add_chain(psd_site_reading *reading) {
  return add_file(reading, psd_trust_add_chain);
}

static bool add_lists(psd_site_reading *reading) {
  return add_file(reading, psd_trust_add_lists);
}

static bool read_folder(psd_trust *trust, const char *folder) {
  char words[PSD_PROOF_WHY_MAX + PSD_PATH_ROOM] = "";
  const believer to = {trust};
  psd_site_reading reading = {.folder = folder, .words = psd_text_over(words, sizeof words), .keys = &to};
  if (psd_each_file(&reading, "roots", ".pem", add_roots) && psd_each_file(&reading, "ca", ".pem", add_authorities) &&
      psd_each_file(&reading, "creditors", ".pem", add_chain) && psd_each_file(&reading, "crl", ".pem", add_lists))
    return true;
  (void)psd_verify_refused("%s", words);
  return false;
}

static bool read_files(psd_trust *trust, const psd_verify_files *files, adder *add) {
  char why[PSD_PROOF_WHY_MAX];
  for (size_t i = 0; i < files->count; i++)
    if (!add(trust, files->paths[i], why)) {
      (void)psd_verify_refused("%s", why);
      return false;
    }
  return true;
}

static bool read_all(psd_trust *trust, const psd_verify_options *options) {
  if (options->site != NULL && !read_folder(trust, options->site))
    return false;
  if (!read_files(trust, &options->roots, psd_trust_add_roots) ||
      !read_files(trust, &options->chain, psd_trust_add_chain) ||
      !read_files(trust, &options->lists, psd_trust_add_lists))
    return false;
  if (!psd_trust_has_root(trust))
    (void)psd_verify_refused("nobody is trusted: say --root FILE, or put root certificates into roots/ of the site");
  return psd_trust_has_root(trust);
}

psd_trust *psd_verify_open_trust(const psd_verify_options *options) {
  psd_trust *trust = psd_trust_new();
  if (trust == NULL) {
    (void)psd_verify_refused("no memory");
    return NULL;
  }
  psd_trust_set_now(trust, psd_verify_now());
  if (read_all(trust, options))
    return trust;
  psd_trust_free(trust);
  return NULL;
}
