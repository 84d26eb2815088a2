import ArgumentParser
import Assembly
import Audit
import Billing
import Operations

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
    let (explanation, unbilled) = try await environment.operations()
      .explain(customer, month: month)
    let text = ExplanationText(language: environment.terminal.language)
    environment.terminal.print(
      report.json
        ? text.json(of: explanation, unbilled: unbilled).text
        : text.text(of: explanation, unbilled: unbilled))
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
    let life = try await environment.operations().explain(delivery)
    let text = DeliveryLifeText(language: environment.terminal.language)
    environment.terminal.print(report.json ? life.json.text : text.text(of: life))
  }
}

extension DeliveryKey: ExpressibleByArgument {
  package init?(argument: String) {
    self.init(argument)
  }
}
