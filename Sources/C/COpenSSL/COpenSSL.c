#include "COpenSSL.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <stdlib.h>
#include <string.h>

mqvi_hmac_sha1 mqvi_hmac_sha1_keyed(const uint8_t *key, size_t key_count) {
  mqvi_hmac_sha1 keyed;
  uint8_t block[SHA_CBLOCK] = {0};
  if (key_count > sizeof block) {
    SHA1(key, key_count, block);
  } else if (key_count > 0) {
    memcpy(block, key, key_count);
  }
  for (size_t i = 0; i < sizeof block; i++) block[i] ^= 0x36;
  SHA1_Init(&keyed.inner);
  SHA1_Update(&keyed.inner, block, sizeof block);
  for (size_t i = 0; i < sizeof block; i++) block[i] ^= 0x36 ^ 0x5c;
  SHA1_Init(&keyed.outer);
  SHA1_Update(&keyed.outer, block, sizeof block);
  OPENSSL_cleanse(block, sizeof block);
  return keyed;
}

void mqvi_hmac_sha1_code(const mqvi_hmac_sha1 *keyed, const uint8_t *first, size_t first_count, const uint8_t *second,
                         size_t second_count, uint8_t code[20]) {
  SHA_CTX state = keyed->inner;
  SHA1_Update(&state, first, first_count);
  if (second_count > 0) SHA1_Update(&state, second, second_count);
  SHA1_Final(code, &state);
  state = keyed->outer;
  SHA1_Update(&state, code, 20);
  SHA1_Final(code, &state);
}

static EVP_CIPHER_CTX *cipher_new(const EVP_CIPHER *cipher, const uint8_t *key, int encrypting) {
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  if (context == NULL) return NULL;
  if (EVP_CipherInit_ex(context, cipher, NULL, key, NULL, encrypting) == 1) return context;
  EVP_CIPHER_CTX_free(context);
  return NULL;
}

EVP_CIPHER_CTX *mqvi_ctr_new(const uint8_t *key, int key_count) {
  return cipher_new(key_count == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr(), key, 1);
}

int mqvi_ctr(EVP_CIPHER_CTX *context, const uint8_t iv[16], const uint8_t *in, int count, uint8_t *out) {
  int written = 0;
  if (EVP_EncryptInit_ex(context, NULL, NULL, NULL, iv) != 1) return 0;
  return count == 0 || EVP_EncryptUpdate(context, out, &written, in, count) == 1;
}

// --- Certificates ----------------------------------------------------------------------------------------------------

static int fill_certificate(X509 *certificate, EVP_PKEY *key, const char *common_name, int64_t not_before,
                            int64_t not_after) {
  uint64_t serial = 0;
  if (RAND_bytes((uint8_t *)&serial, sizeof serial) != 1) return 0;
  X509_NAME *name = X509_get_subject_name(certificate);
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1 &&
         ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)not_before) != NULL &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)not_after) != NULL &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)common_name, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

int mqvi_self_signed(const char *common_name, int64_t not_before, int64_t not_after, EVP_PKEY **key,
                     X509 **certificate) {
  *key = EVP_EC_gen("P-256");
  *certificate = X509_new();
  if (*key != NULL && *certificate != NULL &&
      fill_certificate(*certificate, *key, common_name, not_before, not_after)) {
    return 1;
  }
  EVP_PKEY_free(*key);
  X509_free(*certificate);
  *key = NULL;
  *certificate = NULL;
  ERR_clear_error();
  return 0;
}

// --- DTLS ------------------------------------------------------------------------------------------------------------

struct mqvi_dtls {
  SSL *ssl;
  BIO *in;
  BIO *out;
  const EVP_MD *algorithm;
  uint8_t digest[EVP_MAX_MD_SIZE];
  size_t digest_count;
  int refused_certificate;
  int starts_flight;
  int copies;
  int boundaries[MQVI_DTLS_COPIES];
};

// The chain is not looked at: in WebRTC a certificate is good when it is the one that signalling announced (RFC 8122).
static int verify_certificate(X509_STORE_CTX *store, void *unused) {
  (void)unused;
  SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  mqvi_dtls *session = SSL_get_app_data(ssl);
  X509 *certificate = X509_STORE_CTX_get0_cert(store);
  uint8_t actual[EVP_MAX_MD_SIZE];
  unsigned int count = 0;
  if (certificate != NULL && X509_digest(certificate, session->algorithm, actual, &count) == 1 &&
      count == session->digest_count && CRYPTO_memcmp(actual, session->digest, count) == 0) {
    return 1;
  }
  session->refused_certificate = 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

// OpenSSL measures its retransmission timer against its own clock. This callback decides how long the timer runs, and
// makes it run out at once: OpenSSL then writes the flight again, with fresh record numbers, before it looks for input.
// After MQVI_DTLS_COPIES copies the timer is set to a time that never comes. The copies are kept and sent when *our*
// deadlines are due. `previous` is 0 when a flight starts.
static unsigned int flight_timer(SSL *ssl, unsigned int previous) {
  enum { at_once = 1, never = 4000u * 1000 * 1000 };  // Microseconds.
  mqvi_dtls *session = SSL_get_app_data(ssl);
  if (previous == 0) {
    session->copies = 0;
    session->starts_flight = 1;
    return at_once;
  }
  if (session->copies == MQVI_DTLS_COPIES) return (unsigned int)never;
  session->boundaries[session->copies++] = (int)BIO_ctrl_pending(session->out);
  return session->copies < MQVI_DTLS_COPIES ? at_once : (unsigned int)never;
}

static int load_identity(SSL_CTX *context, const uint8_t *certificate, size_t certificate_count, const uint8_t *key,
                         size_t key_count) {
  const uint8_t *cursor = key;
  EVP_PKEY *private_key = d2i_AutoPrivateKey(NULL, &cursor, (long)key_count);
  int loaded = private_key != NULL && SSL_CTX_use_certificate_ASN1(context, (int)certificate_count, certificate) == 1 &&
               SSL_CTX_use_PrivateKey(context, private_key) == 1 && SSL_CTX_check_private_key(context) == 1;
  EVP_PKEY_free(private_key);
  return loaded;
}

static int configure(SSL_CTX *context, int largest_message) {
  static const char suites[] =
      "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
      "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305";
  static const char profiles[] = "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80";
  // The certificate list is the largest message of a handshake: this bounds what reassembly may hold (CVE-2022-29189).
  SSL_CTX_set_max_cert_list(context, 16 * 1024);
  // A write buffer of one datagram; DTLS never gives its buffers back while the session lives.
  SSL_CTX_set_max_send_fragment(context, largest_message);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  SSL_CTX_set_cert_verify_callback(context, verify_certificate, NULL);
  return SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, suites) == 1 &&
         SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1 &&
         // 0 is success here, unlike everywhere else.
         SSL_CTX_set_tlsext_use_srtp(context, profiles) == 0;
}

SSL_CTX *mqvi_dtls_context(const uint8_t *certificate, size_t certificate_count, const uint8_t *key, size_t key_count,
                           int largest_message) {
  ERR_clear_error();
  SSL_CTX *context = SSL_CTX_new(DTLS_method());
  if (context == NULL) return NULL;
  if (configure(context, largest_message) &&
      load_identity(context, certificate, certificate_count, key, key_count)) {
    return context;
  }
  SSL_CTX_free(context);
  ERR_clear_error();
  return NULL;
}

mqvi_dtls *mqvi_dtls_new(SSL_CTX *context, int is_client, int mtu, const char *algorithm, const uint8_t *digest,
                         size_t digest_count) {
  const EVP_MD *digest_algorithm = EVP_get_digestbyname(algorithm);
  if (digest_algorithm == NULL || digest_count != (size_t)EVP_MD_get_size(digest_algorithm)) return NULL;
  mqvi_dtls *session = calloc(1, sizeof *session);
  if (session == NULL) return NULL;
  session->algorithm = digest_algorithm;
  memcpy(session->digest, digest, digest_count);
  session->digest_count = digest_count;
  session->ssl = SSL_new(context);
  session->in = BIO_new(BIO_s_mem());
  session->out = BIO_new(BIO_s_mem());
  if (session->ssl == NULL || session->in == NULL || session->out == NULL) {
    SSL_free(session->ssl);
    BIO_free(session->in);
    BIO_free(session->out);
    free(session);
    return NULL;
  }
  BIO_set_mem_eof_return(session->in, -1);
  SSL_set_bio(session->ssl, session->in, session->out);
  SSL_set_app_data(session->ssl, session);
  SSL_set_mtu(session->ssl, mtu);
  DTLS_set_timer_cb(session->ssl, flight_timer);
  if (is_client) {
    SSL_set_connect_state(session->ssl);
  } else {
    SSL_set_accept_state(session->ssl);
  }
  return session;
}

void mqvi_dtls_free(mqvi_dtls *session) {
  SSL_free(session->ssl);
  OPENSSL_cleanse(session->digest, sizeof session->digest);
  free(session);
}

int mqvi_dtls_feed(mqvi_dtls *session, const uint8_t *bytes, int count) {
  (void)BIO_reset(session->in);
  return BIO_write(session->in, bytes, count) == count;
}

int mqvi_dtls_handshake(mqvi_dtls *session) {
  ERR_clear_error();
  int result = SSL_do_handshake(session->ssl);
  if (result == 1) return 1;
  int error = SSL_get_error(session->ssl, result);
  ERR_clear_error();
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

void mqvi_dtls_settle(mqvi_dtls *session) {
  BIO *in = BIO_new(BIO_s_mem());
  BIO *out = BIO_new(BIO_s_mem());
  if (in == NULL || out == NULL) {
    BIO_free(in);
    BIO_free(out);
    return;
  }
  BIO_set_mem_eof_return(in, -1);
  SSL_set_bio(session->ssl, session->in = in, session->out = out);
}

int mqvi_dtls_read(mqvi_dtls *session, uint8_t *bytes, int capacity) {
  ERR_clear_error();
  int result = SSL_read(session->ssl, bytes, capacity);
  if (result > 0) return result;
  int error = SSL_get_error(session->ssl, result);
  ERR_clear_error();
  if (error == SSL_ERROR_ZERO_RETURN) return -1;
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -2;
}

int mqvi_dtls_write(mqvi_dtls *session, const uint8_t *bytes, int count) {
  ERR_clear_error();
  int result = SSL_write(session->ssl, bytes, count);
  ERR_clear_error();
  return result == count;
}

void mqvi_dtls_close(mqvi_dtls *session) {
  ERR_clear_error();
  if (SSL_is_init_finished(session->ssl)) (void)SSL_shutdown(session->ssl);
  ERR_clear_error();
}

int mqvi_dtls_refused_certificate(const mqvi_dtls *session) { return session->refused_certificate; }

int mqvi_dtls_profile(const mqvi_dtls *session) {
  SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(session->ssl);
  return profile == NULL ? 0 : (int)profile->id;
}

int mqvi_dtls_export(mqvi_dtls *session, uint8_t *material, size_t count) {
  static const char label[] = "EXTRACTOR-dtls_srtp";
  return SSL_export_keying_material(session->ssl, material, count, label, sizeof label - 1, NULL, 0, 0) == 1;
}

// TLS 1.2's PRF over "key expansion" and both randoms.
static int expand_keys(SSL *ssl, const EVP_MD *digest, uint8_t *block, size_t count) {
  uint8_t master[SSL_MAX_MASTER_KEY_LENGTH], server[SSL3_RANDOM_SIZE], client[SSL3_RANDOM_SIZE];
  size_t master_count = SSL_SESSION_get_master_key(SSL_get_session(ssl), master, sizeof master);
  SSL_get_server_random(ssl, server, sizeof server);
  SSL_get_client_random(ssl, client, sizeof client);
  EVP_KDF *function = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_PRF, NULL);
  EVP_KDF_CTX *context = EVP_KDF_CTX_new(function);
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)EVP_MD_get0_name(digest), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master, master_count),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, "key expansion", 13),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, server, sizeof server),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, client, sizeof client),
      OSSL_PARAM_construct_end(),
  };
  int derived = context != NULL && EVP_KDF_derive(context, block, count, parameters) == 1;
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(function);
  OPENSSL_cleanse(master, sizeof master);
  return derived;
}

int mqvi_dtls_record_keys(mqvi_dtls *session, mqvi_dtls_keys *keys) {
  const SSL_CIPHER *suite = SSL_get_current_cipher(session->ssl);
  int cipher = suite == NULL ? NID_undef : SSL_CIPHER_get_cipher_nid(suite);
  if (cipher != NID_aes_128_gcm && cipher != NID_aes_256_gcm) return 0;
  size_t count = keys->key_count = cipher == NID_aes_128_gcm ? 16 : 32;
  uint8_t block[2 * (32 + 4)];
  if (!expand_keys(session->ssl, SSL_CIPHER_get_handshake_digest(suite), block, 2 * (count + 4))) return 0;
  memcpy(keys->client_key, block, count);
  memcpy(keys->server_key, block + count, count);
  memcpy(keys->client_salt, block + 2 * count, 4);
  memcpy(keys->server_salt, block + 2 * count + 4, 4);
  OPENSSL_cleanse(block, sizeof block);
  return 1;
}

int mqvi_dtls_pending(mqvi_dtls *session) { return (int)BIO_ctrl_pending(session->out); }

int mqvi_dtls_take(mqvi_dtls *session, uint8_t *bytes, int capacity, int boundaries[MQVI_DTLS_COPIES],
                   int *starts_flight) {
  int copies = session->starts_flight ? session->copies : 0;
  memcpy(boundaries, session->boundaries, sizeof session->boundaries);
  *starts_flight = session->starts_flight;
  session->starts_flight = 0;
  (void)BIO_read(session->out, bytes, capacity);
  return copies;
}
