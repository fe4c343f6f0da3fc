/* The meter server of the card in the scenes: its sessions write nothing, so that what is cut or fails is the command
 * of the scene alone. */
#ifndef PSD_TEST_CARD_SERVER_H
#define PSD_TEST_CARD_SERVER_H

#include "provider.h"

extern meter server;

/* Gives the card its keys, and the server those that belong to them: a scene's `set`. */
void server_keys(rig *r);
/* The card on the bench may have gone back to what it was: the server goes with it. Before each command of its. */
void server_follow(rig *r);
/* A session up to the audit response: a scene's `prepare`. */
uint16_t server_audited(rig *r);
/* The same, opened without the commit of the audit result. */
uint16_t server_opened(rig *r);

#endif
