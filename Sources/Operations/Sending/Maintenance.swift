import Billing
package import Delivery
package import Dispatching
import Logging

/// Looks after a ledger that keeps real time: ticks, and every 10 s the reconciler, the retries, and
/// bills that deliveries wait for.
///
/// Each by itself, so that none waits for another: a provider that does not answer holds up neither
/// the next tick nor what is asked of another provider.
package struct Tending: Sendable {
  package let platform: DeliveryOperations
  /// Ticks come at least so often, and at the start of every zone's slot; `nil`: retries only.
  package let tickSeconds: Int64?

  private var clock: any WallClock { platform.clock }

  /// Goes on until the task is cancelled or there is an end.
  package func tend(
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
      platform.logger.warning("a pass was put off", metadata: ["cause": "\(error)"])
      return nil
    }
  }
}

/// A consumer that is stopped gracefully when its task is cancelled: no new intents, what is in
/// flight is finished within the grace period.
package struct GracefulConsumer: Sendable {
  package let consumer: Consumer

  package func run(until goal: Consumer.Goal) async throws -> ConsumerReport {
    // A task of its own: cancelling this one must not break off calls that are in flight.
    let work = Task { try await consumer.run(until: goal) }
    return try await withTaskCancellationHandler {
      try await work.value
    } onCancel: {
      consumer.stop()
    }
  }
}
