import Billing
import Operations
import Rendering

/// Makes what is missing in a folder: the configuration, the key, the stores.
package struct Installation {
  /// What was not there before.
  package enum Part: Hashable, Sendable {
    case file(String)
    case folder(String)
    case key(String)
    /// So many were applied.
    case migrations(Int)
    /// The policy that a new ledger begins with.
    case policy
  }

  private let surroundings: PlatformSurroundings
  private var configuration: BillingConfiguration { surroundings.configuration }

  package init(_ surroundings: PlatformSurroundings) {
    self.surroundings = surroundings
  }

  /// What was made, in order; nothing when everything was there.
  package func complete() async throws -> [Part] {
    var made: [Part] = []
    let path = configuration.path
    _ = try makeFolder(folder(of: path))
    if try makeNewFile(path, text: ConfigurationFile.text()) {
      made.append(.file(path))
    }
    let stores = configuration.stores
    let files = [stores.statements, stores.events, stores.acceptances] + ledgerFiles
    made += try await makeKey()
    let folders = files.map(folder(of:)) + [stores.bills]
    for folder in Set(folders).sorted() where try makeFolder(folder) {
      made.append(.folder(folder))
    }
    let migrations = try await Platform.migrate(surroundings)
    if migrations > 0 { made.append(.migrations(migrations)) }
    if try await Platform(surroundings).operations().installFirstPolicy() == .activated {
      made.append(.policy)
    }
    return made
  }

  /// A key only where nothing was sealed yet: contact data under a lost key cannot be read with
  /// another.
  private func makeKey() async throws -> [Part] {
    guard case .file(let path) = configuration.keys else { return [] }
    if fileStatus(path) == nil, try await hasLedger() {
      throw AssemblyFailure.keyMissing(path: path)
    }
    _ = try makeFolder(folder(of: path))
    return try ContactKey.makeFile(at: path) ? [.key(path)] : []
  }

  private var ledgerFiles: [String] {
    if case .sqlite(let path) = configuration.stores.ledger { [path] } else { [] }
  }

  /// Whether there is one that contact data may have been sealed for.
  private func hasLedger() async throws -> Bool {
    switch configuration.stores.ledger {
    case .sqlite(let path): fileStatus(path) != nil
    case .postgres: try await surroundings.openLedger().hasContactKey()
    }
  }
}
