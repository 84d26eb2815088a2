import Billing

/// How often a mock provider fails, in parts per million; together at most a million.
package struct MockFailureRates: Hashable, Sendable {
  /// Refused for now: `notAccepted`.
  package var refused: UInt64
  /// Refused for good: `rejected`.
  package var rejected: UInt64
  /// No answer, and the message was not taken.
  package var lostBefore: UInt64
  /// No answer, and yet the message was taken.
  package var lostAfter: UInt64

  package init(
    refused: UInt64 = 0, rejected: UInt64 = 0, lostBefore: UInt64 = 0, lostAfter: UInt64 = 0
  ) {
    precondition(refused + rejected + lostBefore + lostAfter <= 1_000_000, "at most a million")
    self.refused = refused
    self.rejected = rejected
    self.lostBefore = lostBefore
    self.lostAfter = lostAfter
  }

  package static let none = MockFailureRates()
  /// 1 %: four in five of it may go better the next time.
  package static let email = MockFailureRates(refused: 8000, rejected: 2000)
}

/// What a mock provider does with a message.
enum MockOutcome: Hashable, Sendable {
  case accept
  case refuse
  case reject
  case loseBefore
  case loseAfter

  /// A function of seed, key and attempt alone, so that a run repeats and a retry can succeed.
  static func decide(
    seed: UInt64, key: String, attempt: Int, rates: MockFailureRates
  ) -> MockOutcome {
    var ticket = MockTicket.draw(seed: seed, key: key, attempt: attempt)
    let outcomes: [(UInt64, MockOutcome)] = [
      (rates.refused, .refuse), (rates.rejected, .reject), (rates.lostBefore, .loseBefore),
      (rates.lostAfter, .loseAfter),
    ]
    for (rate, outcome) in outcomes {
      if ticket < rate { return outcome }
      ticket -= rate
    }
    return .accept
  }
}

/// A number that decides: the same for the same seed, key and attempt.
package enum MockTicket {
  /// 0…999,999, each as likely as the others.
  package static func draw(seed: UInt64, key: String, attempt: Int) -> UInt64 {
    var hash = mixed(seed)
    for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return mixed(hash ^ mixed(UInt64(truncatingIfNeeded: attempt))) % 1_000_000
  }
}
