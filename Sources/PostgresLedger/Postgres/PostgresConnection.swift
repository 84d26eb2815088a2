import Billing
import CPostgres
import Glibc
import Logging

/// One connection to PostgreSQL: single-threaded, closed when it is let go.
///
/// Not `Sendable`: it lives inside a `ConnectionOwner`, whose thread is the only one that touches
/// it, and every call blocks that thread. Statements are prepared once, under their text. Throws
/// `PostgresError`.
final class PostgresConnection {
  private let handle: ConnectionHandle
  private let limits: PostgresLimits
  /// Prepared statements by their text: their names, and what they are called in errors.
  private var prepared: [String: (name: String, operation: String)] = [:]
  private var plansMadeAt = SystemClock().steadyMilliseconds()
  /// Reused from statement to statement.
  private var parameters = ParameterBuffer()
  /// Of what is done at the time: once it is cancelled no statement of a transaction's body is begun
  /// any more, and the one that is waited for is cancelled.
  var cancellation: StatementCancellation?
  private var cancelRequest: CancelRequest?

  private var pointer: OpaquePointer { handle.pointer }

  /// Connects, and sets what every session needs.
  init(_ address: PostgresAddress, logger: Logger) throws(PostgresError) {
    limits = address.limits
    handle = try Connecting(address).handle()
    handle.log(notices: logger)
    try execute(Self.session(address.limits))
  }

  /// A plan that was made for a table when it was small is kept when it has grown. So every plan is
  /// one that suits a large table: rows are found by their keys, one after the other.
  private static func session(_ limits: PostgresLimits) -> String {
    """
    SET statement_timeout = '\(limits.statementSeconds)s';
    SET lock_timeout = '\(limits.lockSeconds)s';
    SET idle_in_transaction_session_timeout = '\(limits.idleInTransactionSeconds)s';
    SET synchronous_commit = on;
    SET client_min_messages = warning;
    SET timezone = 'UTC';
    SET jit = off;
    SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    SET enable_material = off;
    SET enable_memoize = off;
    SET random_page_cost = 1.1;
    SET max_parallel_workers_per_gather = 0;
    """
  }

  /// Begins a transaction. Plans are made anew every minute: by then a table may have grown that was
  /// empty, and nobody may have counted it yet.
  func begin(_ begin: String) throws(PostgresError) {
    let now = SystemClock().steadyMilliseconds()
    if now - plansMadeAt > Self.plansLastMilliseconds {
      // By itself: together they would be one transaction, which could not become a reading one.
      try execute("DISCARD PLANS")
      plansMadeAt = now
    }
    try execute(begin)
  }

  private static let plansLastMilliseconds: Int64 = 60_000

  /// The rest of the transaction reads pages of long lists, each from where the last one ended, along
  /// the key that orders them: a planner that has no statistics yet would find all the rest and sort
  /// it, for every page.
  func readAlongKeys() throws(PostgresError) {
    try execute("SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
  }

  // MARK: Statements

  /// Runs one or more statements without parameters that return nothing of interest.
  func execute(_ script: String) throws(PostgresError) {
    let operation = Self.summary(of: script)
    guard PQsendQuery(pointer, script) == 1 else { throw lost(operation) }
    _ = try finish(operation)
  }

  /// Runs a statement with values for $1, $2, …; how many rows it changed.
  @discardableResult
  func run(_ sql: String, _ values: any PostgresValue...) throws(PostgresError) -> Int {
    try run(sql, with: values)
  }

  @discardableResult
  func run(_ sql: String, with values: [any PostgresValue]) throws(PostgresError) -> Int {
    try result(of: sql, values).affectedRows
  }

  /// Hands every row of a query to `body`. The row is valid only inside it.
  func query(
    _ sql: String, _ values: any PostgresValue..., body: (PostgresRow) throws -> Void
  ) throws {
    try query(sql, with: values, body: body)
  }

  func query(
    _ sql: String, with values: [any PostgresValue], body: (PostgresRow) throws -> Void
  ) throws {
    let result = try result(of: sql, values)
    for position in 0..<result.rowCount { try body(result.row(position)) }
  }

  /// The first row of a query, read by `body`; `nil` when there is none.
  func first<Value>(
    _ sql: String, _ values: any PostgresValue..., read: (PostgresRow) throws -> Value
  ) throws -> Value? {
    let result = try result(of: sql, values)
    return result.rowCount > 0 ? try read(result.row(0)) : nil
  }

  /// All rows of a query.
  func rows<Value>(
    _ sql: String, _ values: any PostgresValue..., read: (PostgresRow) throws -> Value
  ) throws -> [Value] {
    try rows(sql, with: values, read: read)
  }

  func rows<Value>(
    _ sql: String, with values: [any PostgresValue], read: (PostgresRow) throws -> Value
  ) throws -> [Value] {
    let result = try result(of: sql, values)
    var rows: [Value] = []
    rows.reserveCapacity(result.rowCount)
    for position in 0..<result.rowCount { rows.append(try read(result.row(position))) }
    return rows
  }

  /// Ends the open transaction. Throws also where the server rolled it back instead, as it does with
  /// one in which a statement failed.
  func commit() throws(PostgresError) {
    let operation = "commit"
    guard PQsendQuery(pointer, "COMMIT") == 1 else { throw lost(operation) }
    guard try finish(operation).command == "COMMIT" else {
      throw PostgresError(
        operation: operation, sqlState: "40000", message: "it was rolled back",
        isConnectionLost: false)
    }
  }

  private func result(
    of sql: String, _ values: [any PostgresValue]
  ) throws(PostgresError) -> ResultHandle {
    let (name, operation) = try prepare(sql, values)
    parameters.set(values)
    let sent = parameters.withPointers { pointers, lengths, formats in
      PQsendQueryPrepared(
        pointer, name, Int32(values.count), pointers, lengths, formats, 1)
    }
    guard sent == 1 else { throw lost(operation) }
    return try finish(operation)
  }

  private static let maxPrepared = 500

  private func prepare(
    _ sql: String, _ values: [any PostgresValue]
  ) throws(PostgresError) -> (name: String, operation: String) {
    if let statement = prepared[sql] {
      try checkCancellation(statement.operation)
      return statement
    }
    let operation = Self.summary(of: sql)
    try checkCancellation(operation)
    if prepared.count == Self.maxPrepared {
      try execute("DEALLOCATE ALL")
      prepared = [:]
    }
    let name = "s\(prepared.count)"
    let types = values.map { Swift.type(of: $0).type }
    guard PQsendPrepare(pointer, name, sql, Int32(types.count), types) == 1 else {
      throw lost(operation)
    }
    _ = try finish(operation)
    prepared[sql] = (name, operation)
    return (name, operation)
  }

  // MARK: COPY

  /// Writes rows into a table: `COPY table (columns) FROM STDIN` in binary format; how many.
  ///
  /// - Parameter body: must not use the connection otherwise.
  @discardableResult
  func copy(
    into table: String, _ columns: [String], _ body: (CopyWriter) throws -> Void
  ) throws -> Int {
    let operation = "PostgreSQL: COPY \(table)"
    try begin(
      "COPY \(table) (\(columns.joined(separator: ", "))) FROM STDIN (FORMAT binary)",
      PGRES_COPY_IN, operation)
    let writer = CopyWriter(columnCount: columns.count) { [self] bytes in
      guard PQputCopyData(pointer, bytes.baseAddress, Int32(bytes.count)) == 1 else {
        throw lost(operation)
      }
    }
    do {
      try body(writer)
      try writer.end()
    } catch {
      // Ends the copy with an error of ours, so that the connection can be used to roll back.
      if PQputCopyEnd(pointer, "given up") == 1 { _ = try? finish(operation) }
      throw error
    }
    guard PQputCopyEnd(pointer, nil) == 1 else { throw lost(operation) }
    return try finish(operation).affectedRows
  }

  /// Hands over the rows of a query as they come, without keeping the result in memory.
  func copyOut(_ query: String, _ body: (inout CopiedRow) throws -> Void) throws {
    let operation = Self.summary(of: query)
    try begin("COPY (\(query)) TO STDOUT (FORMAT binary)", PGRES_COPY_OUT, operation)
    var reader = CopyReader()
    while let data = try copyData(operation) {
      defer { PQfreemem(data.baseAddress) }
      do {
        try reader.read(data, body)
      } catch {
        // The rest of it would have to be read: the connection is given up instead.
        handle.isBroken = true
        throw error
      }
    }
    _ = try finish(operation)
  }

  private func begin(
    _ sql: String, _ expected: ExecStatusType, _ operation: String
  ) throws(PostgresError) {
    try checkCancellation(operation)
    guard PQsendQuery(pointer, sql) == 1 else { throw lost(operation) }
    try wait(operation)
    guard let result = PQgetResult(pointer).map({ ResultHandle($0) }) else {
      throw lost(operation)
    }
    guard result.status == expected else {
      let error = PostgresError(
        operation: operation, result: result, isConnectionLost: isLost)
      while let more = PQgetResult(pointer) { PQclear(more) }
      throw error
    }
  }

  /// The next piece of a COPY's data; `nil` at its end. To be freed.
  private func copyData(_ operation: String) throws(PostgresError) -> UnsafeMutableRawBufferPointer?
  {
    var buffer: UnsafeMutablePointer<CChar>?
    while true {
      let count = PQgetCopyData(pointer, &buffer, 1)
      switch count {
      case -1: return nil
      case 0: try waitReadable(operation)
      case 1...: return UnsafeMutableRawBufferPointer(start: buffer, count: Int(count))
      default: throw lost(operation)
      }
    }
  }

  // MARK: Answers

  /// Whether the connection can be used for another transaction.
  var isUsable: Bool {
    !handle.isBroken && !isLost && PQtransactionStatus(pointer) == PQTRANS_IDLE
  }

  private var isLost: Bool { PQstatus(pointer) == CONNECTION_BAD }

  /// The last result of what was sent; throws the first error among them.
  private func finish(_ operation: String) throws(PostgresError) -> ResultHandle {
    var last: ResultHandle?
    var failure: PostgresError?
    while true {
      try wait(operation)
      guard let next = PQgetResult(pointer) else { break }
      let result = ResultHandle(next)
      last = result
      switch result.status {
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: break
      default:
        let error = PostgresError(operation: operation, result: result, isConnectionLost: isLost)
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    guard let last else { throw lost(operation) }
    return last
  }

  /// Until there is a whole result, or the connection is lost. The server ends what takes too long;
  /// that it does not say so either is what the bound here is for.
  private func wait(_ operation: String) throws(PostgresError) {
    while PQisBusy(pointer) == 1 { try waitReadable(operation) }
  }

  private func waitReadable(_ operation: String) throws(PostgresError) {
    let end =
      SystemClock().steadyMilliseconds() + (limits.statementSeconds + limits.lockSeconds) * 1000
    while true {
      var descriptor = pollfd(fd: PQsocket(pointer), events: Int16(POLLIN), revents: 0)
      let left = end - SystemClock().steadyMilliseconds()
      let slice = cancellation == nil ? left : min(left, Self.cancellationSlice)
      let ready = poll(&descriptor, 1, Int32(clamping: max(0, slice)))
      if ready > 0 { break }
      guard left > 0 else {
        handle.isBroken = true
        throw PostgresError(
          operation: operation, sqlState: nil, message: "the server does not answer",
          isConnectionLost: true)
      }
      // Again and again: what arrives before the statement has begun cancels nothing.
      if cancellation?.isCancelled == true { requestCancellation() }
    }
    guard PQconsumeInput(pointer) == 1 else { throw lost(operation) }
  }

  private static let cancellationSlice: Int64 = 50

  /// A request is a connection of its own, and may take its time: it is made from another thread, and
  /// the next only when it is over.
  private func requestCancellation() {
    guard cancelRequest?.isOver != false else { return }
    cancelRequest = PQgetCancel(pointer).map(CancelRequest.init(pointer:))
    cancelRequest?.send()
  }

  private func checkCancellation(_ operation: String) throws(PostgresError) {
    guard cancellation?.isCancelled == true else { return }
    throw PostgresError(
      operation: operation, sqlState: "57014", message: "cancelled", isConnectionLost: false)
  }

  private func lost(_ operation: String) -> PostgresError {
    handle.isBroken = true
    return PostgresError(
      operation: operation, sqlState: nil, message: "the connection was lost",
      isConnectionLost: true)
  }

  /// The beginning of a statement, to name it in an error: it holds no values, those are parameters.
  private static func summary(of sql: String) -> String {
    let words = sql.split(whereSeparator: \.isWhitespace).prefix(6).joined(separator: " ")
    return "PostgreSQL: \(words.prefix(80))"
  }
}

/// Owns a `PGconn *`.
final class ConnectionHandle {
  let pointer: OpaquePointer
  /// Given up by us, whatever libpq thinks of it.
  var isBroken = false
  private var notices: NoticeLog?

  init(_ pointer: OpaquePointer) { self.pointer = pointer }

  deinit { PQfinish(pointer) }

  /// Warnings of the server go to the log. They hold no values: none of our statements raises one.
  func log(notices logger: Logger) {
    let log = NoticeLog(logger)
    notices = log
    // The log lives as long as the connection that names it.
    PQsetNoticeReceiver(
      pointer,
      { log, result in
        guard let log, let result else { return }
        Unmanaged<NoticeLog>.fromOpaque(log).takeUnretainedValue().take(result)
      }, Unmanaged.passUnretained(log).toOpaque())
  }
}

private final class NoticeLog {
  private let logger: Logger

  init(_ logger: Logger) { self.logger = logger }

  func take(_ result: OpaquePointer) {
    let text = PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { String(cString: $0) }
    let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) }
    logger.warning(
      "notice of the server", metadata: ["message": "\(text ?? "")", "sqlstate": "\(state ?? "")"])
  }
}

/// The values of a statement, in one buffer.
private struct ParameterBuffer {
  private var bytes: [UInt8] = []
  /// Where each begins and ends; an empty range at -1: NULL.
  private var places: [(start: Int, count: Int)] = []

  mutating func set(_ values: [any PostgresValue]) {
    bytes.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    for value in values {
      let start = bytes.count
      places.append(value.encode(into: &bytes) ? (start, bytes.count - start) : (-1, 0))
    }
    // An empty value needs an address of its own: a null pointer is NULL.
    bytes.append(0)
  }

  func withPointers<Result>(
    _ body: (
      UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<Int32>, UnsafePointer<Int32>
    ) -> Result
  ) -> Result {
    bytes.withUnsafeBytes { buffer in
      let base = buffer.baseAddress!.assumingMemoryBound(to: CChar.self)
      let pointers: [UnsafePointer<CChar>?] = places.map { $0.start < 0 ? nil : base + $0.start }
      let lengths = places.map { Int32($0.count) }
      let formats = [Int32](repeating: 1, count: places.count)
      return body(pointers, lengths, formats)
    }
  }
}
