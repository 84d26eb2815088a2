import Billing
import Delivery
import Dispatching
import Logging

/// Every slot of a month on a simulated clock: time is moved from one moment at which there is
/// something to do to the next, and the providers' seconds are counted instead of waited for.
struct SimulatedSending {
  /// After this long nothing can still go by itself; what is left waits for somebody.
  private static let longestSeconds: Int64 = 62 * 86_400

  let platform: DeliveryPlatform
  /// The providers' clock.
  let clock: SimulatedClock
  /// Told what was done in all, after every moment.
  let progress: @Sendable (SendingReport) -> Void

  /// - Parameter start: where the month's sending begins; the ledger's own time when that is later.
  /// - Returns: what was done, and what time it is then.
  func send(_ month: BillingMonth, from start: Timestamp) async throws
    -> (report: SendingReport, until: Timestamp)
  {
    var report = SendingReport()
    var now = try await advance(to: start)
    let latest = now.adding(seconds: Self.longestSeconds)
    while try await platform.agenda.hasPending(month) {
      try Task.checkCancellation()
      try await work(&report)
      progress(report)
      let next = SimulatedAgenda.next(
        after: now, waiting: try await platform.agenda.waiting(at: now),
        isUnderWay: try await !platform.underWay().isSettled)
      guard let next, next <= latest else { break }
      now = try await advance(to: next)
    }
    return (report, now)
  }

  private func advance(to moment: Timestamp) async throws -> Timestamp {
    let now = try await platform.time.advance(to: moment)
    clock.advance(to: now)
    return now
  }

  /// Everything that there is to do at this moment: what is sent may leave something to be sent at
  /// once, on the next channel. It ends, because every round takes attempts.
  private func work(_ report: inout SendingReport) async throws {
    while try await platform.reconciler.pass().isCut {}
    try await platform.reissue()
    var sent = 0
    repeat {
      report.add(try await platform.dispatcher.tick())
      guard try await !platform.underWay().isEmpty else { return }
      let work = try await platform.consumer().run(until: .feedDrained)
      report.add(work)
      sent = work.intended
    } while sent > 0
  }
}

/// Looks after a ledger that keeps real time: ticks, and every 10 s the reconciler, the retries, and
/// bills that deliveries wait for.
///
/// Each by itself, so that none waits for another: a provider that does not answer holds up neither
/// the next tick nor what is asked of another provider.
struct Tending: Sendable {
  let platform: DeliveryPlatform
  let clock: any WallClock
  let logger: Logger
  /// Ticks come at least so often, and at the start of every zone's slot; `nil`: retries only.
  let tickSeconds: Int64?

  /// Goes on until the task is cancelled or there is an end.
  func tend(
    report: @escaping @Sendable (DispatchReport) -> Void,
    isOver: @escaping @Sendable () async throws -> Bool
  ) async throws {
    // Before anything else.
    var next = clock.now()
    if let tickSeconds { next = try await tick(every: tickSeconds, report) }
    let first = next
    try await withThrowingTaskGroup(of: Void.self) { group in
      if let tickSeconds {
        group.addTask { try await keepTicking(every: tickSeconds, from: first, report) }
      }
      for work in Reconciler.Work.all {
        group.addTask {
          try await everySoOften {
            try await platform.reconciler.perform(work).isCut ? .atOnce : .later
          }
        }
      }
      group.addTask {
        try await everySoOften {
          try await platform.reissue()
          return .later
        }
      }
      group.addTask {
        try await everySoOften {
          report(try await platform.dispatcher.passRetries())
          return try await isOver() ? .never : .later
        }
      }
      // Only what is over ends without an error.
      try await group.next()
      group.cancelAll()
      while case .failure? = await group.nextResult() {}
    }
  }

  private enum Again {
    case atOnce
    case later
    case never
  }

  private func everySoOften(_ pass: () async throws -> Again) async throws {
    while true {
      try Task.checkCancellation()
      switch try await patiently(pass) ?? .later {
      case .atOnce: continue
      case .later: try await clock.sleep(milliseconds: Reconciler.intervalSeconds * 1000)
      case .never: return
      }
    }
  }

  private func keepTicking(
    every seconds: Int64, from first: Timestamp, _ report: (DispatchReport) -> Void
  ) async throws {
    var next = first
    while true {
      try Task.checkCancellation()
      let now = clock.now()
      if now >= next {
        next = try await tick(every: seconds, report)
      } else {
        // The clock may be set meanwhile.
        try await clock.sleep(until: min(next, now.adding(seconds: Reconciler.intervalSeconds)))
      }
    }
  }

  /// When the next one is due: soon, where this one could not be.
  private func tick(
    every seconds: Int64, _ report: (DispatchReport) -> Void
  ) async throws -> Timestamp {
    let now = clock.now()
    let next = try await patiently {
      report(try await platform.dispatcher.tick())
      let slots = try await platform.agenda.waiting(at: now).map { $0.zone.slot(at: now).end }
      return min(slots.min() ?? .never, now.adding(seconds: seconds))
    }
    return next ?? now.adding(seconds: Reconciler.intervalSeconds)
  }

  /// `nil` where the ledger cannot be had now: an import may hold it for minutes, and the next pass
  /// does what this one could not.
  private func patiently<Value>(_ pass: () async throws -> Value) async throws -> Value? {
    do {
      return try await pass()
    } catch let error as StoreError where error.isRetryable {
      logger.warning("a pass was put off", metadata: ["cause": "\(error)"])
      return nil
    }
  }
}

/// A consumer that is stopped gracefully when its task is cancelled: no new intents, what is in
/// flight is finished within the grace period.
struct GracefulConsumer: Sendable {
  let consumer: Consumer

  func run(until goal: Consumer.Goal) async throws -> ConsumerReport {
    // A task of its own: cancelling this one must not break off calls that are in flight.
    let work = Task { try await consumer.run(until: goal) }
    return try await withTaskCancellationHandler {
      try await work.value
    } onCancel: {
      consumer.stop()
    }
  }
}
