#define _GNU_SOURCE
#include "CCrypt.h"
#include <crypt.h>
#include <stdlib.h>
#include <string.h>

int mqvi_bcrypt_setting(uint32_t cost, const uint8_t random[16], char setting[MQVI_BCRYPT_COUNT + 1]) {
  char made[CRYPT_GENSALT_OUTPUT_SIZE];
  if (!crypt_gensalt_rn("$2b$", cost, (const char *)random, 16, made, sizeof made)) return 0;
  if (strlen(made) > MQVI_BCRYPT_COUNT) return 0;
  strcpy(setting, made);
  return 1;
}

int mqvi_bcrypt(const char *password, const char *setting, char hash[MQVI_BCRYPT_COUNT + 1]) {
  struct crypt_data *state = calloc(1, sizeof *state);
  if (!state) return 0;
  const char *made = crypt_rn(password, setting, state, sizeof *state);
  int done = made && strlen(made) == MQVI_BCRYPT_COUNT && strncmp(made, "$2b$", 4) == 0;
  if (done) memcpy(hash, made, MQVI_BCRYPT_COUNT + 1);
  explicit_bzero(state, sizeof *state);
  free(state);
  return done;
}
