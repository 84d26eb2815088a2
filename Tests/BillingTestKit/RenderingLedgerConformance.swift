package import Audit
package import Billing
package import Rendering
import Runs
package import Settlement
import Testing

/// A customer as the rendering ledger's suite needs them recorded.
package struct RecordedCustomer: Hashable, Sendable {
  package var id: CustomerID
  package var channels: [Channel]
  package var hasEmail: Bool
  package var hasPhone: Bool
  package var quietMask: UInt16
  package var timeZone: String
  package var sendDay: Int

  package init(
    _ id: Int64, channels: [Channel] = [.email, .sms], hasEmail: Bool = true,
    hasPhone: Bool = true, quietMask: UInt16 = 0, timeZone: String = "Asia/Seoul",
    sendDay: Int = 5
  ) {
    self.id = CustomerID(id)
    self.channels = channels
    self.hasEmail = hasEmail
    self.hasPhone = hasPhone
    self.quietMask = quietMask
    self.timeZone = timeZone
    self.sendDay = sendDay
  }
}

/// What a ledger's tests do to it behind its ports.
package protocol RenderingLedgerAccess: Sendable {
  /// The customers' current rows, in place of any that are there.
  func record(_ customers: [RecordedCustomer]) async throws
  /// Puts a delivery into a state, as dispatch and delivery would have.
  func put(_ delivery: DeliveryKey, into state: DeliveryState, begun: Bool) async throws
  func zones() async throws -> [String]
}

/// What every ledger promises to Job 2, one function a promise.
package struct RenderingLedgerConformance: Sendable {
  package typealias Ledger = RenderingLedger & SettlementLedger & AuditLedger

  private let ledger: any Ledger
  private let access: any RenderingLedgerAccess
  private let clock: TestClock

  package init(ledger: any Ledger, access: any RenderingLedgerAccess, clock: TestClock) {
    self.ledger = ledger
    self.access = access
    self.clock = clock
  }

  private static let month = BillingMonth(year: 2026, month: 10)!

  // MARK: Policies

  /// A draft may change, an active version never; activating one retires the other.
  package func versionsStayOnceActive() async throws {
    #expect(try await ledger.activePolicy() == nil)
    #expect(try await ledger.apply(.first, activating: true) == .activated)
    #expect(try await ledger.apply(.first, activating: true) == .unchanged)
    #expect(try await ledger.activePolicy() == .first)
    #expect(Set(try await ledger.templates(1)) == Set(BillTemplate.first))
    var changed = PolicySet.first
    changed.policy.dueDay = 1
    #expect(
      try await ledger.apply(changed, activating: false) == .refused(.policyIsImmutable(version: 1))
    )
    changed.policy.version = 2
    changed.templates[0].body += "x"
    #expect(
      try await ledger.apply(changed, activating: true)
        == .refused(.templateIsImmutable(name: changed.templates[0].name, version: 1)))
    #expect(try await ledger.policy(2) == nil)
    try await draftsMayChange(changed)
  }

  private func draftsMayChange(_ set: PolicySet) async throws {
    var set = set
    set.policy.templateVersion = 2
    for position in set.templates.indices { set.templates[position].version = 2 }
    #expect(try await ledger.apply(set, activating: false) == .stored)
    #expect(try await ledger.activePolicy() == .first)
    set.policy.dueDay = 9
    set.templates[0].body += "y"
    #expect(try await ledger.apply(set, activating: false) == .stored)
    #expect(try await ledger.apply(set, activating: false) == .unchanged)
    #expect(try await ledger.apply(set, activating: true) == .activated)
    #expect(try await ledger.activePolicy() == set.policy)
    #expect(Set(try await ledger.templates(2)) == Set(set.templates))
    #expect(
      try await ledger.apply(.first, activating: true) == .refused(.policyIsRetired(version: 1)))
    #expect(try await ledger.policy(1) == .first)
  }

  // MARK: Bills

  /// Chunks cover a selection without gaps, in equal parts.
  package func chunksCoverTheSelection() async throws {
    let run = try await settle((1...25).map { ($0 * 3, 1) })
    let selection = RenderingSelection.madeBy(run: run.id, month: Self.month)
    let chunks = try await ledger.chunkRanges(of: selection, size: 10)
    #expect(chunks.map(\.items) == [10, 10, 5])
    #expect(chunks.map(\.lower.number) == [3, 33, 63])
    #expect(chunks.map(\.upper.number) == [30, 60, 75])
    let second = try await ledger.statements(
      of: selection, customers: chunks[1].lower...chunks[1].upper, cutoff: 0)
    #expect(second.map(\.key.customer.number) == Array(stride(from: 33, through: 60, by: 3)))
    #expect(second.allSatisfy { $0.total == $0.key.customer.number * 10 })
  }

  /// The latest selection takes each customer's highest version of the runs before it.
  package func latestSelection() async throws {
    _ = try await settle([(1, 1), (2, 1), (3, 1)])
    let correction = try await settle([(2, 2)], kind: .correction)
    let before = RenderingSelection.latest(month: Self.month, beforeRun: correction.id)
    let after = RenderingSelection.latest(month: Self.month, beforeRun: correction.id + 1)
    let all = CustomerID(1)...CustomerID(3)
    #expect(
      try await ledger.statements(of: before, customers: all, cutoff: 0).map(\.key.version)
        == [1, 1, 1])
    #expect(
      try await ledger.statements(of: after, customers: all, cutoff: 0).map(\.key.version)
        == [1, 2, 1])
    let latest = try await ledger.latestStatement(of: CustomerID(2), month: Self.month)
    #expect(latest?.key.version == 2)
    #expect(try await ledger.latestStatement(of: CustomerID(9), month: Self.month) == nil)
  }

  /// A checkpoint writes its bills once, under the chunk's fence, and never other ones over them.
  package func billsAreCommittedUnderTheFence() async throws {
    let run = try await settle([(1, 1), (2, 1)])
    let selection = RenderingSelection.madeBy(run: run.id, month: Self.month)
    #expect(try await ledger.lacksBills(of: Self.month, by: .first))
    let (hold, stale) = try await claimed(selection)
    clock.advance(seconds: 61)
    guard
      case .claimed(let chunk) = try await ledger.claimChunk(step: 0, under: hold, leaseSeconds: 60)
    else { throw Unexpected("an expired chunk was not free") }
    let bills = rows([1, 2], content: "a")
    #expect(try await ledger.commit(checkpoint(stale, bills)) == .lost)
    let all = CustomerID(1)...CustomerID(2)
    let nothing = try await ledger.reconcile(selection, customers: all, policy: .first)
    #expect(nothing == BillReconciliation(statements: 2, sum: 30, bills: 0, incomplete: 2))
    #expect(try await ledger.commit(checkpoint(chunk, bills)) == .committed)
    #expect(try await ledger.commit(checkpoint(chunk, bills)) == .lost)
    let complete = try await ledger.reconcile(selection, customers: all, policy: .first)
    #expect(complete == BillReconciliation(statements: 2, sum: 30, bills: 4, incomplete: 0))
    #expect(try await ledger.lacksBills(of: Self.month, by: .first) == false)
    var next = DeliveryPolicy.first
    next.version = 2
    #expect(try await ledger.lacksBills(of: Self.month, by: next))
  }

  /// A bill that is recorded already with another content stops the chunk, which stays open.
  package func recordedBillsAreNotReplaced() async throws {
    let run = try await settle([(1, 1), (2, 1)])
    let selection = RenderingSelection.madeBy(run: run.id, month: Self.month)
    let (_, first) = try await claimed(selection)
    #expect(try await ledger.commit(checkpoint(first, rows([1], content: "a"))) == .committed)
    let (_, second) = try await claimed(selection, sequence: 2)
    await #expect(throws: StoreError.self) {
      try await ledger.commit(checkpoint(second, rows([1, 2], content: "b")))
    }
    let left = try await ledger.reconcile(
      selection, customers: CustomerID(1)...CustomerID(2), policy: .first)
    #expect(left.bills == 2)
    #expect(try await ledger.commit(checkpoint(second, rows([1, 2], content: "a"))) == .committed)
  }

  /// What a due date is decided by comes from the customer as recorded up to a cutoff.
  package func statementsComeWithTheirCustomers() async throws {
    try await access.record([
      RecordedCustomer(1, sendDay: 31), RecordedCustomer(2, timeZone: "America/New_York"),
    ])
    let run = try await settle([(1, 1), (2, 1), (3, 1)])
    let selection = RenderingSelection.madeBy(run: run.id, month: Self.month)
    let all = CustomerID(1)...CustomerID(3)
    let found = try await ledger.statements(of: selection, customers: all, cutoff: 0)
    #expect(found.map(\.sendDay) == [31, 5, nil])
    #expect(found.map(\.timeZone) == ["Asia/Seoul", "America/New_York", ""])
    let before = try await ledger.statements(of: selection, customers: all, cutoff: -1)
    #expect(before.map(\.sendDay) == [nil, nil, nil])
    #expect(before.map(\.key) == found.map(\.key))
    let latest = try await ledger.latestStatement(of: CustomerID(1), month: Self.month)
    #expect(latest?.sendDay == 31)
  }

  /// A bill is read back as it was recorded, and only with its whole identity.
  package func billsAreReadBack() async throws {
    let run = try await settle([(1, 1), (2, 1)])
    let selection = RenderingSelection.madeBy(run: run.id, month: Self.month)
    let (_, chunk) = try await claimed(selection)
    var bills = rows([1, 2], content: "a")
    for position in bills.indices.dropLast(2) {
      bills[position].dueDate = CalendarDay("2026-12-07")!
    }
    #expect(try await ledger.commit(checkpoint(chunk, bills)) == .committed)
    for bill in bills {
      #expect(try await ledger.bill(bill.key) == bill)
      var other = bill.key
      other.issue = 2
      #expect(try await ledger.bill(other) == nil)
      #expect(
        try await ledger.latestBill(
          of: bill.key.statement, by: .first, channel: bill.key.channel) == bill)
    }
    let listed = try await ledger.bills(of: Self.month, after: nil, limit: 3)
    let rest = try await ledger.bills(of: Self.month, after: listed.last?.key, limit: 3)
    #expect(Set(listed + rest) == Set(bills) && rest.count == 1)
  }

  /// A delivery takes its due date from the bill that the run made, and waits for the next issue
  /// where the customer's send day was moved past that since.
  package func deliveriesTakeTheDueDate() async throws {
    try await access.record([
      RecordedCustomer(1, sendDay: 5), RecordedCustomer(2, sendDay: 28), RecordedCustomer(3),
    ])
    let run = try await settle([(1, 1), (2, 1), (3, 1)])
    let selection = RenderingSelection.madeBy(run: run.id, month: Self.month)
    let (_, chunk) = try await claimed(selection)
    var bills = rows([1, 2, 3], content: "a")
    for position in bills.indices.dropLast(2) {
      bills[position].dueDate = CalendarDay("2026-11-25")!
    }
    #expect(try await ledger.commit(checkpoint(chunk, bills)) == .committed)
    try await makeDeliveries(selection, sequence: 2)
    let first = try await life(1)
    #expect(first.issue == 1 && first.dueDate?.description == "2026-11-25")
    let moved = try await life(2)
    #expect(moved.issue == 2 && moved.dueDate?.description == "2026-12-05")
    #expect(try await life(3).dueDate == nil)
    let awaited = try await ledger.awaitedIssues(after: nil, limit: 10)
    #expect(awaited.map(\.delivery) == [key(2)])
    // A correction's bill is a first issue again.
    let correction = try await settle([(2, 2)], kind: .correction)
    try await makeDeliveries(
      .madeBy(run: correction.id, month: Self.month), kind: .correction)
    #expect(try await life(2).version == 2)
    #expect(try await life(2).issue == 1)
    #expect(try await ledger.awaitedIssues(after: nil, limit: 10).isEmpty)
  }

  // MARK: Deliveries

  /// What a send must check is copied from the customer; who cannot be told is suppressed with the
  /// reason.
  package func deliveriesCopyTheCustomer() async throws {
    try await access.record([
      RecordedCustomer(1, quietMask: 3, sendDay: 31),
      RecordedCustomer(2, channels: [.sms, .email], timeZone: "America/New_York"),
      RecordedCustomer(3, channels: []), RecordedCustomer(4, channels: [.sms], hasPhone: false),
      RecordedCustomer(5, quietMask: 0xFFF), RecordedCustomer(6, hasEmail: false),
    ])
    let run = try await settle((1...6).map { ($0, 1) })
    try await makeDeliveries(.madeBy(run: run.id, month: Self.month))
    let first = try await life(1)
    #expect(first.state == .planned)
    #expect(first.quietSlots.mask == 3)
    #expect(first.channels == [.email, .sms])
    // The last day of November begins in Seoul at 15:00 UTC the day before.
    #expect(first.dueAt.description == "2026-11-29T15:00:00Z")
    #expect(first.nextAt == first.dueAt)
    #expect(first.entries.map(\.state) == [.planned])
    #expect(first.entries.map(\.at) == [clock.now()])
    let second = try await life(2)
    #expect(second.channels == [.sms, .email])
    #expect(second.dueAt.description == "2026-11-05T05:00:00Z")
    for (customer, reason) in [(3, "optedOut"), (4, "noContact"), (5, "noSlot")] {
      let delivery = try await life(Int64(customer))
      #expect(delivery.state == .suppressed)
      #expect(delivery.reason == reason)
    }
    #expect(try await life(6).channels == [.sms])
    #expect(Set(try await access.zones()) == ["Asia/Seoul", "America/New_York"])
  }

  /// A chunk whose fence has moved on makes nothing, and done chunks make nothing twice.
  package func deliveriesAreMadeOnce() async throws {
    try await access.record([RecordedCustomer(1)])
    let run = try await settle([(1, 1)])
    let selection = RenderingSelection.madeBy(run: run.id, month: Self.month)
    let (hold, stale) = try await claimed(selection)
    clock.advance(seconds: 61)
    guard
      case .claimed(let chunk) = try await ledger.claimChunk(step: 0, under: hold, leaseSeconds: 60)
    else { throw Unexpected("an expired chunk was not free") }
    #expect(try await ledger.makeDeliveries(request(stale, selection)) == .lost)
    #expect(try await ledger.deliveries(of: CustomerID(1)).isEmpty)
    #expect(try await ledger.makeDeliveries(request(chunk, selection)) == .committed)
    #expect(try await ledger.makeDeliveries(request(chunk, selection)) == .lost)
    try await makeDeliveries(selection, sequence: 2)
    #expect(try await ledger.deliveries(of: CustomerID(1)) == [key(1)])
    #expect(try await life(1).entries.count == 1)
  }

  /// A correction moves what has not begun, whoever had it, and makes a new delivery beside what
  /// has.
  package func correctionsMoveOrFollow() async throws {
    let states: [(DeliveryState, begun: Bool, moves: Bool)] = [
      (.planned, false, true), (.queued, false, true), (.claimed, false, true),
      (.held, false, true), (.planned, true, false), (.sending, true, false),
      (.uncertain, true, false), (.accepted, true, false), (.failed, true, false),
    ]
    let customers = states.indices.map { Int64($0 + 1) }
    try await access.record(customers.map { RecordedCustomer($0) })
    let run = try await settle(customers.map { ($0, 1) })
    try await makeDeliveries(.madeBy(run: run.id, month: Self.month))
    for (customer, state) in zip(customers, states) {
      try await access.put(key(customer), into: state.0, begun: state.begun)
    }
    let correction = try await settle(customers.map { ($0, 2) }, kind: .correction)
    let selection = RenderingSelection.madeBy(run: correction.id, month: Self.month)
    try await makeDeliveries(selection, kind: .correction)
    for (customer, state) in zip(customers, states) {
      try await expect(customer, moves: state.moves, from: state.0)
    }
    // The next one moves the corrections that have not begun.
    let again = try await settle(customers.map { ($0, 3) }, kind: .correction, sequence: 2)
    try await makeDeliveries(
      .madeBy(run: again.id, month: Self.month), kind: .correction, sequence: 2)
    for (customer, state) in zip(customers, states) {
      let correction = key(customer, .correction)
      let moved = try await life(customer, state.moves ? .bill : .correction)
      #expect(moved.version == 3)
      #expect(
        try await ledger.deliveries(of: CustomerID(customer))
          == (state.moves ? [key(customer)] : [key(customer), correction]))
    }
  }

  private func expect(_ customer: Int64, moves: Bool, from state: DeliveryState) async throws {
    let old = try await life(customer)
    if moves {
      #expect(old.version == 2, "\(state)")
      #expect(old.state == (state == .held ? .held : .planned), "\(state)")
      #expect(old.entries.last?.generation == 2, "\(state)")
      #expect(try await ledger.deliveries(of: CustomerID(customer)) == [key(customer)])
    } else {
      #expect(old.version == 1, "\(state)")
      #expect(old.state == state)
      let new = try await life(customer, .correction)
      #expect(new.version == 2)
      #expect(new.state == .planned)
    }
  }

  /// Bills made again by another policy go with what has not begun; what was sent stays as it is.
  package func newBillsMoveWhatHasNotBegun() async throws {
    try await access.record([
      RecordedCustomer(1), RecordedCustomer(2), RecordedCustomer(3, hasEmail: false),
    ])
    let run = try await settle([(1, 1), (2, 1), (3, 1)])
    try await makeDeliveries(.madeBy(run: run.id, month: Self.month))
    try await access.put(key(2), into: .accepted, begun: true)
    var policy = DeliveryPolicy.first
    policy.version = 2
    policy.channels = ["email"]
    let selection = RenderingSelection.latest(month: Self.month, beforeRun: .max)
    try await makeDeliveries(selection, policy: policy, sequence: 2)
    let moved = try await life(1)
    #expect(moved.channels == [.email])
    #expect(moved.entries.map(\.generation) == [1, 2])
    #expect(try await life(2).entries.count == 1)
    #expect(try await ledger.deliveries(of: CustomerID(2)) == [key(2)])
    let unreachable = try await life(3)
    #expect(unreachable.state == .suppressed)
    #expect(unreachable.reason == "noContact")
    // Done again it changes nothing more.
    try await makeDeliveries(selection, policy: policy, sequence: 3)
    #expect(try await life(1).entries.count == 2)
  }
}

extension RenderingLedgerConformance {
  // MARK: Arranging

  private func settle(
    _ statements: [(Int64, Int)], kind: RunKind = .regular, sequence: Int = 1
  ) async throws -> RunRecord {
    try await SettledMonth(ledger: ledger, store: nil).settle(
      statements.map { customer, version in
        Statement(
          month: Self.month, customer: CustomerID(customer), version: version, customerName: "",
          locale: .english, currency: Currency(code: "KRW")!, catalogVersion: "c", lines: [],
          tax: StatementTax(mode: .inclusive, rate: .zero, taxable: 0),
          totals: StatementTotals(
            charges: 0, discounts: 0, tax: 0, rounding: 0, total: customer * 10))
      }, kind: kind, sequence: sequence)
  }

  private func claimed(
    _ selection: RenderingSelection, kind: RunKind = .regular, sequence: Int = 1
  ) async throws -> (RunHold, ClaimedChunk) {
    let opening = try await ledger.open(
      RunRequest(
        key: RunKey(job: .rendering, month: Self.month, kind: kind, sequence: sequence),
        policyVersion: 1, templateVersion: 1, programVersion: "test", worker: "a",
        leaseSeconds: 600, steps: ["only"]))
    guard case .started(let hold) = opening else { throw Unexpected("the run was there already") }
    let chunks = try await ledger.chunkRanges(of: selection, size: 100)
    _ = try await ledger.start(step: 0, expected: nil, chunks: chunks, under: hold)
    guard
      case .claimed(let chunk) = try await ledger.claimChunk(step: 0, under: hold, leaseSeconds: 60)
    else { throw Unexpected("no chunk was free") }
    return (hold, chunk)
  }

  private func makeDeliveries(
    _ selection: RenderingSelection, policy: DeliveryPolicy = .first, kind: RunKind = .regular,
    sequence: Int = 1
  ) async throws {
    let (_, chunk) = try await claimed(selection, kind: kind, sequence: sequence)
    let outcome = try await ledger.makeDeliveries(
      DeliveriesRequest(chunk: chunk, selection: selection, policy: policy))
    #expect(outcome == .committed)
  }

  private func request(
    _ chunk: ClaimedChunk, _ selection: RenderingSelection
  ) -> DeliveriesRequest {
    DeliveriesRequest(chunk: chunk, selection: selection, policy: .first)
  }

  private func rows(_ customers: [Int64], content: String) -> [BillRow] {
    customers.flatMap { customer in
      Channel.allCases.map { channel in
        BillRow(
          key: BillKey(
            statement: StatementKey(
              month: Self.month, customer: CustomerID(customer), version: 1),
            policy: 1, template: 1, channel: channel),
          dueDate: nil, size: 1, sha256: ContentHash(of: Array(content.utf8)))
      }
    }
  }

  private func checkpoint(_ chunk: ClaimedChunk, _ bills: [BillRow]) -> RenderingCheckpoint {
    RenderingCheckpoint(
      chunk: chunk,
      totals: ChunkTotals(
        count: Int64(bills.count / 2), sum: 0, hash: ContentHash(of: []), parked: 0),
      bills: bills)
  }

  private func key(_ customer: Int64, _ kind: DeliveryKind = .bill) -> DeliveryKey {
    DeliveryKey(month: Self.month, customer: CustomerID(customer), kind: kind, sequence: 1)
  }

  private func life(
    _ customer: Int64, _ kind: DeliveryKind = .bill
  ) async throws -> DeliveryLife {
    guard let life = try await ledger.life(of: key(customer, kind)) else {
      throw Unexpected("\(key(customer, kind)) is not there")
    }
    return life
  }
}
