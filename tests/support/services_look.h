/* A look with OpenSSL at what the certificate meter has signed. */
#ifndef PSD_TEST_SERVICES_LOOK_H
#define PSD_TEST_SERVICES_LOOK_H

#include "services.h"

#include <openssl/asn1t.h>
#include <openssl/cms.h>

/* The answer as signed data, with no byte behind it, written the same by OpenSSL. CMS_ContentInfo_free it. */
CMS_ContentInfo *look_cms(const services *s);
CMS_ContentInfo *look_cms_of(const services_bytes *bytes);
/* CMS_verify: its signer's certificate, which is `signer` (or, NULL, enclosed), was issued by `issuer` and valid at
 * `time`; of a message where it is detached. */
bool look_holds(CMS_ContentInfo *cms, X509 *signer, X509 *issuer, uint64_t time, const void *message, size_t length);
/* TS_RESP_verify_token: version, signature, certificate, policy, imprint and nonce (NULL for none). */
bool look_stamp(const services *s, const services_bytes *token, X509 *signer, const void *message, size_t length,
                const char *nonce);
/* The content, a SEQUENCE, as its elements. */
typedef struct look_content {
  ASN1_SEQUENCE_ANY *of;
} look_content;
look_content look_open(CMS_ContentInfo *cms, psd_oid_id type);
void look_close(look_content *content);
int look_count(const look_content *content);
/* Element `at`: an INTEGER or ENUMERATED; bytes of an OCTET STRING, a UTF8String or a SEQUENCE; a GeneralizedTime. */
uint64_t look_number(const look_content *content, int at);
uint64_t look_enumerated(const look_content *content, int at);
uint64_t look_time(const look_content *content, int at);
bool look_octets(const look_content *content, int at, const void *bytes, size_t length);
bool look_text(const look_content *content, int at, const char *text);
bool look_name(const look_content *content, int at, X509_NAME *name);
bool look_flag(const look_content *content, int at);

#endif
