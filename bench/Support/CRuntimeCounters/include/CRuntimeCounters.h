// Counts what the Swift runtime and the C library are asked for: memory, and references. Linked into an executable, it
// takes the place of their entry points for the whole process and forwards to them.
#ifndef MQVI_RUNTIME_COUNTERS_H
#define MQVI_RUNTIME_COUNTERS_H

#include <stdint.h>

struct mqvi_runtime_counts {
  // malloc, calloc, realloc and aligned allocation, by whomever in the process.
  uint64_t allocations;
  // Strong retains, of native and of bridged objects.
  uint64_t retains;
  uint64_t releases;
};

// Totals since the start. One thread only: the counters are plain integers.
struct mqvi_runtime_counts mqvi_runtime_counts(void);

#endif
