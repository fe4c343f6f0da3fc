/* Published vectors of triple-DES, for every implementation of suite classic. Text in hexadecimal. */
#ifndef PSD_TEST_CLASSIC_VECTORS_H
#define PSD_TEST_CLASSIC_VECTORS_H

/* SP 800-67, B.1: three keys; each block by itself. */
#define TDES_KEY "0123456789abcdef23456789abcdef01456789abcdef0123"
static const char *const tdes_blocks[][2] = {{"5468652071756663", "a826fd8ce53b855f"},
                                             {"6b2062726f776e20", "cce21c8112256fe6"},
                                             {"666f78206a756d70", "68d5c05dd9b6b900"}};

/* CFB-64: NIST CAVS 11.1, TCFB64MMT2 (two keys), [ENCRYPT] COUNT 0 to 3, [DECRYPT] COUNT 1 and 2; and FIPS 81, table
 * D3, which is DES, that is triple-DES with twice the same key. */
static const struct tdes_cfb {
  const char *key, *vector, *text, *cipher;
} tdes_cfb[] = {
    {"195ba486c7bf6b9e2943a71cc4e0ba54", "695643ceea53105b", "2f12c67f03ddce74", "b09d950308d69ffd"},
    {"fb7a9b894c04bc29e96154a2a8755bfd", "2d50d7a19766d426", "425c18b6992d6ca73c1f41677f0b9d34",
     "9561aa74545927336e9ed5ac8451cd5c"},
    {"ae73e5cb152c2ad6df92b6f2fda19b64", "6d0d66db69ab176c", "1f42c7204c4d2aa5ec1fe3306d7a78bb2f4eeccee88b40f5",
     "eb9ca4e10c8188b016c75c6a5a5bf618cf8953d5acfd7f2c"},
    {"e032cb044ada737cdf04c1b358193776", "c1d38acf302bd342",
     "44543f1ae7d6b6fab5607bc356c999a0583a23aa7f34260c5cd5dc642157226d",
     "7da0e2b0d9082392b82457de5d5e490cd89c51647b0ec23fb3f73a410924af52"},
    {"080440aef1c1fdef7ccdfeb5980bcbf8", "1dce10f82ef0ebe6", "0dcbfe9155e43df0868ced69766fa6da",
     "f026a14f98b798a715e752e077d96fe7"},
    {"d66149f201257a26d9c785e3707c25fd", "64a219ce5304a653", "cae199ac311e48d0fece666bd165b108406913a44d633755",
     "01200b63435c983f660c7cf75249fc0b9735483d0239aef2"},
    {"0123456789abcdef0123456789abcdef", "1234567890abcdef", "4e6f77206973207468652074696d6520666f7220616c6c20",
     "f3096249c7f46e51a69e839b1a92f78403467133898ea622"},
};

/* ISO/IEC 9797-1, the examples of algorithm 1 with padding method 2, which are of DES and give the leftmost 4 bytes. */
#define MAC_KEY "0123456789abcdef0123456789abcdef"
static const struct tdes_iso_mac {
  const char *text, *mac;
} tdes_iso_macs[] = {{"Now is the time for all ", "10e1f0f1"}, {"Now is the time for it", "a924c721"}};

/* A MAC of suite classic, and a record: made with Python's cryptography from docs/handshake.md. */
#define CLASSIC_MAC_HEAD "psd audit response"
#define CLASSIC_MAC_BODY "616263"
#define CLASSIC_MAC "e78240a1426772c7"
/* Key 01 02 ... 20, vector with number 40 41 ... 4B, frame type 06. */
#define CLASSIC_RECORD_TEXT "a record of 21 bytes!"
#define CLASSIC_RECORD "01a9ceb6b7f13d9514ca32497fcd2899e1854ebd50d761e46083f83e340000000000000000"

#endif
