// Numbers, logs and times as text.

import Chronology
import Randomness
import Telemetry
import TestSupport
import Testing

@Suite struct TelemetryTests {
  @Test func `a page holds each family once, with its samples together`() {
    var page = MetricsText()
    page.counter("a_total", "Of a.", 1, labels: [("shard", "0")])
    page.gauge("b", "Of b.", 2.5)
    page.counter("a_total", "Of a.", 3, labels: [("shard", "1")])
    page.counter("c_seconds_total", "Of c.", seconds: 0.25)
    #expect(
      page.text == """
        # HELP a_total Of a.
        # TYPE a_total counter
        a_total{shard="0"} 1
        a_total{shard="1"} 3
        # HELP b Of b.
        # TYPE b gauge
        b 2.5
        # HELP c_seconds_total Of c.
        # TYPE c_seconds_total counter
        c_seconds_total 0.25

        """)
  }

  @Test func `histogram buckets are cumulative and end in the count`() {
    var histogram = Histogram(bounds: [10, 20])
    for value: Int64 in [5, 10, 15, 25] { histogram.record(value) }
    var page = MetricsText()
    page.histogram("h", "Of h.", histogram)
    #expect(
      page.text == """
        # HELP h Of h.
        # TYPE h histogram
        h_bucket{le="10"} 2
        h_bucket{le="20"} 3
        h_bucket{le="+Inf"} 4
        h_sum 55
        h_count 4

        """)
  }

  @Test func `a quantile is the bound below which that share lies`() {
    forEachSeed(100) { seed, random in
      var histogram = Histogram(bounds: [1, 10, 100, 1000])
      let values = (0..<50).map { _ in Int64.random(in: 0...1000, using: &random) }.sorted()
      for value in values { histogram.record(value) }
      for share in [0.1, 0.5, 0.9, 1.0] {
        let exact = values[Int((Double(values.count) * share).rounded(.up)) - 1]
        #expect(histogram.quantile(share) == [1, 10, 100, 1000].first { $0 >= exact }, "seed \(seed)")
      }
    }
  }

  @Test func `labels cannot break out of their quotes`() {
    var page = MetricsText()
    page.gauge("g", "Of g.", 1, labels: [("l", "a\"b\\c\nd")])
    #expect(page.text.hasSuffix("g{l=\"a\\\"b\\\\c\\nd\"} 1\n"))
  }

  @Test func `a record is one line whatever its values hold`() {
    let record = LogRecord(.warning, "shard.stuck", [("shard", "0"), ("why", "a \"b\"\nc\u{1B}[31m"), ("empty", "")])
    #expect(
      record.line(at: WallTime(milliseconds: 1_795_168_802_007))
        == #"2026-11-20T10:00:02.007Z warning shard.stuck shard=0 why="a \"b\"\nc?[31m" empty="""#)
  }

  @Test func `times are written as people and protocols do`() {
    // The example of RFC 9110 §5.6.7.
    #expect(CivilTime(WallTime(milliseconds: 784_111_777_000)).httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(CivilTime(WallTime(milliseconds: 951_782_400_000)).timestamp == "2000-02-29T00:00:00.000Z")
    #expect(CivilTime(WallTime(milliseconds: -1)).timestamp == "1969-12-31T23:59:59.999Z")
  }
}
