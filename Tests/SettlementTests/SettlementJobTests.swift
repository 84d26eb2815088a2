import Billing
import BillingTestKit
import LedgerTestKit
import Runs
import Settlement
import Synchronization
import Testing

@Suite("Job 1")
struct SettlementJobTests {
  private let month = SettlementBench.month

  @Test(arguments: LedgerKind.allCases, ["rating", "rating-by-hand/october"])
  func `a rating fixture comes out as expected, through import, settle and export`(
    on kind: LedgerKind, name: String
  )
    async throws
  {
    let folder = Fixture.folder("BillingTests/Fixtures/" + name)
    let bench = try await SettlementBench(kind)
    try await bench.importing(folder: folder)
    let runs = try await bench.job().settle(month)
    #expect(runs.map(\.status) == [.completed])
    #expect(runs.map(\.parked) == [0])
    #expect(try await bench.export() == Fixture.text(folder + "/expected.csv"))
  }

  @Test func `the rating fixture comes to the same statements on every ledger, hash for hash`()
    async throws
  {
    var statements: [[String]] = []
    for kind in LedgerKind.allCases {
      let bench = try await SettlementBench(kind)
      try await bench.importing(folder: Fixture.rating)
      _ = try await bench.job().settle(month)
      let rows = try await bench.manifest()
      #expect(rows.count == 296)
      statements.append(rows.map { "\($0.key) \($0.hash) \($0.total)" })
      let seals = try await bench.ledger.runs(of: month).map { String(describing: $0.seal) }
      statements[statements.count - 1] += seals
    }
    #expect(Set(statements).count == 1)
  }

  @Test(arguments: LedgerKind.allCases)
  func `running a completed month again writes nothing`(on kind: LedgerKind) async throws {
    let bench = try await SettlementBench(kind)
    try await bench.importCustomers(25)
    _ = try await bench.job().settle(month)
    let before = try await bench.manifest()
    let runs = try await bench.ledger.runs(of: nil)
    #expect(try await bench.job(worker: "b").settle(month).isEmpty)
    #expect(try await bench.manifest() == before)
    #expect(try await bench.ledger.runs(of: nil) == runs)
  }

  @Test(arguments: LedgerKind.allCases)
  func `customers in the cohort with nothing to bill get a statement of 0`(on kind: LedgerKind)
    async throws
  {
    let bench = try await SettlementBench(kind)
    try await bench.importing([
      "catalog.yaml": SettlementBench.catalog, "customers.csv": SettlementBench.customers(1),
    ])
    _ = try await bench.job().settle(month)
    #expect(try await bench.statement(1)?.totals.total == 0)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a month that is not over, and one without a catalog, are refused`(on kind: LedgerKind)
    async throws
  {
    let bench = try await SettlementBench(kind)
    await #expect(throws: SettlementError.noCatalog(month)) {
      try await bench.job().settle(month)
    }
    try await bench.importCustomers(1)
    // 2026-11-01 00:00 UTC is 09:00 in Seoul: October is over there, November is not.
    let november = month.next
    await #expect(
      throws: SettlementError.monthNotOver(november, lastDay: CalendarDay("2026-11-30")!)
    ) { try await bench.job().settle(november) }
    #expect(try await bench.ledger.runs(of: nil).isEmpty)
  }

  @Test(arguments: LedgerKind.allCases)
  func `parked customers are settled as a supplement once their data is mended`(on kind: LedgerKind)
    async throws
  {
    let bench = try await SettlementBench(kind)
    try await bench.importCustomers(12)
    try await bench.importing([
      "subscriptions.csv": "3,3,NOWHERE,2020-01-01,\n7,7,SMALL,2026-10-10,"
    ])
    let first = try await bench.job().settle(month)
    #expect(first.map(\.parked) == [2])
    #expect(try await bench.manifest().count == 10)
    let parked = try await bench.ledger.unsettled(of: month, after: nil, limit: 10)
    #expect(parked.map(\.reason.code) == [.unknownPlan, .overlappingSegments])

    #expect(try await bench.job().settle(month).isEmpty)
    try await bench.importing(["subscriptions.csv": "3,3,LARGE,2020-01-01,"])
    let second = try await bench.job().settle(month)
    #expect(second.map(\.key.kind) == [.supplement])
    #expect(second.map(\.status) == [.completed])
    #expect(try await bench.statement(3)?.totals.total == 62_000)
    #expect(try await bench.statement(7) == nil)

    // The seal of the regular run is what it was.
    let regular = try #require(try await bench.ledger.run(first[0].key))
    #expect(regular.seal == first[0].seal)
    try await bench.importing(["subscriptions.csv": "7,7,SMALL,2026-10-10,2026-10-10"])
    #expect(try await bench.job().settle(month).map(\.key.sequence) == [2])
    #expect(try await bench.manifest().count == 12)
    #expect(try await bench.ledger.unsettled(of: month, after: nil, limit: 10).isEmpty)
  }

  @Test(arguments: LedgerKind.allCases)
  func `too many parked customers fail the run until enough of them are mended`(on kind: LedgerKind)
    async throws
  {
    let bench = try await SettlementBench(kind)
    try await bench.importCustomers(10)
    try await bench.importing(["subscriptions.csv": "3,3,NOWHERE,2020-01-01,"])
    let job = bench.job(maxParkedPerMillion: 50_000)
    let error = await #expect(throws: RunError.self) { try await job.settle(month) }
    guard case .tooManyParked(parked: 1, targets: 10) = error?.code else {
      throw Unexpected("\(String(describing: error))")
    }
    #expect(try await bench.ledger.runs(of: month).map(\.status) == [.failed])
    try await bench.importing(["subscriptions.csv": "3,3,LARGE,2020-01-01,"])
    let runs = try await job.settle(month)
    #expect(runs.map(\.key.kind) == [.regular, .supplement])
    #expect(runs.map(\.status) == [.completed, .completed])
    #expect(try await bench.manifest().count == 10)
  }

  @Test(arguments: LedgerKind.allCases)
  func `the hours between a failure and going on are nobody's work`(on kind: LedgerKind)
    async throws
  {
    let bench = try await SettlementBench(kind)
    try await bench.importCustomers(10)
    try await bench.importing(["subscriptions.csv": "3,3,NOWHERE,2020-01-01,"])
    let job = bench.job(maxParkedPerMillion: 50_000)
    await #expect(throws: RunError.self) { try await job.settle(month) }
    bench.clock.advance(seconds: 7200)
    try await bench.importing(["subscriptions.csv": "3,3,LARGE,2020-01-01,"])
    let regular = try #require(try await job.settle(month).first)
    let report = SettlementReport(run: regular, steps: try await bench.ledger.steps(of: regular.id))
    #expect(report.milliseconds < 3_600_000)
    #expect(regular.wasTakenOver, "part of it was done before: there is no rate")
  }

  @Test(arguments: LedgerKind.allCases)
  func `a correction makes the next version and leaves the old one`(on kind: LedgerKind)
    async throws
  {
    let bench = try await SettlementBench(kind)
    try await bench.importCustomers(5)
    _ = try await bench.job().settle(month)
    try await bench.importing(["subscriptions.csv": "2,2,LARGE,2020-01-01,"])
    #expect(try await bench.job().settle(month).isEmpty, "a change is never silently billed")
    let run = try #require(
      try await bench.job().correct(month, customers: [CustomerID(2)], reason: "wrong plan"))
    #expect(run.status == .completed)
    #expect(run.reason == "wrong plan")
    #expect(try await bench.statement(2, version: 1)?.totals.total == 31_000)
    #expect(try await bench.statement(2, version: 2)?.totals.total == 62_000)
    #expect(try await bench.manifest().map(\.key.version) == [1, 2, 1, 1, 1])
    let sums = try await bench.ledger.correctionSums(of: run)
    #expect(sums.new - sums.old == 31_000)
    await #expect(
      throws: SettlementError.noStatement(month, customers: [CustomerID(99)])
    ) { try await bench.job().correct(month, customers: [CustomerID(99)], reason: "x") }
  }

  @Test(arguments: LedgerKind.allCases)
  func `a late charge is billed by the next month's settlement, once`(on kind: LedgerKind)
    async throws
  {
    let bench = try await SettlementBench(kind)
    try await bench.importCustomers(2)
    _ = try await bench.job().settle(month)
    try await bench.importing([
      "charges.csv": "L1,1,2026-10-20,fee,Late fee,500,false\nL2,1,2026-11-02,fee,November,70,false"
    ])
    let unbilled = try await bench.ledger.unbilled(of: month)
    #expect(unbilled.charges == 1)
    #expect(unbilled.chargeSum == 500)
    // Not even a correction of October may bill it: it would be billed twice.
    _ = try await bench.job().correct(month, customers: [CustomerID(1)], reason: "check")
    #expect(try await bench.statement(1, version: 2) == nil)

    bench.clock.advance(seconds: 31 * 86_400)
    _ = try await bench.job().settle(month.next)
    let november = try #require(try await bench.statement(1, month: month.next))
    #expect(november.totals.charges == 31_000 + 500 + 70)
    #expect(
      november.lines.contains {
        if case .oneOff(id: "L1", _, let day, _) = $0.source {
          day == CalendarDay("2026-10-20")
        } else {
          false
        }
      })
    #expect(try await bench.ledger.unbilled(of: month).charges == 0)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a charge cannot be moved out of or into a settled month`(on kind: LedgerKind) async throws {
    let bench = try await SettlementBench(kind)
    try await bench.importCustomers(1)
    try await bench.importing([
      "charges.csv": "A,1,2026-10-20,fee,Fee,500,false\nB,1,2026-12-01,fee,Fee,70,false"
    ])
    _ = try await bench.job().settle(month)
    for moved in ["A,1,2026-11-20,fee,Fee,500,false", "B,1,2026-10-01,fee,Fee,70,false"] {
      await #expect(throws: Unexpected.self) { try await bench.importing(["charges.csv": moved]) }
    }
    try await bench.importing(["charges.csv": "B,1,2026-11-05,fee,Fee,70,false"])
  }

  @Test(arguments: LedgerKind.allCases)
  func `a correction that would change nothing makes no new version`(on kind: LedgerKind)
    async throws
  {
    let bench = try await SettlementBench(kind)
    try await bench.importCustomers(4)
    _ = try await bench.job().settle(month)
    try await bench.importing(["subscriptions.csv": "2,2,LARGE,2020-01-01,"])
    let customers = [1, 2, 3].map { CustomerID($0) }
    for sequence in 1...2 {
      let run = try #require(
        try await bench.job().correct(month, customers: customers, reason: "again"))
      #expect(run.key.sequence == sequence)
      #expect(run.status == .completed)
      #expect(try await bench.manifest().map(\.key.version) == [1, 2, 1, 1])
    }
  }

  @Test(arguments: LedgerKind.allCases)
  func `corrections of different customers at once are both made`(on kind: LedgerKind) async throws
  {
    let bench = try await SettlementBench(kind)
    try await bench.importCustomers(30)
    _ = try await bench.job().settle(month)
    try await bench.importing(["subscriptions.csv": "1,1,LARGE,2020-01-01,\n2,2,LARGE,2020-01-01,"])
    async let one = bench.job(worker: "a").correct(
      month, customers: [CustomerID(1)], reason: "a", joining: true)
    async let other = bench.job(worker: "b").correct(
      month, customers: [CustomerID(2)], reason: "b", joining: true)
    var done = 0
    do { _ = try await one; done += 1 } catch is RunError {} catch is SettlementError {}
    do { _ = try await other; done += 1 } catch is RunError {} catch is SettlementError {}
    // Each was either made or refused, and never said to be made when it was not.
    let corrected = try await bench.manifest().filter { $0.key.version == 2 }
    #expect(corrected.count == done)
    #expect(done > 0)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a former customer is still owed a refund`(on kind: LedgerKind) async throws {
    let bench = try await SettlementBench(kind)
    try await bench.importing([
      "catalog.yaml": SettlementBench.catalog,
      "customers.csv": """
      1,Name,c@example.com,,5,,Asia/Seoul,ko-KR,email,terminated,2020-01-01,2026-09-30
      2,Name,d@example.com,,5,,Asia/Seoul,ko-KR,email,terminated,2020-01-01,2026-09-30
      """,
      "charges.csv": "R1,1,2026-10-05,refund,Refund,-900,false",
    ])
    _ = try await bench.job().settle(month)
    #expect(try await bench.manifest().map(\.total) == [-900])
  }

  @Test(arguments: LedgerKind.allCases)
  func `a run that dies before any checkpoint ends with the same statements`(on kind: LedgerKind)
    async throws
  {
    let undisturbed = try await SettlementBench(kind)
    try await undisturbed.importCustomers(40)
    _ = try await undisturbed.job().settle(month)
    let expected = try await undisturbed.manifest().map(\.hash)

    for death in 1...4 {
      let bench = try await SettlementBench(kind)
      try await bench.importCustomers(40)
      let dying = DyingStore(bench.store, dyingAtPut: death)
      await #expect(throws: (any Error).self) {
        try await bench.job(store: dying).settle(month)
      }
      // Another machine, with other inputs recorded meanwhile: the cutoff is pinned.
      try await bench.importing(["subscriptions.csv": "1,1,LARGE,2020-01-01,"])
      _ = try await bench.job(worker: "b").settle(month)
      #expect(try await bench.manifest().map(\.hash) == expected)
    }
  }

  @Test(arguments: LedgerKind.allCases)
  func `a statement with another content is never overwritten`(on kind: LedgerKind) async throws {
    let bench = try await SettlementBench(kind)
    try await bench.importCustomers(3)
    let bytes = Array("something else".utf8)
    let key = StatementKey(month: month, customer: CustomerID(2), version: 1)
    try await bench.store.put([
      StoredStatement(key: key, hash: ContentHash(of: bytes), total: 1, bytes: bytes)
    ])
    let error = await #expect(throws: RunError.self) { try await bench.job().settle(month) }
    #expect((error?.cause as? StoreError)?.kind == .conflict)
    #expect(try await bench.store.statements([key]).first?.bytes == bytes)
    #expect(try await bench.manifest().isEmpty)
  }

  @Test(arguments: LedgerKind.allCases)
  func `processes that join share the chunks and settle everybody once`(on kind: LedgerKind)
    async throws
  {
    let bench = try await SettlementBench(kind)
    try await bench.importCustomers(200)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in ["a", "b", "c"] {
        group.addTask { _ = try await bench.job(worker: worker).settle(month, joining: true) }
      }
      try await group.waitForAll()
    }
    #expect(try await bench.manifest().map(\.key.customer.number) == Array(1...200))
    #expect(try await bench.ledger.runs(of: month).count == 1)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a live run refuses a second process`(on kind: LedgerKind) async throws {
    let bench = try await SettlementBench(kind)
    try await bench.importCustomers(5)
    let key = RunKey(job: .settlement, month: month, kind: .regular, sequence: 1)
    _ = try await bench.ledger.open(
      RunRequest(
        key: key, catalogVersion: "c1", programVersion: "test", worker: "other", leaseSeconds: 60,
        steps: ["period", "targets", "settle", "complete"]))
    let error = await #expect(throws: RunError.self) { try await bench.job().settle(month) }
    guard case .held(owner: "other", _) = error?.code else {
      throw Unexpected("\(String(describing: error))")
    }
  }
}

/// A statement store whose process dies right after a put: the statements are there, the checkpoint
/// is not.
private final class DyingStore: StatementStore {
  private let store: any StatementStore
  private let putsLeft: Mutex<Int>

  init(_ store: any StatementStore, dyingAtPut: Int) {
    self.store = store
    putsLeft = Mutex(dyingAtPut)
  }

  func put(_ statements: [StoredStatement]) async throws {
    try await store.put(statements)
    let left = putsLeft.withLock { left in
      left -= 1
      return left
    }
    if left <= 0 { throw CancellationError() }
  }

  func putTargets(_ chunks: [TargetChunk], of run: RunKey) async throws {
    try await store.putTargets(chunks, of: run)
  }

  func targetRanges(of run: RunKey) async throws -> [ChunkRange] {
    try await store.targetRanges(of: run)
  }

  func targets(of run: RunKey, chunk: Int) async throws -> [CustomerID] {
    try await store.targets(of: run, chunk: chunk)
  }

  func statements(_ keys: [StatementKey]) async throws -> [StoredStatement] {
    try await store.statements(keys)
  }

  func digests(
    of month: BillingMonth, customers: ClosedRange<CustomerID>
  ) async throws -> [StatementDigest] {
    try await store.digests(of: month, customers: customers)
  }
}
