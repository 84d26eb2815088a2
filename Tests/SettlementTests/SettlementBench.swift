import Billing
import BillingTestKit
import EmbeddedStore
import Foundation
import Importing
import LedgerTestKit
import Logging
import Runs
import Settlement
import Synchronization

/// A ledger of either kind and a statement store in memory, with a catalog and import sets written by
/// the test.
struct SettlementBench {
  let clock = OffsetClock(Timestamp(iso8601: "2026-11-01T00:00:00Z")!)
  private let testLedger: TestLedger
  let store: any StatementStore
  private let folder: TestFolder

  static let month = BillingMonth(year: 2026, month: 10)!

  var ledger: any StageLedger { testLedger.ports }

  init(_ kind: LedgerKind) async throws {
    testLedger = try await kind.open(clock: clock)
    let store = EmbeddedStatementStore(database: try Database(path: ":memory:"))
    folder = try TestFolder()
    try await store.migrate()
    self.store = store
  }

  static let catalog = """
    version: "c1"
    effectiveFrom: "2026-01"
    currency: KRW
    timeZone: Asia/Seoul
    tax: { mode: inclusive, rate: "0.10", appliesTo: [plan, addOn, usage] }
    rounding: { unit: 10, mode: down }
    plans:
      - { code: SMALL, name: "Small", monthlyFee: 31000 }
      - { code: LARGE, name: "Large", monthlyFee: 62000 }
    addOns: []
    discounts: []
    """

  /// Imports files by their names. Rows without a header get the file's own.
  @discardableResult
  func importing(_ files: [String: String]) async throws -> ImportReport {
    let set = folder.file("set-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: set, withIntermediateDirectories: true)
    for (name, text) in files {
      let header = Self.headers[name].map { $0 + "\n" } ?? ""
      try (header + text + "\n").write(toFile: set + "/" + name, atomically: true, encoding: .utf8)
    }
    return try await importing(folder: set)
  }

  @discardableResult
  func importing(folder: String) async throws -> ImportReport {
    let seal = ContactSeal(keyID: 1, secret: [UInt8](repeating: 7, count: 32))!
    let report = try await Importer(ledger: ledger, seal: seal).run(directory: folder)
    guard report.outcome != .refused else {
      throw Unexpected("the import was refused: \(report.refusals)")
    }
    return report
  }

  private static let headers = [
    "customers.csv":
      "customer_id,name,email,phone,send_day,quiet_slots,time_zone,locale,channels,status,activated_on,terminated_on",
    "subscriptions.csv": "line_id,customer_id,plan_code,active_from,active_to",
    "charges.csv": "charge_id,customer_id,charged_on,category,description,amount,taxable",
    "bundles.csv": "bundle_id,line_id,active_from,active_to",
    "usage.csv": "line_id,month,metric,quantity",
  ]

  /// `customers.csv` rows for customers 1…count, active for years.
  static func customers(_ count: Int) -> String {
    (1...count).map {
      "\($0),Name \($0),c\($0)@example.com,,5,,Asia/Seoul,ko-KR,email,active,2020-01-01,"
    }.joined(separator: "\n")
  }

  /// One line for each of customers 1…count, on plan SMALL.
  static func subscriptions(_ count: Int) -> String {
    (1...count).map { "\($0),\($0),SMALL,2020-01-01," }.joined(separator: "\n")
  }

  /// A catalog and so many customers with a line each.
  func importCustomers(_ count: Int) async throws {
    try await importing([
      "catalog.yaml": Self.catalog, "customers.csv": Self.customers(count),
      "subscriptions.csv": Self.subscriptions(count),
    ])
  }

  func job(
    worker: String = "a", store: (any StatementStore)? = nil, chunkSize: Int = 10,
    maxParkedPerMillion: Int64 = 1_000_000
  ) -> SettlementJob {
    SettlementJob(
      ledger: ledger, store: store ?? self.store, clock: clock,
      settings: SettlementSettings(
        run: RunSettings(worker: worker, programVersion: "test", workers: 3, chunkAttempts: 1),
        chunkSize: chunkSize, maxParkedPerMillion: maxParkedPerMillion),
      progress: SilentProgress(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  /// Everything that the month's statements are: keys with hashes, in order.
  func manifest(_ month: BillingMonth = month) async throws -> [ManifestRow] {
    try await ledger.manifest(.latest(month), after: nil, limit: 1_000_000)
  }

  func statement(_ customer: Int64, version: Int = 1, month: BillingMonth = month) async throws
    -> Billing.Statement?
  {
    let key = StatementKey(month: month, customer: CustomerID(customer), version: version)
    return try await store.statements([key]).first.map { try StatementCodec.decode($0.bytes) }
  }

  func export() async throws -> String {
    let text = Mutex("")
    _ = try await StatementExport(ledger: ledger, store: store).export(Self.month) { bytes in
      text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
    }
    return text.withLock { $0 }
  }
}
