// AES-GCM for packets: by Intel's ipsec-mb where it is installed and the processor has the instructions, else by OpenSSL.
//
// OpenSSL's EVP layer looks its parameters up by name for each packet, and Debian 12's version does not use the vector AES
// of current processors. ipsec-mb does both in one call: see Sources/Documentation/decisions/0006-packet-cipher.md. It is
// opened at run time, so that neither building nor running needs it.
#include "COpenSSL.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// ipsec-mb's ABI (libIPSec_MB.so.1): key data of 1,008 and a context of about 100 bytes, both opaque here.
enum { key_data_size = 1024, context_size = 512, tag_size = 16, joined_size = 64 };

typedef void (*gcm_expand)(const void *key, void *key_data);
typedef void (*gcm_crypt)(const void *key_data, void *context, uint8_t *out, const uint8_t *in, uint64_t count,
                          const uint8_t *iv, const uint8_t *header, uint64_t header_count, uint8_t *tag,
                          uint64_t tag_count);

// One key size by ipsec-mb.
struct accelerated {
  gcm_expand expand;
  gcm_crypt seal, open;
};

static struct accelerated aes128, aes256;
static const char *implementation = "OpenSSL";
static pthread_once_t resolved = PTHREAD_ONCE_INIT;

struct mqvi_gcm {
  // NULL: OpenSSL does it, and there is no key data.
  const struct accelerated *by;
  EVP_CIPHER_CTX *evp;
  uint8_t key_data[] __attribute__((aligned(64)));
};

// OpenSSL ------------------------------------------------------------------------------------------------------------

static EVP_CIPHER_CTX *evp_new(const uint8_t *key, int key_count, int encrypting) {
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  const EVP_CIPHER *cipher = key_count == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
  if (context != NULL && EVP_CipherInit_ex(context, cipher, NULL, key, NULL, encrypting) == 1) return context;
  EVP_CIPHER_CTX_free(context);
  return NULL;
}

static int evp_seal(EVP_CIPHER_CTX *context, const uint8_t iv[12], const uint8_t *header, int header_count,
                    const uint8_t *trailer, int trailer_count, const uint8_t *in, int count, uint8_t *out) {
  int written = 0;
  if (EVP_EncryptInit_ex(context, NULL, NULL, NULL, iv) != 1) return 0;
  if (EVP_EncryptUpdate(context, NULL, &written, header, header_count) != 1) return 0;
  if (trailer_count > 0 && EVP_EncryptUpdate(context, NULL, &written, trailer, trailer_count) != 1) return 0;
  if (count > 0 && EVP_EncryptUpdate(context, out, &written, in, count) != 1) return 0;
  if (EVP_EncryptFinal_ex(context, out + count, &written) != 1) return 0;
  return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_size, out + count);
}

static int evp_open(EVP_CIPHER_CTX *context, const uint8_t iv[12], const uint8_t *header, int header_count,
                    const uint8_t *trailer, int trailer_count, uint8_t *bytes, int count, const uint8_t tag[16]) {
  int written = 0;
  uint8_t expected[tag_size], none[tag_size];
  memcpy(expected, tag, sizeof expected);
  if (EVP_DecryptInit_ex(context, NULL, NULL, NULL, iv) != 1) return 0;
  if (EVP_DecryptUpdate(context, NULL, &written, header, header_count) != 1) return 0;
  if (trailer_count > 0 && EVP_DecryptUpdate(context, NULL, &written, trailer, trailer_count) != 1) return 0;
  if (count > 0 && EVP_DecryptUpdate(context, bytes, &written, bytes, count) != 1) return 0;
  if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_size, expected) != 1) return 0;
  return EVP_DecryptFinal_ex(context, none, &written) == 1;
}

// ipsec-mb -----------------------------------------------------------------------------------------------------------

// It takes the authenticated bytes in one piece; the scattered ones are short (an RTCP header and its index).
static const uint8_t *join(uint8_t joined[joined_size], const uint8_t *header, int header_count,
                           const uint8_t *trailer, int trailer_count) {
  if (trailer_count == 0) return header;
  if (header_count < 0 || trailer_count < 0 || header_count + trailer_count > joined_size) return NULL;
  memcpy(joined, header, (size_t)header_count);
  memcpy(joined + header_count, trailer, (size_t)trailer_count);
  return joined;
}

static int accelerated_seal(const mqvi_gcm *gcm, const uint8_t iv[12], const uint8_t *header, int header_count,
                            const uint8_t *trailer, int trailer_count, const uint8_t *in, int count, uint8_t *out) {
  uint8_t joined[joined_size], context[context_size] __attribute__((aligned(64)));
  header = join(joined, header, header_count, trailer, trailer_count);
  if (header == NULL) return 0;
  gcm->by->seal(gcm->key_data, context, out, in, (uint64_t)count, iv, header, (uint64_t)(header_count + trailer_count),
                out + count, tag_size);
  return 1;
}

static int accelerated_open(const mqvi_gcm *gcm, const uint8_t iv[12], const uint8_t *header, int header_count,
                            const uint8_t *trailer, int trailer_count, uint8_t *bytes, int count,
                            const uint8_t tag[16]) {
  uint8_t joined[joined_size], computed[tag_size], context[context_size] __attribute__((aligned(64)));
  header = join(joined, header, header_count, trailer, trailer_count);
  if (header == NULL) return 0;
  gcm->by->open(gcm->key_data, context, bytes, bytes, (uint64_t)count, iv, header,
                (uint64_t)(header_count + trailer_count), computed, tag_size);
  return CRYPTO_memcmp(computed, tag, tag_size) == 0;
}

// Making one ----------------------------------------------------------------------------------------------------------

static mqvi_gcm *make(const uint8_t *key, int key_count, int encrypting, const struct accelerated *by) {
  mqvi_gcm *gcm = NULL;
  if (posix_memalign((void **)&gcm, 64, sizeof *gcm + (by == NULL ? 0 : key_data_size)) != 0) return NULL;
  *gcm = (mqvi_gcm){.by = by};
  if (by != NULL) {
    by->expand(key, gcm->key_data);
    return gcm;
  }
  gcm->evp = evp_new(key, key_count, encrypting);
  if (gcm->evp != NULL) return gcm;
  free(gcm);
  return NULL;
}

void mqvi_gcm_free(mqvi_gcm *gcm) {
  if (gcm == NULL) return;
  EVP_CIPHER_CTX_free(gcm->evp);
  if (gcm->by != NULL) OPENSSL_cleanse(gcm->key_data, key_data_size);
  free(gcm);
}

// Whether it computes what OpenSSL computes, for the lengths at which implementations part ways.
static int agrees(const struct accelerated *by, int key_count) {
  static const int counts[] = {0, 1, 15, 16, 17, 80, 127, 128, 129, 255, 256, 511, 1150, 1200};
  uint8_t key[32], iv[12], header[28], in[1200], expected[1200 + tag_size], actual[1200 + tag_size];
  for (size_t i = 0; i < sizeof key; i++) key[i] = (uint8_t)(i * 7 + 1);
  for (size_t i = 0; i < sizeof iv; i++) iv[i] = (uint8_t)(i * 29 + 3);
  for (size_t i = 0; i < sizeof header; i++) header[i] = (uint8_t)(i * 13 + 5);
  for (size_t i = 0; i < sizeof in; i++) in[i] = (uint8_t)(i * 31 + 11);
  mqvi_gcm *gcm = make(key, key_count, 1, by);
  EVP_CIPHER_CTX *evp = evp_new(key, key_count, 1);
  int agree = gcm != NULL && evp != NULL;
  for (size_t i = 0; agree && i < sizeof counts / sizeof *counts; i++) {
    int count = counts[i], header_count = 12 + (int)(i % 17);
    agree = evp_seal(evp, iv, header, header_count, NULL, 0, in, count, expected) == 1 &&
            accelerated_seal(gcm, iv, header, header_count, NULL, 0, in, count, actual) == 1 &&
            memcmp(expected, actual, (size_t)count + tag_size) == 0 &&
            accelerated_open(gcm, iv, header, header_count, NULL, 0, actual, count, expected + count) == 1 &&
            memcmp(actual, in, (size_t)count) == 0;
  }
  EVP_CIPHER_CTX_free(evp);
  mqvi_gcm_free(gcm);
  return agree;
}

#if defined(__x86_64__)

static void *find(void *library, const char *action, const char *bits, const char *variant) {
  char name[64] = "aes_gcm_";
  strcat(strcat(strcat(strcat(strcat(name, action), "_"), bits), "_"), variant);
  return dlsym(library, name);
}

static int load(void *library, struct accelerated *by, const char *bits, const char *variant) {
  *(void **)&by->expand = find(library, "pre", bits, variant);
  *(void **)&by->seal = find(library, "enc", bits, variant);
  *(void **)&by->open = find(library, "dec", bits, variant);
  return by->expand != NULL && by->seal != NULL && by->open != NULL && agrees(by, bits[0] == '2' ? 32 : 16);
}

// The best variant that this processor can run; NULL where OpenSSL is as good.
static const char *variant(void) {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("aes") || !__builtin_cpu_supports("pclmul") ||
      !__builtin_cpu_supports("bmi2"))
    return NULL;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("vaes") && __builtin_cpu_supports("vpclmulqdq"))
    return "vaes_avx512";
  return "avx_gen4";
}

static void resolve(void) {
  const char *best = variant();
  if (best == NULL) return;
  // Stays open as long as the process.
  void *library = dlopen("libIPSec_MB.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return;
  struct accelerated small, large;
  if (!load(library, &small, "128", best) || !load(library, &large, "256", best)) return;
  aes128 = small;
  aes256 = large;
  implementation = best[0] == 'v' ? "ipsec-mb (AVX-512)" : "ipsec-mb (AVX2)";
}

#else

static void resolve(void) { (void)agrees; }

#endif

// Either ---------------------------------------------------------------------------------------------------------------

mqvi_gcm *mqvi_gcm_new(const uint8_t *key, int key_count, int encrypting) {
  pthread_once(&resolved, resolve);
  const struct accelerated *by = key_count == 32 ? &aes256 : &aes128;
  return make(key, key_count, encrypting, by->seal == NULL ? NULL : by);
}

mqvi_gcm *mqvi_gcm_new_by_openssl(const uint8_t *key, int key_count, int encrypting) {
  return make(key, key_count, encrypting, NULL);
}

int mqvi_gcm_seal(mqvi_gcm *gcm, const uint8_t iv[12], const uint8_t *header, int header_count,
                  const uint8_t *trailer, int trailer_count, const uint8_t *in, int count, uint8_t *out) {
  if (gcm->by != NULL)
    return accelerated_seal(gcm, iv, header, header_count, trailer, trailer_count, in, count, out);
  return evp_seal(gcm->evp, iv, header, header_count, trailer, trailer_count, in, count, out);
}

int mqvi_gcm_open(mqvi_gcm *gcm, const uint8_t iv[12], const uint8_t *header, int header_count,
                  const uint8_t *trailer, int trailer_count, uint8_t *bytes, int count, const uint8_t tag[16]) {
  if (gcm->by != NULL)
    return accelerated_open(gcm, iv, header, header_count, trailer, trailer_count, bytes, count, tag);
  return evp_open(gcm->evp, iv, header, header_count, trailer, trailer_count, bytes, count, tag);
}

const char *mqvi_gcm_implementation(void) {
  pthread_once(&resolved, resolve);
  return implementation;
}
