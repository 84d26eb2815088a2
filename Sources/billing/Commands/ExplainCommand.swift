import ArgumentParser
import Audit
import Billing

/// `billing explain`: why a bill is what it is, and what became of it.
struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explain a customer's statements, or the whole life of a delivery.",
    discussion: """
      Examples:
        billing explain customer 1001 --month 2026-10
        billing explain delivery 2026-10:1001:bill:1
      """,
    subcommands: [ExplainCustomerCommand.self, ExplainDeliveryCommand.self])
}

struct ExplainCustomerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "customer",
    abstract: "A customer's statements line by line with their sources, and their deliveries.",
    discussion: """
      Example:
        billing explain customer 1001 --month 2026-10
      """)

  @Argument(help: ArgumentHelp("The customer's number.", valueName: "id"))
  var customer: CustomerID

  @Option(name: .long, help: ArgumentHelp("Only this month.", valueName: "month"))
  var month: BillingMonth?

  @OptionGroup var report: ReportOptions
  @OptionGroup var options: GlobalOptions

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options)
    let platform = try await Platform(environment)
    let explanation = try await Explainer(
      ledger: platform.auditLedger, statements: platform.auditStatements
    ).explain(customer, month: month)
    let unbilled = try await UnbilledOfCustomer(
      customer, month: month, ledger: platform.settlementLedger,
      now: try await LedgerMoment.now(of: platform.time, clock: environment.clock))
    guard explanation != nil || !unbilled.isEmpty else {
      throw CommandFailure(.badInput, .nothingKnown(customer.description), remedy: .checkNumber)
    }
    let text = ExplanationText(language: environment.terminal.language)
    let known = explanation ?? Explanation(of: customer)
    environment.terminal.print(
      report.json
        ? text.json(of: known, unbilled: unbilled).text : text.text(of: known, unbilled: unbilled))
  }
}

struct ExplainDeliveryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delivery",
    abstract: "Every state, attempt, slot decision and reason of a delivery, in order.",
    discussion: """
      Example:
        billing explain delivery 2026-10:1001:bill:1
      """)

  @Argument(help: ArgumentHelp("MONTH:CUSTOMER:KIND:SEQUENCE.", valueName: "delivery"))
  var delivery: DeliveryKey

  @OptionGroup var report: ReportOptions
  @OptionGroup var options: GlobalOptions

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options)
    let platform = try await Platform(environment)
    guard let life = try await platform.auditLedger.life(of: delivery) else {
      throw CommandFailure(.badInput, .nothingKnown(delivery.description), remedy: .checkNumber)
    }
    let text = DeliveryLifeText(language: environment.terminal.language)
    environment.terminal.print(report.json ? text.json(of: life).text : text.text(of: life))
  }
}

extension DeliveryKey: ExpressibleByArgument {
  package init?(argument: String) {
    self.init(argument)
  }
}
