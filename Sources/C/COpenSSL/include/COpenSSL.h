// What Swift cannot reach in OpenSSL: macros, stack-only digest states, and a DTLS session driven by our own clock.
// Every function here is a few calls long; decisions live in Sources/Cryptography.
#pragma once
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stddef.h>
#include <stdint.h>

// HMAC-SHA1 with the key already absorbed (RFC 2104 §4). EVP_MAC would allocate for every message.
typedef struct {
  SHA_CTX inner;
  SHA_CTX outer;
} mqvi_hmac_sha1;

mqvi_hmac_sha1 mqvi_hmac_sha1_keyed(const uint8_t *key, size_t key_count);
// The code over `first` followed by `second`.
void mqvi_hmac_sha1_code(const mqvi_hmac_sha1 *keyed, const uint8_t *first, size_t first_count, const uint8_t *second,
                         size_t second_count, uint8_t code[20]);

// AES-GCM under one key, by the fastest means that this machine has. NULL when memory runs out.
typedef struct mqvi_gcm mqvi_gcm;
mqvi_gcm *mqvi_gcm_new(const uint8_t *key, int key_count, int encrypting);
// The same by OpenSSL whatever else there is.
mqvi_gcm *mqvi_gcm_new_by_openssl(const uint8_t *key, int key_count, int encrypting);
void mqvi_gcm_free(mqvi_gcm *gcm);
// Authenticates `header` and `trailer`, encrypts `count` bytes to `out` and writes 16 bytes of tag behind them. `in` and
// `out` are the same or do not overlap; where there is a trailer, both together have at most 64 bytes. 1 = done.
int mqvi_gcm_seal(mqvi_gcm *gcm, const uint8_t iv[12], const uint8_t *header, int header_count,
                  const uint8_t *trailer, int trailer_count, const uint8_t *in, int count, uint8_t *out);
// The reverse, in place. 1 = authentic; otherwise `bytes` holds rubbish.
int mqvi_gcm_open(mqvi_gcm *gcm, const uint8_t iv[12], const uint8_t *header, int header_count,
                  const uint8_t *trailer, int trailer_count, uint8_t *bytes, int count, const uint8_t tag[16]);
// By what means, for people: "ipsec-mb (AVX2)".
const char *mqvi_gcm_implementation(void);

// A cipher context with its key set, or NULL. Only the IV changes per packet afterwards.
EVP_CIPHER_CTX *mqvi_ctr_new(const uint8_t *key, int key_count);
// AES in counter mode from `in` to `out`, which are the same or do not overlap. 1 = done.
int mqvi_ctr(EVP_CIPHER_CTX *context, const uint8_t iv[16], const uint8_t *in, int count, uint8_t *out);

// A P-256 key and a certificate that it signs itself. 1 = done; the caller frees both.
int mqvi_self_signed(const char *common_name, int64_t not_before, int64_t not_after, EVP_PKEY **key,
                     X509 **certificate);

// SSL_CTX for DTLS 1.2 with use_srtp; `largest_message` bytes of application data go into one record. NULL when OpenSSL
// refuses the key or the certificate.
SSL_CTX *mqvi_dtls_context(const uint8_t *certificate, size_t certificate_count, const uint8_t *key, size_t key_count,
                           int largest_message);

// How many copies of a flight are made ready for retransmission. OpenSSL gives up at 12.
#define MQVI_DTLS_COPIES 10

// One DTLS session: SSL, its two memory BIOs, and what its callbacks need.
typedef struct mqvi_dtls mqvi_dtls;

// `digest` is what the peer's certificate must hash to under `algorithm` (an OpenSSL digest name); handshake messages
// are cut to `mtu` bytes. NULL on failure.
mqvi_dtls *mqvi_dtls_new(SSL_CTX *context, int is_client, int mtu, const char *algorithm, const uint8_t *digest,
                         size_t digest_count);
void mqvi_dtls_free(mqvi_dtls *session);
// Hands over one datagram in place of whatever was left of the last one.
int mqvi_dtls_feed(mqvi_dtls *session, const uint8_t *bytes, int count);
// SSL_do_handshake: 1 done, 0 waiting, -1 failed.
int mqvi_dtls_handshake(mqvi_dtls *session);
// After the handshake and the last mqvi_dtls_take: gives back the memory that its flights took.
void mqvi_dtls_settle(mqvi_dtls *session);
// SSL_read: > 0 bytes, 0 nothing, -1 closed by the peer, -2 failed.
int mqvi_dtls_read(mqvi_dtls *session, uint8_t *bytes, int capacity);
// SSL_write of one message: 1 written.
int mqvi_dtls_write(mqvi_dtls *session, const uint8_t *bytes, int count);
void mqvi_dtls_close(mqvi_dtls *session);
// 1 when the peer's certificate was seen and did not match.
int mqvi_dtls_refused_certificate(const mqvi_dtls *session);
// The IANA number of the negotiated SRTP profile, or 0.
int mqvi_dtls_profile(const mqvi_dtls *session);
int mqvi_dtls_export(mqvi_dtls *session, uint8_t *material, size_t count);
// Keys of the application records (RFC 5246 §6.3), for the AES-GCM suites.
typedef struct {
  int key_count;
  uint8_t client_key[32];
  uint8_t server_key[32];
  uint8_t client_salt[4];
  uint8_t server_salt[4];
} mqvi_dtls_keys;
// 1 when the session uses AES-GCM and `keys` was filled.
int mqvi_dtls_record_keys(mqvi_dtls *session, mqvi_dtls_keys *keys);
// Bytes written since the last call of mqvi_dtls_take.
int mqvi_dtls_pending(mqvi_dtls *session);
// Takes all bytes written. `boundaries` receives the offsets at which copies of the current flight begin; the return
// value is how many there are; `starts_flight` tells whether a new flight began among the bytes.
int mqvi_dtls_take(mqvi_dtls *session, uint8_t *bytes, int capacity, int boundaries[MQVI_DTLS_COPIES],
                   int *starts_flight);
