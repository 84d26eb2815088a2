import Importing

/// A table of inputs whose rows have versions.
struct InputTable: Hashable {
  let name: String
  let key: [String]
  let content: [String]

  static let customers = InputTable(
    name: "customers", key: ["customer_id"],
    content: [
      "name", "email_hash", "phone_hash", "send_day", "quiet_mask", "time_zone", "locale",
      "channels", "status", "activated_on", "terminated_on", "email_sealed", "phone_sealed",
    ])
  static let segments = InputTable(
    name: "segments", key: ["customer_id", "line_id", "active_from"],
    content: ["plan_code", "active_to"])
  static let addOns = InputTable(
    name: "add_ons", key: ["customer_id", "line_id", "code", "active_from"],
    content: ["active_to"])
  static let discounts = InputTable(
    name: "discounts", key: ["customer_id", "line_id", "code", "active_from"],
    content: ["active_to"])
  static let bundleMembers = InputTable(
    name: "bundle_members", key: ["customer_id", "line_id", "bundle_id", "active_from"],
    content: ["active_to"])
  static let usage = InputTable(
    name: "usage", key: ["month", "customer_id", "line_id", "metric"],
    content: ["coefficient", "scale"])
  static let charges = InputTable(
    name: "charges", key: ["customer_id", "charge_id"],
    content: ["charged_on", "category", "description", "amount", "taxable", "first_recorded"])
}

/// A row on its way into an `InputTable`.
protocol InputRow {
  /// Binds the key's columns from that position on.
  func bindKey(to statement: Statement, at position: Int)
  func bindContent(to statement: Statement, at position: Int)
  /// Whether a recorded version, its content's columns beginning at that one, says the same.
  func isRecorded(in version: Statement, at column: Int) -> Bool
  /// Looks at the version that this row is about to replace.
  mutating func replace(_ version: Statement, at column: Int)
  /// Feeds the key to a hasher.
  func hashKey(into hasher: inout Hasher)
}

extension InputRow {
  mutating func replace(_ version: Statement, at column: Int) {}
}

/// Reads and writes the versions of one table's rows.
struct InputVersions {
  enum Outcome {
    case new
    case changed
    case unchanged
    /// This record number has already stated it, be it the same.
    case statedTwice
  }

  private let latest: Statement
  private let close: Statement
  private let insert: Statement
  private let keyCount: Int

  init(of table: InputTable, in connection: Connection) throws {
    keyCount = table.key.count
    let isKey = table.key.map { "\($0) = ?" }.joined(separator: " AND ")
    // Versions are never taken back, so the latest one is the one that is valid now.
    latest = try connection.statement(
      "SELECT recorded_from, \(table.content.joined(separator: ", ")) FROM \(table.name) "
        + "WHERE \(isKey) ORDER BY recorded_from DESC LIMIT 1")
    close = try connection.statement(
      "UPDATE \(table.name) SET recorded_to = ? WHERE recorded_from = ? AND \(isKey)")
    let columns = table.key + ["recorded_from"] + table.content
    insert = try connection.statement(
      "INSERT INTO \(table.name) (\(columns.joined(separator: ", "))) "
        + "VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))")
  }

  /// - Parameter unchanged: the keys that this file stated as they are recorded.
  func record<Row: InputRow>(
    _ row: inout Row, as number: Int64, unchanged: inout InputKeySet
  ) throws -> Outcome {
    row.bindKey(to: latest, at: 1)
    guard try latest.step() else {
      latest.reset()
      try insert(row, number)
      return .new
    }
    let recordedFrom = latest.integer(0)
    let isSame = row.isRecorded(in: latest, at: 1)
    if !isSame { row.replace(latest, at: 1) }
    latest.reset()
    let key = InputKeySet.Key(of: row)
    if isSame { return recordedFrom < number && unchanged.insert(key) ? .unchanged : .statedTwice }
    guard recordedFrom < number, !unchanged.contains(key) else { return .statedTwice }
    close.bind(number, at: 1)
    close.bind(recordedFrom, at: 2)
    row.bindKey(to: close, at: 3)
    try close.finish()
    try insert(row, number)
    return .changed
  }

  private func insert(_ row: some InputRow, _ number: Int64) throws {
    row.bindKey(to: insert, at: 1)
    insert.bind(number, at: keyCount + 1)
    row.bindContent(to: insert, at: keyCount + 2)
    try insert.finish()
  }
}

/// The keys of rows that were found unchanged, so that a second row with the same key is noticed. (What this record number wrote itself is noticed by its number.)
///
/// Eight bytes a key: a key's place is taken by 64 bits of its hash. That two keys of a file share
/// them is less likely than one in a million for files of five million rows; a row would then be
/// refused, never silently lost.
struct InputKeySet {
  struct Key {
    fileprivate let bits: Int

    init(of row: some InputRow) {
      var hasher = Hasher()
      row.hashKey(into: &hasher)
      let bits = hasher.finalize()
      self.bits = bits == 0 ? 1 : bits
    }
  }

  /// Open addressing, 0 being free; at most three quarters are taken.
  private var slots: [Int] = []
  private var count = 0

  /// Whether it was not there.
  mutating func insert(_ key: Key) -> Bool {
    if count * 4 >= slots.count * 3 { grow() }
    return place(key.bits)
  }

  func contains(_ key: Key) -> Bool {
    guard !slots.isEmpty else { return false }
    var slot = key.bits & (slots.count - 1)
    while slots[slot] != 0 {
      if slots[slot] == key.bits { return true }
      slot = (slot + 1) & (slots.count - 1)
    }
    return false
  }

  @discardableResult
  private mutating func place(_ bits: Int) -> Bool {
    var slot = bits & (slots.count - 1)
    while slots[slot] != 0, slots[slot] != bits { slot = (slot + 1) & (slots.count - 1) }
    guard slots[slot] == 0 else { return false }
    count += 1
    slots[slot] = bits
    return true
  }

  private mutating func grow() {
    let before = slots
    slots = [Int](repeating: 0, count: max(1024, before.count * 2))
    count = 0
    for bits in before where bits != 0 { place(bits) }
  }
}
