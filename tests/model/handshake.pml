/* The three-key handshake (docs/handshake.md) against an intruder who owns the network, for spin.
 *
 * Two sessions of honest cards (of one card, one after the other, or of two cards at once), two of the meter server with
 * the key management system behind it, and between them an intruder: it takes every message, and whatever arrives
 * anywhere is a message that was ever sent, to whomever it was sent, or one that it made of what it knows. It has a user
 * and a PSD of its own at the same server. Whoever refuses a message goes on waiting here, which gives the intruder more
 * than it has: in truth the session ends.
 *
 * Cryptography is perfect: a term is a number that packs its parts, so that two terms are equal exactly if all they were
 * made of is. docs/testing-handshake.md tells what is left out.
 *
 * Compiled with
 *   CHECKED=n         the properties that are checked, a sum of those below
 *   FORWARD           suite p256 with forward secrecy; else K_S alone makes the keys (p256 without, rsa, shared)
 *   NO_NONCE          EP 0 851 630 to the letter: nothing in a session is bound to the connection, K_S is the only key
 *   SAME_KEYS         one key for both directions
 *   HOSTILE_HOST      the Host is the intruder's: it has the user's password, and the Host's keys
 *   HOST_HAS_KEYS     and the card's keys are the Host's, as in EP
 *   BARE_RESULT       the audit result names the PSD alone, not the audit
 *   STOLEN_SERVER     the intruder asks the key management system in the meter server's name
 *   STOLEN_K2         after all is over the intruder gets K2, and has recorded everything */

/* Properties. */
#define SECRECY 1  /* the keys of an honest card's session are never the intruder's */
#define RESPONSE 2 /* M2 that a card accepts was made by the server for this very sign-on */
#define AUDIT 4    /* M3 that the server accepts was made by that PSD, in this session, with this nonce */
#define RESULT 8   /* M4 that a card accepts: the server of this session accepted its audit */
#define ONCE 16    /* a sign-on, a response, an audit is accepted once */
#define DATA 32    /* what follows came from the other side, in its place */
#define MONEY 64   /* M4 that a card accepts: the key management system verified the signature of this very audit */
#define PAST 128   /* who gets K2 afterwards has no key of a session that was */
#define COMPLETE 256 /* is there to be violated: two honest sessions reach their end side by side */

#ifndef CHECKED
#define CHECKED 127
#endif
/* What comes after the handshake matters to these two alone. */
#define WITH_DATA (CHECKED & (DATA + COMPLETE))

/* Whose a key, a nonce, a share or a context is: card session or server session 0 or 1, or the intruder's own. */
#define OWN 2
#define NONE 3

/* PSDs, and the users they are registered to: C and D to the honest one, the intruder's to the intruder. */
#define PSD_C 0
#define PSD_D 1
#define PSD_OWN 2
#define HONEST 0
#define USER_OWN 1

/* M1: context, K_S, HPKE's ephemeral share, PSD, user. 0 is none. */
#define M1(context, key, share, psd, user) (1 + ((((context)*3 + (key)) * 3 + (share)) * 3 + (psd)) * 2 + (user))
#define USER_OF(m) (((m)-1) % 2)
#define PSD_OF(m) (((m)-1) / 2 % 3)
#define SHARE_OF(m) (((m)-1) / 6 % 3)
#define KEY_OF(m) (((m)-1) / 18 % 3)
#define CONTEXT_OF(m) (((m)-1) / 54)

/* th1 = Hash(context, M1); th = Hash(th1, SIGN_ON_RESPONSE); th2 = Hash(th1, M2), whose only further part is the nonce. */
#define TH1(context, m) ((context)*163 + (m))
#define TH(th1, identifier, share) (((th1)*3 + (identifier)) * 4 + (share))
#define TH2(th, nonce) ((th)*3 + (nonce))
#define TRANSCRIPTS 5868

/* Traffic keys, from K_S, the two ephemeral shares and th. A share that is the intruder's or none leaves K_S alone. */
#define TRAFFIC(key, card, server, th) (((((key)*4 + (card)) * 4 + (server)) * TRANSCRIPTS) + (th) + 1)
#define K_S(traffic) (((traffic)-1) / TRANSCRIPTS / 16)
#define CARD_SHARE(traffic) (((traffic)-1) / TRANSCRIPTS / 4 % 4)
#define SERVER_SHARE(traffic) (((traffic)-1) / TRANSCRIPTS % 4)

/* AUDIT with its signature under K3; AUDIT_RESULT with its authentication under K3. */
#define SIGNED(psd, nonce, th2) (((psd)*3 + (nonce)) * 3 * TRANSCRIPTS + (th2) + 1)
#ifdef BARE_RESULT
#define RESULT_OF(a) (((a)-1) / (9 * TRANSCRIPTS) + 1)
#else
#define RESULT_OF(a) (a)
#endif

#ifdef FORWARD
#define CARD_PAIR(m) SHARE_OF(m)
#define SERVER_PAIR(s) (s)
#else
#define CARD_PAIR(m) NONE
#define SERVER_PAIR(s) NONE
#endif

#ifdef NO_NONCE
#define BOUND(m, context) true
#define TRAFFIC_KEY(m, share, th) TRAFFIC(KEY_OF(m), NONE, NONE, 0)
#define AUDITED(psd, nonce, th2) SIGNED(psd, 0, 0)
#else
#define BOUND(m, context) (CONTEXT_OF(m) == (context))
#define TRAFFIC_KEY(m, share, th) TRAFFIC(KEY_OF(m), CARD_PAIR(m), share, th)
#define AUDITED(psd, nonce, th2) SIGNED(psd, nonce, th2)
#endif

/* Every record there can be has a place of its own: a card's M3 and two answers, a server's M2, M4 and two commands. The
 * place tells its label (direction), its sequence number and its type; key and text are what was sent. */
#define RECORDS 14
#define BY_CARD(c, n) ((c)*3 + (n))
#define BY_SERVER(s, n) (6 + (s)*4 + (n))
#define TO_SERVER 0
#ifdef SAME_KEYS
#define TO_CARD 0
#else
#define TO_CARD 1
#endif
#define LABEL(i) ((i) < 6 -> TO_SERVER : TO_CARD)
#define SEQUENCE(i) ((i) < 6 -> (i) % 3 : ((i)-6) % 4)
#define SIGN_ON_RESPONSE 1
#define AUDIT_RESPONSE 2
#define AUDIT_RESULT 3
#define CARD_DATA 4
#define TYPE(i) ((i) < 6 -> ((i) % 3 == 0 -> AUDIT_RESPONSE : CARD_DATA) : (((i)-6) % 4 == 0 -> SIGN_ON_RESPONSE : (((i)-6) % 4 == 1 -> AUDIT_RESULT : CARD_DATA)))

int key[RECORDS], text[RECORDS];

/* A record that was sent opens with this key, as this type, in this place. */
#define OPENS(i, k, label, sequence, type) (key[i] == (k) && LABEL(i) == (label) && SEQUENCE(i) == (sequence) && TYPE(i) == (type))

/* What the intruder knows: the session keys (0, 1: of the cards' sessions), and the card's keys if its Host has them. */
bool known[3];
int handed[2];
#define KNOWN(traffic) ((traffic) != 0 && ((traffic) == handed[0] || (traffic) == handed[1] || (known[K_S(traffic)] && (CARD_SHARE(traffic) >= OWN || SERVER_SHARE(traffic) >= OWN))))
#ifdef HOSTILE_HOST
#define PASSWORD_KNOWN true
#else
#define PASSWORD_KNOWN ((m1[0] && known[0]) || (m1[1] && known[1]))
#endif
/* A signed audit, or the result for one, that it has taken out of a record; or was given by the key management system. */
#define AUDIT_KNOWN(a) ((text[BY_CARD(0, 0)] == (a) && KNOWN(key[BY_CARD(0, 0)])) || (text[BY_CARD(1, 0)] == (a) && KNOWN(key[BY_CARD(1, 0)])))
#define RESULT_KNOWN(a) ((text[BY_SERVER(0, 1)] == (a) && KNOWN(key[BY_SERVER(0, 1)])) || (text[BY_SERVER(1, 1)] == (a) && KNOWN(key[BY_SERVER(1, 1)])) || (given && RESULT_OF(given) == (a)))
int given;

/* The cards' sessions and the server's, as the properties look at them. */
byte psd[2], m1[2], taken_m1[2], context[2], nonce[2];
int card_th2[2], card_key[2], server_th2[2];
bool server_done[2], accepted[2];
byte response_used[2], audit_used[2];
int verified[2]; /* audits whose signature the key management system has verified for the server */
bool over;       /* session 0 of a card that has begun session 1 */
bool ended;      /* nobody says anything any more */

#define OVER(c) (ended || ((c) == 0 && over))
#define SERVED(c, s) (taken_m1[s] == m1[c] && context[c] == (s))
#define EXPECTED(m, s) AUDITED(PSD_OF(m), s, server_th2[s])
#define REGISTERED(p, user) (((p) == PSD_OWN) == ((user) == USER_OWN))
#define AUDITED_HERE(c, s, m) (card_key[c] && SERVED(c, s) && psd[c] == PSD_OF(m) && nonce[c] == (s) && card_th2[c] == server_th2[s])
#define VERIFIED(a) (verified[0] == (a) || verified[1] == (a) || given == (a))

/* Names for spin's report. */
bool keys_are_secret = true, response_is_the_servers = true, audit_is_of_this_session = true, result_is_the_servers = true;
bool accepted_once = true, data_is_the_others = true, audit_was_verified = true, past_is_secret = true;
bool never_completes = true;
#define CHECK(property, name, condition) \
  if \
  :: (CHECKED & property) && !(condition) -> name = false; assert(name) \
  :: else \
  fi

/* Any number from 0 to `last`: the intruder's choice. */
inline pick(x, last) {
  x = 0;
  do
  :: x < (last) -> x++
  :: break
  od
}

proctype Card(byte c) {
  byte identifier, share, i, j;
  int th, k;

  /* 208, 210: the Host was shown some greeting. A second session on a card ends its first. Session 0 is the one that begins
   * first, which is no loss: nothing else tells the two apart. */
  atomic {
    !ended && (c == 0 || m1[0]);
    if
    :: psd[c] = PSD_C
    :: c == 1 -> psd[c] = PSD_D
    fi;
    over = over || (c == 1 && psd[1] == PSD_C);
    pick(context[c], OWN);
#ifdef STOLEN_SERVER
    known[c] = true; /* the key management system unwraps it for the thief, too */
#endif
    m1[c] = M1(context[c], c, c, psd[c], HONEST)
  }

  /* 224-236: M2, and the audit response. */
response:
  atomic {
    !OVER(c) -> pick(identifier, OWN);
#ifdef FORWARD
    pick(share, OWN);
#else
    share = NONE;
#endif
    th = TH(TH1(context[c], m1[c]), identifier, share);
    k = TRAFFIC_KEY(m1[c], share, th);
    pick(i, RECORDS);
    if
    :: i < RECORDS && OPENS(i, k, TO_CARD, 0, SIGN_ON_RESPONSE) -> nonce[c] = text[i]
    :: i == RECORDS && KNOWN(k) && (identifier == OWN || identifier == share || share == NONE) ->
      if
      :: nonce[c] = OWN
      :: KNOWN(key[BY_SERVER(0, 0)]) -> nonce[c] = 0
      :: KNOWN(key[BY_SERVER(1, 0)]) -> nonce[c] = 1
      fi
    :: else -> identifier = 0; share = 0; th = 0; k = 0; i = 0; goto response
    fi;
    CHECK(RESPONSE, response_is_the_servers, nonce[c] < OWN && SERVED(c, nonce[c]) && identifier == nonce[c]);
    CHECK(SECRECY, keys_are_secret, !KNOWN(k));
    if
    :: nonce[c] < OWN ->
      CHECK(ONCE, accepted_once, response_used[nonce[c]] == 0);
      response_used[nonce[c]]++
    :: else
    fi;
#ifdef HOST_HAS_KEYS
    handed[c] = k;
#endif
    card_key[c] = k;
    card_th2[c] = TH2(th, nonce[c]);
    key[BY_CARD(c, 0)] = k;
    text[BY_CARD(c, 0)] = AUDITED(psd[c], nonce[c], card_th2[c]);
    identifier = 0; share = 0; th = 0; i = 0
  }

  /* M4. */
result:
  atomic {
    !OVER(c) -> pick(i, RECORDS);
    if
    :: i < RECORDS && OPENS(i, k, TO_CARD, 1, AUDIT_RESULT) && text[i] == RESULT_OF(text[BY_CARD(c, 0)])
    :: i == RECORDS && KNOWN(k) && RESULT_KNOWN(RESULT_OF(text[BY_CARD(c, 0)]))
    :: else -> i = 0; goto result
    fi;
    CHECK(RESULT, result_is_the_servers, nonce[c] < OWN && SERVED(c, nonce[c]) && accepted[nonce[c]]);
    CHECK(MONEY, audit_was_verified, VERIFIED(text[BY_CARD(c, 0)]));
    i = 0
  }

  /* Two commands of the server, and the answers. */
command:
  atomic {
    WITH_DATA && !OVER(c) && j < 2 -> pick(i, RECORDS);
    if
    :: i < RECORDS && OPENS(i, k, TO_CARD, 2 + j, CARD_DATA)
    :: i == RECORDS && KNOWN(k)
    :: else -> i = 0; goto command
    fi;
    CHECK(DATA, data_is_the_others, nonce[c] < OWN && i == BY_SERVER(nonce[c], 2 + j) && SERVED(c, nonce[c]));
    key[BY_CARD(c, 1 + j)] = k;
    i = 0;
    j++;
    goto command
  }
}

proctype Server(byte s) {
  byte i, m, psd_here, user, j, from;
  int th, k;

  /* 212-222: a sign-on that was recorded, or the intruder's own. The key management system unwraps it. Session 0 is the
   * one that is answered first: nothing else tells the two apart. */
sign_on:
  atomic {
    !ended && (s == 0 || taken_m1[0]);
    if
    :: m1[0] -> m = m1[0]
    :: m1[1] -> m = m1[1]
    :: pick(psd_here, PSD_OWN);
      if
      :: user = USER_OWN
      :: PASSWORD_KNOWN -> user = HONEST
      fi;
      pick(i, OWN);
      if
      :: known[i] -> m = M1(s, i, OWN, psd_here, user)
      :: else -> i = 0; psd_here = 0; user = 0; goto sign_on
      fi
    fi;
    if
    :: BOUND(m, s)
    :: else -> m = 0; goto sign_on
    fi;
    CHECK(ONCE, accepted_once, KEY_OF(m) == OWN || taken_m1[1 - s] != m);
    taken_m1[s] = m;
    th = TH(TH1(s, m), s, SERVER_PAIR(s));
    k = TRAFFIC_KEY(m, SERVER_PAIR(s), th);
    key[BY_SERVER(s, 0)] = k;
    text[BY_SERVER(s, 0)] = s;
    server_th2[s] = TH2(th, s);
    i = 0; psd_here = 0; user = 0; th = 0
  }

  /* 240-246: M3, the verdict of the key management system, M4, and the first command. */
audit:
  atomic {
    !ended -> pick(i, RECORDS);
    if
    :: i < RECORDS && OPENS(i, k, TO_SERVER, 0, AUDIT_RESPONSE) && text[i] == EXPECTED(m, s)
    :: i == RECORDS && KNOWN(k) && (PSD_OF(m) == PSD_OWN || AUDIT_KNOWN(EXPECTED(m, s)))
    :: else -> i = 0; goto audit
    fi;
    if
    :: REGISTERED(PSD_OF(m), USER_OF(m))
    :: else -> i = 0; goto audit
    fi;
    verified[s] = EXPECTED(m, s);
    accepted[s] = true;
    key[BY_SERVER(s, 1)] = k;
    text[BY_SERVER(s, 1)] = RESULT_OF(verified[s]);
    if
    :: PSD_OF(m) == PSD_OWN -> goto end /* the intruder with its own PSD: nothing more is promised */
    :: AUDITED_HERE(0, s, m) -> from = 0
    :: AUDITED_HERE(1, s, m) -> from = 1
    :: else -> from = OWN; CHECK(AUDIT, audit_is_of_this_session, false)
    fi;
    CHECK(ONCE, accepted_once, i == RECORDS || audit_used[i / 3] == 0);
    if
    :: i < RECORDS -> audit_used[i / 3]++
    :: else
    fi;
    CHECK(SECRECY, keys_are_secret, !KNOWN(k));
    key[BY_SERVER(s, 2)] = k;
    i = 0
  }

  /* The answers, and the second command. */
answer:
  atomic {
    WITH_DATA && !ended && j < 2 -> pick(i, RECORDS);
    if
    :: i < RECORDS && OPENS(i, k, TO_SERVER, 1 + j, CARD_DATA)
    :: i == RECORDS && KNOWN(k)
    :: else -> i = 0; goto answer
    fi;
    CHECK(DATA, data_is_the_others, from < OWN && i == BY_CARD(from, 1 + j));
    if
    :: j == 0 -> key[BY_SERVER(s, 3)] = k
    :: else -> server_done[s] = true
    fi;
    CHECK(COMPLETE, never_completes, !(server_done[0] && server_done[1]));
    i = 0;
    j++;
    goto answer
  }
end:
  skip
}

#ifdef STOLEN_SERVER
/* The other thing the key management system does in role "meter", for whoever asks: it verifies a signed audit. (Card
 * tells of the first.) */
proctype Thief() {
  if
  :: KNOWN(key[BY_CARD(0, 0)]) -> given = text[BY_CARD(0, 0)]
  :: KNOWN(key[BY_CARD(1, 0)]) -> given = text[BY_CARD(1, 0)]
  fi
}
#endif

#ifdef STOLEN_K2
proctype Thief() {
  atomic {
    ended = true;
    known[0] = true;
    known[1] = true;
    CHECK(PAST, past_is_secret, !KNOWN(card_key[0]) && !KNOWN(card_key[1]))
  }
}
#endif

init {
  atomic {
    known[OWN] = true;
    run Card(0);
    run Card(1);
    run Server(0);
    run Server(1);
#if defined(STOLEN_SERVER) || defined(STOLEN_K2)
    run Thief()
#endif
  }
}
