import Billing
package import Logging
import Synchronization

/// Takes events from the feed and sends: claim → fetch → intend → call → record, in batches, with
/// thousands of calls in flight.
///
/// What it promises: nothing is written to a provider before its intent is committed, nor when
/// lease, slot or deadline could end before the call does; an event's offset is stored only when
/// everything below it is recorded. Used once: `run`, and `stop` from outside.
package final class Consumer: Sendable {
  /// When `run` ends by itself.
  package enum Goal: Hashable, Sendable {
    case stopped
    /// The group has read and recorded everything on the topic.
    case feedDrained
    /// Besides, nothing in the ledger is queued, claimed or sending, whoever has it.
    case ledgerDrained
  }

  let parts: ConsumerParts
  let configuration: ConsumerConfiguration
  let owner: String
  let logger: Logger
  let room: Room
  let results = Mailbox<Finished>()
  let stopping = Signal()
  let limits: Mutex<[Channel: RateLimit]>
  private let offsets = Mutex(OffsetTracker())
  private let unstored = Mutex<[Int: Int64]>([:])
  private let report = Mutex(ConsumerReport())

  /// A call's result and the event it came from.
  struct Finished: Sendable {
    var event: FeedEvent
    var result: SendResult
  }

  /// - Parameter owner: names this consumer in the ledger, such as host, process and a number.
  package init(
    _ parts: ConsumerParts, owner: String, configuration: ConsumerConfiguration, logger: Logger
  ) {
    precondition(
      (1...configuration.maxInFlight).contains(configuration.batchSize),
      "batchSize is within maxInFlight")
    self.parts = parts
    self.owner = owner
    self.configuration = configuration
    self.logger = logger
    room = Room(capacity: configuration.maxInFlight)
    limits = Mutex(configuration.callsPerSecond.mapValues { RateLimit(perSecond: $0) })
  }

  /// No new intents from now on; what is in flight is finished within the grace period, what is
  /// claimed is given back. `run` then returns.
  package func stop() {
    stopping.set()
    room.close()
  }

  /// Works until the goal is reached, or until it is stopped. Cancelling the task ends it at once:
  /// calls in flight are broken off and recorded as what is known of them.
  package func run(until goal: Goal) async throws -> ConsumerReport {
    enum Role { case heartbeats, recorder, intake }
    try await withThrowingTaskGroup(of: Role.self) { group in
      group.addTask {
        await self.keepAlive()
        return .heartbeats
      }
      group.addTask {
        try await self.recordResults()
        return .recorder
      }
      group.addTask {
        try await self.takeIn(until: goal)
        return .intake
      }
      while let role = try await group.next() {
        // The recorder ends when everything is recorded.
        if role == .recorder { group.cancelAll() }
      }
    }
    try await storeOffsets()
    try await parts.feed.close()
    return currentReport
  }

  package var currentReport: ConsumerReport { report.withLock { $0 } }

  func count(_ change: (inout ConsumerReport) -> Void) {
    report.withLock { change(&$0) }
  }

  // MARK: Taking in

  private func takeIn(until goal: Goal) async throws {
    defer { results.close() }
    try await withTaskCancellationHandler {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await self.pollAndSend(until: goal) }
        group.addTask { await self.waitForGrace() }
        try await group.next()
        group.cancelAll()
        try await group.waitForAll()
      }
    } onCancel: {
      stop()
    }
  }

  /// Ends when the consumer was stopped and the grace period is over.
  private func waitForGrace() async {
    await stopping.wait()
    try? await parts.clock.sleep(milliseconds: configuration.graceMilliseconds)
  }

  private func pollAndSend(until goal: Goal) async throws {
    try await withThrowingDiscardingTaskGroup { batches in
      while !stopping.isSet {
        let places = await room.take(
          atLeast: configuration.batchSize, atMost: configuration.batchSize)
        guard places > 0 else { break }
        let events = try await patiently { try await self.parts.feed.poll(limit: places) }
        room.giveBack(places - events.count)
        if events.isEmpty {
          if try await isReached(goal) { break }
          continue
        }
        offsets.withLock { $0.add(events) }
        count { $0.polled += events.count }
        batches.addTask {
          do {
            try await self.work(on: events)
          } catch {
            // Its room is never given back: nobody may wait for it.
            self.stop()
            throw error
          }
        }
      }
    }
  }

  /// Whether the goal is reached, now that the feed had nothing; waits a little where it is not.
  private func isReached(_ goal: Goal) async throws -> Bool {
    if goal == .feedDrained { await room.waitUntilAllFree() }
    if goal != .stopped, room.isAllFree, !stopping.isSet {
      try await storeOffsets()
      let positions = try await patiently { try await self.parts.feed.positions() }
      let lag = positions.reduce(Int64(0)) { $0.saturatingAdd($1.lag) }
      if lag == 0 {
        if goal == .feedDrained { return true }
        if try await patiently({ try await self.parts.ledger.underWay() }).isEmpty { return true }
      }
    }
    await pause(milliseconds: configuration.idleMilliseconds)
    return false
  }

  private func keepAlive() async {
    while !Task.isCancelled {
      await pause(milliseconds: parts.feed.heartbeatMilliseconds)
      if Task.isCancelled { return }
      do {
        try await parts.feed.heartbeat()
      } catch {
        // The partitions may go to others meanwhile; the ledger decides who sends.
        logger.warning("the feed took no heartbeat", metadata: ["cause": "\(error)"])
      }
    }
  }

  // MARK: Recording

  private static let maxRecordBatch = 1000

  private func recordResults() async throws {
    while true {
      let batch = await results.next(limit: Self.maxRecordBatch)
      guard !batch.isEmpty else { return }
      let outcomes = try await patiently {
        try await self.parts.ledger.record(batch.map(\.result))
      }
      tally(outcomes)
      finish(batch.map(\.event))
      try await storeOffsets()
    }
  }

  private func tally(_ outcomes: [RecordOutcome]) {
    count { report in
      for outcome in outcomes {
        switch outcome {
        case .recorded(.accepted): report.accepted += 1
        case .recorded(.planned): report.retried += 1
        case .recorded(.failed): report.failed += 1
        case .recorded(.uncertain): report.uncertain += 1
        case .recorded, .alreadyRecorded, .stale: report.dropped += 1
        }
      }
    }
  }

  /// Nothing more is to be done about these events.
  func finish(_ events: [FeedEvent]) {
    offsets.withLock { offsets in
      for event in events { offsets.finish(partition: event.partition, offset: event.offset) }
    }
    room.giveBack(events.count)
  }

  private func storeOffsets() async throws {
    let storable = offsets.withLock { $0.takeStorable() }
    let next = unstored.withLock { unstored in
      unstored.merge(storable) { max($0, $1) }
      return unstored
    }
    guard !next.isEmpty else { return }
    do {
      try await parts.feed.store(next)
      unstored.withLock { unstored in
        for (partition, offset) in next where unstored[partition] == offset {
          unstored[partition] = nil
        }
      }
    } catch let error as StoreError where error.isRetryable {
      // The next batch stores them; read again, they are dropped by the ledger.
      logger.debug("offsets were not stored", metadata: ["cause": "\(error)"])
    }
  }

  // MARK: Waiting

  /// Tries again what may succeed later, with growing pauses, up to the configured number of times.
  func patiently<Value: Sendable>(
    _ operation: () async throws -> Value
  ) async throws -> Value {
    var tries = 0
    while true {
      do {
        return try await operation()
      } catch let error as StoreError where error.isRetryable && tries < configuration.maxRetries {
        tries += 1
        logger.warning(
          "trying again", metadata: ["cause": "\(error)", "tries": "\(tries)"])
        await pause(milliseconds: min(5000, 50 << Int64(min(tries, 7))))
      }
    }
  }

  /// Sleeps, or less when the task is cancelled.
  func pause(milliseconds: Int64) async {
    try? await parts.clock.sleep(milliseconds: milliseconds)
  }
}
