import Audit
import Billing
import BillingTestKit
import EmbeddedStore
import LedgerTestKit
import Logging
import Rendering
import Runs
import Testing

@Suite("Job 2")
struct RenderingJobTests {
  /// A ledger of either kind, the stores and a job on them.
  private struct Stage {
    private let testLedger: TestLedger
    let clock = TestClock()
    let statements: EmbeddedStatementStore
    let store: DirectoryBillStore
    let folder: TestFolder
    let month = SampleStatements.month

    var ledger: any StageLedger { testLedger.ports }
    var rows: any LedgerRows { testLedger.rows }
    var now: Timestamp { clock.now() }

    init(_ kind: LedgerKind) async throws {
      testLedger = try await kind.open(clock: clock)
      statements = EmbeddedStatementStore(database: try Database(path: ":memory:"))
      folder = try TestFolder()
      store = try DirectoryBillStore(path: folder.file("bills"))
      try await statements.migrate()
      _ = try await PolicyAdministration(ledger: ledger).installFirstPolicy()
    }

    func job(store other: (any BillStore)? = nil, worker: String = "a") -> RenderingJob {
      RenderingJob(
        ledger: ledger, statements: statements, store: other ?? store, clock: SystemClock(),
        settings: RenderingSettings(
          run: RunSettings(worker: worker, programVersion: "test", workers: 2, backoffSeconds: 0),
          chunkSize: 7, batchSize: 3),
        progress: SilentProgress(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func settle(
      _ customers: some Sequence<Int>, version: Int = 1, kind: RunKind = .regular,
      sequence: Int = 1, completing: Bool = true
    ) async throws {
      let statements = customers.map { number in
        var statement =
          number.isMultiple(of: 2) ? SampleStatements.american() : SampleStatements.family()
        statement.customer = CustomerID(Int64(number))
        statement.version = version
        return statement
      }
      try await rows.record(statements.map { RecordedCustomer($0.customer.number) })
      _ = try await SettledMonth(ledger: ledger, store: self.statements).settle(
        statements, kind: kind, sequence: sequence, completing: completing)
    }

    func key(
      _ customer: Int, version: Int = 1, issue: Int = 1, policy: Int = 1, template: Int = 1,
      channel: Channel = .email
    ) -> BillKey {
      BillKey(
        statement: StatementKey(
          month: month, customer: CustomerID(Int64(customer)), version: version),
        issue: issue, policy: policy, template: template, channel: channel)
    }

    func delivery(_ customer: Int, _ kind: DeliveryKind = .bill) -> DeliveryKey {
      DeliveryKey(month: month, customer: CustomerID(Int64(customer)), kind: kind, sequence: 1)
    }
  }

  @Test(arguments: LedgerKind.allCases)
  func `every statement gets a bill of every channel, and then a delivery`(on kind: LedgerKind)
    async throws
  {
    let stage = try await Stage(kind)
    try await stage.settle(1...20)
    let runs = try await stage.job().render(stage.month)
    #expect(runs.map(\.status) == [.completed])
    #expect(runs[0].pins.policyVersion == 1 && runs[0].pins.templateVersion == 1)
    #expect(try await stage.rows.count("bills") == 40)
    #expect(try await stage.rows.count("deliveries") == 20)
    let steps = try await stage.ledger.steps(of: runs[0].id)
    #expect(steps.map(\.name) == ["check", "templates", "bills", "complete", "deliveries"])
    #expect(steps[2].chunks == 3 && steps[2].actual?.count == 20)
    let content = try #require(try await stage.store.contents(of: [stage.key(5)])[0])
    let html = String(decoding: try #require(Gzip.decompress(content)), as: UTF8.self)
    #expect(html.contains("2026-10-5-1"))
  }

  @Test(arguments: LedgerKind.allCases)
  func `a completed month is left alone`(on kind: LedgerKind) async throws {
    let stage = try await Stage(kind)
    try await stage.settle(1...20)
    let first = try await stage.job().render(stage.month)
    let deliveries = try await stage.rows.count("delivery_log")
    #expect(try await stage.job(worker: "b").render(stage.month).isEmpty)
    #expect(try await stage.job(worker: "b").renderByActivePolicy(stage.month).isEmpty)
    #expect(try await stage.ledger.run(first[0].key) == first[0])
    #expect(try await stage.rows.count("delivery_log") == deliveries)
  }

  @Test(arguments: LedgerKind.allCases)
  func `before the settlement is completed nothing is written`(on kind: LedgerKind) async throws {
    let stage = try await Stage(kind)
    await #expect(throws: RenderingError.notSettled(stage.month)) {
      try await stage.job().render(stage.month)
    }
    try await stage.settle(1...3, completing: false)
    await #expect(throws: RenderingError.notSettled(stage.month)) {
      try await stage.job().render(stage.month)
    }
    #expect(try await stage.ledger.runs(of: stage.month).map(\.key.job) == [.settlement])
  }

  @Test(arguments: LedgerKind.allCases)
  func `a run that was interrupted ends with the same bills`(on kind: LedgerKind) async throws {
    let plain = try await Stage(kind)
    try await plain.settle(1...20)
    let whole = try await plain.job().render(plain.month)
    let stage = try await Stage(kind)
    try await stage.settle(1...20)
    let failing = FailingBillStore(store: stage.store, puts: 3)
    await #expect(throws: RunError.self) {
      try await stage.job(store: failing).render(stage.month)
    }
    #expect(try await stage.rows.count("deliveries") == 0)
    let runs = try await stage.job(worker: "b").render(stage.month)
    #expect(runs.map(\.status) == [.completed])
    #expect(runs[0].seal == whole[0].seal)
    #expect(try await stage.rows.count("bills") == 40)
    #expect(try await stage.rows.count("deliveries") == 20)
  }

  @Test(arguments: LedgerKind.allCases)
  func `something else where a bill is to be stops the run and is left alone`(on kind: LedgerKind)
    async throws
  {
    let stage = try await Stage(kind)
    try await stage.settle(1...3)
    let other = Bill(key: stage.key(2), content: [1, 2, 3])
    _ = try await stage.store.put([other])
    await #expect(throws: RunError.self) { try await stage.job().render(stage.month) }
    #expect(try await stage.store.contents(of: [other.key]) == [[1, 2, 3]])
    #expect(try await stage.rows.count("deliveries") == 0)
  }

  @Test(arguments: LedgerKind.allCases)
  func `supplements and corrections get runs of their kind and sequence`(on kind: LedgerKind)
    async throws
  {
    let stage = try await Stage(kind)
    try await stage.settle(1...5)
    _ = try await stage.job().render(stage.month)
    try await stage.settle([7, 8], kind: .supplement)
    try await stage.settle([2, 3], version: 2, kind: .correction)
    try await stage.rows.put(stage.delivery(3), into: .accepted, begun: true)
    let runs = try await stage.job().render(stage.month)
    #expect(
      runs.map(\.key.description) == [
        "rendering:2026-10:supplement:1", "rendering:2026-10:correction:1",
      ])
    #expect(try await stage.rows.count("bills") == 18)
    #expect(try await stage.ledger.deliveries(of: CustomerID(7)) == [stage.delivery(7)])
    #expect(try await stage.ledger.life(of: stage.delivery(2))?.version == 2)
    #expect(
      try await stage.ledger.deliveries(of: CustomerID(3))
        == [stage.delivery(3), stage.delivery(3, .correction)])
    // The old bill stays readable.
    let both = try await stage.store.contents(of: [stage.key(3), stage.key(3, version: 2)])
    #expect(both.allSatisfy { $0 != nil } && both[0] != both[1])
  }

  @Test(arguments: LedgerKind.allCases)
  func `an open correction does not hold up the others' bills`(on kind: LedgerKind) async throws {
    let stage = try await Stage(kind)
    try await stage.settle(1...3)
    try await stage.settle([2], version: 2, kind: .correction, completing: false)
    await #expect(
      throws: RenderingError.settlementOpen(stage.month, run: "settlement:2026-10:correction:1")
    ) {
      try await stage.job().render(stage.month)
    }
    #expect(try await stage.rows.count("bills") == 6)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a month rendered by a new policy has bills of its own, and sends nothing twice`(
    on kind: LedgerKind
  )
    async throws
  {
    let stage = try await Stage(kind)
    try await stage.settle(1...10)
    _ = try await stage.job().render(stage.month)
    try await stage.rows.put(stage.delivery(4), into: .accepted, begun: true)
    var set = PolicySet.first
    set.policy.version = 2
    set.policy.templateVersion = 2
    for position in set.templates.indices {
      set.templates[position].version = 2
      set.templates[position].body += "!"
    }
    #expect(try await stage.ledger.apply(set, activating: true) == .activated)
    #expect(try await stage.job().render(stage.month).isEmpty)
    let runs = try await stage.job().renderByActivePolicy(stage.month)
    #expect(runs.map(\.key.description) == ["rendering:2026-10:regular:2"])
    #expect(try await stage.rows.count("bills") == 40)
    #expect(try await stage.rows.count("deliveries") == 10)
    let life = try #require(try await stage.ledger.life(of: stage.delivery(5)))
    #expect(life.entries.last?.generation == 2)
    #expect(try await stage.ledger.life(of: stage.delivery(4))?.entries.count == 1)
    #expect(try await stage.store.contents(of: [stage.key(5, policy: 2, template: 2)])[0] != nil)
    #expect(try await stage.job().renderByActivePolicy(stage.month).isEmpty)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a bill that a correction had by the new policy keeps its due date`(on kind: LedgerKind)
    async throws
  {
    let stage = try await Stage(kind)
    try await stage.settle(1...10)
    _ = try await stage.job().render(stage.month)
    var set = PolicySet.first
    set.policy.version = 2
    set.templates = []
    #expect(try await stage.ledger.apply(set, activating: true) == .activated)
    stage.clock.advance(seconds: 20 * 86_400)
    try await stage.settle([3, 9], version: 2, kind: .correction)
    _ = try await stage.job().render(stage.month)
    let key = stage.key(3, version: 2, policy: 2)
    let before = try #require(try await stage.ledger.bill(key))
    stage.clock.advance(seconds: 2 * 86_400)
    let runs = try await stage.job().renderByActivePolicy(stage.month)
    #expect(runs.map(\.key.description) == ["rendering:2026-10:regular:2"])
    #expect(try await stage.ledger.bill(key) == before)
    let others = try #require(try await stage.ledger.bill(stage.key(5, policy: 2)))
    let (earlier, later) = (try #require(before.dueDate), try #require(others.dueDate))
    #expect(earlier < later, "each is dated by the day on which it was first made")
    #expect(try await stage.job().renderByActivePolicy(stage.month).isEmpty)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a lost bill is made again, byte for byte, by the versions of its key`(on kind: LedgerKind)
    async throws
  {
    let stage = try await Stage(kind)
    try await stage.settle(1...4)
    _ = try await stage.job().render(stage.month)
    var set = PolicySet.first
    set.policy.version = 2
    set.policy.masksNames = false
    set.templates = []
    _ = try await stage.ledger.apply(set, activating: true)
    let pinned = PinnedBills(ledger: stage.ledger, statements: stage.statements)
    for channel in Channel.allCases {
      let key = stage.key(3, channel: channel)
      let stored = try await stage.store.contents(of: [key])[0]
      #expect(try await pinned.bill(key)?.content == stored)
    }
    #expect(try await pinned.bill(stage.key(99)) == nil)
    #expect(try await pinned.bill(stage.key(3, policy: 9)) == nil)
    #expect(try await pinned.bill(stage.key(3, issue: 2)) == nil)
    #expect(try await pinned.bill(stage.key(3, template: 5)) == nil)
  }

  @Test(arguments: LedgerKind.allCases)
  func `a preview is the bill, with nothing stored`(on kind: LedgerKind) async throws {
    let stage = try await Stage(kind)
    try await stage.settle(1...4)
    let preview = BillPreview(ledger: stage.ledger, statements: stage.statements)
    let email = try await preview.bill(of: CustomerID(3), month: stage.month, at: stage.now)
    let sms = try await preview.bill(
      of: CustomerID(4), month: stage.month, at: stage.now, channel: .sms)
    #expect(try await stage.rows.count("bills") == 0)
    #expect(sms.text == "[Garam Telecom] Your October bill is $101.58, due Nov 25. Customer no. 4")
    let own = try await preview.bill(
      of: CustomerID(3), month: stage.month, at: stage.now, body: "{{customerNumber}}: {{total}}")
    #expect(own.text == "3: 275,590원")
    _ = try await stage.job().render(stage.month)
    let stored = try await stage.store.contents(of: [email.bill.key, sms.bill.key])
    #expect(stored == [email.bill.content, sms.bill.content])
    await #expect(throws: TemplateError.self) {
      try await preview.bill(
        of: CustomerID(3), month: stage.month, at: stage.now, body: "{{nobody}}")
    }
    await #expect(throws: RenderingError.noStatement(stage.month, customer: CustomerID(50))) {
      try await preview.bill(of: CustomerID(50), month: stage.month, at: stage.now)
    }
  }
}

/// Stores a number of batches, then fails for good.
private actor FailingBillStore: BillStore {
  private let store: DirectoryBillStore
  private var putsLeft: Int

  init(store: DirectoryBillStore, puts: Int) {
    self.store = store
    putsLeft = puts
  }

  func put(_ bills: [Bill]) async throws -> [BillPutOutcome] {
    putsLeft -= 1
    guard putsLeft >= 0 else {
      throw StoreError(.full, operation: "store a bill", detail: "no space left")
    }
    return try await store.put(bills)
  }

  func makeDurable() async throws { try await store.makeDurable() }

  func contents(of keys: [BillKey]) async throws -> [[UInt8]?] {
    try await store.contents(of: keys)
  }

  func list(
    _ month: BillingMonth, _ body: @Sendable ([StoredBill]) throws -> Void
  ) async throws {
    try await store.list(month, body)
  }

  func delete(_ keys: [BillKey]) async throws { try await store.delete(keys) }
}
