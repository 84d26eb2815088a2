package import PostgresLedger

/// Where the ledger is, as its URL says.
package enum LedgerAddress: Hashable, Sendable {
  /// An absolute path.
  case sqlite(path: String)
  /// May hold a password: never printed.
  case postgres(PostgresSettings)

  package struct PostgresSettings: Hashable, Sendable {
    package var url: String
    package var limits: PostgresLimits
  }
}

extension SettingReader {
  package func ledger() throws -> LedgerAddress {
    // Checked where they are not used too: a wrong one is found when it is written.
    let limits = try postgresLimits()
    let url = try value(.ledger, .ledger) { $0 }
    let scheme = url.prefix { $0 != ":" }.lowercased()
    guard scheme == "postgres" || scheme == "postgresql" else {
      return .sqlite(path: try path(.ledger, scheme: "sqlite"))
    }
    return .postgres(
      .init(
        url: try value(.ledger, .ledger) { PostgresAddress.isWellFormed($0) ? $0 : nil },
        limits: limits))
  }

  private func postgresLimits() throws -> PostgresLimits {
    var limits = PostgresLimits()
    limits.maxConnections = try integer(.postgresConnections, in: 1...100)
    limits.connectSeconds = Int64(try integer(.postgresConnectSeconds, in: 1...600))
    limits.statementSeconds = Int64(try integer(.postgresStatementSeconds, in: 1...86_400))
    limits.lockSeconds = Int64(try integer(.postgresLockSeconds, in: 1...3600))
    limits.retrySeconds = Int64(try integer(.postgresRetrySeconds, in: 1...3600))
    return limits
  }
}
