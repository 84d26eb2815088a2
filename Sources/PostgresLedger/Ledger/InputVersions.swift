import Importing

/// Reads and writes the versions of rows, one file at a time.
///
/// Rows of a batch are looked up by one statement, decided one after the other, and written by two.
/// Where nothing was recorded before this import, a row is new unless its key was met in this file:
/// then nothing but such keys is looked up.
final class InputVersions {
  private let connection: PostgresConnection
  private let recordNumber: Int64
  private var table: InputTable?
  /// Keys of this file that the number of their version does not say it of: those that it stated as
  /// they were recorded before, and where nothing was, all.
  private var stated = InputKeySet()
  /// Whether anything was recorded before, by month where the table is asked by month, else under 0.
  private var hasEarlier: [Int64: Bool] = [:]

  init(_ connection: PostgresConnection, recordNumber: Int64) {
    self.connection = connection
    self.recordNumber = recordNumber
  }

  /// What the ledger said of a key before this batch.
  private struct Version {
    var recordedFrom: Int64
    /// Where it lies: a `tid`.
    var place: String
    var isSame: Bool
  }

  /// Records rows as if one after the other.
  ///
  /// - Parameters:
  ///   - rows: the row at a position, `nil` where it is refused already; taken out of `outcome`.
  ///   - check: why a row is refused, seeing also the row of this batch that said last what its key
  ///     is.
  ///   - afterWrite: called with a row that is new, or replaces another.
  func record<Row: InputRow>(
    _ rows: inout [Row], refused: [Int: LedgerRefusal] = [:], in table: InputTable,
    check: (Row, Row?) -> LedgerRefusal? = { _, _ in nil },
    afterWrite: (Row, _ isChange: Bool) -> Void = { _, _ in }
  ) throws -> BatchOutcome {
    begin(table)
    let keys = rows.map(\.key.bits)
    let versions = try lookUp(&rows, keys, except: refused, in: table)
    var outcome = BatchOutcome()
    // Rows that said last what their keys are.
    var latest: [InputKey.Bits: Int] = [:]
    var written: [Int] = []
    var replaced: [String] = []
    written.reserveCapacity(rows.count)
    for row in rows.indices {
      let earlier = latest[keys[row]].flatMap {
        rows[$0].key.isSame(as: rows[row].key) ? rows[$0] : nil
      }
      if let reason = refused[row] ?? check(rows[row], earlier) {
        outcome.refusals.append(RowRefusal(row: row, reason: reason))
        continue
      }
      let decision =
        earlier == nil ? decide(keys[row], against: versions[row]) : Decision.statedTwice
      switch decision {
      case .new: outcome.counts.new += 1
      case .changed(let place):
        outcome.counts.changed += 1
        replaced.append(place)
      case .unchanged: outcome.counts.unchanged += 1
      case .statedTwice:
        outcome.refusals.append(RowRefusal(row: row, reason: .statedTwice))
        continue
      }
      if decision.isWritten {
        written.append(row)
        afterWrite(rows[row], decision != .new)
      }
      // Without a key that was met before there are no two of one key.
      if !versions.isEmpty { latest[keys[row]] = row }
    }
    try write(rows, written, replacing: replaced, in: table)
    return outcome
  }

  private enum Decision: Equatable {
    case new
    /// Replaces the version that lies there.
    case changed(place: String)
    case unchanged
    /// This record number has already stated it, be it the same.
    case statedTwice

    var isWritten: Bool { self != .unchanged && self != .statedTwice }
  }

  /// About the first row of its key in this batch.
  private func decide(_ key: InputKey.Bits, against version: Version?) -> Decision {
    guard let version else { return .new }
    let isEarlier = version.recordedFrom < recordNumber
    if version.isSame { return isEarlier && stated.insert(key) ? .unchanged : .statedTwice }
    return isEarlier && !stated.contains(key) ? .changed(place: version.place) : .statedTwice
  }

  private func begin(_ table: InputTable) {
    guard table != self.table else { return }
    self.table = table
    stated = InputKeySet()
    hasEarlier = [:]
  }

  // MARK: Reading

  /// The latest versions of the rows that may have one, by position. Empty only where all keys are
  /// new, and no two are the same.
  private func lookUp<Row: InputRow>(
    _ rows: inout [Row], _ keys: [InputKey.Bits], except refused: [Int: LedgerRefusal],
    in table: InputTable
  ) throws -> Versions {
    var wanted: [Int] = []
    for row in rows.indices where refused[row] == nil {
      let isMet = try isRecordedBefore(rows[row], in: table) || !stated.insert(keys[row])
      if isMet { wanted.append(row) }
    }
    guard !wanted.isEmpty else { return Versions() }
    var versions = Versions(count: rows.count)
    let wantedKeys = wanted.map { rows[$0].key }
    try connection.query(
      table.latest, IntegerColumn(wantedKeys) { $0.customer },
      IntegerColumn(wantedKeys) { $0.line },
      TextColumn(wantedKeys) { $0.text }, IntegerColumn(wantedKeys) { $0.number }
    ) { version in
      let row = wanted[version.int(0) - 1]
      versions[row] = Version(
        recordedFrom: version.integer(1), place: version.text(2),
        isSame: rows[row].read(version, at: 3))
    }
    return versions
  }

  private struct Versions {
    private var versions: [Version?]

    init(count: Int = 0) { versions = Array(repeating: nil, count: count) }

    /// Nothing was looked up.
    var isEmpty: Bool { versions.isEmpty }

    subscript(row: Int) -> Version? {
      get { versions.isEmpty ? nil : versions[row] }
      set { versions[row] = newValue }
    }
  }

  /// Whether there may be versions that this file did not bring.
  private func isRecordedBefore(_ row: some InputRow, in table: InputTable) throws -> Bool {
    let part = table.isByMonth ? row.key.number : 0
    if let known = hasEarlier[part] { return known }
    let found =
      if table.isByMonth {
        try connection.first(
          "SELECT EXISTS (SELECT FROM \(table.name) WHERE month = $1)", part
        ) { $0.bool(0) }
      } else {
        try connection.first("SELECT EXISTS (SELECT FROM \(table.name))") { $0.bool(0) }
      }
    hasEarlier[part] = found ?? true
    return found ?? true
  }

  // MARK: Writing

  private func write<Row: InputRow>(
    _ rows: [Row], _ written: [Int], replacing places: [String], in table: InputTable
  ) throws {
    if !places.isEmpty {
      let closed = try connection.run(
        table.close, recordNumber, TextColumn(places) { $0 })
      guard closed == places.count else {
        throw PostgresLedger.damaged("a version of \(table.name) is not where it was")
      }
    }
    guard !written.isEmpty else { return }
    try connection.copy(into: table.name, table.columns) { copy in
      for row in written {
        try copy.row()
        rows[row].write(to: copy, as: recordNumber)
      }
    }
  }
}
