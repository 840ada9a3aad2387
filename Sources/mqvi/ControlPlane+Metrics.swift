// The page that Prometheus reads.

import Chronology
import Telemetry

extension ControlPlane {
  func metricsPage(at moment: Moment) -> MetricsText {
    var page = MetricsText()
    page.gauge("mqvi_uptime_seconds", "Since the start of the process.", (moment.instant - started).seconds.rounded())
    return page
  }
}
