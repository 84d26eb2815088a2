import Billing
import BillingTestKit
import Foundation
import LedgerTestKit
import Testing

/// A small month as it stands after each stage: made once, and copied for every case.
actor CrashMonth {
  /// How far the month is.
  enum Stage: String, CaseIterable, Sendable {
    case imported
    case settled
    case rendered
    /// Rendered, and the due date of some bills is over.
    case overdue
    case dispatched
    /// Dispatched, and two bills are gone.
    case withLostBills
    /// A dispatcher was killed between queueing and publishing, then a consumer in the middle of
    /// its work; all their leases are over.
    case abandoned
    /// Nobody was disturbed.
    case finished

    /// Queued for a slot, which ends some time.
    var isQueued: Bool { self == .dispatched || self == .withLostBills || self == .abandoned }
  }

  /// The month before this one, so that it is over and its deliveries are due.
  static let month: String = {
    let seoul = ZoneRules("Asia/Seoul")!  // every system knows it
    return BillingMonth(containing: seoul.day(at: SystemClock().now())).previous.description
  }()

  private static let customers = 40

  private let kind: LedgerKind
  private var made: [String: Task<CrashPlatform, any Error>] = [:]

  init(on kind: LedgerKind) { self.kind = kind }

  /// A copy of its own, to be removed. The originals are kept until they are removed.
  func copy(at stage: Stage) async throws -> CrashPlatform {
    try await original(at: stage).copy()
  }

  func remove() async throws {
    for task in made.values { try await task.value.remove() }
  }

  /// Slots of different two hours have originals of their own.
  private func original(at stage: Stage) async throws -> CrashPlatform {
    let slot = stage.isQueued ? try await Self.currentSlot() : 0
    let name = "\(stage.rawValue)@\(slot)"
    if let made = made[name] { return try await made.value }
    let task = Task { try await make(stage) }
    made[name] = task
    return try await task.value
  }

  private func make(_ stage: Stage) async throws -> CrashPlatform {
    switch stage {
    case .imported: return try await Self.imported(on: kind)
    case .settled: return try await after("settle", Self.month, from: .imported)
    case .rendered: return try await after("render", Self.month, from: .settled)
    case .overdue: return try await Self.makingOverdue(try await copy(at: .rendered))
    case .dispatched: return try await after("dispatch", from: .rendered)
    case .withLostBills: return try await Self.losingBills(of: try await copy(at: .dispatched))
    case .abandoned: return try await Self.abandoned(try await copy(at: .rendered))
    case .finished:
      let platform = try await copy(at: .imported)
      try await CrashRecovery(platform: platform, way: .commands).finish()
      return platform
    }
  }

  private func after(_ arguments: String..., from stage: Stage) async throws -> CrashPlatform {
    let platform = try await copy(at: stage)
    let ending = try await BillingProcess(arguments, in: platform.folder).ending()
    try #require(ending.status == 0, "\(arguments): \(ending.errors)")
    return platform
  }

  // MARK: Stages

  private static func imported(on kind: LedgerKind) async throws -> CrashPlatform {
    let platform = try await CrashPlatform(on: kind)
    let folder = platform.folder
    try platform.write(settings: settings(port: nil))
    for version in [2, 3] {
      let policy = "policy-\(version)"
      try FileManager.default.createDirectory(
        atPath: folder.file(policy), withIntermediateDirectories: true)
      try folder.write(Self.policy(version), to: "\(policy)/policy.yaml")
    }
    try await billing("policy", "apply", "policy-2", in: folder, expecting: 0)
    try await billing(
      "sample", "sample", "--customers", String(customers), "--poison", "1", "--month", month,
      in: folder, expecting: 0)
    try folder.write(allDue(try folder.read("sample/customers.csv")), to: "sample/customers.csv")
    try await billing("import", "sample", in: folder, expecting: 0)
    return platform
  }

  /// Everybody's day has come and nobody keeps quiet, in several zones whose slots end together; one
  /// has opted out, and some want one channel only.
  private static func allDue(_ csv: String) -> String {
    let zones = ["Asia/Seoul", "Asia/Tokyo", "Pacific/Palau", "Asia/Jayapura"]
    let channels = [
      "email;sms", "email;sms", "sms", "email", "email;sms", "email;sms", "sms;email",
    ]
    let rows = csv.split(separator: "\n")
    let changed = rows.dropFirst().enumerated().map { position, row in
      var fields = row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      fields[4] = "1"
      fields[5] = ""
      fields[6] = zones[position % zones.count]
      fields[8] = position == 5 ? "" : channels[position % channels.count]
      return fields.joined(separator: ",")
    }
    return ([String(rows[0])] + changed).joined(separator: "\n") + "\n"
  }

  private static func makingOverdue(_ platform: CrashPlatform) async throws -> CrashPlatform {
    let some = "due_date IS NOT NULL AND customer_id % 3 = 0"
    try await platform.ledger.change("UPDATE deliveries SET due_date = due_date - 60 WHERE \(some)")
    let overdue = try await platform.ledger.lines(
      "SELECT customer_id FROM deliveries WHERE \(some)", columns: 1)
    try #require(overdue.count > 5)
    return platform
  }

  /// Two bills that are about to be sent.
  private static func losingBills(of platform: CrashPlatform) async throws -> CrashPlatform {
    let customers = try await platform.ledger.lines(
      "SELECT customer_id FROM deliveries WHERE state = 2 AND channel = 1 ORDER BY 1 LIMIT 2",
      columns: 1)
    let bills = platform.folder.file("data/bills/\(month)")
    let names = try #require(FileManager.default.enumerator(atPath: bills)?.allObjects as? [String])
    for customer in customers {
      let lost = try #require(names.first { $0.hasSuffix("/\(customer).v1.i1.email.html.gz") })
      try FileManager.default.removeItem(atPath: "\(bills)/\(lost)")
    }
    return platform
  }

  private static func abandoned(_ platform: CrashPlatform) async throws -> CrashPlatform {
    let providers = try await CrashProviders(.asked, in: platform)
    for (command, point) in [
      (["dispatch"], "dispatch.publish:before:3:kill"),
      (["deliver", "--drain"], "provider.send:after:9:kill"),
      // So that a provider is asked also for what it never got.
      (["deliver", "--drain"], "provider.send:before:3:kill"),
    ] {
      let ending = try await BillingProcess(
        command, in: platform.folder, environment: ["BILLING_FAIL_POINT": point]
      ).ending()
      try #require(ending.wasKilled, "\(command) was to be killed: \(ending.errors)")
    }
    let recovery = CrashRecovery(platform: platform, way: .commands)
    let isQuiet = try await recovery.waitsUntilLeasesAreOver()
    try #require(isQuiet)
    try await providers.stop()
    return platform
  }

  // MARK: Time

  /// The number of the slot; in the last minute of one, the next, once it has begun.
  private static func currentSlot() async throws -> Int64 {
    func slot(_ ahead: Int64) -> Int64 {
      // UTC+9 in all the zones: slots end at odd hours of UTC.
      (SystemClock().now().milliseconds + 3_600_000 + ahead) / 7_200_000
    }
    let hasTime = try await becomesTrue(withinSeconds: 90) { slot(60_000) == slot(0) }
    try #require(hasTime)
    return slot(0)
  }

  // MARK: Settings

  static let reapSeconds: Int64 = 1
  static let republishSeconds: Int64 = 1

  /// - Parameter port: where the providers listen; `nil`: they are in the process itself.
  static func settings(port: Int?) -> String {
    func address(_ channel: String) -> String {
      port.map { "http://127.0.0.1:\($0)/\(channel)" } ?? "none"
    }
    return """
      workers: 2
      runs:
        leaseSeconds: 2
      settlement:
        chunkSize: 8
        maxParked: "50 %"
      dispatch:
        republishSeconds: \(republishSeconds)
      delivery:
        maxInFlight: 8
        leaseSeconds: 4
        leaseGuardSeconds: 3
        slotGuardSeconds: 3
        callSeconds: 2
        reapSeconds: \(reapSeconds)
      providers:
        settleSeconds: 1
        email:
          url: \(address("email"))
          milliseconds: 5
          failures: "0 %"
        sms:
          url: \(address("sms"))
          milliseconds: 5

      """
  }

  private static func policy(_ version: Int) -> String {
    """
    version: \(version)
    templateVersion: 1
    channels: [email, sms]
    attemptsPerChannel: 3
    backoffSeconds: 1
    maxBackoffSeconds: 2
    uncertain: atMostOnce
    masksNames: true
    dueDay: 31
    daysToPay: 0

    """
  }
}
