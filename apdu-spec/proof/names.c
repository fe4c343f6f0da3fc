#include "psd/proof/proof.h"

const char *psd_proof_name(psd_proof_result result) {
  switch (result) {
  case PSD_PROOF_HOLDS:
    return "valid";
  case PSD_PROOF_UNREADABLE:
    return "unreadable";
  case PSD_PROOF_CERTIFICATE:
    return "certificate";
  case PSD_PROOF_MESSAGE:
    return "message";
  case PSD_PROOF_SIGNATURE:
    return "signature";
  case PSD_PROOF_TERMS:
    return "terms";
  case PSD_PROOF_FAILED:
    return "failed";
  }
  return "failed";
}
