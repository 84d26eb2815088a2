import Billing
import Delivery

/// What a transaction changes of deliveries: collected row by row, written in a few statements.
///
/// The rows are locked already: what is written here is decided from what they are.
struct DeliveryChanges {
  private let now: Timestamp
  private var changed: [ChangedDelivery] = []
  private var opened: [OpenedAttempt] = []
  private var closed: [ClosedAttemptRow] = []
  private var entries: [LogEntry] = []

  init(at now: Timestamp) { self.now = now }

  /// A row is written as it stands, with a log entry where its state changed or `logged` says so.
  ///
  /// - Parameters:
  ///   - note: for the log: what an operator did and why, what an import changed.
  ///   - opening: the attempt that the change begins.
  mutating func save(
    _ row: DeliveryRow, who: String?, logged: Bool = false, note: String? = nil,
    opening attempt: OpenedAttempt? = nil
  ) {
    let isTransition = row.record.state != row.saved.state
    precondition(
      !isTransition || row.saved.state.mayBecome(row.record.state),
      "no transition from \(row.saved.state) to \(row.record.state)")
    let change = ChangedDelivery(row, changedAt: isTransition ? now : nil)
    if logged || isTransition {
      change.entry = entries.count
      entries.append(
        LogEntry(row.record, previous: row.lastEntry, at: now, who: who, note: note))
    }
    if let attempt {
      change.attempt = opened.count
      opened.append(attempt)
    }
    changed.append(change)
  }

  /// Closes an attempt with its outcome. Evidence of acceptance overwrites any other outcome, and
  /// nothing overwrites it.
  mutating func close(_ attempt: Int64?, of month: BillingMonth, _ outcome: SendOutcome) {
    guard let attempt else { return }
    closed.append(
      ClosedAttemptRow(month: month, attempt: attempt, outcome: StoredOutcome(outcome)))
  }

  func write(in connection: PostgresConnection) throws {
    let entryNumbers = try RowNumbers.take(entries.count, of: "entry_numbers", in: connection)
    let attemptNumbers = try RowNumbers.take(opened.count, of: "attempt_numbers", in: connection)
    try LogEntry.write(entries, under: entryNumbers, in: connection)
    try OpenedAttempt.write(opened, under: attemptNumbers, in: connection)
    try ClosedAttemptRow.write(closed, at: now, in: connection)
    let changes = changed.sorted { DeliveryKey.isBefore($0.record.key, $1.record.key) }
    for change in changes {
      change.entryNumber = change.entry.map { entryNumbers[$0] }
      change.attemptNumber = change.attempt.map { attemptNumbers[$0] }
    }
    try DeliveryUpdate(of: changes)?.run(in: connection)
  }
}

/// Numbers of appended rows, handed out by the thousand: gaps mean nothing, but a delivery's later
/// row has the higher number, since its row is locked when the number is taken.
enum RowNumbers {
  private static let block = 1000

  static func take(
    _ count: Int, of sequence: String, in connection: PostgresConnection
  ) throws -> [Int64] {
    guard count > 0 else { return [] }
    let starts = try connection.rows(
      "SELECT nextval($1::regclass) FROM generate_series(1, $2)", sequence,
      (count + block - 1) / block
    ) { $0.integer(0) }
    return (0..<count).map { starts[$0 / block] + Int64($0 % block) }
  }
}
