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
    _ = try await platform.reconciler.pass()
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

/// Looks after a ledger that keeps real time: ticks, and the reconciler every 10 s.
struct Tending: Sendable {
  let platform: DeliveryPlatform
  let clock: any WallClock
  let logger: Logger
  /// Ticks come at least so often, and at the start of every zone's slot; `nil`: retries only.
  let tickSeconds: Int64?

  /// Goes on until the task is cancelled or there is an end.
  func tend(
    report: @Sendable (DispatchReport) -> Void, isOver: @Sendable () async throws -> Bool
  ) async throws {
    var nextTick = tickSeconds == nil ? nil : clock.now()
    while true {
      try Task.checkCancellation()
      let now = clock.now()
      do {
        if let tick = nextTick, now >= tick, let tickSeconds {
          _ = try await platform.reconciler.pass()
          report(try await platform.dispatcher.tick())
          nextTick = try await firstTick(after: now, within: tickSeconds)
          try await platform.reissue()
        } else {
          report(try await platform.reconcile())
        }
        if try await isOver() { return }
      } catch let error as StoreError where error.isRetryable {
        // An import may hold the ledger for minutes: the next pass does what this one could not.
        logger.warning("a pass was put off", metadata: ["cause": "\(error)"])
      }
      let pause = now.adding(seconds: Reconciler.intervalSeconds)
      try await clock.sleep(until: min(nextTick ?? pause, pause))
    }
  }

  private func firstTick(after now: Timestamp, within seconds: Int64) async throws -> Timestamp {
    let slots = try await platform.agenda.waiting(at: now).map { $0.zone.slot(at: now).end }
    return min(slots.min() ?? .distant, now.adding(seconds: seconds))
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

extension Timestamp {
  /// Later than anything that happens.
  fileprivate static let distant = Timestamp(milliseconds: .max)
}
