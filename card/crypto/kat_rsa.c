/* Known-answer tests of RSA. */
#include <string.h>

#include "crypto/internal.h"

/* Project Wycheproof (C2SP), the 2048-bit key and the message "Test" of rsa_pss_2048_sha256_mgf1_32_test.json,
 * rsa_signature_2048_sha256_test.json (both tcId 3) and rsa_oaep_2048_sha256_mgf1sha256_test.json (tcId 7). */
static const char message[] = "Test";
static const char key_text[] =
    "308204a30201000282010100a2b451a07d0aa5f96e455671513550514a8a5b462ebef717094fa1fee82224e637f9746d3f7cafd3"
    "1878d80325b6ef5a1700f65903b469429e89d6eac8845097b5ab393189db92512ed8a7711a1253facd20f79c15e8247f3d3e42e4"
    "6e48c98e254a2fe9765313a03eff8f17e1a029397a1fa26a8dce26f490ed81299615d9814c22da610428e09c7d9658594266f5c0"
    "21d0fceca08d945a12be82de4d1ece6b4c03145b5d3495d4ed5411eb878daf05fd7afc3e09ada0f1126422f590975a1969816f48"
    "698bcbba1b4d9cae79d460d8f9f85e7975005d9bc22c4e5ac0f7c1a45d12569a62807d3b9a02e5a530e773066f453d1f5b4c2e9c"
    "f7820283f742b9d50203010001028201007627eef3567b2a27268e52053ecd31c3a7172ccb9ddcee819b306a5b3c66b7573ca4fa"
    "88efc6f3c4a00bfa0ae7139f64543a4dac3d05823f6ff477cfcec84fe2ac7a68b17204b390232e110310c4e899c4e7c10967db4a"
    "cde042dbbf19dbe00b4b4741de1020aaaaffb5054c797c9f136f7d93ac3fc8caff6654242d7821ebee517bf537f44366a0fdd45a"
    "e05b9909c2e6cc1ed9281eff4399f76c96b96233ec29ae0bbf0d752b234fc197389f51050aa1acd01c074c3ac8fbdb9ea8b651a9"
    "5995e8db4ad5c43b6c8673e5a126e7ee94b8dff4c5afc01259bc8da76950bae6f8bae715f50985b0d6f66d04c6fef3b700720eec"
    "dcdf171bb7b1ecbe7289c467c102818100dc431050f782e894fb5248247d98cb7d58b8d1e24f3b55d041c56e4de086b0d5bb028b"
    "da42eeb5d234d5681e5809d415e6a289ad4cfbf78f978f6c35814f50eebff1c5b80a69f788e81e6bab5ddaa78369d659d143ec6f"
    "17e79813a575cfad9c569156b90113e2e9110ad9e7b48a1c9348a6e653321191290ea36cfb3a5b18f102818100bd1a81e7977f98"
    "98122273ae3222b598ea5fb19eb4eabc38308a5e32196603b2e500ffb79f5b886816611debc472fac45544070beb057c941378a6"
    "868af3b7a03d3f9880ec47d5e089b94fbde542aba9ae8d72c57088d7abf5b131f39098f7bc160f90536abc9492fd4e06f3ed7299"
    "d4b97bb03677207d95669f140cfbc20f2502818100a94b528b28f291599121d91952ffd1c7f21d7c1479d99d478885fb161870ee"
    "1218bf08472612dbe5497e8d9c650688e09c786961ae3e2c354dc48ae34514759c4c23c4588488961dc06b414e61c0e1e7fbbd29"
    "23d31532fe289f96da220711e58c14019808e00414276933bb07e4efb9b4a9b37656917205209f33f09515d7c10281803af0e72a"
    "933aef09ff2503df78bafed531c02ff1a2bc437c540cdcbd4ad35435cf511763596543480629b114ca7f780ff7efa32ea0cb6e00"
    "0d6d9ea1f2ef71fd9cf9948422a165557e37e755edfe70d90b920502eb478bc98a63f788ce3a0f856d6ede7251a383bfa8fa480a"
    "81a925af7b3cc538c4bab8c9f7597ffb68011d8d0281802640fbfbcfefb163ee7a87b6483a66ee41f956d90fa8a7939bfc042ee0"
    "924b1b7993d0445f758d51933e85179c0320b0c968b48a91c38b5be923e1097c0c562f88d42294b6a2759bafa5428a74f1270874"
    "e45f6fcc60f21602de5eccd143cf31241f5921b5ad3983fb54ef17be3b285367e50c999c67247b552fe4bfce945f7b";
static const char pss_text[] =
    "401eb03cdb47ca88033e3030f6bdecbac8f5c8fc1dd6a13d23d379ed9a2b309891d13d74fea9d21d159b9e6d8f37efa2489962e2"
    "4555f56dd434ff1d31ce4f9f5abd3f22cbea8b691d6a11e44efb83e2bca155e6a164325e0fde2a8865afd5c9f51161a9d615f62a"
    "f7ec2e31b3e5ab649c164490d31d88cfae35b84aea7925690f929a144b6d2f48e8fb894a52deecd1b9a6496990c4ecf1588699a4"
    "2cacd10c53af350514e4291ea9a058e77f101e32c1c0cefa61d945f7bc931f8bd19e7ba3169358a60e5a8b0123bc3199b9fdcafe"
    "8e519c41ba675491a27b85e44ef2d77277c10fe107293c8290186913bc9a99b640d8da041b64f31eab1d35920985f4a5";
/* The salt inside the signature above. */
static const char salt_text[] = "9b0ed64f308ed97fc9f1456a17aacb2eedba98a6ff721b4e8d504b0d0ad49a52";
static const char pkcs1_text[] =
    "264491e844c119f14e425c03282139a558dcdaeb82a4628173cd407fd319f9076eaebc0dd87a1c22e4d17839096886d58a9d5b7f"
    "7aeb63efec56c45ac7bead4203b6886e1faa90e028ec0ae094d46bf3f97efdd19045cfbc25a1abda2432639f9876405c0d68f8ed"
    "bf047c12a454f7681d5d5a2b54bd3723d193dbad4338baad753264006e2d08931c4b8bb79aa1c9cad10eb6605f87c5831f6e2b08"
    "e002f9c6f21141f5841d92727dd3e1d99c36bc560da3c9067df99fcaf818941f72588be33032bad22caf6704223bb114d575b6d0"
    "2d9d222b580005d930e8f40cce9f672eebb634a20177d84351627964b83f2053d736a84ab1a005f63bd5ba943de6205c";
static const char oaep_text[] =
    "096958786ee7972050d67a9e4b69d6c6af7db7cc674386df725770dd29129b826e39552330104c8d71e6cc3a3014dd2f61b54153"
    "af51b0438d447ee939f9e3c13bb8b00a37dea6a068f6c9d27e848b1be7a1eeeb3ee50b78036fba95ae46948ca5b13f356ea24db1"
    "0f60dc09e4b8bad8f766b668ef72524432080a0ce00ed676d6d5e354984b1078520412525848156d06f0652469f95791baa3d9a7"
    "98ae537094f76f976faecd5c9ce0c930a75910c63dacf63485cb4b5e7bdbcf4d80e74037eaa1a8fe4b52930bec6be99cf6ac88cf"
    "5878dbf6859d456a95dbc34654eec425de84ca2a535d517403a9aada827e7d0093ecfc97ed056a7652825e9a45cb2dcb";

/* Where the modulus stands in the key. */
#define MODULUS_OFFSET 12
#define MODULUS_LENGTH 256

static size_t load_key(uint8_t der[PSD_RSA_KEY_MAX]) {
  return psd_kat_hex(key_text, der, PSD_RSA_KEY_MAX);
}

static void load_public(psd_rsa_public *key) {
  uint8_t der[PSD_RSA_KEY_MAX];
  load_key(der);
  memset(key, 0, sizeof *key);
  memcpy(key->modulus, der + MODULUS_OFFSET, MODULUS_LENGTH);
  key->modulus_length = MODULUS_LENGTH;
  key->exponent = 65537;
}

bool psd_kat_rsa_verify(void) {
  psd_rsa_public key;
  uint8_t signature[MODULUS_LENGTH], digest[PSD_SHA256_SIZE];
  load_public(&key);
  psd_kat_hex(pss_text, signature, sizeof signature);
  if (!psd_sha256(message, sizeof message - 1, digest) ||
      !psd_rsa_pss_verify(&key, digest, signature, sizeof signature))
    return false;
  psd_kat_hex(pkcs1_text, signature, sizeof signature);
  if (!psd_rsa_pkcs1_verify(&key, digest, signature, sizeof signature))
    return false;
  digest[0] ^= 0x01;
  return !psd_rsa_pkcs1_verify(&key, digest, signature, sizeof signature);
}

bool psd_kat_rsa_sign(void) {
  uint8_t der[PSD_RSA_KEY_MAX], salt[PSD_SHA256_SIZE], digest[PSD_SHA256_SIZE], signature[PSD_RSA_MAX];
  size_t der_length = load_key(der), length = 0;
  psd_kat_hex(salt_text, salt, sizeof salt);
  psd_kat_source source = {salt, sizeof salt};
  psd_random random = psd_kat_random(&source);
  return psd_sha256(message, sizeof message - 1, digest) &&
         psd_rsa_pss_sign_with(&random, der, der_length, digest, signature, &length) &&
         psd_kat_same(signature, length, pss_text) && psd_rsa_pkcs1_sign(der, der_length, digest, signature, &length) &&
         psd_kat_same(signature, length, pkcs1_text);
}

bool psd_kat_rsa_oaep(void) {
  uint8_t der[PSD_RSA_KEY_MAX], cipher[MODULUS_LENGTH], plain[PSD_RSA_MAX];
  size_t der_length = load_key(der), length = 0;
  psd_kat_hex(oaep_text, cipher, sizeof cipher);
  return psd_rsa_oaep_decrypt(der, der_length, cipher, sizeof cipher, plain, &length) &&
         psd_kat_same(plain, length, "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
}
