import ArgumentParser
import Assembly
import Billing
import Delivery
import Operations

/// `billing deliveries`: the operator's side.
struct DeliveriesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deliveries",
    abstract:
      "List deliveries, try them again, resolve, resend or redate them, by what they have in common.",
    discussion: """
      Whatever changes something only says what it would do, until --yes and --why are given; who \
      did it and why stands in the delivery's log for good (`billing explain delivery`). It may be \
      interrupted, run twice at once, and beside `billing deliver`.

      Examples:
        billing deliveries list --state uncertain
        billing deliveries retry --month 2026-10 --state failed --reason attemptsExhausted
        billing deliveries resolve --absent --provider mock-email --older-than 2h --yes \
      --why "their support found none of them"
        billing deliveries resend --month 2026-10 --customer 1001 --yes --why "asked for it"
        billing deliveries redate --state held --reason dueDatePassed
      """,
    subcommands: [
      DeliveriesListCommand.self, DeliveriesRetryCommand.self, DeliveriesResolveCommand.self,
      DeliveriesResendCommand.self, DeliveriesRedateCommand.self,
    ])
}

struct DeliveriesListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "What is set aside, and why; counted by state and reason.",
    discussion: """
      Without --state: failed, uncertain, held and suppressed ones. No personal data is shown.

      Examples:
        billing deliveries list --month 2026-10
        billing deliveries list --state uncertain --older-than 1d --json
        billing deliveries list --month 2026-10 --state accepted --provider mock-sms --limit 20
      """)

  /// As many are shown where nobody says how many.
  private static let shown = 100

  @OptionGroup var predicate: PredicateOptions
  @OptionGroup var report: ReportOptions
  @OptionGroup var options: GlobalOptions

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options)
    let query = try predicate.query(of: DeliveryQuery.setAside)
    let operations = try await environment.operations()
    let progress = environment.progress
    progress.begin(.lookingThrough)
    defer { progress.abandon() }
    let listing = try await operations.find(
      query, showing: predicate.limit ?? Self.shown
    ) { progress.advance(to: $0) }
    progress.abandon()
    if report.json {
      environment.terminal.print(listing.json.text)
    } else {
      DeliveryListingText(listing).print(to: environment.terminal)
    }
  }
}
