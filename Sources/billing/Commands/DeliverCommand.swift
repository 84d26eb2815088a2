import ArgumentParser
import Assembly
import Billing
import Delivery
import Dispatching
import Operations

/// `billing deliver`: the consumer.
struct DeliverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deliver",
    abstract: "Send what is queued, until told to stop.",
    discussion: """
      Any number may run at once. On SIGTERM nothing new is begun, and what is in flight is finished \
      within delivery.graceSeconds.

      Examples:
        billing deliver
        billing deliver --drain             until nothing is queued, claimed or sending
      """)

  @Flag(name: .long, help: "End when the ledger has nothing queued, claimed or sending.")
  var drain = false

  @OptionGroup var report: ReportOptions
  @OptionGroup var options: GlobalOptions

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options)
    let operations = try await environment.operations()
    let simulatedNow: Timestamp?
    switch try await operations.timeKeeping() {
    case .simulated(let now): simulatedNow = now
    case .real: simulatedNow = nil
    case .undecided:
      // Whoever sends by the machine's clock decides for good: a ledger that turned to simulated
      // time beneath a running consumer would be sent from at two times at once.
      try await operations.keepReal()
      simulatedNow = nil
    }
    let clock: any WallClock = simulatedNow.map { SimulatedClock(at: $0) } ?? environment.clock
    let delivery = try await operations.delivery(providerClock: clock)
    // What is due again by now is to be drained too: queued beside the consumer, it could come when
    // that has found nothing and ended.
    if drain { try await delivery.reconcile() }
    // Simulated time stands still here: a lease that nobody renews would never end.
    let goal: Consumer.Goal =
      drain ? (simulatedNow == nil ? .ledgerDrained : .feedDrained) : .stopped
    let progress = environment.progress
    progress.begin(.step("deliver"))
    defer { progress.end() }
    let work = try await delivery.deliver(until: goal) {
      progress.advance(to: $0.accepted + $0.failed + $0.uncertain)
    }
    progress.end()
    var sending = SendingReport()
    sending.add(work)
    let terminal = environment.terminal
    terminal.print(
      report.json
        ? sending.deliveryJSON.text : sending.deliveryTable(terminal.language).text())
    if drain { sayWhatIsLeft(try await delivery.underWay(), to: terminal) }
  }

  private func sayWhatIsLeft(_ underWay: UnderWay, to terminal: Terminal) {
    if underWay.claimed + underWay.sending > 0 {
      terminal.note(.stillUnderWay)
    } else if underWay.queued > 0 {
      terminal.note(.stillQueued)
    }
  }
}
