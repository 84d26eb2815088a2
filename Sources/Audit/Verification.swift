package import Billing

/// The proof of a month: what the ledger, the statement store, the bill store and the providers
/// hold, compared as sets and not only as counts, every body hashed.
package struct Verification: Sendable {
  private let ledger: any AuditLedger
  private let statements: any AuditStatements
  private let bills: any AuditBills
  private let acceptances: any AuditAcceptances

  package init(
    ledger: any AuditLedger, statements: any AuditStatements, bills: any AuditBills,
    acceptances: any AuditAcceptances
  ) {
    self.ledger = ledger
    self.statements = statements
    self.bills = bills
    self.acceptances = acceptances
  }

  /// - Parameters:
  ///   - sample: how many chunks of customers are looked at, evenly spread; `nil` for all.
  ///   - progress: chunks done, chunks to be looked at.
  /// - Returns: `nil` when the month was not settled.
  package func verify(
    _ month: BillingMonth, sample: Int? = nil,
    progress: @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
  ) async throws -> VerificationReport? {
    guard let settled = try await ledger.settledMonth(month) else { return nil }
    let chunks = try await statements.cohortChunks(of: month)
    let chosen = Self.choose(sample, of: chunks.count)
    var accepted = try await AcceptedMessages(of: month, from: acceptances)
    var tally = VerificationTally(isSample: chosen.count < chunks.count)
    for (position, chunk) in chosen.enumerated() {
      try Task.checkCancellation()
      let cohort = try await statements.cohort(of: month, chunk: chunk)
      let span = Self.span(of: chunk, in: chunks)
      try await check(month, cohort, span, &accepted, &tally)
      progress(position + 1, chosen.count)
    }
    if chosen.count == chunks.count {
      tally.expect(.acceptedWithoutDelivery, accepted.unclaimed)
    }
    return tally.report(month: month, runsAreComplete: settled.isComplete)
  }

  private func check(
    _ month: BillingMonth, _ cohort: [CustomerID], _ span: ClosedRange<CustomerID>,
    _ accepted: inout AcceptedMessages, _ tally: inout VerificationTally
  ) async throws {
    async let ledgerRecords = ledger.records(of: month, customers: span)
    async let stored = statements.statementHashes(of: month, customers: span)
    let records = try await ledgerRecords
    tally.compareTargets(cohort, records)
    tally.compareStatements(records.statements, try await stored)
    tally.compareBills(
      records, examined: try await bills.examine(records.bills.map(\.key)))
    tally.compareDeliveries(records, &accepted)
  }

  /// The customers from behind the chunk before to before the chunk behind: so that what lies
  /// between the chunks, where nothing should be, is looked at too.
  private static func span(
    of chunk: Int, in chunks: [ClosedRange<CustomerID>]
  ) -> ClosedRange<CustomerID> {
    let lower = chunk == 0 ? CustomerID(Int64.min) : chunks[chunk].lowerBound
    let upper =
      chunk == chunks.count - 1
      ? CustomerID(Int64.max) : CustomerID(chunks[chunk + 1].lowerBound.number - 1)
    return lower...upper
  }

  private static func choose(_ sample: Int?, of count: Int) -> [Int] {
    guard let sample, sample < count else { return Array(0..<count) }
    return (0..<max(sample, 1)).map { $0 * count / max(sample, 1) }
  }
}

/// What the providers say they took, by delivery.
struct AcceptedMessages: Sendable {
  /// Ascending by delivery.
  private let messages: [Acceptance]
  /// Beside the first message of each delivery: whether the ledger knows it.
  private var isClaimed: [Bool]

  init(of month: BillingMonth, from source: any AuditAcceptances) async throws {
    let gathered = Gathered()
    try await source.acceptances(of: month) { gathered.add($0) }
    messages = gathered.all.sorted { $0.delivery < $1.delivery }
    isClaimed = [Bool](repeating: false, count: messages.count)
  }

  /// The messages of a delivery that the ledger knows.
  mutating func claim(_ delivery: DeliveryKey) -> ArraySlice<Acceptance> {
    var low = 0
    var high = messages.count
    while low < high {
      let middle = (low + high) / 2
      if messages[middle].delivery < delivery { low = middle + 1 } else { high = middle }
    }
    var end = low
    while end < messages.count, messages[end].delivery == delivery { end += 1 }
    if low < end { isClaimed[low] = true }
    return messages[low..<end]
  }

  /// Deliveries that a provider took messages for and the ledger knows nothing of.
  var unclaimed: [DeliveryKey] {
    messages.indices.filter {
      !isClaimed[$0] && ($0 == 0 || messages[$0].delivery != messages[$0 - 1].delivery)
    }.map { messages[$0].delivery }
  }
}
