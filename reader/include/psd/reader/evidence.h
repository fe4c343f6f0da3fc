/* Evidence of postage, from the Host's side (docs/evidence.md): what a piece costs, the indicium, and rate tables.
 *
 *     psd_host_begin(host); psd_host_select_psd(host, NULL); psd_host_verify(host, &pin)
 *     psd_host_meter_look(host, &meter)                     what the card knows that a piece depends on
 *     psd_rate_book_read(host, &book)                  its rate tables
 *     psd_piece_wish(&meter, &book, &piece, &wish, &error)        the postage is found
 *     psd_piece_make(host, &pin, &meter, piece.kind, &wish, &made)
 *
 * One request is one piece and one debit, whatever is lost on the way: where the card's answer does not arrive, the
 * piece count tells whether the piece was made, and GET LAST has its very bytes. */
#ifndef PSD_READER_EVIDENCE_H
#define PSD_READER_EVIDENCE_H

#include "psd/reader/command.h"
#include "psd/spec/rates.h"

/* What the card says of itself that a piece depends on, as it is at one moment. */
typedef struct psd_host_meter {
  psd_device_id device;
  psd_life_cycle life;
  psd_registers registers, certificate; /* of postage and of certificates */
  psd_funds funds;
  psd_limits limits;
  psd_clock clock;
  psd_key_status keys;
  psd_evidence_policy policy; /* the default where it was given none */
  psd_licence licence;        /* zeroes where it has none */
  uint32_t today;             /* its local date; 0 while its clock was never set */
} psd_host_meter;

/* Reads it. The PSD is selected, inside a transaction. */
psd_result psd_host_meter_look(psd_host *host, psd_host_meter *meter);
/* What may still be spent, mills: the descending register, or what the credit leaves. */
uint64_t psd_host_meter_available(const psd_host_meter *meter);
/* True if this key is loaded. */
bool psd_host_meter_has_key(const psd_host_meter *meter, psd_object_id key);
/* The profile for a piece: of those the card makes and has the keys for the first of p256, dsa and compact; p256 where
 * there is none, which the card then refuses. */
psd_profile_id psd_host_meter_profile(const psd_host_meter *meter);

/* The card's rate tables. Not to be copied: `table` points into `bytes`. */
#define PSD_RATES_SIGNED (PSD_RATES_MAX + PSD_RATES_SIGNATURE)
typedef struct psd_rate_page {
  uint8_t bytes[PSD_RATES_SIGNED];
  size_t length; /* with the signature; 0 where there is no table */
  uint8_t hash[PSD_RATES_HASH];
  psd_rates table;
} psd_rate_page;
typedef struct psd_rate_book {
  psd_rate_page first, next;
} psd_rate_book;

/* Takes a signed table apart. PSD_BAD_INPUT if it is none; the signature is not looked at, for that is the card's. */
psd_result psd_rate_page_take(const void *bytes, size_t length, psd_rate_page *page, psd_error *error);
/* Reads both. */
psd_result psd_rate_book_read(psd_host *host, psd_rate_book *book);
/* The table that counts for a date of mailing: the next from its first day on, before it the first. NULL if none is in
 * force then. */
const psd_rate_page *psd_rate_book_on(const psd_rate_book *book, uint64_t date);
/* LOAD RATES with a table that was taken apart. A refusal says why: `meter` is the card as it is, `book` its tables. */
psd_result psd_rate_page_load(psd_host *host, const psd_host_meter *meter, const psd_rate_book *book,
                              const psd_rate_page *page);

/* What a person wants. */
typedef struct psd_mail_piece {
  psd_evidence_kind kind;
  unsigned profile; /* psd_profile_id; 0: psd_host_meter_profile */
  uint32_t date;    /* of mailing, YYYYMMDD; 0 for today */
  /* Of a postage. */
  uint64_t mail_class, zone, grams;
  uint64_t postage; /* of a postage what it must be, 0 for whatever it is; of a correction what was missing; mills */
  uint64_t destination; /* delivery point, 11 digits, 0 for none; of a redate the piece count */
  uint8_t addressee[8]; /* psd_addressee_digest; zeroes without one */
} psd_mail_piece;

/* The digest of an address block, of at most PSD_ADDRESSEE_MAX bytes. PSD_BAD_INPUT for a longer one. */
#define PSD_ADDRESSEE_MAX 1000U
psd_result psd_addressee_digest(const char *text, uint8_t digest[8], psd_error *error);

/* What to ask the card for; a postage is found in its tables. PSD_REFUSED where there is no rate, or another than the
 * piece's: `error` says why, and what can be done. */
psd_result psd_piece_wish(const psd_host_meter *meter, const psd_rate_book *book, const psd_mail_piece *piece,
                          psd_indicium_wish *wish, psd_error *error);

/* What the card made. */
typedef struct psd_made {
  psd_evidence_head head;
  uint8_t indicium[PSD_INDICIUM_MAX];
  size_t length;
  bool recovered; /* its answer was lost, and fetched again */
  bool doubt;     /* making it failed, and nobody knows yet whether it was made */
} psd_made;

/* Takes an answer apart, and checks that its parts agree with one another and with the device. False if they do not. */
bool psd_piece_take(const void *answer, size_t length, const psd_device_id *device, psd_made *evidence);

/* Makes one piece (of PSD_EVIDENCE_WITHDRAWAL the wish's profile is all that counts). `meter` is the card as it was
 * looked at in this transaction; its registers are what they are afterwards. The PIN has been verified; `pin` is for
 * when the card has to be reached anew.
 *
 * PSD_OK: made, debited once. Otherwise the host's error says why (the card's own refusals are explained by what it
 * knows of itself), and `made->doubt` whether that is all: if it is false, nothing was made and nothing debited. If it
 * is true, the piece with the number after meter->registers.piece_count may have been made: psd_piece_last tells,
 * once the card can be reached. */
psd_result psd_piece_make(psd_host *host, const psd_secret *pin, psd_host_meter *meter, psd_evidence_kind kind,
                          const psd_indicium_wish *wish, psd_made *made);

/* GET LAST: the last evidence, again. Changes nothing. */
psd_result psd_piece_last(psd_host *host, const psd_device_id *device, psd_made *evidence);

#endif
