import Billing
import Rendering

/// Makes what is missing in a folder: the configuration, the key, the stores.
struct Installation {
  private let environment: CommandEnvironment
  private var configuration: BillingConfiguration { environment.configuration }

  init(_ environment: CommandEnvironment) {
    self.environment = environment
  }

  /// What was made, in order; nothing when everything was there.
  func complete() async throws -> [Phrase] {
    var made: [Phrase] = []
    let path = configuration.path
    _ = try makeFolder(folder(of: path))
    if try makeNewFile(path, text: ConfigurationFile.text()) {
      made.append(.madeFile(path))
    }
    let stores = configuration.stores
    let files = [stores.statements, stores.events, stores.acceptances] + ledgerFiles
    made += try await makeKey()
    let folders = files.map(folder(of:)) + [stores.bills]
    for folder in Set(folders).sorted() where try makeFolder(folder) {
      made.append(.madeFolder(folder))
    }
    let migrations = try await Platform.migrate(environment)
    if migrations > 0 { made.append(.appliedMigrations(migrations)) }
    if try await Platform(environment).policies.installFirstPolicy() == .activated {
      made.append(.installedPolicy)
    }
    return made
  }

  /// A key only where nothing was sealed yet: contact data under a lost key cannot be read with
  /// another.
  private func makeKey() async throws -> [Phrase] {
    guard case .file(let path) = configuration.keys else { return [] }
    if fileStatus(path) == nil, try await hasLedger() {
      throw CommandFailure(.wrongUsage, .keyMissing(path), remedy: .restoreKey)
    }
    _ = try makeFolder(folder(of: path))
    return try ContactKey.makeFile(at: path) ? [.madeKey(path)] : []
  }

  private var ledgerFiles: [String] {
    if case .sqlite(let path) = configuration.stores.ledger { [path] } else { [] }
  }

  /// Whether there is one that contact data may have been sealed for.
  private func hasLedger() async throws -> Bool {
    switch configuration.stores.ledger {
    case .sqlite(let path): fileStatus(path) != nil
    case .postgres: try await environment.openLedger().hasContactKey()
    }
  }
}
