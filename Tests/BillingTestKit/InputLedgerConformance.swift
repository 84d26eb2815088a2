package import Billing
package import Importing
import Testing

/// A look at what a ledger holds, for the suite: each adapter's tests bring one.
package protocol InputProbe: Sendable {
  /// The rows that are valid for a cutoff, ascending, with their columns joined by `|`: the key, then
  /// the content; days as `YYYY-MM-DD`, nothing for an absent one, no sealed columns.
  ///
  /// - customers: id, name, send day, quiet mask, zone, locale, channel digits, status code,
  ///   activated, terminated
  /// - segments: customer, line, from, plan, to
  /// - addOns, discounts: customer, line, code, from, to
  /// - bundles: customer, line, bundle, from, to
  /// - usage: month, customer, line, metric, quantity
  /// - charges: customer, id, first recorded, day, category, description, amount, taxable (1 or 0)
  func rows(_ kind: InputKind, asOf cutoff: Int64) async throws -> [String]

  /// The sealed e-mail address of the version that is valid for a cutoff.
  func sealedEmail(of customer: CustomerID, asOf cutoff: Int64) async throws -> [UInt8]?

  /// The number taken last, 0 before the first.
  func lastRecordNumber() async throws -> Int64
}

package enum InputKind: String, CaseIterable, Sendable {
  case customers, segments, addOns, discounts, bundles, usage, charges
}

/// What every ledger promises about inputs, one function a promise. Each wants an empty ledger.
package struct InputLedgerConformance: Sendable {
  let ledger: any InputLedger
  let probe: any InputProbe
  let rows = InputSamples()

  package init(ledger: any InputLedger, probe: any InputProbe) {
    self.ledger = ledger
    self.probe = probe
  }

  @discardableResult
  func record(_ batches: InputBatch...) async throws -> RecordedInputs<BatchOutcome> {
    try await ledger.recordInputs(source: "conformance") { writer in
      var all = BatchOutcome()
      for batch in batches {
        let outcome = try writer.record(batch)
        all.counts += outcome.counts
        all.refusals += outcome.refusals
      }
      return .keep(all)
    }
  }

  func recordTwoCustomers() async throws {
    try await record(
      .customers([rows.customer(1), rows.customer(2)]),
      .segments([rows.segment(line: 10, customer: 1), rows.segment(line: 20, customer: 2)]))
  }

  // MARK: What is recorded

  /// Every kind of row is recorded under one number, and was not there before it.
  package func recordsEveryKind() async throws {
    let recorded = try await record(
      .customers([rows.customer(1)]), .segments([rows.segment(line: 10, customer: 1)]),
      .addOns([rows.entitlement(line: 10, "A")]), .discounts([rows.entitlement(line: 10, "D")]),
      .bundles([rows.member("B", line: 10)]), .usage([rows.usage(line: 10, "22.5")]),
      .charges([rows.charge("C", customer: 1)]))
    #expect(recorded.outcome == .recorded(number: 1))
    #expect(recorded.result == BatchOutcome(counts: InputCounts(new: 7)))
    let expected: [InputKind: String] = [
      .customers: "1|뮒별|25|6|Asia/Seoul|ko-KR|12|1|2020-02-29|",
      .segments: "1|10|2026-01-01|P|", .addOns: "1|10|A|2026-01-01|",
      .discounts: "1|10|D|2026-01-01|", .bundles: "1|10|B|2026-01-01|",
      .usage: "2026-10|1|10|data_mb|22.5",
      .charges: "1|C|1|2026-10-05|refund|환불|-500|1",
    ]
    for kind in InputKind.allCases {
      #expect(try await probe.rows(kind, asOf: 1) == [expected[kind] ?? ""])
      #expect(try await probe.rows(kind, asOf: 0).isEmpty)
    }
  }

  /// The same rows again change nothing and take no number, although they are sealed anew.
  package func sameAgainChangesNothing() async throws {
    for round in 1...3 {
      let recorded = try await record(
        .customers([rows.customer(1)]), .segments([rows.segment(line: 10, customer: 1)]),
        .addOns([rows.entitlement(line: 10, "A")]), .discounts([rows.entitlement(line: 10, "D")]),
        .bundles([rows.member("B", line: 10)]), .usage([rows.usage(line: 10, "22.5")]),
        .charges([rows.charge("C", customer: 1)]))
      #expect(recorded.outcome == (round == 1 ? .recorded(number: 1) : .unchanged))
      #expect(
        recorded.result.counts
          == (round == 1 ? InputCounts(new: 7) : InputCounts(unchanged: 7)))
    }
    #expect(try await probe.lastRecordNumber() == 1)
  }

  /// A changed row is a new version; the old one stays for earlier cutoffs.
  package func changeIsANewVersion() async throws {
    try await recordTwoCustomers()
    let changed = try await record(
      .customers([rows.customer(1) { $0.sendDay = 31 }, rows.customer(2)]),
      .segments([
        rows.segment(line: 10, customer: 1, plan: "Q"), rows.segment(line: 20, customer: 2),
      ]))
    #expect(changed.outcome == .recorded(number: 2))
    #expect(changed.result.counts == InputCounts(changed: 2, unchanged: 2))
    #expect(
      try await probe.rows(.segments, asOf: 1) == ["1|10|2026-01-01|P|", "2|20|2026-01-01|P|"])
    #expect(
      try await probe.rows(.segments, asOf: 2) == ["1|10|2026-01-01|Q|", "2|20|2026-01-01|P|"])
    #expect(try await probe.rows(.customers, asOf: 1).first?.contains("|25|") == true)
    #expect(try await probe.rows(.customers, asOf: 2).first?.contains("|31|") == true)
  }

  /// Each column of a customer counts, and no other version is left valid beside the new one.
  package func everyColumnOfACustomerCounts() async throws {
    let changes: [@Sendable (inout Customer) -> Void] = [
      { $0.name = "나" }, { $0.email = "other@example.com" }, { $0.email = "" },
      { $0.phone = "01000000000" }, { $0.sendDay = 1 }, { $0.quietSlots = .none },
      { $0.timeZone = "Asia/Tokyo" }, { $0.locale = .english }, { $0.channels = [.sms] },
      { $0.channels = [] }, { $0.status = .suspended },
      { $0.activatedOn = $0.activatedOn.advanced(by: 1) }, { $0.terminatedOn = $0.activatedOn },
    ]
    try await record(.customers([rows.customer(1)]))
    for (position, change) in changes.enumerated() {
      let customer = rows.customer(1, change)
      let recorded = try await record(.customers([customer]))
      let number = Int64(position) + 2
      #expect(recorded.outcome == .recorded(number: number), "change \(position)")
      #expect(try await probe.rows(.customers, asOf: number).count == 1)
      #expect(
        try await probe.sealedEmail(of: CustomerID(1), asOf: number) == customer.contact.email)
    }
  }

  /// Texts that differ only in how their letters are composed are different texts.
  package func compositionCounts() async throws {
    try await record(.customers([rows.customer(1) { $0.name = "\u{AC00}" }]))
    let recorded = try await record(.customers([rows.customer(1) { $0.name = "\u{1100}\u{1161}" }]))
    #expect(recorded.outcome == .recorded(number: 2))
  }

  /// An end equal to the beginning withdraws a row: it stays, as a version that covers no day.
  package func withdrawalIsAVersion() async throws {
    try await recordTwoCustomers()
    try await record(.segments([rows.segment(line: 10, customer: 1, to: InputSamples.from)]))
    #expect(
      try await probe.rows(.segments, asOf: 2).first == "1|10|2026-01-01|P|2026-01-01")
  }

  /// A changed charge is still that of the number that first brought it.
  package func chargeKeepsItsFirstNumber() async throws {
    try await recordTwoCustomers()
    try await record(.charges([rows.charge("C", customer: 1)]))
    for (amount, number) in [(7, 3), (8, 4)] as [(Int64, Int64)] {
      try await record(.charges([rows.charge("C", customer: 1, amount: amount)]))
      #expect(
        try await probe.rows(.charges, asOf: number)
          == ["1|C|2|2026-10-05|refund|환불|\(amount)|1"])
    }
  }

  // MARK: What is not

  /// What is discarded, or thrown out of, leaves nothing behind.
  package func discardedLeavesNothing() async throws {
    let customer = rows.customer(1)
    let discarded = try await ledger.recordInputs(source: "conformance") { writer in
      .discard(try writer.record(.customers([customer])).counts)
    }
    #expect(discarded.outcome == .discarded)
    #expect(discarded.result == InputCounts(new: 1))
    await #expect(throws: CancellationError.self) {
      _ = try await ledger.recordInputs(source: "conformance") { writer -> InputDecision<Int> in
        _ = try writer.record(.customers([customer]))
        throw CancellationError()
      }
    }
    #expect(try await probe.lastRecordNumber() == 0)
    #expect(try await probe.rows(.customers, asOf: .max - 1).isEmpty)
  }

  /// Nothing at all takes no number.
  package func nothingTakesNoNumber() async throws {
    let recorded = try await record()
    #expect(recorded.outcome == .unchanged)
    #expect(try await probe.lastRecordNumber() == 0)
  }

  /// Writers at the same time take numbers one after the other.
  package func writersTakeTurns() async throws {
    let numbers = try await withThrowingTaskGroup(of: RecordedInputs<BatchOutcome>.Outcome.self) {
      group in
      for id in 1...4 as ClosedRange<Int64> {
        group.addTask { try await record(.customers([rows.customer(id)])).outcome }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for number in 1...4 as ClosedRange<Int64> {
      #expect(numbers.contains(.recorded(number: number)))
    }
  }
}
