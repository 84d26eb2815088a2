import Billing
import Importing

/// Writes inputs in the one open transaction that has the ledger's lock for them.
final class PostgresInputWriter: InputWriter {
  /// The number that these inputs are recorded under.
  let recordNumber: Int64
  /// Whether anything changed.
  private(set) var hasWritten = false

  private let connection: PostgresConnection
  private let owners: InputOwners
  private let versions: InputVersions
  /// Customers whose change concerns their deliveries, each once: eight bytes a customer.
  private var changedCustomers: [Int64] = []

  /// Waits until nobody else writes inputs, or copies customers' data.
  init(_ connection: PostgresConnection) throws {
    self.connection = connection
    try LedgerLock.inputs.take(in: connection)
    let latest = try connection.first(
      "SELECT coalesce(max(record_number), 0) FROM records"
    ) { $0.integer(0) }
    recordNumber = (latest ?? 0) + 1
    owners = try InputOwners(connection)
    versions = InputVersions(connection, recordNumber: recordNumber)
  }

  /// Takes the record number and brings unfinished deliveries up to date.
  func finish(source: String, recordedAt: Timestamp, refresh: DeliveryRefresh) throws {
    try connection.run(
      "INSERT INTO records (record_number, recorded_at, source) VALUES ($1, $2, $3)",
      recordNumber, recordedAt, source)
    try refresh.apply(to: changedCustomers)
  }

  func record(catalog: CatalogText) throws -> BatchOutcome {
    let recorded = try connection.first(
      "SELECT text FROM catalogs WHERE version = $1", catalog.version
    ) { $0.isText(catalog.text, 0) }
    if let isSame = recorded {
      guard isSame else {
        let reason = LedgerRefusal.catalogDiffers(version: catalog.version)
        return BatchOutcome(refusals: [RowRefusal(row: 0, reason: reason)])
      }
      return BatchOutcome(counts: InputCounts(unchanged: 1))
    }
    try connection.run(
      """
      INSERT INTO catalogs (version, effective_from, currency, text, record_number)
      VALUES ($1, $2::bigint, $3, $4, $5)
      """, catalog.version, catalog.effectiveFrom, catalog.currency.code, catalog.text,
      recordNumber)
    hasWritten = true
    return BatchOutcome(counts: InputCounts(new: 1))
  }

  func record(_ batch: InputBatch) throws -> BatchOutcome {
    let outcome =
      switch batch {
      case .customers(let rows): try record(customers: rows)
      case .segments(let rows): try record(segments: rows)
      case .addOns(let rows): try record(rights: rows.map(InputRight.init), in: .addOns)
      case .discounts(let rows): try record(rights: rows.map(InputRight.init), in: .discounts)
      case .bundles(let rows): try record(rights: rows.map(InputRight.init), in: .bundleMembers)
      case .usage(let rows): try record(usage: rows)
      case .charges(let rows): try record(charges: rows)
      }
    hasWritten = hasWritten || outcome.counts.new + outcome.counts.changed > 0
    return outcome
  }

  // MARK: Tables

  private func record(customers: [SealedCustomer]) throws -> BatchOutcome {
    var rows = customers.map(InputCustomer.init)
    return try versions.record(
      &rows, in: .customers,
      afterWrite: { row, isChange in
        if !isChange { owners.add(row.customer.id) }
        if isChange, row.concernsDeliveries { changedCustomers.append(row.customer.id.number) }
      })
  }

  private func record(segments: [SegmentRow]) throws -> BatchOutcome {
    try owners.load(customers: segments.lazy.map(\.customer))
    try owners.load(lines: segments.lazy.map(\.line))
    var rows = segments.map(InputSegment.init)
    var refused: [Int: LedgerRefusal] = [:]
    var newLines: [SegmentRow] = []
    for (position, row) in segments.enumerated() {
      guard owners.exists(row.customer) else {
        refused[position] = .unknownCustomer(row.customer)
        continue
      }
      switch owners.owner(of: row.line) {
      case row.customer: break
      case .some: refused[position] = .lineOfAnotherCustomer(row.line)
      case nil:
        owners.add(row.line, of: row.customer)
        newLines.append(row)
      }
    }
    if !newLines.isEmpty {
      try connection.copy(into: "lines", ["line_id", "customer_id"]) { copy in
        for row in newLines {
          try copy.row()
          copy.int8(row.line.number)
          copy.int8(row.customer.number)
        }
      }
    }
    return try versions.record(&rows, refused: refused, in: .segments)
  }

  private func record(
    rights: consuming [InputRight], in table: InputTable
  ) throws -> BatchOutcome {
    try owners.load(lines: rights.lazy.map(\.line))
    var refused: [Int: LedgerRefusal] = [:]
    for position in rights.indices {
      rights[position].customer = owners.owner(of: rights[position].line)
      if rights[position].customer == nil {
        refused[position] = .unknownLine(rights[position].line)
      }
    }
    return try versions.record(&rights, refused: refused, in: table)
  }

  private func record(usage: [UsageRow]) throws -> BatchOutcome {
    try owners.load(lines: usage.lazy.map(\.line))
    var rows = usage.map(InputUsage.init)
    var refused: [Int: LedgerRefusal] = [:]
    for position in rows.indices {
      let line = rows[position].row.line
      rows[position].customer = owners.owner(of: line)
      if rows[position].customer == nil { refused[position] = .unknownLine(line) }
    }
    return try versions.record(&rows, refused: refused, in: .usage)
  }

  private func record(charges: [ChargeRow]) throws -> BatchOutcome {
    try owners.load(customers: charges.lazy.map(\.customer))
    var rows = charges.map { InputCharge($0, as: recordNumber) }
    var refused: [Int: LedgerRefusal] = [:]
    for (position, row) in charges.enumerated() where !owners.exists(row.customer) {
      refused[position] = .unknownCustomer(row.customer)
    }
    return try versions.record(
      &rows, refused: refused, in: .charges,
      check: { row, earlier in
        guard let recorded = earlier?.stated ?? row.recorded else { return nil }
        guard recorded.customer == row.row.customer else { return .chargeOfAnotherCustomer }
        let from = BillingMonth(containing: recorded.chargedOn)
        let to = BillingMonth(containing: row.row.charge.chargedOn)
        return owners.isFixed(from: from, to: to) ? .chargeOfSettledMonth(from: from, to: to) : nil
      })
  }
}
