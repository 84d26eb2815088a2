import Audit
import Billing
import Testing

@Suite("The proof of a month")
struct VerificationTests {
  private func report(_ change: (inout RecordedMonth) -> Void = { _ in }) async throws
    -> VerificationReport
  {
    var month = RecordedMonth()
    change(&month)
    return try await #require(month.verify())
  }

  private func findings(_ change: (inout RecordedMonth) -> Void) async throws -> [Finding.Code] {
    let report = try await report(change)
    #expect(!report.isConsistent && !report.isComplete)
    return report.findings.map(\.code)
  }

  @Test func `is consistent and complete for a month that is as it should be`() async throws {
    let report = try await report()
    #expect(report.isConsistent && report.isComplete, "\(report.findings)")
    #expect(!report.isSample && report.notCompared == [])
    #expect(report.counts.targets == 6)
    #expect(report.counts.statements == 5)
    #expect(report.counts.parked == 1)
    #expect(report.counts.bills == 10)
    #expect(report.counts.deliveries == [.accepted: 4, .failed: 1])
    #expect(report.counts.acceptedMessages == 4)
  }

  @Test func `a month that was not settled has no proof`() async throws {
    var month = RecordedMonth()
    month.settled = nil
    #expect(try await month.verify() == nil)
  }

  @Test func `is consistent, and not complete, while a run is open`() async throws {
    let report = try await report { $0.settled = SettledMonth(isComplete: false) }
    #expect(report.isConsistent && !report.isComplete && report.awaitsStages)
  }

  @Test func `a settlement under way may not have come to all of its supplement, nor listed all`()
    async throws
  {
    let unlisted = HashedStatement(
      key: StatementKey(month: RecordedMonth.month, customer: CustomerID(7), version: 1),
      hash: ContentHash(of: [9]))
    func change(_ month: inout RecordedMonth) {
      month.records.supplemented = [CustomerID(7)]
      month.stored.append(unlisted)
    }
    let under = try await report {
      change(&$0)
      $0.records.isSettling = true
      $0.settled = SettledMonth(isComplete: false)
    }
    #expect(under.isConsistent && !under.isComplete, "\(under.findings)")
    #expect(under.counts.targets == 7 && under.counts.unsettled == 1)
    #expect(try await findings(change) == [.statementNotListed, .targetWithoutStatement])
    // One of the frozen cohort was settled or parked before: a later run excuses nothing.
    let missing = try await findings {
      $0.records.isSettling = true
      $0.records.parked = []
    }
    #expect(missing == [.targetWithoutStatement])
  }

  @Test func `finds a target that has no statement and is not parked`() async throws {
    #expect(try await findings { $0.records.parked = [] } == [.targetWithoutStatement])
  }

  @Test func `finds a statement for somebody who is no target`() async throws {
    let codes = try await findings {
      $0.cohort[0].removeFirst()
    }
    #expect(codes == [.notATarget])
  }

  @Test func `a supplement's customers are targets too`() async throws {
    let report = try await report {
      $0.cohort[0].removeFirst()
      $0.records.supplemented = [CustomerID(1), CustomerID(6)]
    }
    #expect(report.isConsistent, "\(report.findings)")
    #expect(report.counts.targets == 6)
  }

  @Test func `finds a customer both settled and parked`() async throws {
    let codes = try await findings { $0.records.parked.insert(CustomerID(1), at: 0) }
    #expect(codes == [.settledAndParked])
  }

  @Test func `finds a missing, an altered and an unlisted statement`() async throws {
    #expect(try await findings { $0.stored.removeFirst() } == [.statementMissing])
    #expect(
      try await findings { $0.stored[1].hash = ContentHash(of: [9]) } == [.statementAltered])
    let unlisted = HashedStatement(
      key: StatementKey(month: RecordedMonth.month, customer: CustomerID(2), version: 2),
      hash: ContentHash(of: [9]))
    #expect(try await findings { $0.stored.insert(unlisted, at: 2) } == [.statementNotListed])
  }

  @Test func `finds a missing and an altered bill, and a statement without one`() async throws {
    let path = RecordedMonth().records.bills[0].key.path
    #expect(try await findings { $0.objects[path] = nil } == [.billMissing])
    #expect(
      try await findings {
        $0.objects[path] = ExaminedBill(size: 1, sha256: ContentHash(of: [9]))
      } == [.billAltered])
    #expect(
      try await findings { $0.records.bills.remove(at: 1) } == [.statementWithoutBill])
    #expect(
      try await findings { $0.records.bills.removeFirst(2) }
        == [.deliveryWithoutBill, .sentOtherContent, .statementWithoutBill])
  }

  @Test func `finds a delivery that tells of another issue than the one that is there`()
    async throws
  {
    for change in [
      { $0.number = 2 }, { $0.policy = 2 }, { $0.template = 2 },
    ] as [(inout ListedIssue) -> Void] {
      #expect(
        try await findings { change(&$0.records.deliveries[0].bill) }
          == [.deliveryWithoutBill, .sentOtherContent])
      // Nobody was sent one that failed.
      let failed = try await report { change(&$0.records.deliveries[4].bill) }
      #expect(failed.isConsistent, "\(failed.findings)")
    }
    // One that is awaited is about to be made.
    let awaited = try await report { month in
      month.records.deliveries[0].bill.number = 2
      month.records.deliveries[0].bill.isAwaited = true
      month.records.deliveries[0].state = .planned
      month.accepted.removeFirst()
    }
    #expect(awaited.isConsistent, "\(awaited.findings)")
  }

  @Test func `finds what was sent of an issue before`() async throws {
    let found = try await findings { month in
      let hash = ContentHash(of: [77])
      for position in 0..<2 {
        var bill = month.records.bills[position]
        bill.key.issue = 2
        bill.sha256 = hash
        month.records.bills.append(bill)
        month.objects[bill.key.path] = ExaminedBill(size: 10, sha256: hash)
      }
      month.records.bills.sort { $0.key.statement.customer < $1.key.statement.customer }
      month.records.deliveries[0].bill.number = 2
    }
    #expect(found == [.sentOtherContent])
  }

  @Test func `finds a statement without a delivery`() async throws {
    #expect(
      try await findings { $0.records.deliveries.removeLast() } == [.statementWithoutDelivery])
  }

  @Test func `finds a customer whose latest bill no delivery carries`() async throws {
    let correct = { (month: inout RecordedMonth) in
      var key = month.records.statements[0].key
      key.version = 2
      let hash = ContentHash(of: [9])
      month.records.statements.insert(
        ListedStatement(key: key, hash: hash, total: 90, isRendered: true), at: 1)
      month.stored.insert(HashedStatement(key: key, hash: hash), at: 1)
      for channel in [Channel.email, .sms] {
        let bill = ListedBill(
          key: BillKey(statement: key, policy: 1, template: 1, channel: channel), size: 10,
          sha256: hash, policyChannels: [.email, .sms])
        month.records.bills.insert(bill, at: 2)
        month.objects[bill.key.path] = ExaminedBill(size: 10, sha256: hash)
      }
    }
    #expect(try await findings(correct) == [.statementWithoutDelivery])
    func correction(_ state: DeliveryState) -> ListedDelivery {
      ListedDelivery(
        key: DeliveryKey(
          month: RecordedMonth.month, customer: CustomerID(1), kind: .correction, sequence: 1),
        state: state, bill: ListedIssue(version: 2), attempts: [])
    }
    let carried = try await report { month in
      correct(&month)
      month.records.deliveries.insert(correction(.planned), at: 1)
    }
    #expect(carried.isConsistent, "\(carried.findings)")
    let superseded = try await findings { month in
      correct(&month)
      month.records.deliveries.insert(correction(.superseded), at: 1)
    }
    #expect(superseded == [.statementWithoutDelivery])
  }

  @Test func `is consistent, and not complete, while bills are to be made`() async throws {
    let report = try await report { month in
      month.records.statements[0].isRendered = false
      month.records.bills.removeFirst(2)
      month.records.deliveries.removeFirst()
      month.accepted.removeFirst()
    }
    #expect(report.findings == [])
    #expect(report.counts.unrendered == 1)
    #expect(report.isConsistent && !report.isComplete && report.awaitsStages)
  }

  @Test func `finds a message accepted twice, even on two channels`() async throws {
    let codes = try await findings { month in
      var again = month.accepted[0]
      again.channel = .sms
      month.accepted.append(again)
    }
    // The second one has no attempt.
    #expect(codes == [.acceptedTwice, .sentOtherwise])
  }

  @Test func `finds what only one of ledger and provider believes`() async throws {
    #expect(
      try await findings { $0.accepted.removeFirst() } == [.acceptedUnknownToProvider])
    #expect(
      try await findings { $0.records.deliveries[0].state = .failed } == [.acceptedButNotRecorded])
    let stray = Acceptance(
      delivery: DeliveryKey(
        month: RecordedMonth.month, customer: CustomerID(77), kind: .bill, sequence: 1),
      channel: .email, at: RecordedMonth.noon, digest: RecordedMonth.digest(77))
    let report = try await report { $0.accepted += [stray, stray] }
    #expect(!report.isConsistent)
    #expect(report.findings.map(\.code) == [.acceptedWithoutDelivery])
    #expect(report.findings.map(\.count) == [1])
    #expect(report.findings.map(\.examples) == [["2026-10:77:bill:1"]])
  }

  @Test func `a correction and a resend are deliveries of their own, with a message each`()
    async throws
  {
    let month = RecordedMonth()
    let report = try await report {
      $0.tellAgain(.correction); $0.tellAgain(.resend)
    }
    #expect(report.isConsistent, "\(report.findings)")
    #expect(report.counts.deliveries == [.accepted: 6, .failed: 1])
    #expect(report.counts.acceptedMessages == 6)
    // Two of one delivery are two, whatever its kind.
    for kind in [DeliveryKind.correction, .resend] {
      let codes = try await findings { month in
        month.tellAgain(kind)
        month.accepted.append(month.accepted[month.accepted.count - 1])
      }
      #expect(codes == [.acceptedTwice])
    }
    // One that the ledger has and the provider has not, and the other way round.
    let unknown = try await findings {
      $0.tellAgain(.resend); $0.accepted.removeLast()
    }
    #expect(unknown == [.acceptedUnknownToProvider])
    let strange = try await findings { changed in
      changed.tellAgain(.resend)
      changed.records.deliveries = month.records.deliveries
    }
    #expect(strange == [.acceptedWithoutDelivery])
  }

  @Test func `a failed delivery that gave way to its resend has no message of its own`()
    async throws
  {
    let superseded = try await report { month in
      month.tellAgain(.resend, customer: 5)
      month.records.deliveries[4].state = .superseded
    }
    #expect(superseded.isConsistent, "\(superseded.findings)")
    let codes = try await findings { month in
      month.tellAgain(.resend, customer: 5)
      month.records.deliveries[4].state = .superseded
      month.accepted.append(
        Acceptance(
          delivery: month.records.deliveries[4].key, channel: .sms, at: RecordedMonth.noon,
          digest: RecordedMonth.digest(5)))
    }
    #expect(codes == [.acceptedButNotRecorded, .sentOtherwise])
  }

  @Test func `finds a message sent in a quiet slot`() async throws {
    // Noon in Seoul lies in slot 6.
    let codes = try await findings {
      $0.records.deliveries[0].attempts[0].quietSlots = QuietSlots(slots: [6])!
    }
    #expect(codes == [.sentInQuietSlot])
    let report = try await report {
      $0.records.deliveries[0].attempts[0].quietSlots = QuietSlots(slots: [5, 7])!
    }
    #expect(report.isConsistent)
  }

  @Test func `finds a message that carries another bill, or went to somebody else`() async throws {
    let other = MessageDigest(content: ContentHash(of: [2]), recipientHash: [1, 1, 2])
    let bill = try await findings {
      $0.accepted[0].digest = other
      $0.records.deliveries[0].attempts[0].digest = other
    }
    #expect(bill == [.sentOtherContent])
    let recipient = try await findings {
      $0.accepted[0].digest = MessageDigest(
        content: ContentHash(of: [1]), recipientHash: [2, 1, 2])
    }
    #expect(recipient == [.sentOtherwise])
  }

  @Test func `a message that was under way for longer than its call was written before`()
    async throws
  {
    let late = try await report {
      $0.records.deliveries[0].attempts[0].quietSlots = QuietSlots(slots: [6])!
      $0.records.deliveries[0].attempts[0].deadline = RecordedMonth.noon.adding(seconds: -1)
    }
    #expect(late.isConsistent)
  }

  @Test func `judges a message by what was known when its attempt was opened`() async throws {
    func later(_ minutes: Int64, quiet: QuietSlots) -> ListedAttempt {
      ListedAttempt(
        provider: "http-email", isAccepted: false, channel: .email,
        openedAt: RecordedMonth.noon.adding(seconds: minutes * 60),
        deadline: RecordedMonth.noon.adding(seconds: minutes * 60 + 120), quietSlots: quiet,
        timeZone: "Asia/Seoul", digest: RecordedMonth.digest(1))
    }
    // Noon became quiet after the message was under way; a later attempt knows it.
    let changed = try await report {
      $0.records.deliveries[0].attempts.insert(later(5, quiet: QuietSlots(slots: [6])!), at: 0)
    }
    #expect(changed.isConsistent)
    // The attempt just before the message knew it.
    let codes = try await findings {
      $0.records.deliveries[0].attempts.insert(later(-1, quiet: QuietSlots(slots: [6])!), at: 0)
    }
    #expect(codes == [.sentInQuietSlot])
    // One on another channel is not where it came from.
    let other = try await report {
      var attempt = later(-1, quiet: QuietSlots(slots: [6])!)
      attempt.channel = .sms
      $0.records.deliveries[0].attempts.insert(attempt, at: 0)
    }
    #expect(other.isConsistent)
  }

  @Test func `an open key may have a message that is not recorded yet`() async throws {
    for state in [DeliveryState.sending, .uncertain] {
      let open = try await report { $0.records.deliveries[0].state = state }
      #expect(open.isConsistent && !open.isComplete)
      #expect(open.counts.open == 1 && open.counts.unrecordedMessages == 1)
    }
    // To be sent again under the same key: what became of the first attempt nobody knows.
    for state in [DeliveryState.planned, .queued, .claimed] {
      let again = try await report {
        $0.records.deliveries[0].state = state
        $0.records.deliveries[0].unresolved = 1
      }
      #expect(again.isConsistent && again.counts.pending == 1, "\(again.findings)")
      let resolved = try await findings { $0.records.deliveries[0].state = state }
      #expect(resolved == [.acceptedButNotRecorded])
    }
  }

  @Test func `held and uncertain deliveries are accounted for, and open`() async throws {
    let month = RecordedMonth()
    let report = try await report {
      for (position, state) in [DeliveryState.held, .uncertain, .planned].enumerated() {
        $0.records.deliveries[position].state = state
        $0.accepted.removeAll { $0.delivery == month.records.deliveries[position].key }
      }
    }
    #expect(report.isConsistent && !report.isComplete && !report.awaitsStages)
    #expect(report.counts.held == 1 && report.counts.uncertain == 1 && report.counts.pending == 1)
    #expect(report.counts.open == 3)
  }

  @Test func `says that it only sampled`() async throws {
    let month = RecordedMonth()
    let report = try #require(try await month.verify(sample: 1))
    #expect(report.isSample && report.looked == VerificationReport.Extent(chunks: 1, of: 2))
    #expect(report.isConsistent)
    #expect(report.counts.targets == 3)
  }

  @Test func `a provider whose ledger cannot be read here is named, and no violation`() async throws
  {
    let away = try await report {
      $0.accepted = []
      $0.readable = ["http-sms"]
    }
    #expect(away.isConsistent && away.isComplete, "\(away.findings)")
    #expect(away.notCompared == ["http-email"])
    #expect(away.counts.notCompared == 4 && away.counts.acceptedMessages == 0)
    // One of two: by the attempt that the ledger says was taken, not by the latest.
    let codes = try await findings {
      $0.accepted = []
      $0.readable = ["http-sms"]
      var bySMS = $0.records.deliveries[0].attempts[0]
      bySMS.provider = "http-sms"
      $0.records.deliveries[1].attempts[0].isAccepted = false
      $0.records.deliveries[1].attempts.append(bySMS)
      $0.records.deliveries[2].attempts.insert(bySMS, at: 0)
      $0.records.deliveries[2].attempts[0].isAccepted = false
    }
    #expect(codes == [.acceptedUnknownToProvider])
    // What lies here is looked at, whoever took it.
    let twice = try await findings {
      $0.accepted.append($0.accepted[0])
      $0.readable = []
    }
    #expect(twice == [.acceptedTwice])
  }

  @Test func `a month of nobody has no strays either`() async throws {
    let stray = RecordedMonth().accepted[0]
    let none = try await report { $0.empty() }
    #expect(none.isConsistent && none.isComplete)
    let codes = try await findings {
      $0.empty()
      $0.accepted = [stray]
    }
    #expect(codes == [.acceptedWithoutDelivery])
  }
}
