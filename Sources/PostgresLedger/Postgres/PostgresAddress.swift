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

  /// Whether libpq can read it, and only in one way. An `@`, `/` or `?` of a password has to be written
  /// as `%40`, `%2F` or `%3F`: what follows it would be taken for a host, and be named in an error.
  package static func isWellFormed(_ url: String) -> Bool {
    guard let scheme = ["postgres://", "postgresql://"].first(where: url.hasPrefix) else {
      return false
    }
    let place = url.dropFirst(scheme.count)
    if let at = place.lastIndex(of: "@") {
      let before = place[..<at]
      guard !before.contains(where: { "@/?".contains($0) }) else { return false }
    }
    guard let options = PQconninfoParse(url, nil) else { return false }
    defer { PQconninfoFree(options) }
    return isPort(option("port", in: options))
  }

  /// One for each host, or one for all; none is the usual one.
  private static func isPort(_ text: String?) -> Bool {
    (text ?? "").split(separator: ",").allSatisfy { UInt16($0).map { $0 > 0 } ?? false }
  }

  private static func option(
    _ name: String, in options: UnsafePointer<PQconninfoOption>
  ) -> String? {
    var option = options
    while let keyword = option.pointee.keyword {
      if String(cString: keyword) == name { return option.pointee.val.map { String(cString: $0) } }
      option += 1
    }
    return nil
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
