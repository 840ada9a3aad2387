// What Swift's Glibc module leaves out of Linux: epoll, eventfd, batched datagrams and the GSO/GRO control messages.
//
// The functions below are as thin as the macros and unions behind them allow: no state, no allocation, no policy. Each
// returns its result, or a negated errno. No system header is included here, because Swift's own Glibc module reads the
// same headers with other feature macros and the two would disagree about their types.
#pragma once
#include <stdint.h>

/// An address and port in one form for both families: IPv4 stands as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2). The halves are
/// integers whose most significant byte is the first byte of the address.
struct mqvi_address {
  uint64_t high;
  uint64_t low;
  uint32_t scope;
  uint16_t port;
};

// Readiness ----------------------------------------------------------------------------------------------------------

enum { MQVI_READABLE = 1, MQVI_WRITABLE = 2, MQVI_BROKEN = 4 };

struct mqvi_readiness {
  uint64_t token;
  /// MQVI_READABLE, MQVI_WRITABLE, MQVI_BROKEN.
  uint32_t events;
};

/// An epoll instance.
int mqvi_poll_open(void);
int mqvi_poll_add(int poller, int descriptor, uint32_t events, uint64_t token);
int mqvi_poll_change(int poller, int descriptor, uint32_t events, uint64_t token);
int mqvi_poll_remove(int poller, int descriptor);
/// A non-blocking eventfd.
int mqvi_signal_open(void);
/// Waits at most `nanoseconds` (negative: without end) and fills up to 64 entries. 0 on a timeout or a signal.
int mqvi_poll_wait(int poller, struct mqvi_readiness *ready, int capacity, int64_t nanoseconds);

// Sockets ------------------------------------------------------------------------------------------------------------

/// A bound, non-blocking UDP socket. `family` is AF_INET6 (dual stack when the address is the wildcard) or AF_INET.
int mqvi_open_datagram(int family, const struct mqvi_address *address, int buffer_bytes);
/// A listening, non-blocking TCP socket, likewise.
int mqvi_open_listener(int family, const struct mqvi_address *address, int backlog);
/// The next connection, non-blocking, Nagle off. -EAGAIN when there is none.
int mqvi_accept(int listener, struct mqvi_address *from);
/// Where a socket is bound.
int mqvi_local_address(int descriptor, struct mqvi_address *address);
/// A non-blocking connection that is under way.
int mqvi_connect(const struct mqvi_address *to);
/// Bytes that the kernel keeps for a socket's arrivals: what it granted, without its own bookkeeping.
int mqvi_receive_buffer(int descriptor);
/// Asks for coalesced arrivals (UDP_GRO). 0 when the kernel does it.
int mqvi_enable_coalescing(int descriptor);
/// Asks for the time at which the kernel took each arrival (SO_TIMESTAMPNS). 0 when it does.
int mqvi_enable_arrival_times(int descriptor);
/// Tries a segmented send option (UDP_SEGMENT) on the socket and takes it back. 0 when the kernel knows it.
int mqvi_probe_segmentation(int descriptor);

/// Fills `addresses` with those of the interfaces that are up; `loopback[i]` tells which are loopback. Returns how many.
int mqvi_interface_addresses(struct mqvi_address *addresses, uint8_t *loopback, int capacity);
/// Resolves a host name, blocking. Returns how many addresses were filled in.
int mqvi_resolve(const char *host, struct mqvi_address *addresses, int capacity);

// Datagrams in batches -----------------------------------------------------------------------------------------------

/// At most this many buffers in one call.
#define MQVI_DATAGRAM_BATCH 64

struct mqvi_arrival {
  uint32_t byte_count;
  /// Bytes of each coalesced datagram but the last (UDP_GRO); 0: it is one datagram.
  uint16_t segment_size;
  uint8_t is_truncated;
  /// How long ago the kernel took it in, in nanoseconds; 0 where that is not known.
  int64_t age;
  struct mqvi_address from;
};

struct mqvi_departure {
  uint64_t offset;
  uint32_t byte_count;
  /// Bytes of each datagram but the last (UDP_SEGMENT); 0: it is one datagram.
  uint16_t segment_size;
  struct mqvi_address to;
};

/// recvmmsg into `capacity` buffers of `stride` bytes, without waiting. Returns how many were filled.
int mqvi_receive_batch(int socket, void *memory, uint32_t stride, struct mqvi_arrival *arrivals, int capacity);
/// sendmmsg of up to MQVI_DATAGRAM_BATCH departures that lie in `memory`. Returns how many were taken.
int mqvi_send_batch(int socket, int family, const void *memory, const struct mqvi_departure *departures, int count);

/// Waits until the socket takes more, at most `milliseconds`. 1: it does.
int mqvi_wait_writable(int socket, int milliseconds);

// Files and the process ----------------------------------------------------------------------------------------------

/// open(2) with a mode, which C declares variadic.
int mqvi_open_file(const char *path, int flags, uint32_t mode);
/// A descriptor that becomes readable on SIGTERM or SIGINT, which are blocked from then on in every thread. SIGPIPE is
/// ignored.
int mqvi_termination_descriptor(void);
/// Takes one pending signal from that descriptor: its number, or -EAGAIN.
int mqvi_take_signal(int descriptor);
/// Names the calling thread (15 bytes) and, if `core` is not negative, binds it to that core.
int mqvi_set_thread(const char *name, int core);
/// Lets the calling thread, and what it starts, run on the cores from `first` to `last` only.
int mqvi_keep_to_cores(int first, int last);
/// Rows and columns of the terminal on standard output; -1 when it is none.
int mqvi_screen_size(int *rows, int *columns);
/// Keys of the terminal on standard input one by one, without echo, Ctrl-C as 3; 0 makes it as it was.
int mqvi_single_keys(int enable);
/// The next key, or -1 after so many milliseconds, or -2 when there will be none.
int mqvi_read_key(int milliseconds);
/// Blocks of `byte_count` and more come from the system one by one and go back to it when they are freed.
void mqvi_map_blocks_from(int byte_count);
/// Gives pages back to the system on which nothing lives, in the middle of the heap as at its end.
void mqvi_trim_memory(void);
