// The page that Prometheus reads. Numbers of the whole server and of its shards; nothing about a room or a person.

import Chronology
import EventLoops
import Gateway
import Node
import Reactor
import Rooms
import Store
import Telemetry
import Voice
import WebEdge

extension ControlPlane {
  func metricsPage(at moment: Moment) -> MetricsText {
    var page = MetricsText()
    page.gauge("mqvi_uptime_seconds", "Since the start of the process.", (moment.instant - started).seconds.rounded())
    page.counter(
      "process_cpu_seconds_total", "What all threads have run, user and system.",
      seconds: Clock.processTime().seconds)
    page.gauge("process_resident_memory_bytes", "Memory that the process really has.", Double(Process.residentBytes()))
    page.gauge("mqvi_rooms", "Rooms that exist.", Double(living.control.roomCount))
    page.gauge("mqvi_participants", "Participants with a session.", Double(living.control.participantCount))
    page.gauge("mqvi_webhooks_waiting", "Events that wait for a webhook receiver.", Double(webhooks.count))
    page.counter("mqvi_commands_lost_total", "Commands that a stuck shard never got.", bridge.commandsLost)
    page.gauge("mqvi_voices", "Members in voice channels.", Double(living.voice.voices.count))
    page.gauge("mqvi_gateway_connections", "Open connections of the gateway.", Double(living.gateway.connectionCount))
    page.gauge(
      "mqvi_gateway_sessions", "Sessions, those that wait for their client included.",
      Double(living.gateway.sessionCount))
    page.gauge("mqvi_gateway_log_bytes", "Events that are kept for who comes back.", Double(living.gateway.logBytes))
    page.add(living.gateway.counters)
    page.add(webCounters)
    page.add(community.rows.statistics)
    for case .some(let snapshot) in bridge.snapshots { page.add(snapshot) }
    return page
  }
}

extension MetricsText {
  fileprivate mutating func add(_ gateway: GatewayCounters) {
    counter("mqvi_gateway_events_total", "Events that were numbered.", gateway.dispatched)
    counter("mqvi_gateway_sent_total", "Messages handed to connections.", gateway.sent)
    counter("mqvi_gateway_resumed_total", "Sessions that went on after a lost connection.", gateway.resumed)
    counter("mqvi_gateway_resynchronised_total", "Clients that had to start over.", gateway.resynchronised)
    counter("mqvi_gateway_behind_total", "Times that a client read more slowly than it was sent to.", gateway.slow)
    counter("mqvi_gateway_refused_total", "Messages of clients that were wrong or too many.", gateway.refused)
  }

  fileprivate mutating func add(_ web: WebCounters) {
    gauge("mqvi_web_connections", "Open HTTP connections, WebSockets included.", Double(web.connections))
    gauge("mqvi_web_sockets", "Open WebSockets.", Double(web.webSockets))
    counter("mqvi_web_accepted_total", "Accepted connections.", web.accepted)
    counter("mqvi_web_refused_connections_total", "Connections turned away at the limit.", web.refusedConnections)
    counter("mqvi_web_requests_total", "Whole requests.", web.requests)
    counter("mqvi_web_refused_requests_total", "Malformed or oversized requests.", web.refusedRequests)
    counter("mqvi_web_messages_received_total", "WebSocket messages received.", web.messagesReceived)
    counter("mqvi_web_messages_sent_total", "WebSocket messages sent.", web.messagesSent)
    counter("mqvi_web_slow_consumers_total", "WebSockets cut off because they did not read.", web.slowConsumers)
    counter("mqvi_web_timeouts_total", "Connections closed because nothing moved.", web.timeouts)
  }

  fileprivate mutating func add(_ database: StoreStatistics) {
    counter("mqvi_database_commits_total", "Groups of writes that were committed.", UInt64(database.commits))
    counter("mqvi_database_writes_total", "Writes that are on the disk.", UInt64(database.writes))
    counter("mqvi_database_failed_writes_total", "Writes that were refused or undone.", UInt64(database.failedWrites))
    counter("mqvi_database_reads_total", "Reads that were answered.", UInt64(database.reads))
    counter(
      "mqvi_database_commit_seconds_total", "From the first job of a group to the disk's answer.",
      seconds: database.commitTime.seconds)
    gauge("mqvi_database_log_pages", "Pages in the write-ahead log.", Double(database.logPages))
  }

  fileprivate mutating func add(_ shard: ShardSnapshot) {
    let labels = [("shard", String(shard.index))]
    gauge("mqvi_transports", "ICE transports.", Double(shard.transports), labels: labels)
    gauge("mqvi_publications", "Published tracks.", Double(shard.publications), labels: labels)
    gauge("mqvi_subscriptions", "Tracks on their way to someone.", Double(shard.subscriptions), labels: labels)
    for (name, help, value) in Self.mediaCounters(shard.node) { counter(name, help, value, labels: labels) }
    addDrops(shard.node, labels)
    for (name, help, value) in Self.socketCounters(shard.datagrams) { counter(name, help, value, labels: labels) }
    gauge("mqvi_udp_segmentation", "1 while the kernel cuts runs apart.", shard.segments ? 1 : 0, labels: labels)
    gauge("mqvi_tcp_connections", "ICE-TCP connections.", Double(shard.streams.connections), labels: labels)
    counter(
      "mqvi_tcp_dropped_total", "Packets that a TCP connection did not take.", shard.streams.dropped, labels: labels)
    counter("mqvi_tcp_timeouts_total", "ICE-TCP connections closed as idle.", shard.streams.timeouts, labels: labels)
    histogram("mqvi_turn_microseconds", "Length of a shard's turns.", shard.turns, labels: labels)
    counter(
      "mqvi_shard_cpu_seconds_total", "What the shard's thread has run, user and system.",
      seconds: shard.processorTime.seconds, labels: labels)
    histogram(
      "mqvi_forwarding_delay_microseconds", "From a packet's arrival at the machine to the kernel's having it back.",
      Histogram(shard.delays), labels: labels)
  }

  private static func mediaCounters(_ node: Node.Counters) -> [(String, String, UInt64)] {
    [
      ("mqvi_datagrams_in_total", "Datagrams taken in.", node.datagramsIn),
      ("mqvi_datagrams_out_total", "Datagrams made.", node.datagramsOut),
      ("mqvi_bytes_in_total", "Bytes taken in.", node.bytesIn),
      ("mqvi_bytes_out_total", "Bytes made.", node.bytesOut),
      ("mqvi_bytes_padding_total", "Padding among them, by which packets leave as runs.", node.bytesPadding),
      ("mqvi_packets_in_total", "Media packets accepted.", node.packetsIn),
      ("mqvi_packets_forwarded_total", "Media packets forwarded, once for each subscriber.", node.packetsForwarded),
      ("mqvi_nacks_in_total", "Packets that subscribers missed.", node.nacksIn),
      ("mqvi_nacks_out_total", "Packets that we missed.", node.nacksOut),
      ("mqvi_retransmissions_in_total", "Retransmissions received.", node.retransmissionsIn),
      ("mqvi_retransmissions_out_total", "Retransmissions sent.", node.retransmissionsOut),
      ("mqvi_key_frames_total", "Key frames received.", node.keyFrames),
      ("mqvi_key_frame_requests_in_total", "Key frames that subscribers asked for.", node.keyFrameRequestsIn),
      ("mqvi_key_frame_requests_out_total", "Key frames that we asked for.", node.keyFrameRequestsOut),
      ("mqvi_data_messages_in_total", "Data channel messages received.", node.messagesIn),
      ("mqvi_data_messages_out_total", "Data channel messages sent.", node.messagesOut),
      ("mqvi_data_messages_dropped_total", "Data channel messages dropped.", node.messagesDropped),
      ("mqvi_media_commands_refused_total", "Commands beyond a limit.", node.refusedCommands),
      ("mqvi_media_events_dropped_total", "Events that found no room.", node.eventsDropped),
    ]
  }

  private mutating func addDrops(_ node: Node.Counters, _ labels: [(String, String)]) {
    let drops: [(String, UInt64)] = [
      ("unknown_source", node.droppedUnknownSource), ("unknown_path", node.droppedUnknownPath),
      ("malformed", node.droppedMalformed), ("authentication", node.droppedAuthentication),
      ("duplicate", node.droppedDuplicate), ("muted", node.droppedMuted), ("no_format", node.droppedNoFormat),
      ("turn_full", node.droppedTurnFull), ("arena_full", node.droppedArenaFull), ("lost", node.droppedLost),
    ]
    for (reason, value) in drops {
      counter("mqvi_packets_dropped_total", "Packets dropped, by reason.", value, labels: labels + [("reason", reason)])
    }
  }

  private static func socketCounters(_ socket: DatagramCounters) -> [(String, String, UInt64)] {
    [
      ("mqvi_udp_receive_batches_total", "recvmmsg calls that brought something.", socket.receiveBatches),
      ("mqvi_udp_received_total", "Datagrams received.", socket.received),
      ("mqvi_udp_sent_runs_total", "Runs handed to the kernel.", socket.sentRuns),
      ("mqvi_udp_sent_total", "Datagrams sent.", socket.sent),
      ("mqvi_udp_full_buffers_total", "Times that the socket's buffer was full.", socket.fullBuffers),
      ("mqvi_udp_dropped_total", "Datagrams given up because it stayed full.", socket.dropped),
      ("mqvi_udp_refused_total", "Datagrams that the kernel refused.", socket.refused),
    ]
  }
}

extension Histogram {
  /// The node's own histogram in the form that is written out.
  fileprivate init(_ delays: DelayHistogram) {
    let bounds = DelayHistogram.bounds
    self.init(
      bounds: bounds.indices.map { bounds[$0] }, counts: (0..<DelayHistogram.bucketCount).map { delays.buckets[$0] },
      sum: Int64(clamping: delays.totalMicroseconds))
  }
}
