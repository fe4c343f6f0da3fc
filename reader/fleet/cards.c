#include "cards.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "psd/reader/card.h"
#include "psd/reader/command.h"

#define SUFFIX ".state"
#define DESCRIPTORS_BESIDE 64U /* that are not cards' */
#define PATH_BYTES 4096U

static int is_state(const struct dirent *entry) {
  size_t length = strlen(entry->d_name);
  return length > sizeof SUFFIX - 1 && entry->d_name[0] != '.' &&
         strcmp(entry->d_name + length - (sizeof SUFFIX - 1), SUFFIX) == 0;
}

static void free_entries(struct dirent **entries, int count) {
  for (int i = 0; i < count; i++)
    free(entries[i]);
  free(entries);
}

/* A card and a connection are a descriptor each. Where there may not be as many, opening says so. */
static void allow_descriptors(size_t cards) {
  struct rlimit limit;
  rlim_t wanted = (rlim_t)(2U * cards + DESCRIPTORS_BESIDE);
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
    return;
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || wanted < limit.rlim_max ? wanted : limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static psd_result open_card(psd_fleet_card *card, const char *path, psd_error *error) {
  char why[PSD_HOLDER_WHY_MAX];
  psd_transport *transport = NULL;
  card->holder = psd_holder_open(path, false, why);
  if (card->holder == NULL)
    return psd_error_set(error, PSD_BAD_INPUT, "%.300s", why);
  psd_result result = psd_transport_card(psd_holder_card(card->holder), &transport, error);
  if (result == PSD_OK)
    result = psd_host_open(transport, &card->host, error);
  if (result == PSD_OK) {
    result = psd_host_select_psd(card->host, NULL);
    if (result != PSD_OK)
      (void)psd_error_set(error, result, "%.120s: %.160s", path, psd_host_error(card->host)->words);
  }
  return result;
}

psd_fleet_card *psd_fleet_take(psd_fleet_cards *cards) {
  (void)pthread_mutex_lock(&cards->lock);
  psd_fleet_card *card = cards->first;
  if (card != NULL)
    cards->first = card->next;
  (void)pthread_mutex_unlock(&cards->lock);
  return card;
}

void psd_fleet_give_back(psd_fleet_cards *cards, psd_fleet_card *card) {
  (void)pthread_mutex_lock(&cards->lock);
  card->next = NULL;
  if (cards->first == NULL)
    cards->first = card;
  else
    cards->last->next = card;
  cards->last = card;
  (void)pthread_mutex_unlock(&cards->lock);
}

static psd_result open_all(psd_fleet_cards *cards, const char *folder, struct dirent **entries, size_t count,
                           psd_fleet_taker *taker, void *context, psd_error *error) {
  cards->card = calloc(count, sizeof *cards->card);
  if (cards->card == NULL)
    return psd_error_set(error, PSD_SYSTEM, "out of memory");
  for (size_t i = 0; i < count; i++) {
    char path[PATH_BYTES];
    int length = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
    if (length < 0 || (size_t)length >= sizeof path)
      return psd_error_set(error, PSD_BAD_INPUT, "the path of a card is too long");
    cards->count = i + 1;
    psd_result result = open_card(&cards->card[i], path, error);
    if (result != PSD_OK)
      return result;
    psd_fleet_give_back(cards, &cards->card[i]);
    if (!taker(context, i + 1, count))
      return psd_error_set(error, PSD_REFUSED, "interrupted before the first handshake");
  }
  return PSD_OK;
}

psd_result psd_fleet_open(psd_fleet_cards *cards, const char *folder, size_t wanted, psd_fleet_taker *taker,
                          void *context, psd_error *error) {
  struct dirent **entries = NULL;
  *cards = (psd_fleet_cards){.count = 0, .lock = PTHREAD_MUTEX_INITIALIZER};
  int found = scandir(folder, &entries, is_state, alphasort);
  if (found < 0)
    return psd_error_set(error, PSD_BAD_INPUT, "%.200s: %s", folder, strerror(errno));
  size_t count = wanted == 0 ? (size_t)found : wanted;
  psd_result result = PSD_OK;
  if (count == 0 || count > (size_t)found) {
    result = psd_error_set(error, PSD_BAD_INPUT, "%.200s holds %d cards (*" SUFFIX "): make some with psd manufacture",
                           folder, found);
  } else {
    allow_descriptors(count);
    result = open_all(cards, folder, entries, count, taker, context, error);
  }
  free_entries(entries, found);
  if (result != PSD_OK)
    psd_fleet_close(cards);
  return result;
}

void psd_fleet_close(psd_fleet_cards *cards) {
  for (size_t i = 0; i < cards->count; i++) {
    psd_host_close(cards->card[i].host);
    psd_holder_close(cards->card[i].holder);
  }
  free(cards->card);
  *cards = (psd_fleet_cards){.count = 0};
}
