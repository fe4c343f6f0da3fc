# Cryptography: every test against each math layer.
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto) # the other side of DSA and of wrapped keys
set(PSD_CRYPTO_LAYERS LTM)
if(PSD_HAVE_GMP)
  list(APPEND PSD_CRYPTO_LAYERS GMP)
endif()
# The functions of libtomcrypt that crypto_faults.c makes fail. It uses nothing that differs by math layer.
set(PSD_CRYPTO_WRAPPED
  sha256_init sha256_process sha256_done sha384_init sha384_done sha512_init sha512_process sha512_done
  rijndael_setup rijndael_ecb_encrypt cbc_start cbc_encrypt cbc_decrypt omac_init omac_process omac_done
  ccm_init ccm_add_nonce ccm_add_aad ccm_process ccm_done ecc_sign_hash_rfc7518 ecc_verify_hash_rfc7518
  rsa_import rsa_export rsa_make_key pkcs_1_oaep_encode pkcs_1_oaep_decode pkcs_1_pss_encode pkcs_1_pss_decode)
list(TRANSFORM PSD_CRYPTO_WRAPPED PREPEND LINKER:--wrap=)
foreach(layer IN LISTS PSD_CRYPTO_LAYERS)
  string(TOLOWER ${layer} suffix)
  foreach(part memory hash mac aes gcm drbg p256 rsa kat faults unset)
    psd_unit_test(crypto_${part}_${suffix} SOURCES crypto_${part}.c LIBRARIES psd_crypto_${suffix})
  endforeach()
  psd_unit_test(crypto_dsa_${suffix} SOURCES crypto_dsa.c LIBRARIES psd_crypto_${suffix} OpenSSL::Crypto)
  psd_unit_test(crypto_wrap_${suffix} SOURCES crypto_wrap.c LIBRARIES psd_crypto_${suffix} OpenSSL::Crypto)
  target_compile_definitions(crypto_kat_${suffix} PRIVATE PSD_EXPECTED_MATH="${layer}")
  target_link_options(crypto_faults_${suffix} PRIVATE ${PSD_CRYPTO_WRAPPED})
  target_link_options(crypto_unset_${suffix} PRIVATE LINKER:--wrap=register_hash)
  foreach(part gcm faults unset dsa)
    target_compile_definitions(crypto_${part}_${suffix} PRIVATE PSD_MATH_GMP=0)
  endforeach()
  if(PSD_CLASSIC)
    psd_unit_test(crypto_classic_${suffix} SOURCES crypto_classic.c LIBRARIES psd_crypto_${suffix})
    target_link_options(crypto_classic_${suffix} PRIVATE LINKER:--wrap=des3_setup LINKER:--wrap=des3_ecb_encrypt)
    target_compile_definitions(crypto_classic_${suffix} PRIVATE PSD_MATH_GMP=$<STREQUAL:${layer},GMP>)
  endif()
endforeach()
