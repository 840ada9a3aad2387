// Requests by libcurl's multi interface, behind some functions: its options are variadic, which Swift cannot call.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct mqvi_fetcher;

/// Whether a connection to an address may be made. IPv4 stands as ::ffff:a.b.c.d; the halves are numbers.
typedef int (*mqvi_fetch_allow)(uint64_t high, uint64_t low);

/// Null when memory ran out.
struct mqvi_fetcher *mqvi_fetcher_open(int maximum_connections);
/// Begins a POST over http or https, without redirects or proxies. `headers` are lines that end in \n each. 0, or -1.
int mqvi_fetcher_post(
    struct mqvi_fetcher *fetcher, uint64_t id, const char *url, const char *headers, const void *body, size_t size,
    long timeout_milliseconds, size_t response_limit, mqvi_fetch_allow allow);
/// Begins a GET, following at most three redirects; the first `kept` bytes of the answer are kept. 0, or -1.
int mqvi_fetcher_get(
    struct mqvi_fetcher *fetcher, uint64_t id, const char *url, const char *headers, long timeout_milliseconds,
    size_t kept, mqvi_fetch_allow allow);
/// Moves everything on, then waits until something happens, `wake` is readable, or the time is over.
void mqvi_fetcher_wait(struct mqvi_fetcher *fetcher, int wake, int milliseconds);
/// What became of a request.
struct mqvi_fetched {
  uint64_t id;
  /// 0 when no answer came.
  long status;
  /// Content-Type, cut and ended by a zero.
  char type[128];
  /// Of a GET; to be freed with mqvi_fetched_free.
  char *body;
  size_t size;
};
/// The next request that has ended: 1, or 0 when none has.
int mqvi_fetcher_next(struct mqvi_fetcher *fetcher, struct mqvi_fetched *fetched);
void mqvi_fetched_free(struct mqvi_fetched *fetched);
/// Ends everything that is under way, without results.
void mqvi_fetcher_close(struct mqvi_fetcher *fetcher);
