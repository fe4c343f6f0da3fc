#include "card_server.h"

#include <string.h>

meter server;

void server_keys(rig *r) {
  meter_destroy(&server);
  meter_create(&server, r, true);
}

void server_follow(rig *r) {
  const psd_session *session = &r->card->session;
  server.r = r;
  memcpy(server.to_card.expanded, session->to_card.key, PSD_AES_KEY);
  memcpy(server.to_card.expanded + PSD_AES_KEY, session->to_card.vector, PSD_GCM_NONCE);
  server.to_card.sequence = session->to_card.sequence;
  memcpy(server.to_server.expanded, session->to_server.key, PSD_AES_KEY);
  memcpy(server.to_server.expanded + PSD_AES_KEY, session->to_server.vector, PSD_GCM_NONCE);
  server.to_server.sequence = session->to_server.sequence;
  memcpy(server.result.audit, session->audit, sizeof server.result.audit);
}

uint16_t server_audited(rig *r) {
  uint8_t m2[PSD_M2_SIZE];
  server.r = r;
  uint16_t status = meter_sign_on(&server, PSD_SUITE_SHARED);
  if (status != PSD_SW_OK)
    return status;
  meter_make_m2(&server, m2);
  status = meter_answer(&server, m2, sizeof m2);
  return status == PSD_SW_OK ? meter_audit(&server) : status;
}

uint16_t server_opened(rig *r) {
  uint16_t status = server_audited(r);
  if (status == PSD_SW_OK)
    r->card->session.phase = PSD_SESSION_OPEN;
  return status;
}
