import Billing
import BillingTestKit
import EmbeddedStore
import Foundation

/// What a month came to that must not depend on who was met by what: compared with that of a month
/// nobody disturbed.
struct CrashOutcome: Equatable, Sendable {
  /// Customer, version, hash and total.
  var statements: [String]
  /// Customer, version, channel and digest; of the first issues, which runs make.
  var bills: [String]
  /// Customer, kind, sequence and version.
  var deliveries: [String]
  /// Job, kind, sequence, status, parked and seal.
  var runs: [String]
  /// Customer, kind, sequence and state: only where the providers are the same as undisturbed.
  var states: [String]

  init(of platform: CrashPlatform) async throws {
    let ledger = platform.ledger
    statements = try await ledger.lines(
      "SELECT customer_id, version, \(ledger.hex("hash")), total FROM manifest ORDER BY 1, 2",
      columns: 4)
    bills = try await ledger.lines(
      "SELECT customer_id, version, channel, \(ledger.hex("sha256")) FROM bills "
        + "WHERE issue = 1 ORDER BY 1, 2, 3",
      columns: 4)
    deliveries = try await ledger.lines(
      "SELECT customer_id, kind, sequence, version FROM deliveries ORDER BY 1, 2, 3", columns: 4)
    states = try await ledger.lines(
      "SELECT customer_id, kind, sequence, state FROM deliveries ORDER BY 1, 2, 3", columns: 4)
    runs = try await ledger.lines(
      "SELECT job, kind, sequence, status, parked, \(ledger.hex("seal")) FROM runs ORDER BY 1, 2, 3",
      columns: 6)
  }

  /// What is different, in words.
  func differences(from expected: CrashOutcome, withStates: Bool) -> [String] {
    [
      ("states", withStates ? states : [], withStates ? expected.states : []),
      ("statements", statements, expected.statements), ("bills", bills, expected.bills),
      ("deliveries", deliveries, expected.deliveries), ("runs", runs, expected.runs),
    ].compactMap { name, found, wanted in
      guard found != wanted else { return nil }
      let missing = Set(wanted).subtracting(found).sorted().prefix(2)
      let extra = Set(found).subtracting(wanted).sorted().prefix(2)
      return "\(name): \(found.count), not \(wanted.count); missing \(missing), more \(extra)"
    }
  }
}

/// What the recipients really got, by the providers' own ledger, beside where the deliveries stand.
struct CrashWitness: Sendable {
  /// Deliveries by state.
  private(set) var states: [DeliveryState: Int] = [:]
  private(set) var messages = 0
  /// Those on the operator's list, and whether somebody got the message.
  private(set) var uncertain: [(key: DeliveryKey, wasTaken: Bool)] = []
  /// What breaks a promise, in words.
  private(set) var complaints: [String] = []

  init(of platform: CrashPlatform) async throws {
    var accepted = try await Self.accepted(by: platform.folder.file("data/providers.sqlite"))
    for (key, state, isLookedAtAgain) in try await Self.deliveries(in: platform.ledger) {
      let count = accepted.removeValue(forKey: key) ?? 0
      states[state, default: 0] += 1
      messages += count
      judge(key, state, accepted: count, isLookedAtAgain: isLookedAtAgain)
    }
    for key in accepted.keys { complaints.append("\(key) was sent and is no delivery") }
  }

  private mutating func judge(
    _ key: DeliveryKey, _ state: DeliveryState, accepted: Int, isLookedAtAgain: Bool
  ) {
    if accepted > 1 { complaints.append("\(key) was accepted \(accepted) times") }
    switch state {
    case .accepted:
      if accepted == 0 { complaints.append("\(key) is accepted, and nobody got it") }
    case .failed, .suppressed, .superseded, .held:
      if accepted > 0 { complaints.append("\(key) is \(state), and somebody got it") }
    case .uncertain:
      uncertain.append((key, accepted > 0))
      if isLookedAtAgain { complaints.append("\(key) is uncertain and not yet left to anybody") }
    case .planned, .queued, .claimed, .sending:
      complaints.append("\(key) is still \(state)")
    }
  }

  private static func deliveries(
    in ledger: any CrashLedger
  ) async throws -> [(key: DeliveryKey, state: DeliveryState, isLookedAtAgain: Bool)] {
    try await ledger.rows(
      """
      SELECT month, customer_id, kind, sequence, state,
        CASE WHEN next_at < 9223372036854775807 THEN 1 ELSE 0 END
      FROM deliveries
      """, columns: 6
    ).map { row in
      let numbers = row.compactMap { $0.flatMap { Int64($0) } }
      guard numbers.count == 6, let kind = DeliveryKind(code: Int(numbers[2])),
        let state = DeliveryState(code: Int(numbers[4]))
      else { throw CrashFailure("a delivery cannot be read: \(row)") }
      let key = DeliveryKey(
        month: BillingMonth(index: Int32(numbers[0])), customer: CustomerID(numbers[1]),
        kind: kind, sequence: Int(numbers[3]))
      return (key, state, numbers[5] == 1)
    }
  }

  /// Messages of each delivery, over all its channels.
  private static func accepted(by path: String) async throws -> [DeliveryKey: Int] {
    let witness = try Database(path: path, readerCount: 1)
    return try await witness.read { connection in
      var messages: [DeliveryKey: Int] = [:]
      try connection.query("SELECT key, count(*) FROM acceptances GROUP BY key") { row in
        guard let (key, _) = DeliveryKey.parse(idempotencyKey: row.text(0)) else {
          throw CrashFailure("the witness knows a key that is none of ours")
        }
        messages[key, default: 0] += row.int(1)
      }
      return messages
    }
  }
}
