import ArgumentParser
import Assembly
import Billing
import Importing

/// `billing sample`: writes a generated import set.
struct SampleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Write a generated import set: realistic plans, families, sparse ids.",
    discussion: """
      The same seed gives the same files.

      Examples:
        billing sample data/sample --customers 10000
        billing sample data/sample --customers 1000 --poison 5 --seed 7 --month 2026-11
      """)

  @Argument(help: ArgumentHelp("The folder to write to.", valueName: "dir"))
  var directory: String

  @Option(name: .long, help: ArgumentHelp("How many customers.", valueName: "count"))
  var customers: Int

  @Option(name: .long, help: ArgumentHelp("What the set follows from.", valueName: "number"))
  var seed: UInt64 = 1

  @Option(
    name: .long,
    help: ArgumentHelp("How many of the customers cannot be rated.", valueName: "count"))
  var poison = 0

  @Option(name: .long, help: ArgumentHelp("The month the set is for.", valueName: "month"))
  var month = BillingMonth(year: 2026, month: 10)!  // 1…12

  @Flag(name: .long, help: "Write over an import set that is there.")
  var force = false

  @OptionGroup var options: GlobalOptions

  mutating func run() async throws {
    let environment = try await CommandEnvironment(reading: options)
    if !force, let there = Sample.filesThere(in: directory).first {
      throw CommandFailure(.wrongUsage, .importSetThere(there), remedy: .forceSample)
    }
    let sample = try Sample(seed: seed, customers: customers, poison: poison, month: month)
    let progress = environment.progress
    progress.begin(.writing(directory), total: customers)
    do {
      try sample.write(to: directory) { written in
        try Task.checkCancellation()
        progress.advance(to: written)
      }
      progress.advance(to: customers)
      progress.end()
    } catch {
      progress.abandon()
      throw error
    }
  }
}
