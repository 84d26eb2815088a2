package import Billing
package import Delivery
package import Rendering

/// The bill store as the consumer reads it.
package struct StoredBills: BillFetch {
  private let store: any BillStore

  package init(store: any BillStore) { self.store = store }

  package func fetch(_ keys: [BillKey]) async -> [FetchedBill] {
    do {
      return try await store.contents(of: keys).map { $0.map(FetchedBill.bytes) ?? .missing }
    } catch {
      // Whatever the store said, the deliveries go back unharmed and are tried again.
      return keys.map { _ in .unreachable }
    }
  }
}

/// Job 2's templates as the consumer makes a lost bill again.
package struct RemadeBills: BillRemaker {
  private let bills: PinnedBills
  private let store: any BillStore

  package init(bills: PinnedBills, store: any BillStore) {
    self.bills = bills
    self.store = store
  }

  package func remake(_ key: BillKey, expected: ContentHash) async -> RemadeBill {
    do {
      guard let bill = try await bills.bill(key), bill.sha256 == expected else {
        return .impossible
      }
      // What lies there is missing or not what it should be, or nobody would have asked.
      try await store.delete([key])
      _ = try await store.put([bill])
      try await store.makeDurable()
      return .bytes(bill.content)
    } catch let error as StoreError where error.isRetryable {
      return .unreachable
    } catch {
      return .impossible
    }
  }
}
