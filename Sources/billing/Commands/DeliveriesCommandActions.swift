import ArgumentParser
import Assembly
import Billing
import Delivery
import Dispatching
import Operations
import Rendering

struct DeliveriesRetryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Plan held and failed deliveries again, and uncertain ones where that does no harm.",
    discussion: """
      A delivery of which every attempt is known to have failed begins anew: with the customer's \
      current data, on their first channel, under keys that no provider has seen. One that may have \
      been taken is only tried again where its provider keeps keys, or the policy says at least \
      once; of any other `resolve` has to say first that it was not. One that is held because its \
      bill's due date has passed goes as it is; `redate` gives it another.

      Examples:
        billing deliveries retry --month 2026-10 --state failed
        billing deliveries retry --state held --reason tooLate --yes --why "the outage is over"
      """)

  @OptionGroup var predicate: PredicateOptions
  @OptionGroup var consent: ConsentOptions
  @OptionGroup var report: ReportOptions
  @OptionGroup var options: GlobalOptions

  mutating func run() async throws {
    try await OperatorWork(
      action: .retry, predicate: predicate, consent: consent, json: report.json, options: options
    ).perform()
  }
}

struct DeliveriesResolveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resolve",
    abstract: "Say what became of uncertain deliveries: accepted, or never taken.",
    discussion: """
      Only deliveries that wait for an operator are resolved; of any other the platform still asks \
      the provider. `--absent`: its next attempt or channel follows, as if the provider had said so; \
      --absent of what was taken after all sends it twice. `billing deliveries list --json` and \
      `billing explain delivery` show the keys to ask a provider for.

      Examples:
        billing deliveries resolve --accepted --month 2026-10 --customer 1001 --reference m-77
        billing deliveries resolve --absent --provider mock-email --older-than 2h --yes \
      --why "their support found none of them"
      """)

  @Flag(name: .long, help: "The provider took them.")
  var accepted = false

  @Flag(name: .long, help: "The provider never took them.")
  var absent = false

  @Option(
    name: .long,
    help: ArgumentHelp("What the provider calls the message.", valueName: "reference"))
  var reference: String?

  @OptionGroup var predicate: PredicateOptions
  @OptionGroup var consent: ConsentOptions
  @OptionGroup var report: ReportOptions
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard accepted != absent else {
      throw ValidationError(.notBoth("--accepted", "--absent"))
    }
    guard reference == nil || accepted else {
      throw ValidationError(.belongsTo("--reference", "--accepted"))
    }
    guard reference == nil || (predicate.customer != nil && predicate.month != nil) else {
      throw ValidationError(.referenceIsOfOne)
    }
    try KeptText.reference.validate(reference)
  }

  mutating func run() async throws {
    try await OperatorWork(
      action: accepted ? .resolveAccepted(reference: reference) : .resolveAbsent,
      predicate: predicate, consent: consent, json: report.json, options: options
    ).perform()
  }
}

struct DeliveriesResendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resend",
    abstract: "Send accepted, failed or suppressed deliveries again, each by a new delivery.",
    discussion: """
      It goes out by the same rules, beginning now, to where the customer is to be told now. Each is \
      sent again once, however often the command is given; --again takes the latest of those that \
      were sent again before.

      Examples:
        billing deliveries resend --month 2026-10 --customer 1001
        billing deliveries resend --month 2026-10 --provider mock-email --state accepted --yes \
      --why "the provider lost them"
      """)

  @Flag(name: .long, help: "Also what was sent again before.")
  var again = false

  @OptionGroup var predicate: PredicateOptions
  @OptionGroup var consent: ConsentOptions
  @OptionGroup var report: ReportOptions
  @OptionGroup var options: GlobalOptions

  mutating func run() async throws {
    try await OperatorWork(
      action: .resend(again: again), predicate: predicate, consent: consent, json: report.json,
      options: options
    ).perform()
  }
}

struct DeliveriesRedateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "redate",
    abstract: "Date the bills of deliveries anew, and plan these with them.",
    discussion: """
      The next issue of the bill is made, with the due date of a bill made today: the policy's due \
      day, or as many days after the customer can be told as the policy promises. What leaves the \
      customer that time already is left alone, and so is what may have been taken by a provider.

      Examples:
        billing deliveries redate --state held --reason dueDatePassed
        billing deliveries redate --month 2026-10 --state planned --yes --why "the outage is over"
      """)

  @OptionGroup var predicate: PredicateOptions
  @OptionGroup var consent: ConsentOptions
  @OptionGroup var report: ReportOptions
  @OptionGroup var options: GlobalOptions

  mutating func run() async throws {
    try await OperatorWork(
      action: .redate, predicate: predicate, consent: consent, json: report.json, options: options
    ).perform()
  }
}

/// What the four have in common: choose, say or do, report.
private struct OperatorWork {
  let action: OperatorAction
  let predicate: PredicateOptions
  let consent: ConsentOptions
  let json: Bool
  let options: GlobalOptions

  func perform() async throws {
    let environment = try await CommandEnvironment(reading: options)
    try consent.checkTexts()
    if case .resolveAccepted(let reference) = action { try KeptText.reference.check(reference) }
    let query = try predicate.query(for: action)
    let signature = try consent.signature
    let operations = try await environment.operations()
    let progress = environment.progress
    progress.begin(.acting(action.name))
    defer { progress.abandon() }
    let asked = Operations.DeliveriesRequest(
      action, on: query, limit: predicate.limit, signature: signature, expected: consent.expect)
    try await operations.act(asked) {
      progress.advance(to: $0)
    } report: { done in
      progress.abandon()
      say(done, isForeseen: signature == nil, to: environment.terminal)
    }
  }

  private func say(_ done: OperatorReport, isForeseen: Bool, to terminal: Terminal) {
    if json {
      terminal.print(done.json(of: action, isForeseen: isForeseen).text)
    } else {
      OperatorReportText(done, of: action, isForeseen: isForeseen).print(to: terminal)
    }
  }
}
