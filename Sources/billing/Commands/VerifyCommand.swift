import ArgumentParser
import Audit
import Billing
import Settlement

/// `billing verify`: the proof of a month.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove a month: ledger, statements, bills and providers compared as sets.",
    discussion: """
      Every statement and bill is read and hashed. Ends with 1 when the equation does not hold, \
      with 76 when bills are still to be made.

      Examples:
        billing verify 2026-10
        billing verify 2026-10 --sample 20        only 20 chunks of customers, and says so
      """)

  @Argument(help: "The month, such as 2026-10.")
  var month: BillingMonth

  @Option(
    name: .long,
    help: ArgumentHelp("Look at so many chunks of customers only.", valueName: "count"))
  var sample: Int?

  @OptionGroup var report: ReportOptions
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    if let sample, sample < 1 { throw ValidationError(.numberFromOne("--sample")) }
  }

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options)
    let platform = try await Platform(environment)
    let progress = environment.progress
    let proof: VerificationReport?
    do {
      progress.begin(.verifying)
      proof = try await platform.verification().verify(month, sample: sample) { done, total in
        progress.advance(to: done, of: total)
      }
      progress.abandon()
    } catch {
      progress.abandon()
      throw error
    }
    guard let proof else {
      throw CommandFailure(.earlierStageIncomplete, .notSettled(month), remedy: .settleFirst(month))
    }
    let ledger = platform.settlementLedger
    let text = ProofText(
      proof, unbilled: try await UnbilledOfMonth(month, ledger: ledger),
      elsewhere: try await UnbilledElsewhere(
        ledger: ledger,
        now: try await LedgerMoment.now(of: platform.time, clock: environment.clock)))
    if report.json {
      environment.terminal.print(text.json.text)
    } else {
      text.print(to: environment.terminal)
    }
    if proof.awaitsRendering {
      throw CommandFailure(
        .earlierStageIncomplete, .notRendered(month, proof.counts.unrendered),
        remedy: .renderFirst(month))
    }
    guard proof.holds else {
      let isMendable = proof.findings.contains { [.billMissing, .billAltered].contains($0.code) }
      throw CommandFailure(
        .failed, .doesNotHold(month), remedy: isMendable ? .mendBills(month) : .lookAtFindings)
    }
  }
}

/// The proof for a person or a program.
struct ProofText {
  private let proof: VerificationReport
  private var counts: VerificationCounts { proof.counts }

  private let unbilled: UnbilledOfMonth
  private let elsewhere: UnbilledElsewhere

  /// - Parameters:
  ///   - unbilled: what of the month is on no bill.
  ///   - elsewhere: what is recorded for months that no settlement concerns.
  init(_ proof: VerificationReport, unbilled: UnbilledOfMonth, elsewhere: UnbilledElsewhere) {
    self.proof = proof
    self.unbilled = unbilled
    self.elsewhere = elsewhere
  }

  func print(to terminal: Terminal) {
    terminal.print(equation(terminal.language))
    if !proof.runsAreComplete { terminal.say(.runsOpen) }
    if !proof.findings.isEmpty { terminal.print(findings(terminal.language).text()) }
    unbilled.print(to: terminal)
    elsewhere.print(to: terminal)
    if proof.holds {
      terminal.say(proof.isSample ? .holdsAsSampled(proof.month) : .holds(proof.month))
    }
  }

  /// Three lines: targets, bills, deliveries.
  private func equation(_ language: Language) -> String {
    func name(_ phrase: Phrase) -> String { phrase.text(in: language) }
    var lines = [
      "\(name(.targets)) \(grouped(counts.targets)) = "
        + "\(name(.statements)) \(grouped(counts.settledCustomers)) + "
        + "\(name(.parked)) \(grouped(counts.parked))"
    ]
    if counts.statements > counts.settledCustomers {
      lines.append(
        "\(name(.allVersions)) \(grouped(counts.statements))")
    }
    lines.append("\(name(.bills)) \(grouped(counts.bills))")
    let states = DeliveryState.allCases.filter { !$0.isPending }
    let terms = states.map { "\(name(.stateName($0))) \(grouped(counts.deliveries[$0] ?? 0))" }
    lines.append(
      "\(name(.deliveries)) \(grouped(counts.allDeliveries)) = "
        + (terms + ["\(name(.pending)) \(grouped(counts.pending))"]).joined(separator: " + "))
    lines.append("\(name(.acceptedMessages)) \(grouped(counts.acceptedMessages))")
    return lines.map { $0 + "\n" }.joined()
  }

  private func findings(_ language: Language) -> Table {
    var table = Table([
      Table.Column(Phrase.finding.text(in: language)),
      Table.Column(Phrase.count.text(in: language), .right),
      Table.Column(Phrase.examples.text(in: language)),
    ])
    for finding in proof.findings {
      table.add([
        finding.code.rawValue, grouped(finding.count), finding.examples.joined(separator: ", "),
      ])
    }
    return table
  }

  var json: JSON {
    [
      "month": .string(proof.month.description),
      "holds": .bool(proof.holds),
      "sample": .bool(proof.isSample),
      "runsComplete": .bool(proof.runsAreComplete),
      "targets": .integer(counts.targets),
      "settledCustomers": .integer(counts.settledCustomers),
      "statements": .integer(counts.statements),
      "unrendered": .integer(counts.unrendered),
      "parked": .integer(counts.parked),
      "bills": .integer(counts.bills),
      "deliveries": .object(
        DeliveryState.allCases.map {
          JSON.Member(key: $0.rawValue, value: .integer(counts.deliveries[$0] ?? 0))
        }),
      "pending": .integer(counts.pending),
      "acceptedMessages": .integer(counts.acceptedMessages),
      "unbilled": unbilled.json,
      "unbilledElsewhere": elsewhere.json,
      "findings": .array(
        proof.findings.map { finding in
          [
            "code": .string(finding.code.rawValue), "count": .integer(finding.count),
            "examples": .array(finding.examples.map(JSON.string)),
          ]
        }),
    ]
  }
}
