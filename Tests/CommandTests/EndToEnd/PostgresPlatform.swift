import BillingTestKit
import Foundation
import LedgerTestKit
import Testing

@testable import Assembly
@testable import billing

extension PlatformFolder {
  /// A platform whose ledger is a database on a server.
  ///
  /// - Parameter settings: more lines of billing.yaml.
  init(ledger url: String, settings: String = "") async throws {
    let folder = try TestFolder()
    try folder.write("ledger: \"\(url)\"\n\(settings)", to: "billing.yaml")
    try await billing("init", in: folder, expecting: 0)
    self.init(folder: folder)
  }
}

/// A URL of a server with some of it changed.
func changed(_ url: String, _ change: (inout URLComponents) -> Void) throws -> String {
  var parts = try #require(URLComponents(string: url))
  change(&parts)
  return try #require(parts.string)
}

func password(in url: String) throws -> String {
  try #require(URLComponents(string: url)?.password)
}

/// Settings under which a server that is not there is waited for no longer than a test can wait.
let impatient = [
  "BILLING_POSTGRES_CONNECT_SECONDS": "1", "BILLING_POSTGRES_RETRY_SECONDS": "1",
]

/// Runs `billing` on a ledger that fails, in both languages, and looks at what is said: what, what to
/// do, and nothing that is secret.
func expectFailure(
  _ arguments: [String], on ledger: String, in folder: TestFolder, _ status: Int32,
  saying what: String, remedy: Phrase, environment: [String: String] = impatient,
  secret: String? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  for language in Language.allCases {
    let own = ["BILLING_LEDGER": ledger, "LANG": "\(language.rawValue)_KR.UTF-8"]
    let ending = try await BillingProcess(
      arguments, in: folder, environment: environment.merging(own) { _, own in own }
    ).ending(withinSeconds: 180)
    #expect(
      ending.status == status && !ending.wasKilled,
      "billing \(arguments.joined(separator: " ")): \(ending.status) \(ending.errors)",
      sourceLocation: sourceLocation)
    #expect(ending.errors.contains(what), "\(ending.errors)", sourceLocation: sourceLocation)
    #expect(
      ending.errors.hasSuffix(remedy.text(in: language) + "\n"), "\(ending.errors)",
      sourceLocation: sourceLocation)
    let said = ending.output + ending.errors
    let secret = secret ?? URLComponents(string: ledger)?.password ?? ledger
    #expect(
      !said.contains(ledger) && !said.contains(secret), "\(said)", sourceLocation: sourceLocation)
  }
}
