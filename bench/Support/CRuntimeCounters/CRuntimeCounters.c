// Definitions in the executable win over those of shared libraries, so every call in the process comes here first.
#define _GNU_SOURCE
#include "CRuntimeCounters.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

static struct mqvi_runtime_counts counts;

struct mqvi_runtime_counts mqvi_runtime_counts(void) { return counts; }

// Memory -------------------------------------------------------------------------------------------------------------

// glibc's own names for the same functions: dlsym itself allocates, so it cannot be asked for these.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
  counts.allocations++;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  counts.allocations++;
  return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  counts.allocations++;
  return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  counts.allocations++;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  counts.allocations++;
  *memory = __libc_memalign(alignment, size);
  return *memory == NULL ? ENOMEM : 0;
}

// References ---------------------------------------------------------------------------------------------------------

// Callers count on these functions to leave registers alone (the runtime's refcounting convention).
#define PRESERVE __attribute__((preserve_most))

#define FORWARD(name, counter)                                                   \
  extern PRESERVE void *name(void *object);                                      \
  PRESERVE void *name(void *object) {                                            \
    static PRESERVE void *(*next)(void *);                                       \
    counts.counter++;                                                            \
    if (__builtin_expect(next == NULL, 0)) {                                     \
      *(void **)&next = dlsym(RTLD_NEXT, #name);                                 \
    }                                                                            \
    return next(object);                                                         \
  }

#define FORWARD_VOID(name, counter)                                              \
  extern PRESERVE void name(void *object);                                       \
  PRESERVE void name(void *object) {                                             \
    static PRESERVE void (*next)(void *);                                        \
    counts.counter++;                                                            \
    if (__builtin_expect(next == NULL, 0)) {                                     \
      *(void **)&next = dlsym(RTLD_NEXT, #name);                                 \
    }                                                                            \
    next(object);                                                                \
  }

FORWARD(swift_retain, retains)
FORWARD(swift_bridgeObjectRetain, retains)
FORWARD_VOID(swift_release, releases)
FORWARD_VOID(swift_bridgeObjectRelease, releases)
