import BillingTestKit
import Foundation
import LedgerTestKit
import Testing

/// A folder with the platform set up in it, and the ledger that its settings name.
struct CrashPlatform: Sendable {
  let folder: TestFolder
  let ledger: any CrashLedger

  private init(folder: TestFolder, ledger: any CrashLedger) {
    self.folder = folder
    self.ledger = ledger
  }

  /// As `billing init` leaves it.
  init(on kind: LedgerKind) async throws {
    folder = try TestFolder()
    var environment: [String: String] = [:]
    switch kind {
    case .sqlite: ledger = CrashLedgerOnSQLite(in: folder)
    case .postgres:
      let url = try await TestDatabase.emptyURL()
      ledger = CrashLedgerOnPostgres(url: url)
      environment["BILLING_LEDGER"] = url
    }
    try await billing("init", in: folder, environment: environment, expecting: 0)
  }

  /// Of a platform that nobody is using.
  func copy() async throws -> CrashPlatform {
    let copy = try TestFolder()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where !name.hasPrefix(".output") {
      try FileManager.default.copyItem(atPath: folder.file(name), toPath: copy.file(name))
    }
    let platform = CrashPlatform(folder: copy, ledger: try await ledger.copy(into: copy))
    try platform.write(
      settings: String(try folder.read(Self.settings).dropFirst(ledger.settings.count)))
    return platform
  }

  /// - Parameter settings: without the ledger's.
  func write(settings: String) throws {
    try folder.write(ledger.settings + settings, to: Self.settings)
  }

  private static let settings = "billing.yaml"

  /// Removes what does not go with the folder.
  func remove() async throws { try await ledger.remove() }
}
