#include "CCurl.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct transfer {
  uint64_t id;
  CURL *handle;
  struct curl_slist *headers;
  size_t received, limit;
  /// The beginning of the answer, of at most `limit` bytes; null where nobody wants it.
  char *kept;
  size_t kept_size;
  int keeps;
  mqvi_fetch_allow allow;
  struct transfer *next;
};

struct mqvi_fetcher {
  CURLM *multi;
  struct transfer *all;
  /// How many there are in `all`.
  int count;
};

struct mqvi_fetcher *mqvi_fetcher_open(int maximum_connections) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return NULL;
  struct mqvi_fetcher *fetcher = calloc(1, sizeof *fetcher);
  if (fetcher == NULL) return NULL;
  fetcher->multi = curl_multi_init();
  if (fetcher->multi == NULL) {
    free(fetcher);
    return NULL;
  }
  curl_multi_setopt(fetcher->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)maximum_connections);
  return fetcher;
}

/// The body of an answer does not matter; one that does not end does.
static size_t discard(char *bytes, size_t size, size_t count, void *context) {
  (void)bytes;
  struct transfer *transfer = context;
  transfer->received += size * count;
  return transfer->received <= transfer->limit ? size * count : 0;
}

/// Keeps the beginning of an answer, and ends it where that is enough.
static size_t keep(char *bytes, size_t size, size_t count, void *context) {
  struct transfer *transfer = context;
  size_t length = size * count, room = transfer->limit - transfer->kept_size;
  transfer->received += length;
  size_t taken = length < room ? length : room;
  if (taken > 0) {
    char *larger = realloc(transfer->kept, transfer->kept_size + taken);
    if (larger == NULL) return 0;
    memcpy(larger + transfer->kept_size, bytes, taken);
    transfer->kept = larger;
    transfer->kept_size += taken;
  }
  return taken == length ? length : 0;
}

/// Called with the address that is really connected to, after the name was looked up.
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
  (void)purpose;
  struct transfer *transfer = context;
  uint64_t high = 0, low = 0;
  if (address->family == AF_INET) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->addr;
    low = 0xffffull << 32 | ntohl(v4->sin_addr.s_addr);
  } else if (address->family == AF_INET6) {
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->addr;
    for (int i = 0; i < 8; i++) high = high << 8 | v6->sin6_addr.s6_addr[i];
    for (int i = 8; i < 16; i++) low = low << 8 | v6->sin6_addr.s6_addr[i];
  } else {
    return CURL_SOCKET_BAD;
  }
  if (!transfer->allow(high, low)) return CURL_SOCKET_BAD;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void end(struct mqvi_fetcher *fetcher, struct transfer *transfer) {
  for (struct transfer **link = &fetcher->all; *link != NULL; link = &(*link)->next) {
    if (*link != transfer) continue;
    *link = transfer->next;
    fetcher->count--;
    break;
  }
  curl_multi_remove_handle(fetcher->multi, transfer->handle);
  curl_easy_cleanup(transfer->handle);
  curl_slist_free_all(transfer->headers);
  free(transfer->kept);
  free(transfer);
}

static struct curl_slist *lines(const char *text) {
  struct curl_slist *list = NULL;
  while (*text != 0) {
    const char *stop = strchr(text, '\n');
    if (stop == NULL) break;
    char *line = strndup(text, (size_t)(stop - text));
    if (line != NULL) list = curl_slist_append(list, line);
    free(line);
    text = stop + 1;
  }
  return list;
}

static int begin(
    struct mqvi_fetcher *fetcher, uint64_t id, const char *url, const char *headers, int keeps, const void *body,
    size_t size, long timeout_milliseconds, size_t response_limit, mqvi_fetch_allow allow) {
  struct transfer *transfer = calloc(1, sizeof *transfer);
  if (transfer == NULL) return -1;
  CURL *handle = curl_easy_init();
  if (handle == NULL) {
    free(transfer);
    return -1;
  }
  *transfer = (struct transfer){
      .id = id, .handle = handle, .headers = lines(headers), .limit = response_limit, .allow = allow,
      .keeps = keeps,
      .next = fetcher->all};
  curl_easy_setopt(handle, CURLOPT_PRIVATE, transfer);
  curl_easy_setopt(handle, CURLOPT_URL, url);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  // Every redirect is a connection of its own, whose address is checked like the first.
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, keeps ? 1L : 0L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, 3L);
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout_milliseconds);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, transfer->headers);
  if (!keeps) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, size > 0 ? body : "");
  }
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, keeps ? keep : discard);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, transfer);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, transfer);
  // A connection that was checked for one request is not handed to another.
  curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
  if (curl_multi_add_handle(fetcher->multi, handle) != CURLM_OK) {
    curl_easy_cleanup(handle);
    curl_slist_free_all(transfer->headers);
    free(transfer);
    return -1;
  }
  fetcher->all = transfer;
  fetcher->count++;
  return 0;
}

int mqvi_fetcher_post(
    struct mqvi_fetcher *fetcher, uint64_t id, const char *url, const char *headers, const void *body, size_t size,
    long timeout_milliseconds, size_t response_limit, mqvi_fetch_allow allow) {
  return begin(fetcher, id, url, headers, 0, body, size, timeout_milliseconds, response_limit, allow);
}

int mqvi_fetcher_get(
    struct mqvi_fetcher *fetcher, uint64_t id, const char *url, const char *headers, long timeout_milliseconds,
    size_t kept, mqvi_fetch_allow allow) {
  return begin(fetcher, id, url, headers, 1, NULL, 0, timeout_milliseconds, kept, allow);
}

void mqvi_fetcher_wait(struct mqvi_fetcher *fetcher, int wake, int milliseconds) {
  int running = 0;
  curl_multi_perform(fetcher->multi, &running);
  // What has ended already is told at once.
  if (running < fetcher->count) return;
  struct curl_waitfd extra = {.fd = wake, .events = CURL_WAIT_POLLIN};
  curl_multi_poll(fetcher->multi, &extra, 1, milliseconds, NULL);
  curl_multi_perform(fetcher->multi, &running);
}

int mqvi_fetcher_next(struct mqvi_fetcher *fetcher, struct mqvi_fetched *fetched) {
  int left = 0;
  CURLMsg *message;
  while ((message = curl_multi_info_read(fetcher->multi, &left)) != NULL) {
    if (message->msg != CURLMSG_DONE) continue;
    struct transfer *transfer = NULL;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
    *fetched = (struct mqvi_fetched){.id = transfer->id};
    // An answer that goes on after what was wanted of it was ended by us.
    int is_cut = transfer->keeps && transfer->received > transfer->limit;
    if (message->data.result == CURLE_OK || is_cut) {
      curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &fetched->status);
      const char *type = NULL;
      if (transfer->keeps) curl_easy_getinfo(message->easy_handle, CURLINFO_CONTENT_TYPE, &type);
      if (type != NULL) strncpy(fetched->type, type, sizeof fetched->type - 1);
      fetched->body = transfer->kept;
      fetched->size = transfer->kept_size;
      transfer->kept = NULL;
    }
    end(fetcher, transfer);
    return 1;
  }
  return 0;
}

void mqvi_fetcher_close(struct mqvi_fetcher *fetcher) {
  while (fetcher->all != NULL) end(fetcher, fetcher->all);
  curl_multi_cleanup(fetcher->multi);
  free(fetcher);
}

void mqvi_fetched_free(struct mqvi_fetched *fetched) {
  free(fetched->body);
  fetched->body = NULL;
}
