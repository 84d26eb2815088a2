import ArgumentParser
import Assembly
import Audit
import Billing
import Operations
import Settlement

/// `billing verify`: the proof of a month.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove a month: ledger, statements, bills and providers compared as sets.",
    discussion: """
      Every statement and bill is read and hashed, also while others work. Two verdicts: consistent \
      (what is there agrees) and complete (everybody was told, or is accounted for). Ends with 1 \
      when it is not consistent, with 76 when statements or bills are still to be made.

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
    let operations = try await environment.operations()
    let progress = environment.progress
    let text: ProofReport
    do {
      progress.begin(.verifying)
      text = try await operations.verify(month, sample: sample) { done, total in
        progress.advance(to: done, of: total)
      }
      progress.abandon()
    } catch {
      progress.abandon()
      throw error
    }
    if report.json {
      environment.terminal.print(text.json.text)
    } else {
      text.print(to: environment.terminal)
    }
    if let failure = Self.failure(of: text.proof) { throw failure }
  }

  /// That something is still open is a verdict, and no failure.
  private static func failure(of proof: VerificationReport) -> CommandFailure? {
    let month = proof.month
    guard proof.isConsistent else {
      let isMendable = proof.findings.contains { [.billMissing, .billAltered].contains($0.code) }
      return CommandFailure(
        .failed, .notConsistent(month), remedy: isMendable ? .mendBills(month) : .lookAtFindings)
    }
    guard proof.awaitsStages else { return nil }
    return proof.counts.unrendered > 0
      ? CommandFailure(
        .earlierStageIncomplete, .notRendered(month, proof.counts.unrendered),
        remedy: .renderFirst(month))
      : CommandFailure(.earlierStageIncomplete, .runsOpen, remedy: .finishRuns(month))
  }
}

/// The proof for a person.
extension ProofReport {
  func print(to terminal: Terminal) {
    terminal.print(equation(terminal.language))
    if !proof.findings.isEmpty { terminal.print(findings(terminal.language).text()) }
    unbilled.print(to: terminal)
    elsewhere.print(to: terminal)
    sayVerdicts(to: terminal)
  }

  /// Consistent, and complete; of what contradicts itself the command says so where it ends.
  private func sayVerdicts(to terminal: Terminal) {
    if !proof.notCompared.isEmpty {
      terminal.say(.notCompared(proof.notCompared, deliveries: counts.notCompared))
    }
    if proof.isSample { terminal.say(.onlySampled(proof.looked.chunks, of: proof.looked.of)) }
    if counts.unjudged > 0 { terminal.say(.unjudged(counts.unjudged)) }
    if proof.isConsistent { terminal.say(.consistent(proof.month)) }
    if proof.isComplete {
      terminal.say(.complete)
    } else if counts.open > 0 {
      terminal.say(
        .notComplete(pending: counts.pending, held: counts.held, uncertain: counts.uncertain))
    }
  }

  /// Lines: targets, bills, deliveries, messages.
  private func equation(_ language: Language) -> String {
    func name(_ phrase: Phrase) -> String { phrase.text(in: language) }
    func term(_ phrase: Phrase, _ count: Int64) -> String { "\(name(phrase)) \(grouped(count))" }
    var customers = [term(.statements, counts.settledCustomers), term(.parked, counts.parked)]
    if counts.unsettled > 0 { customers.append(term(.beingSettled, counts.unsettled)) }
    var lines = ["\(term(.targets, counts.targets)) = \(customers.joined(separator: " + "))"]
    if counts.statements > counts.settledCustomers {
      lines.append(term(.allVersions, counts.statements))
    }
    lines.append(term(.bills, counts.bills))
    let states = DeliveryState.allCases.filter { !$0.isPending }
    let terms =
      states.map { term(.stateName($0), counts.deliveries[$0] ?? 0) }
      + [term(.pending, counts.pending)]
    lines.append(
      "\(term(.deliveries, counts.allDeliveries)) = \(terms.joined(separator: " + "))")
    lines.append(term(.acceptedMessages, counts.acceptedMessages))
    if counts.unrecordedMessages > 0 {
      lines.append(term(.unrecordedMessages, counts.unrecordedMessages))
    }
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
}
