/* Inside psd cert, postmark, sign, agent, credit and pay: a service asked for at the card, and the files it works on.
 */
#ifndef PSD_CLI_COUNTER_H
#define PSD_CLI_COUNTER_H

#include "cli.h"
#include "print/file.h"
#include "psd/program/progress.h"
#include "session.h"

/* The card, its owner's PIN, and what the card knows of its services. */
typedef struct psd_counter {
  psd_cli *cli;
  psd_secret pin;
  psd_services services;
  psd_desk desk;
} psd_counter;

/* Asks for the PIN, before the card is held. PSD_EXIT_DONE, or the exit status after telling why. */
int psd_counter_ask(psd_counter *counter, psd_cli *cli);
/* Presents the PIN and looks; the card was entered. */
psd_result psd_counter_open(psd_counter *counter);
/* The same in a session; a failure is the card's refusal. */
psd_result psd_counter_meet(psd_counter *counter, psd_meeting *meeting, psd_refusal *refusal);
/* Asks for the PIN, enters, opens, acts, leaves. The exit status. */
typedef psd_result psd_counter_act(psd_counter *counter, void *context);
int psd_counter_run(psd_cli *cli, psd_counter_act *act, void *context);
/* The slot that --slot says, else the first active one of the purpose. PSD_REFUSED where there is none. */
psd_result psd_counter_slot(psd_counter *counter, psd_purpose purpose, uint8_t *slot);
/* What a service costs today, mills. */
uint64_t psd_counter_price(const psd_counter *counter, psd_service service);
/* What this command was charged: nothing where --last has the answer once more. */
uint64_t psd_counter_charge(const psd_counter *counter, psd_service service);

/* Room for why something was rejected: 128 bytes of UTF-8. */
#define PSD_REJECTION_WORDS 129U
/* Why it was rejected (516, 806): what follows the server's answer. Empty if it was not, or nobody said why. */
void psd_rejection_words(const psd_authority_item *item, const psd_buffer *rest, char words[PSD_REJECTION_WORDS]);

/* The whole of a file of at most buffer->capacity bytes. */
psd_result psd_input_read(const char *path, psd_buffer *content, psd_error *error);
/* Begins a file that is made as a whole. One that is there is replaced only with --yes. */
psd_result psd_output_begin(const psd_cli *cli, const char *path, psd_whole_file *file, psd_error *error);
/* Ends it with this content, if `so_far` is PSD_OK; otherwise nothing is left of it. What cannot be written is an error
 * of the host's. */
psd_result psd_output_end(psd_host *host, psd_whole_file *file, psd_result so_far, const void *data, size_t length);
/* Appends PEM of a certificate in DER. False without memory or room. */
bool psd_pem_put(psd_buffer *pem, const psd_buffer *der);
/* X.509, PEM or DER, of a file, as DER. */
psd_result psd_certificate_read(const char *path, psd_buffer *der, psd_error *error);

/* A message that is a file: its digest, or its bytes for the card to work it out. */
typedef struct psd_document {
  const char *path;
  int fd;
  uint64_t size, done;
  psd_progress progress;
  psd_digested digested;
} psd_document;
/* Opens it. With `by_card` the card is to hash it; otherwise its SHA-256 is worked out here, which shows how far it is
 * when it takes long. PSD_BAD_INPUT if it cannot be read. Not to be copied or moved. */
psd_result psd_document_open(psd_document *document, const char *path, bool by_card, psd_error *error);
/* The same with another function. */
psd_result psd_document_digest(psd_document *document, psd_digest digest, psd_error *error);
void psd_document_close(psd_document *document);

/* "CN=Anna Example,O=Example Inc" taken to pieces: CN once, O at most once, 1 to PSD_NAME_MAX bytes of UTF-8 each,
 * without control characters; a backslash makes the next character one of the text (RFC 4514). False for anything else.
 */
bool psd_subject_parse(const char *text, char organization[PSD_NAME_MAX + 1], char name[PSD_NAME_MAX + 1]);

#endif
