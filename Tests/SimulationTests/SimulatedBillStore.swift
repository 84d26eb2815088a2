import Audit
import Billing
import Rendering
import Synchronization

/// The bill store's promises on a dictionary: put if absent, never overwritten.
final class SimulatedBillStore: BillStore, AuditBills {
  private let objects = Mutex<[String: [UInt8]]>([:])

  func put(_ bills: [Bill]) async throws -> [BillPutOutcome] {
    objects.withLock { objects in
      bills.map { bill in
        guard let there = objects[bill.key.path] else {
          objects[bill.key.path] = bill.content
          return .stored
        }
        return there == bill.content ? .alreadyThere : .conflict
      }
    }
  }

  func makeDurable() async throws {}

  func contents(of keys: [BillKey]) async throws -> [[UInt8]?] {
    objects.withLock { objects in keys.map { objects[$0.path] } }
  }

  func list(
    _ month: BillingMonth, _ body: @Sendable ([StoredBill]) throws -> Void
  ) async throws {
    try body(
      objects.withLock { objects in
        objects.keys.sorted().filter { $0.hasPrefix("bills/\(month)/") }.map {
          StoredBill(path: $0, size: objects[$0]?.count ?? 0)
        }
      })
  }

  func delete(_ keys: [BillKey]) async throws {
    objects.withLock { objects in
      for key in keys { objects[key.path] = nil }
    }
  }

  func examine(_ keys: [BillKey]) async throws -> [ExaminedBill?] {
    try await contents(of: keys).map { content in
      content.map { ExaminedBill(size: $0.count, sha256: ContentHash(of: $0)) }
    }
  }

  /// Takes an object away, or alters it, as a person with too many rights would.
  func spoil(_ picked: UInt64, removing: Bool) {
    objects.withLock { objects in
      guard !objects.isEmpty else { return }
      let paths = objects.keys.sorted()
      let path = paths[Int(picked % UInt64(paths.count))]
      objects[path] = removing ? nil : [1, 2, 3]
    }
  }
}
