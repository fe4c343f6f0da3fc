/* HPKE in base mode, DHKEM(P-256, HKDF-SHA256) with HKDF-SHA256: what others have computed. RFC 9180 prints AES-128-GCM
 * in A.3.1; AES-256-GCM, which the PSD uses, is in the test-vectors.json that it refers to. */
#ifndef PSD_HPKE_VECTORS_H
#define PSD_HPKE_VECTORS_H

#include <stddef.h>

/* The same in all of them; the additional data is that of sequence number 0. */
#define PSD_HPKE_VECTOR_INFO "Ode on a Grecian Urn"
#define PSD_HPKE_VECTOR_TEXT "Beauty is truth, truth beauty"
#define PSD_HPKE_VECTOR_AAD "Count-0"

/* In hexadecimal, by the names of the RFC. */
typedef struct psd_hpke_vector {
  const char *name;
  const char *secret;           /* skEm = DeriveKeyPair(ikmE) */
  const char *enc;              /* pkEm */
  const char *recipient;        /* pkRm */
  const char *sealed;           /* ct */
  size_t key_length;            /* of the AEAD, in bytes */
  const char *recipient_secret; /* skRm; NULL, and so the next three, where it is not at hand */
  const char *shared_secret, *key, *base_nonce;
} psd_hpke_vector;

static const psd_hpke_vector psd_hpke_vectors[] = {
    {.name = "RFC 9180, A.3.1.1, sequence number 0",
     .secret = "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb",
     .enc = "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"
            "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
     .recipient = "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a82"
                  "6a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0",
     .sealed = "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434",
     .key_length = 16,
     .recipient_secret = "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
     .shared_secret = "c0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8",
     .key = "868c066ef58aae6dc589b6cfdd18f97e",
     .base_nonce = "4e0bc5018beba4bf004cca59"},
    {.name = "test-vectors.json: mode 0, kem 16, kdf 1, aead 2, sequence number 0",
     .secret = "90345e3a1d116c1dd39ae76d95ab858c142223a63e44f8f85318cfa91a84858e",
     .enc = "04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e"
            "0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0",
     .recipient = "04abc7e49a4c6b3566d77d0304addc6ed0e98512ffccf505e6a8e3eb25c685136f"
                  "853148544876de76c0f2ef99cdc3a05ccf5ded7860c7c021238f9e2073d2356c",
     .sealed = "58c61a45059d0c5704560e9d88b564a8b63f1364b8d1fcb3c4c6ddc1d291742465e902cd216f8908da49f8f96f",
     .key_length = 32},
};

#endif
