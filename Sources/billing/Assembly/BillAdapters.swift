import Audit
import Billing
import Delivery
import Rendering

/// The bill store as the consumer reads it.
struct StoredBills: BillFetch {
  let store: any BillStore

  func fetch(_ keys: [BillKey]) async -> [FetchedBill] {
    do {
      return try await store.contents(of: keys).map { $0.map(FetchedBill.bytes) ?? .missing }
    } catch {
      // Whatever the store said, the deliveries go back unharmed and are tried again.
      return keys.map { _ in .unreachable }
    }
  }
}

/// Job 2's templates as the consumer makes a lost bill again.
struct RemadeBills: BillRemaker {
  let bills: PinnedBills
  let store: any BillStore

  func remake(_ key: BillKey, expected: ContentHash) async -> RemadeBill {
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

/// What the mock providers logged, as the proof reads it.
struct LoggedAcceptances: AuditAcceptances {
  private static let pageSize = 10_000

  let log: any AcceptanceLog

  func acceptances(
    of month: BillingMonth, _ body: @Sendable ([Audit.Acceptance]) throws -> Void
  ) async throws {
    var last: Int64 = 0
    while true {
      try Task.checkCancellation()
      let page = try await log.list(after: last, limit: Self.pageSize)
      guard let end = page.last else { return }
      last = end.row
      try body(page.compactMap { Self.message($0.acceptance, of: month) })
    }
  }

  /// `nil` for another month's, and for keys that are none of ours.
  private static func message(
    _ acceptance: Delivery.Acceptance, of month: BillingMonth
  ) -> Audit.Acceptance? {
    guard let key = IdempotencyKey(acceptance.key), key.delivery.month == month else { return nil }
    return Audit.Acceptance(
      delivery: key.delivery, channel: key.channel, at: acceptance.at,
      digest: MessageDigest(
        content: acceptance.content, recipientHash: acceptance.recipientHash))
  }
}
