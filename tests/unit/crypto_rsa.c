/* RSA against Project Wycheproof (C2SP) and NIST CAVS, and what it must refuse. */
#include "check.h"
#include "crypto_support.h"

/* The 2048-bit key of the Wycheproof files named below. */
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
/* rsa_pss_2048_sha256_mgf1_32_test.json and rsa_signature_2048_sha256_test.json, tcId 3: the message is "Test". */
static const char pss_text[] =
    "401eb03cdb47ca88033e3030f6bdecbac8f5c8fc1dd6a13d23d379ed9a2b309891d13d74fea9d21d159b9e6d8f37efa2489962e2"
    "4555f56dd434ff1d31ce4f9f5abd3f22cbea8b691d6a11e44efb83e2bca155e6a164325e0fde2a8865afd5c9f51161a9d615f62a"
    "f7ec2e31b3e5ab649c164490d31d88cfae35b84aea7925690f929a144b6d2f48e8fb894a52deecd1b9a6496990c4ecf1588699a4"
    "2cacd10c53af350514e4291ea9a058e77f101e32c1c0cefa61d945f7bc931f8bd19e7ba3169358a60e5a8b0123bc3199b9fdcafe"
    "8e519c41ba675491a27b85e44ef2d77277c10fe107293c8290186913bc9a99b640d8da041b64f31eab1d35920985f4a5";
static const char pkcs1_text[] =
    "264491e844c119f14e425c03282139a558dcdaeb82a4628173cd407fd319f9076eaebc0dd87a1c22e4d17839096886d58a9d5b7f"
    "7aeb63efec56c45ac7bead4203b6886e1faa90e028ec0ae094d46bf3f97efdd19045cfbc25a1abda2432639f9876405c0d68f8ed"
    "bf047c12a454f7681d5d5a2b54bd3723d193dbad4338baad753264006e2d08931c4b8bb79aa1c9cad10eb6605f87c5831f6e2b08"
    "e002f9c6f21141f5841d92727dd3e1d99c36bc560da3c9067df99fcaf818941f72588be33032bad22caf6704223bb114d575b6d0"
    "2d9d222b580005d930e8f40cce9f672eebb634a20177d84351627964b83f2053d736a84ab1a005f63bd5ba943de6205c";
/* rsa_signature_2048_sha256_test.json, tcId 8 and 9: the message is "123400"; the DigestInfo lacks its NULL, and has a
 * length in long form. */
static const char pkcs1_null_text[] =
    "095dad1fd82bcd36652a381b7f4dd656bd89b40aa58b56da4f6aa8247874b935e65d2b86752d537df7103884d39dd9ad3d65f874"
    "04526b09094c5615c6249979b0dc58d2199ae8696a5b76b4bb03eaf08c2ab6aec686c6b1b289c9b44f648bd30cb1ac6a64a73d68"
    "e59cd05e7aa1b780f4bfd7b83dfe3b884ec11821a93dc5bbb47a00eea4557b6b96b5656276001f1f295ddbbbc511a99b9a665b9c"
    "2674c8af0d812286d0be3ce74817ba2cad283757de35dfb149f2835f60cb03ff155524a57f78b148feceb84cd20b0ae22e3e48f4"
    "33fbd9bfd60be8afec93165ee0310be961d3695f309d031320c830aa6ba08b5a51d943797097c57630be391bd23736cc";
static const char pkcs1_long_text[] =
    "8a0e82d4f334aca72a718b6f8f643f69c6048d619d5eba71263a5d2d3ac7a7af133b780c7595ca2c982c006e861948f543cd0210"
    "c758691f9626842c25de2843ea314ca8eff285d47e0cffa54180af416004017034962a80a5959c3d3f1bfc154a4824462a93c014"
    "f6dfe920824f414a6e30e0e5944d480b99949ec7bf64c4a7461575933b17d7d6b0178b5192392ace3ed8469e8ac1dacae51ad5d3"
    "ad73dcb213e056d04596e64d8c0703def3110c7cecc93ba8ac8059f0f3d66b89d8712c62b41d407e4b4a104f4569558b0290c213"
    "cad6d0653898b9df8f4a453ab07d13bfb7598d505abbd0c4987e4f1ac66e1a523e113e370ab7cf990f0cc63f50f4f0a4";
/* rsa_oaep_2048_sha256_mgf1sha256_test.json: tcId 7, tcId 1 (an empty message), tcId 8 (with a label). */
static const char oaep_text[] =
    "096958786ee7972050d67a9e4b69d6c6af7db7cc674386df725770dd29129b826e39552330104c8d71e6cc3a3014dd2f61b54153"
    "af51b0438d447ee939f9e3c13bb8b00a37dea6a068f6c9d27e848b1be7a1eeeb3ee50b78036fba95ae46948ca5b13f356ea24db1"
    "0f60dc09e4b8bad8f766b668ef72524432080a0ce00ed676d6d5e354984b1078520412525848156d06f0652469f95791baa3d9a7"
    "98ae537094f76f976faecd5c9ce0c930a75910c63dacf63485cb4b5e7bdbcf4d80e74037eaa1a8fe4b52930bec6be99cf6ac88cf"
    "5878dbf6859d456a95dbc34654eec425de84ca2a535d517403a9aada827e7d0093ecfc97ed056a7652825e9a45cb2dcb";
static const char oaep_empty_text[] =
    "6e62bf24d95aff6868afec2a92a445b6458f16f688c19fe1212f66a63137831653cedd359d8cff4dd485d77dfd55812c18137320"
    "1f54aafd65730d2a304e623455d51125d891e65d97fce52341cae45fb64c38a384a1c621e2713ee6794633f029a9fd4d774f5655"
    "1eac2176162e162640f25eab873a3451c475570f19228bcede4c67c370a75ed7fabccd538c9819eff182481b10d42f1a9f6a0537"
    "3b8cf9b71818d467bd3b8ebacb619e8ad42916e600c043effceb3855bc48a629e60ae886f51b2a7876b0e623fb2ce68af4b03924"
    "2f963adb0e4240aed0ed07f65f1ee7c0cc77d210d0c2d1dc10c81b881aa0c9c9e9499665cf2970d2ccfeeb3191531765";
static const char oaep_label_text[] =
    "6583e2f176aa7e7f655d2c53497349c156c8851fb23325589e85fb83bfa857346caba222cdaa3234e71564154298c24dbb85e188"
    "22a1d5e7faa47863a64d76874a3cbc70f4d9f137426a344c473fac1dd7008a9973765e9f66c5b492535a647c273c4f78ceb5aa7b"
    "a963a2142f2ce4a81f804c002b9b2eabb3c75e80a3c6ceafe5384a544c672a5d28d32bb87115f43eb79775fd9b3f4a2f6e6a8936"
    "8bdd95ef1d014877b60afdb1234acd57653a65459f01b2fbe381f22a739504b4897a7e6c33b6349b276db6083abad9c169405859"
    "b800c812237634b503de6ada43013c1d86697a135be78a9784576d796d62aa7819e2ea0e2d902ffdd9cfdd1ae66212ee";

/* NIST CAVS 11.0, SigGen15_186-3, 2048 bits, SHA-256, the first message; the factors were computed from d. */
static const char nist_key_text[] =
    "308204a40201000282010100cea80475324c1dc8347827818da58bac069d3419c614a6ea1ac6a3b510dcd72cc516954905e9fef9"
    "08d45e13006adf27d467a7d83c111d1a5df15ef293771aefb920032a5bb989f8e4f5e1b05093d3f130f984c07a772a3683f4dc6f"
    "b28a96815b32123ccdd13954f19d5b8b24a103e771a34c328755c65ed64e1924ffd04d30b2142cc262f6e0048fef6dbc652f2147"
    "9ea1c4b1d66d28f4d46ef7185e390cbfa2e02380582f3188bb94ebbf05d31487a09aff01fcbb4cd4bfd1f0a833b38c11813c8436"
    "0bb53c7d4481031c40bad8713bb6b835cb08098ed15ba31ee4ba728a8c8e10f7294e1b4163b7aee57277bfd881a6f9d43e02c692"
    "5aa3a043fb7fb78d0203260445028201000997634c477c1a039d44c810b2aaa3c7862b0b88d3708272e1e15f66fc9389709f8a11"
    "f3ea6a5af7effa2d01c189c50f0d5bcbe3fa272e56cfc4a4e1d388a9dcd65df8628902556c8b6bb6a641709b5a35dd2622c73d46"
    "40bfa1359d0e76e1f219f8e33eb9bd0b59ec198eb2fccaae0346bd8b401e12e3c67cb629569c185a2e0f35a2f741644c1cca5ebb"
    "139d77a89a2953fc5e30048c0e619f07c8d21d1e56b8af07193d0fdf3f49cd49f2ef3138b5138862f1470bd2d16e34a2b9e7777a"
    "6c8c8d4cb94b4e8b5d616cd5393753e7b0f31cc7da559ba8e98d888914e334773baf498ad88d9631eb5fe32e53a4145bf0ba548b"
    "f2b0a50c63f67b14e398a34b0d02818100f364e16ef12017ec95b192308c01e087cee619ab50a5d537cc01841dc92b30bcef0d9f"
    "2c6bbd5dc10bdf5b9f6c354a4f9f210520caa72b4f5c36b8d33f10324c55956141891e45b84b49f59ea5bfac6ffa38900aca5099"
    "afcd02f6a8257c41ce5bb2e4153832b5c22f91eb389fa2035c3cf9b3374531c483cb30ceb007259b1d02818100d95c0995fabdfc"
    "bccfe63e0f3262f806869ab571e1793e97234cbb9bd4b6872a7695389955cf6ce7245345a5df8021f7d9519563afbc2667f5311f"
    "ad093de2c02cd069109b630d68e3bf767f8a788a6add7ab199f2d8f6a40b7c1910d9dab52ac80d0d333aacab321a9309dc884ddd"
    "4db637a0c1115ae3c08efa683f99eb733102818100d4f7ef9f9be947ba9d1b3bce59e5608839a1e464553e1b6d113d0f636758bb"
    "b473a89f9949836ead40b6f314eee3ac2244d7b6f379e83f30e17783ad68d5086897889c051c26e1558a4a220bfc242995860644"
    "b5d7a3ef513ac612b9c6c0a2021bb6b9cde7dbd21fe5858746c79563e9bab7d06b43aab43a0a5cafab4519a6610281803db2386f"
    "174f2ea3ef4b6bd1601749ce2d6afa8be35f051178621f16a23ad36eba03c073136389241969e5b87edb0fcbcf1a0bd6e1aee97b"
    "ae1f2d97aabe19b17dbe7d9492cdb68a0897f572350e846c669660dc978c5068da598524fca8a136358d3e5f8f6ad5cf78d9089c"
    "93f473189162ce0f8c4902a19902b633b3e6926d02818100ddc971183dcf3450c43e06ba2af32379eedeb2d678513fb706b75a00"
    "6098154041f4b09e6be385d4b25d80ec241c899e4a986a17b0a121daab91a1e4fc5a1802a7074df3fb3f7661f0e1c97799e36d21"
    "de937cc4209585db30a56af0a228e001036ed792625e5368ce101574a2e9767f07338949f0afdf358cecd18c6d6f3f55";
static const char nist_message_text[] =
    "5af283b1b76ab2a695d794c23b35ca7371fc779e92ebf589e304c7f923d8cf976304c19818fcd89d6f07c8d8e08bf371068bdf28"
    "ae6ee83b2e02328af8c0e2f96e528e16f852f1fc5455e4772e288a68f159ca6bdcf902b858a1f94789b3163823e2d0717ff56689"
    "eec7d0e54d93f520d96e1eb04515abc70ae90578ff38d31b";
static const char nist_signature_text[] =
    "6b8be97d9e518a2ede746ff4a7d91a84a1fc665b52f154a927650db6e7348c69f8c8881f7bcf9b1a6d3366eed30c3aed4e93c203"
    "c43f5528a45de791895747ade9c5fa5eee81427edee02082147aa311712a6ad5fb1732e93b3d6cd23ffd46a0b3caf62a8b69957c"
    "c68ae39f9993c1a779599cdda949bdaababb77f248fcfeaa44059be5459fb9b899278e929528ee130facd53372ecbc42f3e8de29"
    "98425860406440f248d817432de687112e504d734028e6c5620fa282ca07647006cf0a2ff83e19a916554cc61810c2e855305db4"
    "e5cf893a6a96767365794556ff033359084d7e38a8456e68e21155b76151314a29875feee09557161cbc654541e89e42";

typedef struct pair {
  uint8_t der[PSD_RSA_KEY_MAX];
  size_t length;
  psd_rsa_public public_key;
} pair;

/* The modulus of 2048 bits stands 12 bytes into the key. */
static void load(pair *key, const char *text, uint32_t exponent) {
  memset(key, 0, sizeof *key);
  key->length = psd_check_hex(text, key->der, sizeof key->der);
  memcpy(key->public_key.modulus, key->der + 12, 256);
  key->public_key.modulus_length = 256;
  key->public_key.exponent = exponent;
}

static void wycheproof_signatures_verify(void) {
  pair key;
  uint8_t digest[PSD_SHA256_SIZE], signature[256];
  load(&key, key_text, 65537);
  psd_sha256("Test", 4, digest);
  psd_check_hex(pss_text, signature, sizeof signature);
  CU_ASSERT(psd_rsa_pss_verify(&key.public_key, digest, signature, sizeof signature));
  CU_ASSERT(!psd_rsa_pkcs1_verify(&key.public_key, digest, signature, sizeof signature));
  psd_check_hex(pkcs1_text, signature, sizeof signature);
  CU_ASSERT(psd_rsa_pkcs1_verify(&key.public_key, digest, signature, sizeof signature));
  CU_ASSERT(!psd_rsa_pss_verify(&key.public_key, digest, signature, sizeof signature));
}

/* RFC 8017, 5.2.2: s + n would verify as well as s, if representatives outside [0, n - 1] were let in. */
static void a_signature_has_one_form(void) {
  pair key;
  uint8_t digest[PSD_SHA256_SIZE], signature[256];
  load(&key, key_text, 65537);
  psd_sha256("Test", 4, digest);
  psd_check_hex(pkcs1_text, signature, sizeof signature);
  unsigned carry = 0;
  for (size_t i = sizeof signature; i-- > 0; carry >>= 8) {
    carry += (unsigned)signature[i] + key.public_key.modulus[i];
    signature[i] = (uint8_t)carry;
  }
  CU_ASSERT_EQUAL_FATAL(carry, 0);
  CU_ASSERT(!psd_rsa_pkcs1_verify(&key.public_key, digest, signature, sizeof signature));
}

/* RFC 8017, 8.2.2: the encoded message is compared whole. */
static void lenient_encodings_are_refused(void) {
  pair key;
  uint8_t digest[PSD_SHA256_SIZE], signature[256];
  load(&key, key_text, 65537);
  psd_sha256("123400", 6, digest);
  psd_check_hex(pkcs1_null_text, signature, sizeof signature);
  CU_ASSERT(!psd_rsa_pkcs1_verify(&key.public_key, digest, signature, sizeof signature));
  psd_check_hex(pkcs1_long_text, signature, sizeof signature);
  CU_ASSERT(!psd_rsa_pkcs1_verify(&key.public_key, digest, signature, sizeof signature));
}

static void pkcs1_signatures_are_the_published_ones(void) {
  pair key;
  uint8_t message[128], digest[PSD_SHA256_SIZE], signature[PSD_RSA_MAX];
  size_t length = 0;
  load(&key, key_text, 65537);
  psd_sha256("Test", 4, digest);
  CU_ASSERT(psd_rsa_pkcs1_sign(key.der, key.length, digest, signature, &length));
  psd_check_bytes(signature, length, pkcs1_text, "Wycheproof");
  load(&key, nist_key_text, 0x260445);
  psd_sha256(message, psd_check_hex(nist_message_text, message, sizeof message), digest);
  CU_ASSERT(psd_rsa_pkcs1_sign(key.der, key.length, digest, signature, &length));
  psd_check_bytes(signature, length, nist_signature_text, "CAVS");
  CU_ASSERT(psd_rsa_pkcs1_verify(&key.public_key, digest, signature, length));
}

static void oaep_decrypts_the_published_ones(void) {
  pair key;
  uint8_t cipher[256], plain[PSD_RSA_MAX];
  size_t length = 99;
  load(&key, key_text, 65537);
  psd_check_hex(oaep_text, cipher, sizeof cipher);
  CU_ASSERT(psd_rsa_oaep_decrypt(key.der, key.length, cipher, sizeof cipher, plain, &length));
  psd_check_bytes(plain, length, "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", "tcId 7");
  psd_check_hex(oaep_empty_text, cipher, sizeof cipher);
  CU_ASSERT(psd_rsa_oaep_decrypt(key.der, key.length, cipher, sizeof cipher, plain, &length));
  CU_ASSERT_EQUAL(length, 0);
  psd_check_hex(oaep_label_text, cipher, sizeof cipher);
  memset(plain, 1, sizeof plain);
  CU_ASSERT(!psd_rsa_oaep_decrypt(key.der, key.length, cipher, sizeof cipher, plain, &length));
  CU_ASSERT(length == 0 && all_zero(plain, sizeof plain));
}

static void oaep_round_trips(void) {
  static const size_t lengths[] = {0, 1, 32, 189, 190};
  pair key;
  psd_drbg drbg;
  uint8_t message[191], cipher[PSD_RSA_MAX], plain[PSD_RSA_MAX];
  size_t cipher_length = 0, length = 0;
  load(&key, key_text, 65537);
  CU_ASSERT_FATAL(start_drbg(&drbg, 1));
  memset(message, 0x5A, sizeof message);
  for (size_t i = 0; i < PSD_CHECK_COUNT(lengths); i++) {
    CU_ASSERT(psd_rsa_oaep_encrypt(&drbg, &key.public_key, message, lengths[i], cipher, &cipher_length));
    CU_ASSERT_EQUAL(cipher_length, 256);
    CU_ASSERT(psd_rsa_oaep_decrypt(key.der, key.length, cipher, cipher_length, plain, &length));
    CU_ASSERT(length == lengths[i] && psd_equal(plain, message, length));
  }
  for (size_t i = 0; i < cipher_length; i += 16) {
    cipher[i] ^= 0x01;
    CU_ASSERT(!psd_rsa_oaep_decrypt(key.der, key.length, cipher, cipher_length, plain, &length));
    CU_ASSERT(length == 0 && all_zero(plain, sizeof plain));
    cipher[i] ^= 0x01;
  }
  CU_ASSERT(!psd_rsa_oaep_decrypt(key.der, key.length, cipher, 255, plain, &length));
  CU_ASSERT(!psd_rsa_oaep_decrypt(key.der, key.length, cipher, 257, plain, &length));
  /* RFC 8017, 7.1.1: at most k - 2 hLen - 2 bytes. */
  CU_ASSERT(!psd_rsa_oaep_encrypt(&drbg, &key.public_key, message, 191, cipher, &cipher_length));
  CU_ASSERT(cipher_length == 0 && all_zero(cipher, sizeof cipher));
}

static void signatures_of_each_kind_verify(const pair *key, psd_drbg *drbg) {
  uint8_t digest[PSD_SHA256_SIZE], signature[PSD_RSA_MAX], again[PSD_RSA_MAX];
  size_t length = 0, again_length = 0;
  psd_sha256("message", 7, digest);
  CU_ASSERT(psd_rsa_pss_sign(drbg, key->der, key->length, digest, signature, &length));
  CU_ASSERT_EQUAL(length, key->public_key.modulus_length);
  CU_ASSERT(psd_rsa_pss_verify(&key->public_key, digest, signature, length));
  CU_ASSERT(psd_rsa_pss_sign(drbg, key->der, key->length, digest, again, &again_length));
  CU_ASSERT(!psd_equal(signature, again, length)); /* another salt */
  for (size_t i = 0; i < length; i += 8) {
    signature[i] ^= 0x10;
    CU_ASSERT(!psd_rsa_pss_verify(&key->public_key, digest, signature, length));
    signature[i] ^= 0x10;
  }
  CU_ASSERT(!psd_rsa_pss_verify(&key->public_key, digest, signature, length - 1));
  CU_ASSERT(!psd_rsa_pss_verify(&key->public_key, digest, signature, length + 1));
  CU_ASSERT(psd_rsa_pkcs1_sign(key->der, key->length, digest, signature, &length));
  CU_ASSERT(psd_rsa_pkcs1_verify(&key->public_key, digest, signature, length));
  CU_ASSERT(!psd_rsa_pkcs1_verify(&key->public_key, digest, signature, length - 1));
  digest[31] ^= 0x01;
  CU_ASSERT(!psd_rsa_pkcs1_verify(&key->public_key, digest, signature, length));
  CU_ASSERT(!psd_rsa_pss_verify(&key->public_key, digest, again, again_length));
  /* RFC 8017, 5.2.2: the representative must be below the modulus. */
  CU_ASSERT(!psd_rsa_pkcs1_verify(&key->public_key, digest, key->public_key.modulus, length));
  memset(again, 0xFF, sizeof again);
  CU_ASSERT(!psd_rsa_pss_verify(&key->public_key, digest, again, length));
}

static void new_keys_work(void) {
  static const unsigned sizes[] = {2048, 3072};
  static pair key;
  psd_drbg drbg;
  CU_ASSERT_FATAL(start_drbg(&drbg, 5));
  for (size_t i = 0; i < PSD_CHECK_COUNT(sizes); i++) {
    CU_ASSERT_FATAL(psd_rsa_generate(&drbg, sizes[i], key.der, &key.length, &key.public_key));
    CU_ASSERT(key.length <= PSD_RSA_KEY_MAX);
    CU_ASSERT_EQUAL(key.public_key.modulus_length, sizes[i] / 8);
    CU_ASSERT(key.public_key.modulus[0] >= 0x80);
    CU_ASSERT_EQUAL(key.public_key.exponent, 65537);
    signatures_of_each_kind_verify(&key, &drbg);
  }
  CU_ASSERT(!psd_rsa_generate(&drbg, 1024, key.der, &key.length, &key.public_key));
  CU_ASSERT(key.length == 0 && all_zero(key.der, sizeof key.der));
  CU_ASSERT(!psd_rsa_generate(&drbg, 4096, key.der, &key.length, &key.public_key));
  CU_ASSERT(!psd_rsa_generate(&drbg, 2049, key.der, &key.length, &key.public_key));
}

static void public_refused(const psd_rsa_public *key) {
  psd_drbg drbg;
  uint8_t digest[PSD_SHA256_SIZE] = {0}, block[PSD_RSA_MAX] = {0}, out[PSD_RSA_MAX];
  size_t length;
  CU_ASSERT_FATAL(start_drbg(&drbg, 1));
  CU_ASSERT(!psd_rsa_pss_verify(key, digest, block, key->modulus_length));
  CU_ASSERT(!psd_rsa_pkcs1_verify(key, digest, block, key->modulus_length));
  CU_ASSERT(!psd_rsa_oaep_encrypt(&drbg, key, block, 16, out, &length));
  CU_ASSERT(length == 0 && all_zero(out, sizeof out));
}

static void bad_public_keys_are_refused(void) {
  pair key;
  load(&key, key_text, 3);
  public_refused(&key.public_key);
  load(&key, key_text, 65538);
  public_refused(&key.public_key);
  load(&key, key_text, 65537);
  key.public_key.modulus[255] ^= 0x01; /* even */
  public_refused(&key.public_key);
  load(&key, key_text, 65537);
  key.public_key.modulus[0] &= 0x7F; /* 2047 bits */
  public_refused(&key.public_key);
  load(&key, key_text, 65537);
  key.public_key.modulus_length = 128;
  public_refused(&key.public_key);
  key.public_key.modulus_length = 0;
  public_refused(&key.public_key);
  key.public_key.modulus_length = PSD_RSA_MAX + 1;
  public_refused(&key.public_key);
}

/* True if a signature comes out; then it must be the right one. */
static bool signs_rightly(const uint8_t *der, size_t length, const pair *key) {
  uint8_t digest[PSD_SHA256_SIZE] = {0}, signature[PSD_RSA_MAX];
  size_t signature_length = 0;
  memset(signature, 1, sizeof signature);
  bool made = psd_rsa_pkcs1_sign(der, length, digest, signature, &signature_length);
  CU_ASSERT_EQUAL(made, psd_rsa_pkcs1_verify(&key->public_key, digest, signature, signature_length));
  CU_ASSERT(made || (signature_length == 0 && all_zero(signature, sizeof signature)));
  return made;
}

/* A wrong signature made with half of the key right would give the factors away. */
static void damaged_keys_never_sign_wrongly(void) {
  pair key;
  uint8_t der[PSD_RSA_KEY_MAX + 1];
  load(&key, key_text, 65537);
  unsigned refused = 0;
  for (size_t i = 0; i < key.length; i += 9) {
    memcpy(der, key.der, key.length);
    der[i] ^= 0x04;
    refused += !signs_rightly(der, key.length, &key);
  }
  CU_ASSERT(refused > 100); /* of 133; d is not used, and so may be damaged */
  memcpy(der, key.der, key.length);
  CU_ASSERT(signs_rightly(der, key.length, &key));
  der[key.length] = 0;
  CU_ASSERT(!signs_rightly(der, key.length + 1, &key));
  for (size_t length = 0; length < key.length; length += 41)
    CU_ASSERT(!signs_rightly(der, length, &key));
  CU_ASSERT(!signs_rightly(der, key.length - 1, &key));
}

static void nothing_is_made_without_randomness(void) {
  pair key;
  psd_drbg drbg = {0};
  uint8_t digest[PSD_SHA256_SIZE] = {0}, out[PSD_RSA_MAX];
  size_t length = 1;
  load(&key, key_text, 65537);
  memset(out, 1, sizeof out);
  CU_ASSERT(!psd_rsa_pss_sign(&drbg, key.der, key.length, digest, out, &length));
  CU_ASSERT(length == 0 && all_zero(out, sizeof out));
  memset(out, 1, sizeof out);
  CU_ASSERT(!psd_rsa_oaep_encrypt(&drbg, &key.public_key, digest, 32, out, &length));
  CU_ASSERT(length == 0 && all_zero(out, sizeof out));
  CU_ASSERT(!psd_rsa_generate(&drbg, 2048, key.der, &key.length, &key.public_key));
  CU_ASSERT(key.length == 0 && all_zero(key.der, sizeof key.der));
}

/* The generator stops while primes are searched. */
static void a_reseed_that_fails_stops_the_key_pair(void) {
  static pair key;
  stream from = {.number = 1};
  psd_entropy port = stream_port(&from);
  psd_drbg drbg;
  uint8_t out[1];
  CU_ASSERT_FATAL(psd_drbg_start(&drbg, &port));
  for (unsigned i = 0; i < PSD_DRBG_RESEED - 3; i++)
    CU_ASSERT(psd_drbg_read(&drbg, out, sizeof out));
  from.fail_at = from.reads + 1;
  CU_ASSERT(!psd_rsa_generate(&drbg, 2048, key.der, &key.length, &key.public_key));
  CU_ASSERT(key.length == 0 && all_zero(key.der, sizeof key.der));
}

int main(void) {
  static const psd_check_test tests[] = {
      {"Wycheproof: PSS and PKCS#1 v1.5 signatures verify, each as its own kind", wycheproof_signatures_verify},
      {"RFC 8017, 5.2.2: a signature plus the modulus is refused", a_signature_has_one_form},
      {"Wycheproof: DigestInfo that is not DER is refused", lenient_encodings_are_refused},
      {"Wycheproof and CAVS: PKCS#1 v1.5 signatures come out as published", pkcs1_signatures_are_the_published_ones},
      {"Wycheproof: OAEP decrypts, and refuses another label", oaep_decrypts_the_published_ones},
      {"OAEP round trips up to the longest message, and sees changes", oaep_round_trips},
      {"new keys of 2048 and 3072 bits sign and verify; other sizes are refused", new_keys_work},
      {"public keys with a bad modulus or exponent are refused", bad_public_keys_are_refused},
      {"damaged private keys are refused or sign rightly", damaged_keys_never_sign_wrongly},
      {"without randomness there is no signature, cipher text or key", nothing_is_made_without_randomness},
      {"a reseed that fails half-way leaves no key pair", a_reseed_that_fails_stops_the_key_pair},
  };
  return psd_check_run("crypto rsa", tests, PSD_CHECK_COUNT(tests));
}
