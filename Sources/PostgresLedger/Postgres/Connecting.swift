import Billing
import CPostgres
import Glibc

/// Makes one connection, within a bounded time: each of several hosts has as long, so that one that
/// does not answer does not keep the next from being tried.
struct Connecting {
  private let address: PostgresAddress

  init(_ address: PostgresAddress) { self.address = address }

  private static let operation = "connect to PostgreSQL"

  func handle() throws(PostgresError) -> ConnectionHandle {
    var last: PostgresError?
    for host in ServerHost.all(of: address.url) {
      do {
        return try handle(to: host)
      } catch {
        last = error
      }
    }
    throw last ?? failure("no host is named")
  }

  private func handle(to host: ServerHost) throws(PostgresError) -> ConnectionHandle {
    // Later entries win: what the address says counts more than what is said here.
    let settings =
      [
        ("fallback_application_name", "billing"), ("keepalives_idle", "10"),
        ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "30000"),
        ("client_encoding", "UTF8"), ("dbname", address.url),
      ] + host.settings
    guard let pointer = Self.start(settings) else {
      throw failure("out of memory")
    }
    let handle = ConnectionHandle(pointer)
    // The SQLSTATE of what the server refuses is in no other place while connecting.
    PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
    try wait(for: handle)
    PQsetErrorVerbosity(pointer, PQERRORS_DEFAULT)
    guard PQserverVersion(pointer) >= 150_000 else {
      throw PostgresError(
        operation: Self.operation, sqlState: nil,
        message: "the server is older than PostgreSQL 15", isConnectionLost: false)
    }
    return handle
  }

  private static func start(_ settings: [(String, String)]) -> OpaquePointer? {
    let keywords = settings.map { strdup($0.0) }
    let values = settings.map { strdup($0.1) }
    defer { for text in keywords + values { free(text) } }
    return PQconnectStartParams(
      keywords.map { UnsafePointer($0) } + [nil], values.map { UnsafePointer($0) } + [nil], 1)
  }

  private func wait(for handle: ConnectionHandle) throws(PostgresError) {
    let pointer = handle.pointer
    let end = Self.steadyMilliseconds() + address.limits.connectSeconds * 1000
    guard PQstatus(pointer) != CONNECTION_BAD else { throw refusal(of: pointer) }
    var next = PGRES_POLLING_WRITING
    while next != PGRES_POLLING_OK {
      guard next != PGRES_POLLING_FAILED else { throw refusal(of: pointer) }
      let events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT
      var descriptor = pollfd(fd: PQsocket(pointer), events: Int16(events), revents: 0)
      let left = end - Self.steadyMilliseconds()
      guard left > 0 else { throw failure("no answer within \(address.limits.connectSeconds) s") }
      if poll(&descriptor, 1, Int32(clamping: left)) <= 0 { continue }
      next = PQconnectPoll(pointer)
    }
  }

  private func failure(_ message: String) -> PostgresError {
    PostgresError(
      operation: Self.operation, sqlState: nil, message: message, isConnectionLost: true)
  }

  /// libpq's own words name host, port, role and database, and never the password.
  private func refusal(of pointer: OpaquePointer) -> PostgresError {
    // Lines that begin with a tab are advice; the command gives its own.
    let lines = (PQerrorMessage(pointer).map { String(cString: $0) } ?? "").split(separator: "\n")
    let said = ServerRefusal(lines.filter { !$0.hasPrefix("\t") }.joined(separator: "\n"))
    var error = PostgresError(
      operation: Self.operation, sqlState: said.sqlState, message: said.message,
      isConnectionLost: true)
    error.isDenied = said.isDenied || PQconnectionNeedsPassword(pointer) == 1
    return error
  }

  private static func steadyMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}

/// What libpq says of a connection that did not come about, its last line first: with several
/// addresses or ways (`sslmode=prefer`) there is one for each.
struct ServerRefusal: Equatable {
  var sqlState: String?
  var message: String
  /// What time does not mend, and the server did not come to speak of: no trust in its certificate,
  /// no password, a setting in the URL that libpq does not know.
  var isDenied: Bool

  /// - Parameter text: in verbose form, such as
  ///   `connection to server at "db", port 5432 failed: FATAL:  28P01: password authentication …`.
  init(_ text: String) {
    let lines = text.split(separator: "\n").map(String.init)
      .filter { !$0.hasPrefix("LOCATION") && !$0.contains(".c:") }
    message = lines.joined(separator: "; ")
    isDenied = false
    for line in lines.reversed() {
      guard let (state, place) = Self.state(in: line) else { continue }
      sqlState = state
      message = line.replacing("\(state): ", with: "", subrange: place, maxReplacements: 1)
      return
    }
    isDenied = lines.contains(where: Self.isRefusal)
  }

  /// That a TLS connection broke off is no refusal, although it is said in similar words.
  private static func isRefusal(_ line: String) -> Bool {
    if line.contains("SSL error: unexpected eof") { return false }
    return [
      "certificate", "does not support SSL", "SSL error:", "private key file", "authentication",
      "invalid ",
    ].contains { line.contains($0) }
  }

  /// Five digits or capitals between two spaces and a colon.
  private static func state(in line: String) -> (String, Range<String.Index>)? {
    var rest = line[...]
    while let mark = rest.firstRange(of: ":  ") {
      let state = rest[mark.upperBound...].prefix(5)
      let after = rest[mark.upperBound...].dropFirst(5)
      if state.count == 5, after.hasPrefix(": "),
        state.allSatisfy({ $0.isASCII && ($0.isNumber || $0.isUppercase) })
      {
        return (String(state), mark.upperBound..<line.endIndex)
      }
      rest = rest[mark.upperBound...]
    }
    return nil
  }
}
