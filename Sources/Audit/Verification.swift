package import Billing

/// The proof of a month: what the ledger, the statement store, the bill store and the providers
/// hold, compared as sets and not only as counts, every body hashed.
///
/// It holds while others work. Of each customer the ledger's row is read before what has to be there
/// once the row says so; and what looks wrong may have changed between two readings, so it is looked
/// at again at the end, a few times, before it counts. A chunk of customers is in memory at a time.
package struct Verification: Sendable {
  private let ledger: any AuditLedger
  private let statements: any AuditStatements
  private let bills: any AuditBills
  private let acceptances: any AuditAcceptances
  private let clock: any WallClock

  /// - Parameter clock: what passes between two looks at the same customer.
  package init(
    ledger: any AuditLedger, statements: any AuditStatements, bills: any AuditBills,
    acceptances: any AuditAcceptances, clock: any WallClock
  ) {
    self.ledger = ledger
    self.statements = statements
    self.bills = bills
    self.acceptances = acceptances
    self.clock = clock
  }

  /// What is looked at in one piece.
  private struct Part: Sendable {
    /// Of the frozen cohort; `nil` where that is empty.
    var chunk: Int?
    /// Reaches to the parts beside it, so that what lies between chunks, where nothing should be,
    /// is looked at too.
    var span: ClosedRange<CustomerID>
  }

  /// What of a part is read first.
  private struct Rows: Sendable {
    var span: ClosedRange<CustomerID>
    var cohort: [CustomerID]
    var records: LedgerRecords
  }

  /// Somebody to be looked at again.
  private struct Suspect: Sendable {
    var suspicion: Suspicion
    var part: Int

    var customer: CustomerID { suspicion.customer }
  }

  /// How long is waited before each further look, in milliseconds: a bill that is being made again
  /// is missing for a moment. The third one decides; others follow where it sees something new.
  private static let pauses: [Int64] = [0, 250, 1000, 0, 250, 0]
  private static let firstThatDecides = 2
  /// More are looked at again before the end, so that they are not gathered without end.
  private static let mostSuspects = 20_000
  /// Up to so many of one part are read one by one.
  private static let fewSuspects = 32

  /// - Parameters:
  ///   - sample: how many chunks of customers are looked at, evenly spread; `nil` for all.
  ///   - progress: chunks done, chunks to be looked at.
  /// - Returns: `nil` when the month was not settled.
  package func verify(
    _ month: BillingMonth, sample: Int? = nil,
    progress: @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
  ) async throws -> VerificationReport? {
    guard try await ledger.settledMonth(month) != nil else { return nil }
    let all = Self.parts(of: try await statements.cohortChunks(of: month))
    let parts = Self.choose(sample, of: all)
    var tally = VerificationTally(readable: try await acceptances.readableProviders())
    var suspects: [Suspect] = []
    var rows = try await rows(of: month, parts.first)
    for position in parts.indices {
      try Task.checkCancellation()
      guard let current = rows else { break }
      // The ledger is read on while stores and providers are asked about what was read before.
      async let next = self.rows(
        of: month, position + 1 < parts.count ? parts[position + 1] : nil)
      let evidence = try await evidence(of: month, current)
      suspects += tally.judge(evidence, Look()).map { Suspect(suspicion: $0, part: position) }
      if suspects.count >= Self.mostSuspects {
        try await lookAgain(month, suspects, &tally)
        suspects = []
      }
      rows = try await next
      progress(position + 1, parts.count)
    }
    try await lookAgain(month, suspects, &tally)
    return tally.report(
      month: month, looked: VerificationReport.Extent(chunks: parts.count, of: all.count),
      runsAreComplete: try await ledger.settledMonth(month)?.isComplete ?? false)
  }

  // MARK: Reading

  private func rows(of month: BillingMonth, _ part: Part?) async throws -> Rows? {
    guard let part else { return nil }
    let cohort =
      if let chunk = part.chunk {
        try await statements.cohort(of: month, chunk: chunk)
      } else { [] as [CustomerID] }
    return Rows(
      span: part.span, cohort: cohort,
      records: try await ledger.records(of: month, customers: part.span))
  }

  /// - Parameter wanted: those to be looked at; `nil` for all.
  private func evidence(
    of month: BillingMonth, _ rows: Rows, only wanted: Set<CustomerID>? = nil
  ) async throws -> Evidence {
    let records = wanted.map(rows.records.only) ?? rows.records
    async let stored = statements.statementHashes(of: month, customers: rows.span)
    async let messages = acceptances.acceptances(of: month, customers: rows.span)
    let examined = try await bills.examine(records.bills.map(\.key))
    var evidence = Evidence(
      cohort: rows.cohort, records: records, stored: try await stored, examined: examined,
      messages: try await messages)
    if let wanted {
      evidence.stored.removeAll { !wanted.contains($0.key.customer) }
      evidence.messages.removeAll { !wanted.contains($0.delivery.customer) }
    }
    return evidence
  }

  // MARK: Looking again

  /// What still is wrong then, counts.
  private func lookAgain(
    _ month: BillingMonth, _ suspects: [Suspect], _ tally: inout VerificationTally
  ) async throws {
    var left = suspects
    for (look, pause) in Self.pauses.enumerated() where !left.isEmpty {
      if pause > 0 { try await clock.sleep(milliseconds: pause) }
      var still: [Suspect] = []
      for group in Self.groups(of: left) {
        try Task.checkCancellation()
        still += try await lookAgain(
          month, group, &tally,
          Look(
            earlier: Dictionary(
              uniqueKeysWithValues: group.map { ($0.customer, $0.suspicion.offences) }),
            decides: look >= Self.firstThatDecides, isLast: look == Self.pauses.count - 1))
      }
      left = still
    }
  }

  /// - Parameter group: of one part, ascending, not empty.
  private func lookAgain(
    _ month: BillingMonth, _ group: ArraySlice<Suspect>, _ tally: inout VerificationTally,
    _ look: Look
  ) async throws -> [Suspect] {
    let span = group[group.startIndex].customer...group[group.endIndex - 1].customer
    let rows = Rows(
      span: span, cohort: group.filter(\.suspicion.isInCohort).map(\.customer),
      records: try await ledger.records(of: month, customers: span))
    let evidence = try await evidence(of: month, rows, only: Set(group.map(\.customer)))
    let part = group[group.startIndex].part
    return tally.judge(evidence, look).map { Suspect(suspicion: $0, part: part) }
  }

  /// What is read at once: never more than one part, and few of them by themselves.
  private static func groups(of suspects: [Suspect]) -> [ArraySlice<Suspect>] {
    var groups: [ArraySlice<Suspect>] = []
    var start = suspects.startIndex
    while start < suspects.endIndex {
      let part = suspects[start].part
      let end = suspects[start...].firstIndex { $0.part != part } ?? suspects.endIndex
      if end - start <= fewSuspects {
        groups += (start..<end).map { suspects[$0...$0] }
      } else {
        groups.append(suspects[start..<end])
      }
      start = end
    }
    return groups
  }

  // MARK: Parts

  /// Together they reach over all customers there could be.
  private static func parts(of chunks: [ClosedRange<CustomerID>]) -> [Part] {
    let last = CustomerID(Int64.max)
    guard !chunks.isEmpty else { return [Part(chunk: nil, span: CustomerID(Int64.min)...last)] }
    return chunks.indices.map { chunk in
      let lower = chunk == 0 ? CustomerID(Int64.min) : chunks[chunk].lowerBound
      let upper =
        chunk + 1 < chunks.count ? CustomerID(chunks[chunk + 1].lowerBound.number - 1) : last
      return Part(chunk: chunk, span: lower...upper)
    }
  }

  private static func choose(_ sample: Int?, of parts: [Part]) -> [Part] {
    guard let sample, sample < parts.count else { return parts }
    return (0..<max(sample, 1)).map { parts[$0 * parts.count / max(sample, 1)] }
  }
}
