import Billing
import Importing

/// Writes inputs in the one open writing transaction of a connection, which is the ledger's lock.
final class EmbeddedInputWriter: InputWriter {
  /// The number that these inputs are recorded under.
  let recordNumber: Int64
  /// Whether anything changed.
  private(set) var hasWritten = false

  private let connection: Connection
  private let owners: InputOwners
  private var latestFile: InputTable?
  private var unchanged = InputKeySet()

  init(_ connection: Connection) throws {
    self.connection = connection
    owners = try InputOwners(connection)
    let latest = try connection.first(
      "SELECT coalesce(max(record_number), 0) FROM records"
    ) { $0.integer(0) }
    recordNumber = (latest ?? 0) + 1
    try connection.execute(
      """
      CREATE TEMP TABLE IF NOT EXISTS changed_customers (customer_id INTEGER PRIMARY KEY);
      DELETE FROM changed_customers;
      """)
  }

  /// Takes the record number and brings unfinished deliveries up to date.
  ///
  /// - Parameter ledgerTime: what deliveries go by; simulated where the ledger's time is.
  func finish(source: String, recordedAt: Timestamp, ledgerTime: Timestamp) throws {
    try connection.run("INSERT INTO records VALUES (?, ?, ?)", recordNumber, recordedAt, source)
    try DeliveryRefresh.apply(in: connection, at: ledgerTime)
  }

  func record(catalog: CatalogText) throws -> BatchOutcome {
    let recorded = try connection.first(
      "SELECT text FROM catalogs WHERE version = ?", catalog.version
    ) { $0.text(0) }
    if let recorded {
      // Byte for byte: two texts that differ only in how a letter is composed are two texts.
      guard recorded.hasBytes(of: catalog.text) else {
        let reason = LedgerRefusal.catalogDiffers(version: catalog.version)
        return BatchOutcome(refusals: [RowRefusal(row: 0, reason: reason)])
      }
      return BatchOutcome(counts: InputCounts(unchanged: 1))
    }
    try connection.run(
      "INSERT INTO catalogs VALUES (?, ?, ?, ?, ?)", catalog.version, catalog.effectiveFrom,
      catalog.currency.code,
      catalog.text, recordNumber)
    hasWritten = true
    return BatchOutcome(counts: InputCounts(new: 1))
  }

  func record(_ batch: InputBatch) throws -> BatchOutcome {
    let outcome =
      switch batch {
      case .customers(let rows): try record(customers: rows)
      case .segments(let rows): try record(segments: rows)
      case .addOns(let rows): try record(entitlements: rows, in: .addOns)
      case .discounts(let rows): try record(entitlements: rows, in: .discounts)
      case .bundles(let rows): try record(bundles: rows)
      case .usage(let rows): try record(usage: rows)
      case .charges(let rows): try record(charges: rows)
      }
    hasWritten = hasWritten || outcome.counts.new + outcome.counts.changed > 0
    return outcome
  }

  // MARK: Tables

  private func record(customers: [SealedCustomer]) throws -> BatchOutcome {
    let changed = try connection.statement("INSERT OR IGNORE INTO changed_customers VALUES (?)")
    let outcome = try write(
      customers.map(InputCustomer.init), to: .customers, check: { _ in nil },
      afterChange: { row in
        guard row.concernsDeliveries else { return }
        changed.bind(row.customer.id.number, at: 1)
        try changed.finish()
      })
    owners.forget()
    return outcome
  }

  private func record(segments: [SegmentRow]) throws -> BatchOutcome {
    let newLine = try connection.statement("INSERT INTO lines VALUES (?, ?)")
    return try write(segments.map(InputSegment.init), to: .segments) { row in
      guard try owners.exists(row.row.customer) else { return .unknownCustomer(row.row.customer) }
      switch try owners.owner(of: row.row.line) {
      case row.row.customer: return nil
      case .some: return .lineOfAnotherCustomer(row.row.line)
      case nil:
        newLine.bind(row.row.line.number, at: 1)
        newLine.bind(row.row.customer.number, at: 2)
        try newLine.finish()
        owners.forget()
        return nil
      }
    }
  }

  private func record(
    entitlements: [EntitlementRow], in table: InputTable
  ) throws -> BatchOutcome {
    try write(entitlements.map(InputEntitlement.init), to: table) { row in
      row.customer = try owners.owner(of: row.row.line)
      return row.customer == nil ? .unknownLine(row.row.line) : nil
    }
  }

  private func record(bundles: [BundleRow]) throws -> BatchOutcome {
    try write(bundles.map(InputBundleMember.init), to: .bundleMembers) { row in
      row.customer = try owners.owner(of: row.row.line)
      return row.customer == nil ? .unknownLine(row.row.line) : nil
    }
  }

  private func record(usage: [UsageRow]) throws -> BatchOutcome {
    try write(usage.map(InputUsage.init), to: .usage) { row in
      row.customer = try owners.owner(of: row.row.line)
      return row.customer == nil ? .unknownLine(row.row.line) : nil
    }
  }

  private func record(charges: [ChargeRow]) throws -> BatchOutcome {
    let charges = charges.map { InputCharge(row: $0, firstRecorded: recordNumber) }
    return try write(charges, to: .charges) { row in
      guard try owners.exists(row.row.customer) else { return .unknownCustomer(row.row.customer) }
      let charge = row.row.charge
      guard let recorded = try owners.recorded(charge: charge.id) else { return nil }
      guard recorded.customer == row.row.customer else { return .chargeOfAnotherCustomer }
      let months = (
        from: BillingMonth(containing: recorded.chargedOn),
        to: BillingMonth(containing: charge.chargedOn)
      )
      guard !owners.isFixed(from: months.from, to: months.to) else {
        return .chargeOfSettledMonth(from: months.from, to: months.to)
      }
      return nil
    }
  }

  // MARK: Versions

  /// Records rows one by one, each with one look at its latest version.
  ///
  /// - Parameters:
  ///   - check: completes a row from what the ledger knows, or says why it is refused.
  ///   - afterChange: called with a row that replaced another.
  private func write<Row: InputRow>(
    _ rows: consuming [Row], to table: InputTable,
    check: (inout Row) throws -> LedgerRefusal?,
    afterChange: (Row) throws -> Void = { _ in }
  ) throws -> BatchOutcome {
    if latestFile != table {
      latestFile = table
      unchanged = InputKeySet()
    }
    let versions = try InputVersions(of: table, in: connection)
    var outcome = BatchOutcome()
    for index in rows.indices {
      if let reason = try check(&rows[index]) {
        outcome.refusals.append(RowRefusal(row: index, reason: reason))
        continue
      }
      switch try versions.record(&rows[index], as: recordNumber, unchanged: &unchanged) {
      case .new: outcome.counts.new += 1
      case .changed:
        outcome.counts.changed += 1
        try afterChange(rows[index])
      case .unchanged: outcome.counts.unchanged += 1
      case .statedTwice:
        outcome.refusals.append(RowRefusal(row: index, reason: .statedTwice))
      }
    }
    return outcome
  }
}
