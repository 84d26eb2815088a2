import Billing

/// Something that should not be, of one customer.
struct Offence: Hashable, Sendable {
  var code: Finding.Code
  /// What it is about: a customer, statement, bill or delivery by its key.
  var example: String

  init(_ code: Finding.Code, _ example: some CustomStringConvertible) {
    self.code = code
    self.example = example.description
  }
}

/// Says what contradicts what, of what was read about a customer.
///
/// What is under way is no contradiction: an attempt that is open, or whose outcome nobody knows,
/// may have a message; a settlement under way may have stored what it has not listed yet.
struct CustomerJudge {
  /// Whose ledgers were read.
  let readable: Set<String>
  private var zones: [String: ZoneRules] = [:]

  init(readable: Set<String>) {
    self.readable = readable
  }

  mutating func offences(in evidence: CustomerEvidence) -> [Offence] {
    var offences: [Offence] = []
    judgeTarget(evidence, &offences)
    judgeStatements(evidence, &offences)
    judgeBills(evidence, &offences)
    judgeDeliveries(evidence, &offences)
    return offences
  }

  /// Targets = statements + parked, as sets.
  private func judgeTarget(_ evidence: CustomerEvidence, _ offences: inout [Offence]) {
    let isSettled = !evidence.statements.isEmpty
    if evidence.isTarget, !isSettled, !evidence.isParked, !evidence.awaitsSettlement {
      offences.append(Offence(.targetWithoutStatement, evidence.customer))
    }
    if !evidence.isTarget, isSettled || evidence.isParked {
      offences.append(Offence(.notATarget, evidence.customer))
    }
    if isSettled, evidence.isParked {
      offences.append(Offence(.settledAndParked, evidence.customer))
    }
  }

  /// What the manifest lists is what the store holds.
  private func judgeStatements(_ evidence: CustomerEvidence, _ offences: inout [Offence]) {
    var stored = evidence.stored
    func unlisted(_ found: HashedStatement) {
      if !evidence.isSettling { offences.append(Offence(.statementNotListed, found.key)) }
    }
    for statement in evidence.statements {
      while let found = stored.first, found.key < statement.key {
        unlisted(found)
        stored.removeFirst()
      }
      guard let found = stored.first, found.key == statement.key else {
        offences.append(Offence(.statementMissing, statement.key))
        continue
      }
      if found.hash != statement.hash { offences.append(Offence(.statementAltered, statement.key)) }
      stored.removeFirst()
    }
    stored.forEach(unlisted)
  }

  /// Bills = statements × channels, for each issue that there is, each object there with its hash.
  private func judgeBills(_ evidence: CustomerEvidence, _ offences: inout [Offence]) {
    for (bill, object) in zip(evidence.bills, evidence.examined) {
      guard let object else {
        offences.append(Offence(.billMissing, bill.key.path))
        continue
      }
      if object.sha256 != bill.sha256 || object.size != bill.size {
        offences.append(Offence(.billAltered, bill.key.path))
      }
    }
    for statement in evidence.statements where statement.isRendered {
      let bills = evidence.bills.filter { $0.key.statement == statement.key }
      let isWhole = bills.allSatisfy { bill in
        bill.policyChannels.allSatisfy { channel in
          bills.contains { $0.key.isOfSameIssue(as: bill.key) && $0.key.channel == channel }
        }
      }
      if bills.isEmpty || !isWhole {
        offences.append(Offence(.statementWithoutBill, statement.key))
      }
    }
  }

  /// One that carries the latest bill, at most one accepted message each: under whichever key, of
  /// whichever channel and round. A correction and a resend are deliveries of their own.
  private mutating func judgeDeliveries(
    _ evidence: CustomerEvidence, _ offences: inout [Offence]
  ) {
    evidence.forEachDelivery { delivery, messages in
      judge(delivery, messages, evidence, &offences)
    } strays: { messages in
      for position in messages.indices
      where position == messages.startIndex
        || messages[position].delivery != messages[position - 1].delivery
      {
        offences.append(Offence(.acceptedWithoutDelivery, messages[position].delivery))
      }
    }
    // Of that statement or a later one: while a correction is rendered, what was not begun tells of
    // it already, though not all of its bills are made.
    if let latest = evidence.statements.last(where: \.isRendered),
      !evidence.deliveries.contains(where: {
        $0.state != .superseded && $0.bill.version >= latest.key.version
      })
    {
      offences.append(Offence(.statementWithoutDelivery, evidence.customer))
    }
  }

  private mutating func judge(
    _ delivery: ListedDelivery, _ messages: ArraySlice<Acceptance>, _ evidence: CustomerEvidence,
    _ offences: inout [Offence]
  ) {
    if messages.count > 1 { offences.append(Offence(.acceptedTwice, delivery.key)) }
    if lacksBill(delivery, evidence) {
      offences.append(Offence(.deliveryWithoutBill, delivery.key))
    }
    if delivery.state == .accepted, messages.isEmpty, isComparable(delivery) {
      offences.append(Offence(.acceptedUnknownToProvider, delivery.key))
    }
    if !messages.isEmpty, !delivery.mayHaveMessage {
      offences.append(Offence(.acceptedButNotRecorded, delivery.key))
    }
    for message in messages {
      if isQuiet(message, delivery) { offences.append(Offence(.sentInQuietSlot, delivery.key)) }
      let isItsBill = evidence.bills.contains {
        $0.sha256 == message.digest.content && $0.key.channel == message.channel
          && delivery.bill.contains($0.key)
      }
      if !isItsBill { offences.append(Offence(.sentOtherContent, delivery.key)) }
      let wasMeant = delivery.attempts.contains {
        $0.channel == message.channel && $0.digest == message.digest
      }
      if !wasMeant { offences.append(Offence(.sentOtherwise, delivery.key)) }
    }
  }

  /// One that is on its way, or has gone, tells of an issue that is made. What is only planned without
  /// a bill is held when its slot comes.
  private func lacksBill(_ delivery: ListedDelivery, _ evidence: CustomerEvidence) -> Bool {
    let isOnItsWay = delivery.state == .queued || delivery.state == .claimed
    guard isOnItsWay || delivery.mayHaveMessage, !delivery.bill.isAwaited else {
      return false
    }
    let isRendered = evidence.statements.contains {
      $0.key.version == delivery.bill.version && $0.isRendered
    }
    return isRendered && !evidence.bills.contains { delivery.bill.contains($0.key) }
  }

  /// Whether the ledger of the provider that took it was read.
  private func isComparable(_ delivery: ListedDelivery) -> Bool {
    delivery.acceptedBy.map(readable.contains) ?? true
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
}

extension BillKey {
  /// Whether the two are one issue of a statement's bill, on whichever channels.
  fileprivate func isOfSameIssue(as other: BillKey) -> Bool {
    issue == other.issue && policy == other.policy && template == other.template
  }
}

extension ListedDelivery {
  /// An attempt is under way, or nobody knows the outcome of one: the provider may know more than
  /// the ledger does yet.
  var isOpen: Bool { state == .sending || state == .uncertain || unresolved > 0 }

  var mayHaveMessage: Bool { state == .accepted || isOpen }

  /// The provider that took it, by the ledger; `nil` where it has no attempt.
  var acceptedBy: String? { (attempts.first(where: \.isAccepted) ?? attempts.first)?.provider }
}
