import Billing
package import Rendering
import Testing

/// What every bill store promises, one function a promise.
package struct BillStoreConformance: Sendable {
  private let store: any BillStore

  package init(store: any BillStore) {
    self.store = store
  }

  private static let month = BillingMonth(year: 2026, month: 10)!

  private func bill(
    _ customer: Int64, _ content: String, version: Int = 1, policy: Int = 1,
    channel: Channel = .sms
  ) -> Bill {
    Bill(
      key: BillKey(
        statement: StatementKey(
          month: Self.month, customer: CustomerID(customer), version: version),
        policy: policy, template: 1, channel: channel),
      content: Array(content.utf8))
  }

  /// What was put comes back, in the order asked; what was not is nothing.
  package func putAndGet() async throws {
    let bills = (1...600).map { bill(Int64($0), "bill of \($0)") }
    #expect(try await store.put(bills) == bills.map { _ in .stored })
    try await store.makeDurable()
    let keys = [bill(9999, "").key] + bills.reversed().map(\.key)
    let contents = try await store.contents(of: keys)
    #expect(contents == [nil] + bills.reversed().map { .some($0.content) })
  }

  /// Putting the same again changes nothing and says so.
  package func sameAgain() async throws {
    let bills = [bill(1, "one"), bill(2, "two", channel: .email)]
    _ = try await store.put(bills)
    #expect(
      try await store.put(bills + [bill(3, "three")]) == [.alreadyThere, .alreadyThere, .stored])
  }

  /// Something else under the same key is a conflict and is left alone.
  package func neverOverwritten() async throws {
    _ = try await store.put([bill(1, "first")])
    #expect(try await store.put([bill(1, "other")]) == [.conflict])
    #expect(try await store.put([bill(1, "first and more")]) != [.alreadyThere])
    #expect(try await store.contents(of: [bill(2, "").key]) == [nil])
    _ = try await store.put([bill(5, "longer than the next")])
    #expect(try await store.put([bill(5, "short")]) == [.conflict])
    #expect(try await store.contents(of: [bill(5, "").key]) == [Array("longer than the next".utf8)])
  }

  /// Versions, policies and channels lie under paths of their own.
  package func versionsNeverMix() async throws {
    let bills = [
      bill(1, "a"), bill(1, "b", version: 2), bill(1, "c", policy: 2),
      bill(1, "d", channel: .email),
    ]
    #expect(try await store.put(bills) == bills.map { _ in .stored })
    #expect(try await store.contents(of: bills.map(\.key)) == bills.map(\.content))
  }

  /// Several writers of the same bills: each is stored once, and nobody is told of a conflict.
  package func concurrentPuts() async throws {
    let bills = (1...200).map { bill(Int64($0), "bill of \($0)") }
    let outcomes = try await withThrowingTaskGroup(of: [BillPutOutcome].self) { group in
      for _ in 0..<4 { group.addTask { try await store.put(bills) } }
      return try await group.reduce(into: [[BillPutOutcome]]()) { $0.append($1) }
    }
    for position in bills.indices {
      let each = outcomes.map { $0[position] }
      #expect(each.count { $0 == .stored } == 1)
      #expect(each.count { $0 == .alreadyThere } == 3)
    }
  }

  /// A month's bills are listed with their sizes, others are not; deleted ones are gone.
  package func listAndDelete() async throws {
    let bills = (1...50).map { bill(Int64($0), String(repeating: "x", count: $0)) }
    _ = try await store.put(bills)
    #expect(
      try await listed(Self.month)
        == Set(
          bills.map {
            StoredBill(path: $0.key.path, size: $0.content.count)
          }))
    #expect(try await listed(Self.month.next).isEmpty)
    try await store.delete(bills.dropFirst().map(\.key) + [bill(777, "").key])
    #expect(try await listed(Self.month).map(\.path) == [bills[0].key.path])
  }

  private func listed(_ month: BillingMonth) async throws -> Set<StoredBill> {
    let found = Collected<StoredBill>()
    try await store.list(month) { found.append($0) }
    return Set(found.items)
  }
}
