import Billing
package import Logging

/// Finds what is due in the slot that holds "now", queues it, and rings the doorbell.
///
/// Any number of dispatchers may run at once: each row is queued by one of them. Whatever is lost
/// on the way (a crash, a broker that says nothing) is found again by the next tick.
package struct Dispatcher: Sendable {
  private let ledger: any DispatchLedger
  private let topic: any Topic
  private let configuration: DispatchConfiguration
  private let logger: Logger

  package init(
    ledger: any DispatchLedger, topic: any Topic, configuration: DispatchConfiguration,
    logger: Logger
  ) {
    self.ledger = ledger
    self.topic = topic
    self.configuration = configuration
    self.logger = logger
  }

  /// One tick: events that were lost, then everything that is due in the current slot of every
  /// zone, then the slots' control totals.
  package func tick() async throws -> DispatchReport {
    var report = DispatchReport()
    try await republish(&report)
    for zone in try await ledger.zones() {
      try await dispatch(zone, onlyAgain: false, into: &report)
    }
    if report.remaining > 0 || report.unpublished > 0 {
      logger.warning(
        "the slot is not complete; the next tick goes on",
        metadata: [
          "remaining": "\(report.remaining)", "unpublished": "\(report.unpublished)",
        ])
    }
    return report
  }

  /// What the reconciler has queued between ticks: lost events, and retries whose time comes
  /// inside the current permitted slot.
  package func passRetries() async throws -> DispatchReport {
    var report = DispatchReport()
    try await republish(&report)
    for zone in try await ledger.zones() {
      try await dispatch(zone, onlyAgain: true, into: &report)
    }
    return report
  }

  private func republish(_ report: inout DispatchReport) async throws {
    while true {
      let events = try await ledger.takeUnpublished(
        olderThanSeconds: configuration.republishAfterSeconds, limit: configuration.batchSize)
      guard !events.isEmpty else { return }
      report.republished += events.count
      try await publish(events, into: &report)
      if events.count < configuration.batchSize { return }
    }
  }

  /// A pass over the zone, and a last one that must find nothing: it waits for the rows that others
  /// had in hand during the first, which may be back.
  private func dispatch(
    _ zone: String, onlyAgain: Bool, into report: inout DispatchReport
  ) async throws {
    guard let rules = ZoneRules(zone) else {
      logger.error("deliveries wait in a time zone this system does not know")
      report.unknownZones += 1
      return
    }
    var slot = rules.slot(at: try await ledger.now())
    var waiting = 0
    for number in 0..<Self.maxPasses {
      let request = QueueRequest(
        zone: zone, slot: slot, after: nil, onlyAgain: onlyAgain, skipsLocked: number == 0,
        maxLatenessSeconds: configuration.maxLatenessSeconds, limit: configuration.batchSize)
      let pass = try await pass(request)
      report.add(pass.report)
      if pass.isSlotOver {
        slot = rules.slot(at: try await ledger.now())
      } else {
        waiting = pass.waiting
        if onlyAgain || (pass.taken == 0 && number > 0) { break }
      }
    }
    report.waiting += waiting
    if !onlyAgain {
      let remaining = try await ledger.remaining(in: slot, of: zone)
      report.remaining += max(0, remaining - waiting)
    }
  }

  /// Others may put rows back as fast as they are taken: what is left, the next tick takes.
  private static let maxPasses = 5

  /// What a pass did, or one lane of it.
  private struct Pass {
    var report = DispatchReport()
    /// Corrections that wait still.
    var waiting = 0
    var isSlotOver = false

    var taken: Int { report.queued + report.held + report.suppressed }

    mutating func add(_ lane: Pass) {
      report.add(lane.report)
      waiting += lane.waiting
      isSlotOver = isSlotOver || lane.isSlotOver
    }
  }

  /// Several lanes at once, each with customers of its own.
  private func pass(_ request: QueueRequest) async throws -> Pass {
    try await withThrowingTaskGroup(of: Pass.self) { lanes in
      for index in 0..<configuration.lanes {
        var request = request
        request.share = CustomerShare(index: index, count: configuration.lanes)
        lanes.addTask { [request] in try await lane(request) }
      }
      return try await lanes.reduce(into: Pass()) { $0.add($1) }
    }
  }

  /// Batch after batch; while one is published, the next is queued.
  private func lane(_ first: QueueRequest) async throws -> Pass {
    var lane = Pass()
    var request = first
    var unpublished: [DeliveryEvent] = []
    while true {
      if Task.isCancelled {
        try await publish(unpublished, into: &lane.report)
        throw CancellationError()
      }
      let current = request
      async let next = ledger.queueDue(current)
      try await publish(unpublished, into: &lane.report)
      unpublished = []
      guard case .batch(let batch) = try await next else {
        lane.isSlotOver = true
        return lane
      }
      unpublished = batch.events
      lane.waiting += batch.waiting
      lane.report.add(batch)
      guard let cursor = batch.next else { break }
      request.after = cursor
    }
    try await publish(unpublished, into: &lane.report)
    return lane
  }

  /// Marked published only what the broker says it has.
  private func publish(
    _ events: [DeliveryEvent], into report: inout DispatchReport
  ) async throws {
    guard !events.isEmpty else { return }
    let outcomes = try await topic.publish(events)
    var marks: [PublishedMark] = []
    marks.reserveCapacity(events.count)
    for (event, outcome) in zip(events, outcomes) {
      switch outcome {
      case .stored(let partition, let offset):
        marks.append(
          PublishedMark(
            delivery: event.delivery, generation: event.generation, partition: partition,
            offset: offset))
      case .failed(let reason):
        report.unpublished += 1
        logger.debug("an event was not stored", metadata: ["reason": "\(reason)"])
      }
    }
    report.published += marks.count
    report.stale += marks.count - (try await ledger.markPublished(marks))
  }
}

package struct DispatchConfiguration: Hashable, Sendable {
  /// `dispatch.maxLateness`: later than this after a delivery was due or made it waits for an
  /// operator.
  package var maxLatenessSeconds: Int64 = 7 * 86_400
  /// An event not marked published is published again after this.
  package var republishAfterSeconds: Int64 = 60
  /// Rows of a transaction.
  package var batchSize = 5000
  /// How many queue at once, each the customers of a share of its own.
  package var lanes = 1

  package init() {}
}

/// What a tick did.
package struct DispatchReport: Hashable, Sendable {
  package var queued = 0
  package var published = 0
  /// Events that the topic did not say it stored.
  package var unpublished = 0
  /// Published, but their delivery had moved on before that was noted.
  package var stale = 0
  package var republished = 0
  package var held = 0
  package var suppressed = 0
  package var superseded = 0
  /// Corrections that wait for an earlier delivery's outcome.
  package var waiting = 0
  /// The control total: due and permitted in a current slot, and yet not queued. 0 unless others
  /// are at it.
  package var remaining = 0
  package var unknownZones = 0

  package init() {}

  package mutating func add(_ other: DispatchReport) {
    queued += other.queued
    published += other.published
    unpublished += other.unpublished
    stale += other.stale
    republished += other.republished
    held += other.held
    suppressed += other.suppressed
    superseded += other.superseded
    waiting += other.waiting
    remaining += other.remaining
    unknownZones += other.unknownZones
  }

  mutating func add(_ batch: QueuedBatch) {
    queued += batch.events.count
    held += batch.held
    suppressed += batch.suppressed
    superseded += batch.superseded
  }
}
