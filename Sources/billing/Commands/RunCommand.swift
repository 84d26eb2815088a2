import ArgumentParser
import Assembly
import Audit
import Billing
import Delivery
import Dispatching
import Operations
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
    let terminal = environment.terminal
    let progress = environment.progress
    let month = month
    let json = report.json
    do {
      let report = try await environment.operations().runMonth(month, inRealTime: realTime) {
        step in
        switch step {
        case .settled(let report): if !json { report.print(to: terminal) }
        case .rendered(let report): if !json { report.print(to: terminal) }
        case .sending(let total, let done):
          progress.begin(.delivering(month), total: total, done: done)
        case .sent(let done): progress.advance(to: done)
        case .over: progress.end()
        }
      }
      if json {
        terminal.print(report.json.text)
      } else {
        report.sending.print(to: terminal)
      }
    } catch {
      progress.abandon()
      throw error
    }
  }
}

extension MonthSendingReport {
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
}
