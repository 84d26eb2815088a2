import ArgumentParser
import Audit
import Billing
import Delivery
import Dispatching
import Rendering
import Runs
import Settlement

/// `billing run`: a month from end to end.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Settle, render, and every slot of the sending month.",
    discussion: """
      On a simulated clock the providers' seconds are counted and not waited for, and the ledger's \
      time is simulated for good. Interrupted, it goes on from where it was.

      Examples:
        billing run 2026-10
        billing run 2026-10 --real-time
      """)

  @Argument(help: "The month, such as 2026-10.")
  var month: BillingMonth

  @Flag(name: .long, help: "On the machine's clock: takes until the sending month is over.")
  var realTime = false

  @OptionGroup var workers: WorkerOptions
  @OptionGroup var report: ReportOptions
  @OptionGroup var options: GlobalOptions

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options, settings: workers.assignments)
    if !realTime { try environment.configuration.providers.checkSimulated() }
    let platform = try await Platform(environment)
    let month = month
    // Until the command is over.
    let hold = try await simulatedTime(of: platform)
    defer { withExtendedLifetime(hold) {} }
    do {
      let start = try await begin(month, on: platform, in: environment)
      let ledger = platform.settlementLedger
      let settled = try await platform.settlement.settle(month, asOf: start)
      let settlement = try await MonthReport(month, runs: settled, ledger: ledger)
      if !report.json { settlement.print(to: environment.terminal) }
      let rendered = try await platform.rendering.render(month)
      let rendering = try await RenderingReport(month, runs: rendered, ledger: ledger)
      if !report.json { rendering.print(to: environment.terminal) }
      let sent = try await MonthSending(month, on: platform, in: environment)
        .send(from: start, inRealTime: realTime)
      if report.json {
        environment.terminal.print(
          JSON.object([
            JSON.Member(key: "settlement", value: settlement.json),
            JSON.Member(key: "rendering", value: rendering.json),
            JSON.Member(key: "sending", value: sent.json),
          ]).text)
      } else {
        sent.print(to: environment.terminal)
      }
    } catch {
      environment.progress.abandon()
      throw error
    }
  }

  /// `nil` in real time, which nobody moves.
  private func simulatedTime(of platform: Platform) async throws -> (any TimeHold)? {
    guard !realTime else { return nil }
    guard let hold = try await platform.time.holdTime() else {
      throw CommandFailure(.busy, .anotherRun, remedy: .tryWhenOver)
    }
    return hold
  }

  /// Decides the ledger's time, or keeps to what was decided; the moment at which the month can be
  /// settled.
  private func begin(
    _ month: BillingMonth, on platform: Platform, in environment: CommandEnvironment
  ) async throws -> Timestamp {
    guard !realTime else {
      try await LedgerMoment.keepReal(platform.time)
      return environment.clock.now()
    }
    guard let catalog = try await platform.settlementLedger.catalog(for: month),
      let zone = ZoneRules(catalog.timeZone)
    else { throw SettlementError.noCatalog(month) }
    try await refuseOutOfTurn(month, on: platform)
    try await LedgerMoment.keepSimulated(platform.time)
    return try await platform.time.advance(to: zone.start(of: month.next.firstDay))
  }

  /// Simulated time is one for all months and only rises: moved on for this one, it would leave
  /// another's deliveries too late to go.
  private func refuseOutOfTurn(_ month: BillingMonth, on platform: Platform) async throws {
    let settled = Set(
      try await platform.settlementLedger.runs(of: nil).filter {
        $0.key.job == .settlement && $0.key.kind == .regular
      }.map(\.key.month))
    if let latest = settled.max(), month > latest.next {
      throw CommandFailure(
        .wrongUsage, .monthOutOfTurn(month, after: latest), remedy: .runMonth(latest.next))
    }
    for other in settled.sorted() where other != month {
      guard try await !platform.agenda.hasPending(other) else {
        throw CommandFailure(
          .earlierStageIncomplete, .otherMonthPending(other), remedy: .finishMonth(other))
      }
    }
  }
}

/// Dispatching and delivering a whole month in one process.
struct MonthSending: Sendable {
  private let month: BillingMonth
  private let platform: Platform
  private let environment: CommandEnvironment
  private let total: Int
  private let doneBefore: Int

  init(_ month: BillingMonth, on platform: Platform, in environment: CommandEnvironment)
    async throws
  {
    self.month = month
    self.platform = platform
    self.environment = environment
    let counts = try await platform.auditLedger.deliveryCounts(of: month)
    total = Int(counts.values.reduce(0, +))
    doneBefore = total - Int(counts.reduce(0) { $0 + ($1.key.isPending ? $1.value : 0) })
  }

  func send(from start: Timestamp, inRealTime: Bool) async throws -> MonthSendingReport {
    let began = ContinuousClock.now
    environment.progress.begin(.delivering(month), total: total, done: doneBefore)
    let simulated = SimulatedClock(at: start)
    let delivery = try await platform.delivery(
      providerClock: inRealTime ? environment.clock : simulated)
    let report: SendingReport
    var until: Timestamp?
    if inRealTime {
      report = try await sendInRealTime(delivery)
    } else {
      let sending = SimulatedSending(platform: delivery, clock: simulated) { show($0) }
      (report, until) = try await sending.send(month, from: start)
    }
    environment.progress.end()
    return MonthSendingReport(
      month: month, report: report,
      counts: try await platform.auditLedger.deliveryCounts(of: month),
      simulatedUntil: until, providerMilliseconds: simulated.sleptMilliseconds,
      milliseconds: wholeMilliseconds(ContinuousClock.now - began))
  }

  private func show(_ report: SendingReport) {
    environment.progress.advance(to: doneBefore + report.settled)
  }

  /// A consumer beside the ticks, until nothing of the month is pending.
  private func sendInRealTime(_ delivery: DeliveryPlatform) async throws -> SendingReport {
    let consumer = delivery.consumer()
    let dispatched = SharedReport()
    let tending = Tending(
      platform: delivery, clock: environment.clock, logger: environment.logger("tending"),
      tickSeconds: 7200)
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

/// What sending a month came to.
struct MonthSendingReport: Sendable {
  var month: BillingMonth
  var report: SendingReport
  /// Where the month's deliveries stand.
  var counts: [DeliveryState: Int64]
  /// `nil` in real time.
  var simulatedUntil: Timestamp?
  var providerMilliseconds: Int64
  var milliseconds: Int

  private var pending: Int64 {
    counts.reduce(0) { $0 + ($1.key.isPending ? $1.value : 0) }
  }

  func print(to terminal: Terminal) {
    terminal.say(.delivered(month))
    var table = Table([Table.Column(""), Table.Column("", .right)])
    func add(_ name: Phrase, _ value: String) {
      table.add([name.text(in: terminal.language), value])
    }
    for state in DeliveryState.allCases {
      guard let count = counts[state], count > 0 else { continue }
      add(.stateName(state), grouped(count))
    }
    if report.delivered.intended > 0 {
      add(.intended, grouped(report.delivered.intended))
      add(.retried, grouped(report.delivered.retried))
      add(.deliverySeconds, seconds(.milliseconds(milliseconds)))
      if let rate = perSecond(report.settled, in: .milliseconds(milliseconds)) {
        add(.messagesPerSecond, grouped(rate))
      }
    }
    if let simulatedUntil {
      add(.simulatedTime, simulatedUntil.spoken)
      if providerMilliseconds > 0 {
        add(.providerSeconds, seconds(.milliseconds(providerMilliseconds)))
      }
    }
    terminal.print(table.text())
    terminal.say(pending == 0 ? .nothingPending : .pendingLeft)
  }

  var json: JSON {
    [
      "month": .string(month.description),
      "deliveries": .object(
        DeliveryState.allCases.map {
          JSON.Member(key: $0.rawValue, value: .integer(counts[$0] ?? 0))
        }),
      "dispatch": report.dispatchJSON,
      "delivery": report.deliveryJSON,
      "simulatedUntil": .optional(simulatedUntil?.description),
      "providerMilliseconds": .integer(providerMilliseconds),
      "milliseconds": .number(milliseconds),
    ]
  }
}
