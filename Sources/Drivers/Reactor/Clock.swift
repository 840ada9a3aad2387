// The only place where this process asks what time it is.

import Glibc
public import Chronology

public enum Clock {
  /// CLOCK_MONOTONIC: never goes back, stands still while the machine sleeps.
  public static func now() -> Instant { Instant(nanoseconds: read(CLOCK_MONOTONIC)) }

  /// CLOCK_REALTIME: what a person would call the time; may jump.
  public static func wallTime() -> WallTime { WallTime(milliseconds: read(CLOCK_REALTIME) / 1_000_000) }

  /// Both.
  public static func moment() -> Moment { Moment(instant: now(), wall: wallTime()) }

  /// What the calling thread has run so far, in user space and in the kernel.
  public static func threadTime() -> Interval { Interval(nanoseconds: read(CLOCK_THREAD_CPUTIME_ID)) }

  /// What all threads of the process have run so far.
  public static func processTime() -> Interval { Interval(nanoseconds: read(CLOCK_PROCESS_CPUTIME_ID)) }

  /// Lets the thread sleep until `time`.
  public static func sleep(until time: Instant) {
    var target = timespec(
      tv_sec: Int(time.nanoseconds / 1_000_000_000), tv_nsec: Int(time.nanoseconds % 1_000_000_000))
    // Reads a local. A signal ends the sleep early, which whoever sleeps notices by the clock.
    _ = unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &target, nil)
  }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    // Fills a local; these clocks always exist.
    _ = unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
