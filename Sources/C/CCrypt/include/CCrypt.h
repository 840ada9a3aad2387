// bcrypt through libcrypt's reentrant calls, with the state on the heap for the time of a call: it has 32 KiB.
#pragma once
#include <stddef.h>
#include <stdint.h>

// A bcrypt hash has 60 characters: "$2b$", the cost, 22 of salt and 31 of hash.
#define MQVI_BCRYPT_COUNT 60

// Writes the setting "$2b$cost$salt" for 16 random bytes. 1 = done.
int mqvi_bcrypt_setting(uint32_t cost, const uint8_t random[16], char setting[MQVI_BCRYPT_COUNT + 1]);
// Hashes `password` (ended by a zero) as `setting`, a setting or an older hash, says. 1 = done.
int mqvi_bcrypt(const char *password, const char *setting, char hash[MQVI_BCRYPT_COUNT + 1]);
