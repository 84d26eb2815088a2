import Billing
import BillingTestKit
import EmbeddedStore
import Foundation
import Importing

/// An empty ledger in a folder of its own, and sets to import into it.
struct TestImports: Sendable {
  let folder: TestFolder
  let ledger: EmbeddedLedger
  let seal = ContactSeal(keyID: 1, secret: [UInt8](repeating: 7, count: 32))!

  init() async throws {
    folder = try TestFolder()
    ledger = EmbeddedLedger(
      database: try Database(path: folder.file("ledger.sqlite"), durable: false),
      clock: TestClock())
    try await ledger.migrate()
  }

  var probe: LedgerProbe { LedgerProbe(path: folder.file("ledger.sqlite")) }

  /// A new folder with these files.
  func set(_ files: [String: String]) throws -> String {
    try set(files.mapValues { Array($0.utf8) })
  }

  func set(_ files: [String: [UInt8]]) throws -> String {
    let path = folder.file("set-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, bytes) in files {
      try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
    }
    return path
  }

  func run(
    _ directory: String, _ options: ImportOptions = ImportOptions(), batchRows: Int = 1000,
    blockBytes: Int = 262_144, listedRefusals: Int = 100,
    progress: @escaping @Sendable (ImportProgress) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) async throws -> ImportReport {
    try await Importer(
      ledger: ledger, seal: seal, batchRows: batchRows, blockBytes: blockBytes,
      listedRefusals: listedRefusals
    ).run(
      directory: directory, options: options, progress: progress, isCancelled: isCancelled)
  }

  static let customersHeader =
    "customer_id,name,email,phone,send_day,quiet_slots,time_zone,locale,channels,status,"
    + "activated_on,terminated_on\n"

  /// Two customers with a line each.
  static let small: [String: String] = [
    "customers.csv": customersHeader
      + "1001,홍길동,c1001@example.com,01000001001,25,0;1;11,Asia/Seoul,ko-KR,email;sms,active,"
      + "2020-04-28,\n"
      + "1002,조뮒,,01000001002,31,,America/New_York,en-US,sms,suspended,2021-09-07,\n",
    "subscriptions.csv": "line_id,customer_id,plan_code,active_from,active_to\n"
      + "1,1001,5G-SLIM,2020-04-28,2026-10-14\n1,1001,LTE-33,2026-10-14,\n"
      + "2,1002,LTE-33,2021-09-07,\n",
    "add_ons.csv": "line_id,add_on_code,active_from,active_to\n1,BOOKS,2026-08-05,\n",
    "discounts.csv": "line_id,discount_code,active_from,active_to\n1,CONTRACT25,2026-08-05,\n",
    "bundles.csv": "bundle_id,line_id,active_from,active_to\nB1,1,2025-01-01,\nB1,2,2025-01-01,\n",
    "usage.csv": "line_id,month,metric,quantity\n1,2026-10,data_mb,12345.678\n2,2026-10,sms,0\n",
    "charges.csv": "charge_id,customer_id,charged_on,category,description,amount,taxable\n"
      + "CH1,1001,2026-10-26,refund,\"콘텐츠, \"\"기타\"\"\",-770,false\n",
  ]
}

/// Reads the SQLite ledger with a connection of its own.
struct LedgerProbe: InputProbe {
  let path: String

  func rows(_ kind: InputKind, asOf cutoff: Int64) async throws -> [String] {
    let (table, columns) = Self.layout(kind)
    let day = { (column: String) in "ifnull(date(\(column) * 86400, 'unixepoch'), '')" }
    let dayColumns: Set = [
      "activated_on", "terminated_on", "active_from", "active_to", "charged_on",
    ]
    let fields = columns.map { dayColumns.contains($0) ? day($0) : $0 }
    var rows: [String] = []
    try connection().query(
      "SELECT \(fields.joined(separator: ", ")) FROM \(table) "
        + "WHERE recorded_from <= \(cutoff) AND recorded_to > \(cutoff)"
    ) { row in
      var texts = columns.indices.map { row.text($0) }
      if kind == .usage, let scale = Int(texts.removeLast()),
        let coefficient = Int64(texts.removeLast()),
        let quantity = FixedDecimal(coefficient: coefficient, scale: scale)
      {
        texts.append("\(quantity)")
      }
      rows.append(texts.joined(separator: "|"))
    }
    return rows.sorted()
  }

  private static func layout(_ kind: InputKind) -> (table: String, columns: [String]) {
    switch kind {
    case .customers:
      (
        "customers",
        [
          "customer_id", "name", "send_day", "quiet_mask", "time_zone", "locale", "channels",
          "status", "activated_on", "terminated_on",
        ]
      )
    case .segments:
      ("segments", ["customer_id", "line_id", "active_from", "plan_code", "active_to"])
    case .addOns: ("add_ons", ["customer_id", "line_id", "code", "active_from", "active_to"])
    case .discounts: ("discounts", ["customer_id", "line_id", "code", "active_from", "active_to"])
    case .bundles:
      ("bundle_members", ["customer_id", "line_id", "bundle_id", "active_from", "active_to"])
    case .usage:
      (
        "usage",
        [
          "printf('%04d-%02d', month / 12, month % 12 + 1)", "customer_id", "line_id", "metric",
          "coefficient", "scale",
        ]
      )
    case .charges:
      (
        "charges",
        [
          "customer_id", "charge_id", "first_recorded", "charged_on", "category", "description",
          "amount", "taxable",
        ]
      )
    }
  }

  func sealedEmail(of customer: CustomerID, asOf cutoff: Int64) async throws -> [UInt8]? {
    try connection().first(
      "SELECT email_sealed FROM customers WHERE customer_id = ?1 AND recorded_from <= ?2 "
        + "AND recorded_to > ?2", customer, cutoff
    ) { $0.bytes(0) }
  }

  func lastRecordNumber() async throws -> Int64 {
    try integer("SELECT coalesce(max(record_number), 0) FROM records")
  }

  func texts(_ sql: String) throws -> [String] {
    var texts: [String] = []
    try connection().query(sql) { texts.append($0.text(0)) }
    return texts
  }

  func integer(_ sql: String) throws -> Int64 {
    try connection().first(sql) { $0.integer(0) } ?? 0
  }

  /// Rows of all kinds, versions included.
  func versionCount() throws -> Int64 {
    let tables =
      InputKind.allCases.map { Self.layout($0).table } + ["lines", "catalogs", "records"]
    return try tables.reduce(0) { $0 + (try integer("SELECT count(*) FROM \($1)")) }
  }

  private func connection() throws -> Connection { try Connection(path: path, mode: .readWrite) }

  func execute(_ sql: String) throws { try connection().execute(sql) }
}

/// Keeps the folder for as long as somebody may look into it.
struct KeptProbe: InputProbe {
  let imports: TestImports

  func rows(_ kind: InputKind, asOf cutoff: Int64) async throws -> [String] {
    try await imports.probe.rows(kind, asOf: cutoff)
  }

  func sealedEmail(of customer: CustomerID, asOf cutoff: Int64) async throws -> [UInt8]? {
    try await imports.probe.sealedEmail(of: customer, asOf: cutoff)
  }

  func lastRecordNumber() async throws -> Int64 { try await imports.probe.lastRecordNumber() }
}
