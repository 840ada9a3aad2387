#define _GNU_SOURCE
#include "CLinux.h"

#include <termios.h>
#include <sys/ioctl.h>
#include <malloc.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

// Readiness ----------------------------------------------------------------------------------------------------------

static int poll_control(int poller, int operation, int descriptor, uint32_t events, uint64_t token) {
  struct epoll_event event = {.data.u64 = token};
  if (events & MQVI_READABLE) event.events |= EPOLLIN | EPOLLRDHUP;
  if (events & MQVI_WRITABLE) event.events |= EPOLLOUT;
  return epoll_ctl(poller, operation, descriptor, &event) < 0 ? -errno : 0;
}

int mqvi_poll_open(void) {
  int descriptor = epoll_create1(EPOLL_CLOEXEC);
  return descriptor < 0 ? -errno : descriptor;
}

int mqvi_poll_add(int poller, int descriptor, uint32_t events, uint64_t token) {
  return poll_control(poller, EPOLL_CTL_ADD, descriptor, events, token);
}

int mqvi_poll_change(int poller, int descriptor, uint32_t events, uint64_t token) {
  return poll_control(poller, EPOLL_CTL_MOD, descriptor, events, token);
}

int mqvi_poll_remove(int poller, int descriptor) { return poll_control(poller, EPOLL_CTL_DEL, descriptor, 0, 0); }

int mqvi_signal_open(void) {
  int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return descriptor < 0 ? -errno : descriptor;
}

int mqvi_poll_wait(int poller, struct mqvi_readiness *ready, int capacity, int64_t nanoseconds) {
  struct epoll_event events[64];
  if (capacity > 64) capacity = 64;
  struct timespec timeout = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  int count = epoll_pwait2(poller, events, capacity, nanoseconds < 0 ? NULL : &timeout, NULL);
  if (count < 0 && errno == ENOSYS) {
    // Before Linux 5.11: whole milliseconds, rounded up so that a deadline is never polled for.
    int64_t milliseconds = nanoseconds < 0 ? -1 : (nanoseconds + 999999) / 1000000;
    count = epoll_wait(poller, events, capacity, milliseconds > 1000000 ? 1000000 : (int)milliseconds);
  }
  if (count < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < count; i++) {
    ready[i].token = events[i].data.u64;
    ready[i].events = (events[i].events & EPOLLIN ? MQVI_READABLE : 0) |
                      (events[i].events & EPOLLOUT ? MQVI_WRITABLE : 0) |
                      (events[i].events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP) ? MQVI_BROKEN : 0);
  }
  return count;
}

// Addresses ----------------------------------------------------------------------------------------------------------

static uint64_t load64(const uint8_t *bytes) {
  uint64_t value = 0;
  for (int i = 0; i < 8; i++) value = value << 8 | bytes[i];
  return value;
}

static void store64(uint8_t *bytes, uint64_t value) {
  for (int i = 7; i >= 0; i--, value >>= 8) bytes[i] = (uint8_t)value;
}

static const uint64_t mapped_prefix = 0xffffull << 32;

static socklen_t to_kernel(int family, const struct mqvi_address *address, struct sockaddr_storage *storage) {
  if (family == AF_INET) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
    *v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(address->port)};
    v4->sin_addr.s_addr = htonl((uint32_t)address->low);
    return sizeof *v4;
  }
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
  *v6 = (struct sockaddr_in6){
      .sin6_family = AF_INET6, .sin6_port = htons(address->port), .sin6_scope_id = address->scope};
  store64(v6->sin6_addr.s6_addr, address->high);
  store64(v6->sin6_addr.s6_addr + 8, address->low);
  return sizeof *v6;
}

static int from_kernel(const struct sockaddr *source, struct mqvi_address *address) {
  if (source->sa_family == AF_INET) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)source;
    address->high = 0;
    address->low = mapped_prefix | ntohl(v4->sin_addr.s_addr);
    address->scope = 0;
    address->port = ntohs(v4->sin_port);
    return 0;
  }
  if (source->sa_family != AF_INET6) return -EAFNOSUPPORT;
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)source;
  address->high = load64(v6->sin6_addr.s6_addr);
  address->low = load64(v6->sin6_addr.s6_addr + 8);
  address->scope = v6->sin6_scope_id;
  address->port = ntohs(v6->sin6_port);
  return 0;
}

int mqvi_interface_addresses(struct mqvi_address *addresses, uint8_t *loopback, int capacity) {
  struct ifaddrs *all = NULL;
  if (getifaddrs(&all) < 0) return -errno;
  int count = 0;
  for (struct ifaddrs *each = all; each != NULL && count < capacity; each = each->ifa_next) {
    if (each->ifa_addr == NULL || !(each->ifa_flags & IFF_UP)) continue;
    if (from_kernel(each->ifa_addr, &addresses[count]) < 0) continue;
    loopback[count++] = (each->ifa_flags & IFF_LOOPBACK) != 0;
  }
  freeifaddrs(all);
  return count;
}

int mqvi_resolve(const char *host, struct mqvi_address *addresses, int capacity) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *all = NULL;
  if (getaddrinfo(host, NULL, &hints, &all) != 0) return 0;
  int count = 0;
  for (struct addrinfo *each = all; each != NULL && count < capacity; each = each->ai_next)
    if (from_kernel(each->ai_addr, &addresses[count]) == 0) count++;
  freeaddrinfo(all);
  return count;
}

// Sockets ------------------------------------------------------------------------------------------------------------

static int fail(int descriptor) {
  int code = errno;
  if (descriptor >= 0) close(descriptor);
  return -code;
}

static int set_option(int descriptor, int level, int name, int value) {
  return setsockopt(descriptor, level, name, &value, sizeof value) < 0 ? -errno : 0;
}

int mqvi_receive_buffer(int descriptor) {
  int value = 0;
  socklen_t size = sizeof value;
  // The kernel reports twice what it was asked for (socket(7)).
  return getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &value, &size) < 0 ? -errno : value / 2;
}

int mqvi_enable_coalescing(int descriptor) { return set_option(descriptor, SOL_UDP, UDP_GRO, 1); }

int mqvi_enable_arrival_times(int descriptor) { return set_option(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, 1); }

int mqvi_probe_segmentation(int descriptor) {
  int code = set_option(descriptor, SOL_UDP, UDP_SEGMENT, 1200);
  return code < 0 ? code : set_option(descriptor, SOL_UDP, UDP_SEGMENT, 0);
}

static int open_bound(int family, int type, const struct mqvi_address *address) {
  int descriptor = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  // Dual stack for the wildcard and for mapped addresses; Linux's default is a system setting.
  if (family == AF_INET6) set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (type == SOCK_STREAM) set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
  struct sockaddr_storage storage;
  socklen_t size = to_kernel(family, address, &storage);
  if (bind(descriptor, (struct sockaddr *)&storage, size) < 0) return fail(descriptor);
  return descriptor;
}

int mqvi_open_datagram(int family, const struct mqvi_address *address, int buffer_bytes) {
  int descriptor = open_bound(family, SOCK_DGRAM, address);
  if (descriptor < 0) return descriptor;
  // The forced variants pass the system's limit but need CAP_NET_ADMIN; the plain ones are cut to it without an error.
  if (set_option(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, buffer_bytes) < 0)
    set_option(descriptor, SOL_SOCKET, SO_RCVBUF, buffer_bytes);
  if (set_option(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, buffer_bytes) < 0)
    set_option(descriptor, SOL_SOCKET, SO_SNDBUF, buffer_bytes);
  return descriptor;
}

int mqvi_open_listener(int family, const struct mqvi_address *address, int backlog) {
  int descriptor = open_bound(family, SOCK_STREAM, address);
  if (descriptor < 0) return descriptor;
  return listen(descriptor, backlog) < 0 ? fail(descriptor) : descriptor;
}

int mqvi_accept(int listener, struct mqvi_address *from) {
  struct sockaddr_storage storage;
  socklen_t size = sizeof storage;
  int descriptor = accept4(listener, (struct sockaddr *)&storage, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) return -errno;
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  return from_kernel((struct sockaddr *)&storage, from) < 0 ? fail(descriptor) : descriptor;
}

int mqvi_local_address(int descriptor, struct mqvi_address *address) {
  struct sockaddr_storage storage;
  socklen_t size = sizeof storage;
  if (getsockname(descriptor, (struct sockaddr *)&storage, &size) < 0) return -errno;
  return from_kernel((struct sockaddr *)&storage, address);
}

int mqvi_connect(const struct mqvi_address *to) {
  int family = to->high == 0 && to->low >> 32 == 0xffff ? AF_INET : AF_INET6;
  int descriptor = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  struct sockaddr_storage storage;
  socklen_t size = to_kernel(family, to, &storage);
  if (connect(descriptor, (struct sockaddr *)&storage, size) < 0 && errno != EINPROGRESS) return fail(descriptor);
  return descriptor;
}

// Datagrams in batches -----------------------------------------------------------------------------------------------

union control {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct timespec))];
};

/// Nanoseconds from `then` to `now`; 0 when the clock was set in between and the answer would make no sense.
static int64_t age_of(const struct timespec *then, const struct timespec *now) {
  int64_t age = (int64_t)(now->tv_sec - then->tv_sec) * 1000000000 + (now->tv_nsec - then->tv_nsec);
  return age < 0 || age > 1000000000 ? 0 : age;
}

int mqvi_receive_batch(int socket, void *memory, uint32_t stride, struct mqvi_arrival *arrivals, int capacity) {
  struct mmsghdr messages[MQVI_DATAGRAM_BATCH];
  struct iovec vectors[MQVI_DATAGRAM_BATCH];
  struct sockaddr_storage addresses[MQVI_DATAGRAM_BATCH];
  union control controls[MQVI_DATAGRAM_BATCH];
  if (capacity > MQVI_DATAGRAM_BATCH) capacity = MQVI_DATAGRAM_BATCH;
  for (int i = 0; i < capacity; i++) {
    vectors[i] = (struct iovec){.iov_base = (char *)memory + (size_t)i * stride, .iov_len = stride};
    messages[i].msg_len = 0;
    messages[i].msg_hdr = (struct msghdr){
        .msg_name = &addresses[i], .msg_namelen = sizeof addresses[i], .msg_iov = &vectors[i], .msg_iovlen = 1,
        .msg_control = &controls[i], .msg_controllen = sizeof controls[i]};
  }
  int count = recvmmsg(socket, messages, (unsigned)capacity, MSG_DONTWAIT, NULL);
  if (count < 0) return -errno;
  // The kernel's stamps are of this clock.
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  for (int i = 0; i < count; i++) {
    struct msghdr *message = &messages[i].msg_hdr;
    arrivals[i].byte_count = messages[i].msg_len;
    arrivals[i].segment_size = 0;
    arrivals[i].is_truncated = (message->msg_flags & MSG_TRUNC) != 0;
    if (from_kernel((struct sockaddr *)&addresses[i], &arrivals[i].from) < 0) arrivals[i].is_truncated = 1;
    arrivals[i].age = 0;
    for (struct cmsghdr *each = CMSG_FIRSTHDR(message); each != NULL; each = CMSG_NXTHDR(message, each)) {
      if (each->cmsg_level == SOL_SOCKET && each->cmsg_type == SCM_TIMESTAMPNS) {
        struct timespec then;
        memcpy(&then, CMSG_DATA(each), sizeof then);
        arrivals[i].age = age_of(&then, &now);
        continue;
      }
      if (each->cmsg_level != SOL_UDP || each->cmsg_type != UDP_GRO) continue;
      int size = 0;
      memcpy(&size, CMSG_DATA(each), sizeof size);
      if (size > 0 && size < 65536) arrivals[i].segment_size = (uint16_t)size;
    }
  }
  return count;
}

int mqvi_send_batch(int socket, int family, const void *memory, const struct mqvi_departure *departures, int count) {
  struct mmsghdr messages[MQVI_DATAGRAM_BATCH];
  struct iovec vectors[MQVI_DATAGRAM_BATCH];
  struct sockaddr_storage addresses[MQVI_DATAGRAM_BATCH];
  union control controls[MQVI_DATAGRAM_BATCH];
  if (count > MQVI_DATAGRAM_BATCH) count = MQVI_DATAGRAM_BATCH;
  for (int i = 0; i < count; i++) {
    const struct mqvi_departure *each = &departures[i];
    vectors[i] = (struct iovec){.iov_base = (char *)memory + each->offset, .iov_len = each->byte_count};
    messages[i].msg_len = 0;
    messages[i].msg_hdr = (struct msghdr){
        .msg_name = &addresses[i], .msg_namelen = to_kernel(family, &each->to, &addresses[i]),
        .msg_iov = &vectors[i], .msg_iovlen = 1};
    if (each->segment_size == 0 || each->segment_size >= each->byte_count) continue;
    messages[i].msg_hdr.msg_control = &controls[i];
    messages[i].msg_hdr.msg_controllen = CMSG_SPACE(sizeof(uint16_t));
    struct cmsghdr *header = CMSG_FIRSTHDR(&messages[i].msg_hdr);
    header->cmsg_level = SOL_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof(uint16_t));
    memcpy(CMSG_DATA(header), &each->segment_size, sizeof(uint16_t));
  }
  int sent = sendmmsg(socket, messages, (unsigned)count, MSG_DONTWAIT);
  return sent < 0 ? -errno : sent;
}

int mqvi_wait_writable(int socket, int milliseconds) {
  struct pollfd entry = {.fd = socket, .events = POLLOUT};
  return poll(&entry, 1, milliseconds) > 0;
}

// Files and the process ----------------------------------------------------------------------------------------------

int mqvi_open_file(const char *path, int flags, uint32_t mode) {
  int descriptor = open(path, flags | O_CLOEXEC, (mode_t)mode);
  return descriptor < 0 ? -errno : descriptor;
}

int mqvi_termination_descriptor(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  signal(SIGPIPE, SIG_IGN);
  int code = pthread_sigmask(SIG_BLOCK, &set, NULL);
  if (code != 0) return -code;
  int descriptor = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  return descriptor < 0 ? -errno : descriptor;
}

int mqvi_take_signal(int descriptor) {
  struct signalfd_siginfo information;
  ssize_t count = read(descriptor, &information, sizeof information);
  return count == sizeof information ? (int)information.ssi_signo : -EAGAIN;
}

int mqvi_set_thread(const char *name, int core) {
  pthread_setname_np(pthread_self(), name);
  if (core < 0) return 0;
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  return -pthread_setaffinity_np(pthread_self(), sizeof cores, &cores);
}

int mqvi_keep_to_cores(int first, int last) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  for (int core = first; core <= last; core++) CPU_SET(core, &cores);
  return -pthread_setaffinity_np(pthread_self(), sizeof cores, &cores);
}

int mqvi_screen_size(int *rows, int *columns) {
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 || size.ws_col == 0) return -1;
  *rows = size.ws_row;
  *columns = size.ws_col;
  return 0;
}

int mqvi_single_keys(int enable) {
  static struct termios before;
  static int is_changed;
  if (!enable) {
    if (is_changed) tcsetattr(STDIN_FILENO, TCSANOW, &before);
    is_changed = 0;
    return 0;
  }
  if (tcgetattr(STDIN_FILENO, &before) < 0) return -errno;
  struct termios changed = before;
  changed.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
  changed.c_cc[VMIN] = 1;
  changed.c_cc[VTIME] = 0;
  if (tcsetattr(STDIN_FILENO, TCSANOW, &changed) < 0) return -errno;
  is_changed = 1;
  return 0;
}

int mqvi_read_key(int milliseconds) {
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  int ready = poll(&input, 1, milliseconds);
  if (ready == 0 || (ready < 0 && errno == EINTR)) return -1;
  unsigned char key;
  return ready > 0 && read(STDIN_FILENO, &key, 1) == 1 ? key : -2;
}

void mqvi_map_blocks_from(int byte_count) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, byte_count);
#else
  (void)byte_count;
#endif
}

void mqvi_trim_memory(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}
