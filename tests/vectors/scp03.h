/* GlobalPlatform SCP03 test sets that both ends are held against: the reader makes the commands and opens the answers,
 * the card the other way round.
 *
 * The sets of mode S8 with levels 03, 11 and 33 and key versions 30 to 32 are those published in pySim
 * (github.com/osmocom/pysim, tests/unittests/test_globalplatform.py, classes SCP03_Test_*). None is known to be
 * published for mode S16. Those here, and the last two of mode S8, were computed with a third implementation (Python's
 * cryptography package, which first had to reproduce all the published sets); their card challenge is the pseudo-random
 * one of application F050534401 with the sequence counter of the answer (Amendment D, 6.2.2.1).
 *
 * The commands of a set run one after the other in one session. Status is 9000 throughout. Where a published set gives
 * no answer to a command, both answers are NULL; an answer without data still carries its MAC. */
#ifndef PSD_VECTORS_SCP03_H
#define PSD_VECTORS_SCP03_H

#include <stddef.h>
#include <stdint.h>

#define PSD_SCP03_VECTOR_COMMANDS 5

/* Hexadecimal throughout. */
typedef struct psd_scp03_vector_command {
  const char *plain;          /* the command APDU as its sender means it */
  const char *wrapped;        /* as it crosses the wire */
  const char *plain_answer;   /* data of the answer, without SW1-SW2; NULL where the set does not tell */
  const char *wrapped_answer; /* as it crosses the wire, without SW1-SW2 */
} psd_scp03_vector_command;

typedef struct psd_scp03_vector {
  const char *name;
  uint8_t key_size; /* of each static key, bytes */
  uint8_t key_version;
  const char *initialize_update;        /* command APDU */
  const char *initialize_update_answer; /* data of the answer, without SW1-SW2 */
  const char *external_authenticate;    /* command APDU; its P1 is the security level */
  psd_scp03_vector_command commands[PSD_SCP03_VECTOR_COMMANDS];
} psd_scp03_vector;

/* Static keys (ENC, MAC, DEK) of the published sets, by their size, with the key check values of the first (same
 * source, SCP03_KCV_Test; the others computed). */
typedef struct psd_scp03_vector_keys {
  uint8_t size; /* of each key, bytes */
  const char *enc, *mac, *dek;
  const char *enc_check, *mac_check, *dek_check; /* first 3 bytes of AES(key, 16 bytes 01) */
} psd_scp03_vector_keys;

static const psd_scp03_vector_keys psd_scp03_vector_key_sets[] = {
    {16, "000102030405060708090a0b0c0d0e0f", "101112131415161718191a1b1c1d1e1f", "202122232425262728292a2b2c2d2e2f",
     "c35280", "013808", "840de5"},
    {24, "000102030405060708090a0b0c0d0e0f0001020304050607", "101112131415161718191a1b1c1d1e1f1011121314151617",
     "202122232425262728292a2b2c2d2e2f2021222324252627", "42d79d", "dc4f0e", "9c71c6"},
    {32, "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f",
     "101112131415161718191a1b1c1d1e1f101112131415161718191a1b1c1d1e1f",
     "202122232425262728292a2b2c2d2e2f202122232425262728292a2b2c2d2e2f", "17b3e9", "0202bf", "c061c0"},
};

static const psd_scp03_vector psd_scp03_vectors[] = {
    {.name = "AES-128, S8, level 11",
     .key_size = 16,
     .key_version = 0x30,
     .initialize_update = "8050300008b13e5f938fc108c400",
     .initialize_update_answer = "000000000000000000003003703eb51047495b249f66c484c1d2ef1948000002",
     .external_authenticate = "84821100107d5f5826a993ebc89eea24957fa0b3ce",
     .commands =
         {
             {"80e2910006bf3e035c015a00", "84e291000ebf3e035c015a558d036518a2829700",
              "bf3e125a1089882119900000000000000000000005",
              "bf3e125a1089882119900000000000000000000005971be68992dbbdfa"},
             {"80f22002", "84f220020863a63f8959827fb2", NULL, NULL},
             {"80ca006600", "84ca006608a0c6a4a74166f7ce00", NULL, NULL},
             {"80f220020a4f0212345c054f9f70c5", "84f22002124f0212345c054f9f70c52249b50272656536", NULL, NULL},
             {"80f28002024f0000", "84f280020a4f00e91443f6dce6b8ed00", NULL, NULL},
         }},
    {.name = "AES-128, S8, level 03",
     .key_size = 16,
     .key_version = 0x30,
     .initialize_update = "80503000088e1552d0513c60f300",
     .initialize_update_answer = "0000000000000000000030037030760cd2c47c1dd395065fe5ead8a9d7000001",
     .external_authenticate = "8482030010fd4721a14d9b07003c451d2f8ae6bb21",
     .commands =
         {
             {"80e2910006bf3e035c015a00", "84e2910018ca9c00f6713d79bc8baa642bdff51c3f6a4082d3bd9ad26c00",
              "bf3e125a1089882119900000000000000000000005", "bf3e125a1089882119900000000000000000000005"},
             {"80f22002", "84f2200208c9811b11f1264cf1", NULL, NULL},
             {"80ca006600", "84ca006608e10ab60b3054798800", NULL, NULL},
             {"80f220020a4f0212345c054f9f70c5", "84f22002184e2908bdb48b2315a55482e9e936ca122d6ecfae7d17416e", NULL,
              NULL},
             {"80f28002024f0000", "84f28002180dd10a6b6193e5340b9e77d32d5a179cd710ac2773aefb2800", NULL, NULL},
         }},
    {.name = "AES-128, S8, level 33",
     .key_size = 16,
     .key_version = 0x30,
     .initialize_update = "8050300008fdf38259a1e0de4400",
     .initialize_update_answer = "000000000000000000003003703b1aca81e821f219081cdc01c26b372d000003",
     .external_authenticate = "84823300108c36f96bcc00724a4e13ad591d7da3f0",
     .commands =
         {
             {"80e2910006bf3e035c015a00", "84e2910018267a85dfe4a98fca6fb0527e0dfecce4914e40401433c87f00",
              "bf3e125a1089882119900000000000000000000005",
              "f3ba2b1013aa6224f5e1c138d71805c569e5439b47576260b75fc021b25097cb2e68f8a0144975b9"},
             {"80f22002", "84f2200208ac6a59024bed84cc", NULL, NULL},
             {"80ca006600", "84ca006608409912ad8fb7aed000", NULL, NULL},
             {"80f220020a4f0212345c054f9f70c5", "84f22002185f3dafc3ac14c381536a488bf44e06d056df9d74dbd21e5a", NULL,
              NULL},
             {"80f28002024f0000", "84f280021865165105be3373347d0424d4400af2ac393f569ec779389e00", NULL, NULL},
         }},
    {.name = "AES-192, S8, level 11",
     .key_size = 24,
     .key_version = 0x31,
     .initialize_update = "80503100087396430b768b085b00",
     .initialize_update_answer = "000000000000000000003103708cfc23522ffdbf1e5df5542cac8fd866000003",
     .external_authenticate = "84821100102145ed30b146f5db252fb7e624cec244",
     .commands =
         {
             {"80e2910006bf3e035c015a00", "84e291000ebf3e035c015aff42cf801d14394400",
              "bf3e125a1089882119900000000000000000000005",
              "bf3e125a1089882119900000000000000000000005162fbd33e04940a9"},
             {"80f22002", "84f22002084584e4f6784811ee", NULL, NULL},
             {"80ca006600", "84ca006608937776ebe190fa3000", NULL, NULL},
             {"80f220020a4f0212345c054f9f70c5", "84f22002124f0212345c054f9f70c59a52bddf3040368c", NULL, NULL},
             {"80f28002024f0000", "84f280020a4f009804b11411f7393d00", NULL, NULL},
         }},
    {.name = "AES-192, S8, level 03",
     .key_size = 24,
     .key_version = 0x31,
     .initialize_update = "805031000869c65da8202bf19f00",
     .initialize_update_answer = "00000000000000000000310370b570a67be38446717729d6dd3d2ec5b1000001",
     .external_authenticate = "848203001065df4f1a356a887905466516d9e5b7c1",
     .commands =
         {
             {"80e2910006bf3e035c015a00", "84e2910018d2c6fb477c5d4afe4fd4d21f17eff10d3578ec1774a12a2d00",
              "bf3e125a1089882119900000000000000000000005", "bf3e125a1089882119900000000000000000000005"},
             {"80f22002", "84f2200208964e188f0b1bb697", NULL, NULL},
             {"80ca006600", "84ca006608f0820035a41d3e1800", NULL, NULL},
             {"80f220020a4f0212345c054f9f70c5", "84f220021806b076ed452cd1fa84f77f5c08a146aa77a9286757dea791", NULL,
              NULL},
             {"80f28002024f0000", "84f2800218d06527e39222dce091fabdb8e9b898417a67a6852d3577db00", NULL, NULL},
         }},
    {.name = "AES-192, S8, level 33",
     .key_size = 24,
     .key_version = 0x31,
     .initialize_update = "80503100089b3f2eef0e8c937400",
     .initialize_update_answer = "00000000000000000000310370f6bb305a15bae1a68f79fb08212fbed7000002",
     .external_authenticate = "84823300109100bc22d58b45b86a26365ce39ff3cf",
     .commands =
         {
             {"80e2910006bf3e035c015a00", "84e29100188f7f946c84f70d17994bc6e8791251bb1bb1bf02cf8de58900",
              "bf3e125a1089882119900000000000000000000005",
              "c05176c1b6f72aae50c32cbee63b0e95998928fd4dfb2be9f27ffde8c8476f5909b4805cc4039599"},
             {"80f22002", "84f2200208d5d97754b6b3d2ba", NULL, NULL},
             {"80ca006600", "84ca006608516c82b8e30adbeb00", NULL, NULL},
             {"80f220020a4f0212345c054f9f70c5", "84f2200218cc247f4761e6944277a4e0d6e32e44025b1e31537e2fc668", NULL,
              NULL},
             {"80f28002024f0000", "84f2800218ba22b63d509bef5d093b43e5eaed03ed23144ab2d9cb51de00", NULL, NULL},
         }},
    {.name = "AES-256, S8, level 11",
     .key_size = 32,
     .key_version = 0x32,
     .initialize_update = "805032000811666d57866c6f5400",
     .initialize_update_answer = "0000000000000000000032037053ea8847efa7674e41498a4d66cf0dee000003",
     .external_authenticate = "84821100102f2ad190eff2fafc4908996d1cebd310",
     .commands =
         {
             {"80e2910006bf3e035c015a00", "84e291000ebf3e035c015af4b680372542b59d00",
              "bf3e125a1089882119900000000000000000000005",
              "bf3e125a10898821199000000000000000000000058012dd7f01f1c4c1"},
             {"80f22002", "84f2200208d618b7da68d5fe52", NULL, NULL},
             {"80ca006600", "84ca0066088f3e055db23ad5e500", NULL, NULL},
             {"80f220020a4f0212345c054f9f70c5", "84f22002124f0212345c054f9f70c5b6e15cc42404915e", NULL, NULL},
             {"80f28002024f0000", "84f280020a4f00aa124aa74afe7f7500", NULL, NULL},
         }},
    {.name = "AES-256, S8, level 03",
     .key_size = 32,
     .key_version = 0x32,
     .initialize_update = "8050320008c6066990fc426e1d00",
     .initialize_update_answer = "000000000000000000003203708682cd81bbd8919f2de3f2664581f118000001",
     .external_authenticate = "848203001077c493b632edadaf865a1e64acc07ce9",
     .commands =
         {
             {"80e2910006bf3e035c015a00", "84e29100183ddaa60594963befaada3525b492ede23c2ab2c1ce3afe4400",
              "bf3e125a1089882119900000000000000000000005", "bf3e125a1089882119900000000000000000000005"},
             {"80f22002", "84f2200208480ddc8e419da38d", NULL, NULL},
             {"80ca006600", "84ca0066083e9d6a6c0b2d732000", NULL, NULL},
             {"80f220020a4f0212345c054f9f70c5", "84f22002183ebfef2da8b04af2a85f491f299b76973df76ff08a4031be", NULL,
              NULL},
             {"80f28002024f0000", "84f2800218783fff80990f5585b1055010ea95094a26e4a8f1ef4b18e100", NULL, NULL},
         }},
    {.name = "AES-256, S8, level 33",
     .key_size = 32,
     .key_version = 0x32,
     .initialize_update = "805032000897b2055fe58599fd00",
     .initialize_update_answer = "00000000000000000000320370a8439a22cedf045fa9f1903b2834f26e000002",
     .external_authenticate = "8482330010508a0fd959d2e547c6b33154a6be2057",
     .commands =
         {
             {"80e2910006bf3e035c015a00", "84e29100187a5ef717eaf1e135ae92fe54429d0e465decda65f5fe5aea00",
              "bf3e125a1089882119900000000000000000000005",
              "ea90dbfa648a67c5eb6abc57f8530b97d0cd5647c5e8732016b55203b078dd2ace7f8bc5d1c1cd99"},
             {"80f22002", "84f2200208bcc5c17275545d93", NULL, NULL},
             {"80ca006600", "84ca00660804806aba9d543bb600", NULL, NULL},
             {"80f220020a4f0212345c054f9f70c5", "84f2200218717222491556ec81a45f49ce48be33320024801a1c4cb0e0", NULL,
              NULL},
             {"80f28002024f0000", "84f2800218561f105bccd3a1642904b251ccc1228beb80a82370a8637000", NULL, NULL},
         }},
    {.name = "AES-128, S16, level 01",
     .key_size = 16,
     .key_version = 0x30,
     .initialize_update = "8050300010c0ffee0123456789abcdef5a5a1e2d3c00",
     .initialize_update_answer =
         "0000000000000000000030037182f231b16501e83d092b6254041d78731add0eb2ac0e80a866847b6709d71a94000001",
     .external_authenticate = "8482010020d38d90d09178158feb7bd7cbf89a21d2b7b018243c18b5ec21017ae9c82d4f01",
     .commands =
         {
             {"80e2910006bf3e035c015a00", "84e2910016bf3e035c015a2b5c29393c375e86be9a5f9fbf79ad1500",
              "bf3e125a1089882119900000000000000000000005", "bf3e125a1089882119900000000000000000000005"},
             {"80f22002", "84f22002102e640cdcd533411a70b6b5bce335ce20", "", ""},
             {"80ca006600", "84ca00661009425222e3de323499da476155e47a7400", "", ""},
             {"80f220020a4f0212345c054f9f70c5", "84f220021a4f0212345c054f9f70c59a2ee9f587c9e63fe942b19010a87bb7", "",
              ""},
             {"80f28002024f0000", "84f28002124f00066f7cf1eae73f958497561b708f295d00", "", ""},
         }},
    {.name = "AES-128, S16, level 33",
     .key_size = 16,
     .key_version = 0x30,
     .initialize_update = "80503000103c2d1e5a5aefcdab8967452301eeffc000",
     .initialize_update_answer =
         "000000000000000000003003714de83f0d777ffa69354f1ffa7c0fe6c0d773bec47e6e06b52ee07fb2cc3c3ac7000002",
     .external_authenticate = "84823300203cf11e501c237c1f8a3c329663a2c9ed698d9ba77f1c6073d0329b189bb98db1",
     .commands =
         {
             {"80e2910006bf3e035c015a00",
              "84e29100207463e40dea39cede13556b0ef35712c935eaeafa79ec6475b608fa94eb65590d00",
              "bf3e125a1089882119900000000000000000000005",
              "33c46b9435d0f9521dad9fb350083150e8eeab199c3246558f7d27dae9d5aa6ee36e9f54fe6b0c6f0b35208f4803e51b"},
             {"80f22002", "84f22002106168fe4b841c68dd89f8c2bdab26a670", "", "f97800b7980827067b90334d97afcf10"},
             {"80ca006600", "84ca006610d3fb8b095c6fe3f1a0e55d475af8434b00", "", "452991b61712711db99860f5f1e0c4af"},
             {"80f220020a4f0212345c054f9f70c5",
              "84f220022040bb06156e4850916476625e163afe0e26eea1dab5e80d1c0b79ec08f7729b36", "",
              "4a43df7721749be9ffb9a4c05208a680"},
             {"80f28002024f0000", "84f280022003a24c6975d3329747a482f9d1a02f3aa8850c182c81d07358c05373cf85138600", "",
              "038b3ce8fde3eb1b8a8c4b9c93bb0c28"},
         }},
    {.name = "AES-192, S16, level 13",
     .key_size = 24,
     .key_version = 0x31,
     .initialize_update = "80503100100123456789abcdef5a5a1e2d3cc0ffee00",
     .initialize_update_answer =
         "000000000000000000003103711e8263fdadbe56c41b16a062ef5070d1d8454b8a1fefae4513b15bbc8d55e4f1000003",
     .external_authenticate = "8482130020509c35e6b442ef544d6bf68dc206fd66f6012fe9c9272c7094259f9834b66b89",
     .commands =
         {
             {"80e2910006bf3e035c015a00",
              "84e2910020382601ad905aa74d269c3842404d1409ea83231a090c6ce7a7caf8abb702df0a00",
              "bf3e125a1089882119900000000000000000000005",
              "bf3e125a108988211990000000000000000000000510284cc0db2d911e9176ca823c82c643"},
             {"80f22002", "84f2200210a4d9eedd79b01d0049703e213d7e134b", "", "3477297285f9c0cbce6cf23d66c1ff8a"},
             {"80ca006600", "84ca00661032eaa4c29b5204539ecfab3bb37de8de00", "", "fe9e54da7f9e627af5b4241de4c90b25"},
             {"80f220020a4f0212345c054f9f70c5",
              "84f2200220d6d623c96a11b8d4dcab8c509e72273f9f4385cd2f38723523d55c6e4329969f", "",
              "f51ca43607fdc2757f84940f6d10e214"},
             {"80f28002024f0000", "84f280022074c6a15a8a4349682a86ad3a1ee6cb0b355e0e938ab3e3d8868bb87ccf5d693700", "",
              "aefdd2293b5c0ba2d6f61f6af56c2415"},
         }},
    {.name = "AES-256, S16, level 11",
     .key_size = 32,
     .key_version = 0x32,
     .initialize_update = "8050320010456789abcdef5a5a1e2d3cc0ffee012300",
     .initialize_update_answer =
         "000000000000000000003203710eb1b032da51a51245b1fca604bf2129b15fada86da779716d04b82b14a6c2ec010203",
     .external_authenticate = "8482110020f4c5c61276670c11d6d370280cbe2e1b5c520e2b716e31823406ee3b00f6ea12",
     .commands =
         {
             {"80e2910006bf3e035c015a00", "84e2910016bf3e035c015a9d0eec0bb92d6e85edcdea7ca08ff12400",
              "bf3e125a1089882119900000000000000000000005",
              "bf3e125a10898821199000000000000000000000059005821f3ebea59c23004517b09988bd"},
             {"80f22002", "84f220021020d3b5f389e47d74aa41d2d6999a49c4", "", "ac61e541e375bdadad3dd615b425b8e6"},
             {"80ca006600", "84ca0066104136195ee47768e63168110fe92d3b4100", "", "95a7f9b0163c8e380f5c178726c191c0"},
             {"80f220020a4f0212345c054f9f70c5", "84f220021a4f0212345c054f9f70c59e501d1b442c913e9edaa2f3a81585cf", "",
              "bb539327356580d2aa1d6e982dac746a"},
             {"80f28002024f0000", "84f28002124f00e21e9b70afe01c2fbffda734b5be4f2900", "",
              "1ea9ed0fc15e896fa6aa9943e27d7213"},
         }},
    {.name = "AES-256, S16, level 33",
     .key_size = 32,
     .key_version = 0x32,
     .initialize_update = "805032001089abcdef5a5a1e2d3cc0ffee0123456700",
     .initialize_update_answer =
         "0000000000000000000032037155da70b0d6c80c676389f79e01320ab82921b15578ec03f23704d86fbf643badfffffe",
     .external_authenticate = "8482330020238c47e301e14afbe5de791c9f8ab333ef0a45bbcdc38649d595d03411673660",
     .commands =
         {
             {"80e2910006bf3e035c015a00",
              "84e291002012b5403c13bdbd9d1570dd94bc56d192436fa7d514adad2b60f3a1c5f2ce859300",
              "bf3e125a1089882119900000000000000000000005",
              "455f895ba2be0ef3c449d79c32e677d29172703a5b8d25c753210bc07ceb00e539ab6f2a16148ec989ea83d583d0be50"},
             {"80f22002", "84f2200210621ca1c9fe9cd7898f6e17b5047be0bc", "", "db31793b4166698e6389caaa93300c60"},
             {"80ca006600", "84ca006610643d1ffc6099f2e1be4124e18ceee28c00", "", "d8ead5190847313111ac336f489be0d0"},
             {"80f220020a4f0212345c054f9f70c5",
              "84f2200220d8cc5a7095f2fd0812f772099d224f7257897353c4ad1533ed1133f2a43540d5", "",
              "07f01774351d6ff9e7bd2d22e35e7c49"},
             {"80f28002024f0000", "84f2800220857b2826636eba69fa75739c3c5f96c5a3981671f61949319b0f20e871dde58500", "",
              "29b7101007a316137ce6d1b3185f8b15"},
         }},
    {.name = "AES-128, S8, level 33",
     .key_size = 16,
     .key_version = 0x30,
     .initialize_update = "8050300008c0ffee012345678900",
     .initialize_update_answer = "000000000000000000003003708c25328d7630607cf45d9b291ed1b820000001",
     .external_authenticate = "8482330010d5806d44b9b2eacc29a2c7867e8593f6",
     .commands =
         {
             {"80e2910006bf3e035c015a00", "84e2910018f0477dd452426752bc58dd583ac4bfafc9a2d7d9a2cd797200",
              "bf3e125a1089882119900000000000000000000005",
              "3c3cd666e80e83590849d64572132c95d664f04d417896b01bdedde48704a2b98e366d18979dbf4b"},
             {"80f22002", "84f2200208ab184c296335daed", "", "971b8c4e81b8b3b2"},
             {"80ca006600", "84ca006608431ef9bb0634249600", "", "9b5f9a3033928bdf"},
             {"80f220020a4f0212345c054f9f70c5", "84f2200218bac97f96aa5bf2bf6c92188f5115e509497fe018db17b5aa", "",
              "f89f538754f2c77c"},
             {"80f28002024f0000", "84f2800218d6ee051d56b87d52c04b9263166377f18fd69471297b17f900", "",
              "cf1700b8ff5becb1"},
         }},
    {.name = "AES-256, S8, level 13",
     .key_size = 32,
     .key_version = 0x32,
     .initialize_update = "8050320008abcdef5a5a1e2d3c00",
     .initialize_update_answer = "000000000000000000003203705c2338536341fbcf648ba4d0eb0beec4000004",
     .external_authenticate = "8482130010aac2f681531968d8e5727904df7f3659",
     .commands =
         {
             {"80e2910006bf3e035c015a00", "84e291001897ddc3f33d82751b1928ff48170054569419ca918c17bc2200",
              "bf3e125a1089882119900000000000000000000005",
              "bf3e125a108988211990000000000000000000000519b38593f7b60ee5"},
             {"80f22002", "84f22002087896082d0df67b7f", "", "4604c9c43b4f9be3"},
             {"80ca006600", "84ca006608d706a45e283c484900", "", "3da6ee6ef064f9f8"},
             {"80f220020a4f0212345c054f9f70c5", "84f220021847b2c4d2088b5cde41daa62200ffe7e1bd614012a2d49ff4", "",
              "bdbd8e84d3a9967f"},
             {"80f28002024f0000", "84f2800218246aabda160443e74a6c2fcf19b20a019c2cfde5313bf7b200", "",
              "84373f4f1fa202d3"},
         }},
};

#define PSD_SCP03_VECTOR_COUNT (sizeof psd_scp03_vectors / sizeof psd_scp03_vectors[0])
#define PSD_SCP03_KEY_SET_COUNT (sizeof psd_scp03_vector_key_sets / sizeof psd_scp03_vector_key_sets[0])

#endif
