import Billing

/// Counts and compares chunk by chunk.
struct VerificationTally {
  private let isSample: Bool
  private var counts = VerificationCounts()
  private var findings: [Finding.Code: Finding] = [:]
  private var zones: [String: ZoneRules] = [:]

  init(isSample: Bool) {
    self.isSample = isSample
  }

  /// Targets = statements + parked, as sets. Who was recorded too late for the frozen cohort is a
  /// supplement's target.
  mutating func compareTargets(_ cohort: [CustomerID], _ records: LedgerRecords) {
    let settled = Set(records.statements.map(\.key.customer))
    let parked = Set(records.parked)
    let targets = Set(cohort).union(records.supplemented)
    counts.targets += Int64(targets.count)
    counts.settledCustomers += Int64(settled.count)
    counts.parked += Int64(parked.count)
    expect(.targetWithoutStatement, targets.subtracting(settled).subtracting(parked).sorted())
    expect(.notATarget, settled.union(parked).subtracting(targets).sorted())
    expect(.settledAndParked, settled.intersection(parked).sorted())
  }

  /// What the manifest lists is what the store holds.
  mutating func compareStatements(_ listed: [ListedStatement], _ stored: [HashedStatement]) {
    counts.statements += Int64(listed.count)
    counts.unrendered += Int64(listed.count { !$0.isRendered })
    var next = stored.makeIterator()
    var candidate = next.next()
    for statement in listed {
      while let found = candidate, found.key < statement.key {
        expect(.statementNotListed, [found.key])
        candidate = next.next()
      }
      guard let found = candidate, found.key == statement.key else {
        expect(.statementMissing, [statement.key])
        continue
      }
      if found.hash != statement.hash { expect(.statementAltered, [statement.key]) }
      candidate = next.next()
    }
    while let found = candidate {
      expect(.statementNotListed, [found.key])
      candidate = next.next()
    }
  }

  /// Bills = statements × channels, for each issue that there is, each object there with its hash.
  mutating func compareBills(_ records: LedgerRecords, examined: [ExaminedBill?]) {
    counts.bills += Int64(records.bills.count)
    var missing: [IssuedBill: Set<Channel>] = [:]
    for (bill, object) in zip(records.bills, examined) {
      missing[IssuedBill(bill.key), default: Set(bill.policyChannels)].remove(bill.key.channel)
      switch object {
      case nil: expect(.billMissing, [bill.key.path])
      case let object?:
        if object.sha256 != bill.sha256 || object.size != bill.size {
          expect(.billAltered, [bill.key.path])
        }
      }
    }
    let made = Set(missing.keys.map(\.statement))
    let incomplete = Set(missing.filter { !$0.value.isEmpty }.keys.map(\.statement))
    for statement in records.statements where statement.isRendered {
      if made.contains(statement.key), !incomplete.contains(statement.key) { continue }
      expect(.statementWithoutBill, [statement.key])
    }
  }

  /// One issue of a statement's bill, on all channels.
  private struct IssuedBill: Hashable {
    var statement: StatementKey
    var issue: Int
    var policy: Int
    var template: Int

    init(_ key: BillKey) {
      statement = key.statement
      issue = key.issue
      policy = key.policy
      template = key.template
    }
  }

  /// Deliveries by state, one that carries the latest bill for each customer, at most one accepted
  /// message each: under whichever key, of whichever channel and round. A correction and a resend
  /// are deliveries of their own.
  mutating func compareDeliveries(_ records: LedgerRecords, _ accepted: inout AcceptedMessages) {
    var contents: [StatementChannel: Set<ContentHash>] = [:]
    for bill in records.bills {
      contents[StatementChannel(bill.key.statement, bill.key.channel), default: []]
        .insert(bill.sha256)
    }
    for delivery in records.deliveries {
      counts.deliveries[delivery.state, default: 0] += 1
      let messages = accepted.claim(delivery.key)
      counts.acceptedMessages += Int64(messages.count)
      if messages.count > 1 { expect(.acceptedTwice, [delivery.key]) }
      if delivery.state == .accepted, messages.isEmpty {
        expect(.acceptedUnknownToProvider, [delivery.key])
      }
      if !messages.isEmpty, !Self.mayHaveMessage(delivery.state) {
        expect(.acceptedButNotRecorded, [delivery.key])
      }
      for message in messages where isQuiet(message, delivery) {
        expect(.sentInQuietSlot, [delivery.key])
      }
      let statement = StatementKey(
        month: delivery.key.month, customer: delivery.key.customer, version: delivery.version)
      for message in messages {
        let bills = contents[StatementChannel(statement, message.channel)] ?? []
        if !bills.contains(message.digest.content) { expect(.sentOtherContent, [delivery.key]) }
        let wasMeant = delivery.attempts.contains {
          $0.channel == message.channel && $0.digest == message.digest
        }
        if !wasMeant { expect(.sentOtherwise, [delivery.key]) }
      }
    }
    let carried = Set(
      records.deliveries.filter { $0.state != .superseded }.map {
        StatementKey(month: $0.key.month, customer: $0.key.customer, version: $0.version)
      })
    expect(
      .statementWithoutDelivery,
      Self.latest(records.statements.filter(\.isRendered)).filter { !carried.contains($0) }
        .map(\.customer))
  }

  private struct StatementChannel: Hashable {
    var statement: StatementKey
    var channel: Channel

    init(_ statement: StatementKey, _ channel: Channel) {
      self.statement = statement
      self.channel = channel
    }
  }

  /// The latest version of each customer's; ascending, as the statements are.
  private static func latest(_ statements: [ListedStatement]) -> [StatementKey] {
    statements.indices.filter { position in
      position + 1 == statements.count
        || statements[position + 1].key.customer != statements[position].key.customer
    }.map { statements[$0].key }
  }

  /// `sending` and `uncertain` are open: the provider may know more than the ledger does yet.
  private static func mayHaveMessage(_ state: DeliveryState) -> Bool {
    switch state {
    case .accepted, .sending, .uncertain: true
    case .planned, .queued, .claimed, .failed, .held, .suppressed, .superseded: false
    }
  }

  /// By what was known when the attempt that it came from was opened, and for the moment of the
  /// call: what is under way longer than that was written before.
  private mutating func isQuiet(_ message: Acceptance, _ delivery: ListedDelivery) -> Bool {
    let attempts = delivery.attempts.filter { $0.channel == message.channel }
    guard let attempt = attempts.first(where: { $0.openedAt <= message.at }) ?? attempts.last,
      attempt.quietSlots != .none
    else { return false }
    if zones[attempt.timeZone] == nil { zones[attempt.timeZone] = ZoneRules(attempt.timeZone) }
    guard let zone = zones[attempt.timeZone] else { return false }
    return attempt.quietSlots.contains(
      zone.slotNumber(at: min(message.at, attempt.deadline)))
  }

  /// Records what should not be there; nothing when the list is empty.
  mutating func expect(_ code: Finding.Code, _ offenders: [some CustomStringConvertible]) {
    guard !offenders.isEmpty else { return }
    var finding = findings[code] ?? Finding(code: code, count: 0, examples: [])
    finding.count += Int64(offenders.count)
    let room = Finding.maximumExamples - finding.examples.count
    finding.examples += offenders.prefix(max(room, 0)).map(\.description)
    findings[code] = finding
  }

  func report(month: BillingMonth, runsAreComplete: Bool) -> VerificationReport {
    VerificationReport(
      month: month, isSample: isSample, runsAreComplete: runsAreComplete, counts: counts,
      findings: findings.values.sorted { $0.code.rawValue < $1.code.rawValue })
  }
}
