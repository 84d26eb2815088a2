import CPostgres

/// Where a PostgreSQL database is and how it is spoken to.
package struct PostgresAddress: Sendable {
  /// `postgres://USER@HOST:PORT/DATABASE?sslmode=…`, as libpq reads it; may hold a password, and is
  /// never printed.
  package var url: String
  package var limits: PostgresLimits

  package init(url: String, limits: PostgresLimits = PostgresLimits()) {
    self.url = url
    self.limits = limits
  }

  /// Whether libpq can read it, such as it is written.
  package static func isWellFormed(_ url: String) -> Bool {
    guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://"),
      let options = PQconninfoParse(url, nil)
    else { return false }
    PQconninfoFree(options)
    return true
  }
}

/// Every wait is bounded.
package struct PostgresLimits: Hashable, Sendable {
  /// Connections of this process, 1…100.
  package var maxConnections = 8
  /// Callers that wait for a connection; one more is refused.
  package var maxWaiting = 10_000
  /// For a connection that others use.
  package var waitSeconds: Int64 = 60
  package var connectSeconds: Int64 = 10
  /// A statement that takes longer is cancelled by the server.
  package var statementSeconds: Int64 = 600
  /// For a lock that somebody else has.
  package var lockSeconds: Int64 = 60
  /// A transaction whose client says nothing for so long is rolled back by the server.
  package var idleInTransactionSeconds: Int64 = 60
  /// How long a transaction that lost its connection, or met another, is tried again.
  package var retrySeconds: Int64 = 60

  package init() {}
}
