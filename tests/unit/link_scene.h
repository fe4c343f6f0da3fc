/* A conversation of card, Host and server from the Host's side: card and server say what the test has them say. */
#ifndef PSD_LINK_SCENE_H
#define PSD_LINK_SCENE_H

#include "link_support.h"
#include "reader_script.h"

#define LINES_MAX 16U
#define STEPS_MAX 40U
#define SESSION "000102030405060708090A0B0C0D0E0F"

/* What the card is asked and answers, as the test writes it down. */
typedef struct scene {
  canned server;
  psd_call *call;
  script card;
  psd_host *host;
  script_line lines[LINES_MAX];
  char text[2 * LINES_MAX][1200];
  size_t texts;
  uint8_t greeted[PSD_SIZE_GREETING];
  psd_step steps[STEPS_MAX];
  bool timed[STEPS_MAX];
  size_t step_count;
  psd_session *session;
  psd_refusal refusal;
} scene;

/* The password of every sign-on, stretched. */
extern const uint8_t scene_verifier[PSD_VERIFIER];

/* A call to a server that offers `suites`, and a card with the key of suite p256. */
void scene_open(scene *s, unsigned suites);
/* The card must have been asked all that was expected. */
void scene_close(scene *s);
/* The card's next command, and its answer. */
void scene_expect(scene *s, const char *command, const char *answer);
/* `count` times the byte, in hexadecimal, with text around it; the scene's. */
const char *scene_repeated(scene *s, unsigned byte, size_t count, const char *before, const char *behind);

/* GENERAL AUTHENTICATE, round 1: the context is that of the greeting and of sign-on number `ordinal`. */
const char *scene_sign_on_command(scene *s, uint8_t ordinal);
/* What the card does and the server says when all goes well, up to a step. */
void scene_card_signs_on(scene *s, uint8_t ordinal);
void scene_server_responds(scene *s);
void scene_card_opens(scene *s, const char *session);
void scene_card_audits(scene *s);
void scene_server_is_content(scene *s);
void scene_card_accepts(scene *s, const char *actions);
/* All of it. */
void scene_all_well(scene *s, const char *actions);
/* psd_session_open: s->session, s->refusal. */
psd_result scene_sign_on(scene *s);
/* The server has heard M1 and M3. */
void scene_heard_m1_and_m3(scene *s);

/* The server's answer, a record of number `sequence` under the Host's key. */
void scene_server_answers(scene *s, uint64_t sequence, const char *answer, unsigned type);
/* The Host's next request, a record of that number, must be this. */
void scene_heard_request(scene *s, uint64_t sequence, const char *expected);

#endif
