import Audit
package import Billing
import Delivery
import Dispatching
import Runs
import Settlement

/// A month from end to end, in one process.
extension Operations {
  /// What somebody is told of a whole month's run, in this order.
  package enum MonthProgress: Sendable {
    case settled(MonthReport)
    case rendered(RenderingReport)
    /// Sending begins: deliveries in all, and those that had come to an end before.
    case sending(total: Int, done: Int)
    /// Deliveries that have come to an end by now.
    case sent(Int)
    case over
  }

  /// Settles, renders, and sends in every slot of the sending month; interrupted, it goes on from where
  /// it was.
  ///
  /// - Parameter inRealTime: on the machine's clock, until nothing of the month is pending. Otherwise
  ///   the ledger's time is simulated for good, and the providers' seconds are counted.
  package func runMonth(
    _ month: BillingMonth, inRealTime: Bool,
    progress: @escaping @Sendable (MonthProgress) -> Void
  ) async throws -> MonthRunReport {
    // Until it is over.
    let hold = inRealTime ? nil : try await ledger.holdTime()
    guard inRealTime || hold != nil else { throw OperationFailure.timeIsHeld }
    defer { withExtendedLifetime(hold) {} }
    let start = try await begin(month, inRealTime: inRealTime)
    let settlement = try await settle(month, asOf: start)
    progress(.settled(settlement))
    let rendering = try await render(month)
    progress(.rendered(rendering))
    let sending = try await send(month, from: start, inRealTime: inRealTime, progress)
    return MonthRunReport(settlement: settlement, rendering: rendering, sending: sending)
  }

  /// Decides the ledger's time, or keeps to what was decided; the moment at which the month can be
  /// settled.
  private func begin(_ month: BillingMonth, inRealTime: Bool) async throws -> Timestamp {
    guard !inRealTime else {
      try await keepReal()
      return clock.now()
    }
    guard let catalog = try await ledger.catalog(for: month),
      let zone = ZoneRules(catalog.timeZone)
    else { throw SettlementError.noCatalog(month) }
    try await refuseOutOfTurn(month)
    try await keepSimulated()
    return try await ledger.advance(to: zone.start(of: month.next.firstDay))
  }

  /// Simulated time is one for all months and only rises: moved on for this one, it would leave
  /// another's deliveries too late to go.
  private func refuseOutOfTurn(_ month: BillingMonth) async throws {
    let settled = Set(
      try await ledger.runs(of: nil).filter {
        $0.key.job == .settlement && $0.key.kind == .regular
      }.map(\.key.month))
    if let latest = settled.max(), month > latest.next {
      throw OperationFailure.monthOutOfTurn(month, after: latest)
    }
    for other in settled.sorted() where other != month {
      guard try await !ledger.hasPending(other) else {
        throw OperationFailure.otherMonthPending(other)
      }
    }
  }

  // MARK: Sending

  private func send(
    _ month: BillingMonth, from start: Timestamp, inRealTime: Bool,
    _ progress: @escaping @Sendable (MonthProgress) -> Void
  ) async throws -> MonthSendingReport {
    let counts = try await ledger.deliveryCounts(of: month)
    let total = Int(counts.values.reduce(0, +))
    let doneBefore = total - Int(counts.reduce(0) { $0 + ($1.key.isPending ? $1.value : 0) })
    let began = clock.steadyMilliseconds()
    progress(.sending(total: total, done: doneBefore))
    let show: @Sendable (SendingReport) -> Void = { progress(.sent(doneBefore + $0.settled)) }
    let simulated = SimulatedClock(at: start)
    let delivery = try await delivery(providerClock: inRealTime ? clock : simulated)
    let report: SendingReport
    var until: Timestamp?
    if inRealTime {
      report = try await sendInRealTime(month, delivery, show)
    } else {
      let sending = SimulatedSending(platform: delivery, clock: simulated, progress: show)
      (report, until) = try await sending.send(month, from: start)
    }
    progress(.over)
    return MonthSendingReport(
      month: month, report: report, counts: try await ledger.deliveryCounts(of: month),
      simulatedUntil: until, providerMilliseconds: simulated.sleptMilliseconds,
      milliseconds: Int(clock.steadyMilliseconds().saturatingSubtract(began)))
  }

  /// A consumer beside the ticks, until nothing of the month is pending.
  private func sendInRealTime(
    _ month: BillingMonth, _ delivery: DeliveryOperations,
    _ show: @escaping @Sendable (SendingReport) -> Void
  ) async throws -> SendingReport {
    let consumer = delivery.consumer()
    let dispatched = SharedReport()
    let tending = Tending(platform: delivery, tickSeconds: 7200)
    async let work = GracefulConsumer(consumer: consumer).run(until: .stopped)
    do {
      try await tending.tend {
        dispatched.add($0)
      } isOver: {
        var report = dispatched.value
        report.add(consumer.currentReport)
        show(report)
        return try await !delivery.agenda.hasPending(month)
      }
      consumer.stop()
    } catch {
      consumer.stop()
      _ = try? await work
      throw error
    }
    var report = dispatched.value
    report.add(try await work)
    return report
  }
}

/// What a month's run came to.
package struct MonthRunReport: Sendable {
  package let settlement: MonthReport
  package let rendering: RenderingReport
  package let sending: MonthSendingReport

  package var json: JSON {
    [
      "settlement": settlement.json, "rendering": rendering.json, "sending": sending.json,
    ]
  }
}
