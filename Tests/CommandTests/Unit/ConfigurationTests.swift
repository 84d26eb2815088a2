import Billing
import BillingTestKit
import Foundation
import Testing

@testable import Assembly
@testable import billing

@Suite("Configuration")
struct ConfigurationTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
  }

  private func configuration(
    file: String? = nil, assignments: [String] = [], environment: [String: String] = [:],
    path: String? = nil
  ) async throws -> BillingConfiguration {
    if let file { try folder.write(file, to: "billing.yaml") }
    return try BillingConfiguration(
      from: try await ConfigurationSources(
        path: path, assignments: assignments, environment: environment,
        workingDirectory: folder.path))
  }

  private func failure(
    file: String? = nil, assignments: [String] = [], environment: [String: String] = [:],
    path: String? = nil
  ) async -> CommandFailure? {
    do {
      _ = try await configuration(
        file: file, assignments: assignments, environment: environment, path: path)
      return nil
    } catch {
      return CommandFailure(stage: error)
    }
  }

  @Test("without a file everything has its default, below the working directory")
  func defaults() async throws {
    let configuration = try await configuration()
    #expect(configuration.stores.ledger == .sqlite(path: folder.path + "/data/ledger.sqlite"))
    #expect(configuration.keys == .file(folder.path + "/billing.key"))
    #expect(configuration.settlement.chunkSize == 2000)
    #expect(configuration.settlement.maxParkedPercent == FixedDecimal("1"))
    #expect(configuration.maxLatenessSeconds == 7 * 86_400)
    #expect(configuration.delivery.maxInFlight == 10_000)
  }

  @Test("flags go over variables, variables over the file, the file over defaults")
  func layers() async throws {
    let file = "settlement:\n  chunkSize: 100\n  day: 5\n  maxParked: 2 %\n"
    let variables = ["BILLING_SETTLEMENT_CHUNK_SIZE": "200", "BILLING_SETTLEMENT_DAY": "6"]
    let configuration = try await configuration(
      file: file, assignments: ["settlement.chunkSize=300"], environment: variables)
    #expect(configuration.settlement.chunkSize == 300)
    #expect(configuration.settlement.day == 6)
    #expect(configuration.settlement.maxParkedPercent == FixedDecimal("2"))
  }

  @Test("the file that init writes holds the defaults and nothing unknown")
  func writtenFile() async throws {
    let configuration = try await configuration(file: ConfigurationFile.text())
    let defaults = try await self.configuration(file: "ledger: sqlite:data/ledger.sqlite\n")
    #expect(configuration.stores == defaults.stores)
    #expect(configuration.settlement == defaults.settlement)
    #expect(configuration.delivery == defaults.delivery)
    #expect(configuration.providers == defaults.providers)
  }

  @Test("every line that the file shows behind a # can be uncovered")
  func uncoveredFile() async throws {
    let lines = ConfigurationFile.text().split(separator: "\n", omittingEmptySubsequences: false)
    let uncovered = lines.map { line -> String in
      let indentation = line.prefix { $0 == " " }
      let rest = line.dropFirst(indentation.count)
      guard rest.hasPrefix("#"), !rest.hasPrefix("# ") else { return String(line) }
      return String(indentation + rest.dropFirst())
    }
    let configuration = try await configuration(file: uncovered.joined(separator: "\n"))
    let defaults = try await self.configuration(file: "ledger: sqlite:data/ledger.sqlite\n")
    #expect(configuration.settlement == defaults.settlement)
    #expect(configuration.delivery == defaults.delivery)
    #expect(configuration.providers == defaults.providers)
  }

  @Test("an unknown key in the file is named with its line and a near name")
  func unknownKey() async throws {
    let failure = await failure(file: "workers: 2\nsettlement:\n  chunksize: 5\n")
    #expect(failure?.status == .wrongUsage)
    #expect(failure?.what.english.contains("settlement.chunksize") == true)
    #expect(failure?.what.english.contains("billing.yaml:3") == true)
    #expect(failure?.remedy == .didYouMean("settlement.chunkSize"))
  }

  @Test("an unknown variable and an unknown flag are named")
  func unknownNames() async throws {
    let variable = await failure(environment: ["BILLING_WORKRES": "2"])
    #expect(variable?.what.english.contains("BILLING_WORKRES") == true)
    #expect(variable?.remedy == .didYouMean("BILLING_WORKERS"))
    let flag = await failure(assignments: ["wrokers=2"])
    #expect(flag?.remedy == .didYouMean("workers"))
  }

  @Test(
    "a wrong value is named with what would be right",
    arguments: [
      "workers=0", "workers=many", "settlement.day=32", "settlement.maxParked=101",
      "settlement.maxParked=-1", "dispatch.maxLateness=week", "log.level=loud", "locale=fr",
      "delivery.maxInFlight=", "ledger=ledger.sqlite", "bills=sqlite:x",
    ])
  func wrongValue(assignment: String) async throws {
    let failure = await failure(assignments: [assignment])
    let name = String(assignment.prefix { $0 != "=" })
    #expect(failure?.status == .wrongUsage)
    #expect(failure?.what.english.contains("`\(name)`") == true)
    #expect(failure?.what.english.contains("--set") == true)
  }

  @Test("a list where a value belongs is refused")
  func list() async throws {
    let failure = await failure(file: "workers: [1, 2]\n")
    #expect(failure?.what.english.contains("`workers`") == true)
  }

  @Test("a store that needs a server is refused by name, without showing its URL")
  func notBuiltIn() async throws {
    let failure = await failure(assignments: ["statements=mongodb://billing:hunter2@db/billing"])
    #expect(failure?.status == .wrongUsage)
    #expect(failure?.what.english.contains("`statements` names a mongodb store") == true)
    #expect("\(String(describing: failure))".contains("hunter2") == false)
  }

  @Test("a ledger on PostgreSQL is known by its URL, which is never shown")
  func postgres() async throws {
    let url = "postgres://billing:hunter2@db:5433/billing?sslmode=verify-full"
    let configuration = try await configuration(
      file: "workers: 1\n", environment: ["BILLING_LEDGER": url])
    guard case .postgres(let settings) = configuration.stores.ledger else {
      Issue.record("not a ledger on PostgreSQL")
      return
    }
    #expect(settings.url == url)
    for wrong in ["postgres:billing", "postgres://db:hunter2x/billing?sslmod=no"] {
      let failure = await failure(assignments: ["ledger=\(wrong)"])
      #expect(failure?.status == .wrongUsage)
      #expect("\(String(describing: failure))".contains("hunter2") == false)
    }
  }

  @Test("a secret in the file or a flag is refused and not shown")
  func secret() async throws {
    let inFile = await failure(file: "keys:\n  contact: hunter2\n")
    let inFlag = await failure(assignments: ["keys.contact=hunter2"])
    for failure in [inFile, inFlag] {
      #expect(failure?.status == .wrongUsage)
      #expect(failure?.remedy == .putSecretInVariable("BILLING_KEYS_CONTACT"))
      #expect("\(String(describing: failure))".contains("hunter2") == false)
    }
    let fromVariable = try await configuration(
      file: "workers: 1\n", environment: ["BILLING_KEYS_CONTACT": "00ff"])
    #expect(fromVariable.keys == .variable("00ff"))
  }

  @Test("figures that contradict each other are refused")
  func relations() async throws {
    let failure = await failure(assignments: ["delivery.callSeconds=25"])
    #expect(
      failure?.what == .settingsDisagree("delivery.callSeconds", "delivery.leaseGuardSeconds"))
  }

  @Test("a file that somebody named has to be there")
  func missingFile() async throws {
    let failure = await failure(path: "elsewhere.yaml")
    #expect(failure?.status == .wrongUsage)
    #expect(failure?.what.english.contains("elsewhere.yaml") == true)
  }

  @Test("a file that is not YAML is refused with the line")
  func broken() async throws {
    let failure = await failure(file: "workers: 2\nledger: [\n")
    #expect(failure?.status == .wrongUsage)
    #expect(failure?.what.english.contains("line ") == true)
  }
}
