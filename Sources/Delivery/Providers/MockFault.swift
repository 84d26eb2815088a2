import Billing

/// What the mock server does wrong, and with which messages: written `drop-after=5%`,
/// `500-before=17`, `hang-after=100-200` or `hang-look-up=100%`.
///
/// Numbers count the messages that came in since the server was started, from 1; of `hang-look-up`
/// the questions about a channel's messages. A percentage is a function of seed, key and attempt,
/// whenever the message comes.
package struct MockFault: Hashable, Sendable, CustomStringConvertible {
  package enum Kind: Hashable, Sendable {
    /// 503, not taken.
    case refuse
    /// 429 with `Retry-After`, not taken.
    case tooMany
    /// Misbehaves where the answer belongs, with the message taken or not.
    case misbehave(Manner, taken: Bool)
    /// Never says what became of a message.
    case hangLookUp
  }

  package enum Manner: String, CaseIterable, Hashable, Sendable {
    /// Closes the connection.
    case drop
    /// Answers 500.
    case serverError = "500"
    /// Answers 429 as a proxy does, and says nothing of the message.
    case throttled = "429"
    /// Answers 503, likewise.
    case unavailable = "503"
    /// Answers what is no HTTP.
    case garbage
    /// Answers half of what it should, and closes the connection.
    case truncate
    /// Never answers.
    case hang
  }

  package enum Choice: Hashable, Sendable {
    case numbers(ClosedRange<Int>)
    case perMillion(UInt64)
  }

  package let kind: Kind
  package let choice: Choice

  /// All kinds as they are written.
  package static let kinds: [String] =
    ["refuse", "429"]
    + Manner.allCases.flatMap { ["\($0.rawValue)-before", "\($0.rawValue)-after"] }
    + ["hang-look-up"]

  package init?(_ text: String) {
    let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard halves.count == 2, let kind = Kind(halves[0]), let choice = Choice(halves[1]) else {
      return nil
    }
    self.kind = kind
    self.choice = choice
  }

  package var description: String { "\(kind)=\(choice)" }

  /// The first fault that the message meets.
  ///
  /// - Parameter number: the message's, from 1.
  package static func met(
    among faults: [MockFault], number: Int, seed: UInt64, key: String, attempt: Int
  ) -> Kind? {
    for (position, fault) in faults.enumerated() {
      switch fault.choice {
      case .numbers(let numbers):
        if numbers.contains(number) { return fault.kind }
      case .perMillion(let rate):
        // Another seed for each, so that two faults do not always meet the same messages.
        let ticket = MockTicket.draw(
          seed: seed &+ 1 &+ UInt64(position), key: key, attempt: attempt)
        if ticket < rate { return fault.kind }
      }
    }
    return nil
  }
}

extension MockFault.Kind: CustomStringConvertible {
  init?(_ text: some StringProtocol) {
    switch text {
    case "refuse": self = .refuse
    case "429": self = .tooMany
    case "hang-look-up": self = .hangLookUp
    default:
      let parts = text.split(separator: "-", maxSplits: 1)
      guard parts.count == 2, let manner = MockFault.Manner(rawValue: String(parts[0])),
        ["before", "after"].contains(parts[1])
      else { return nil }
      self = .misbehave(manner, taken: parts[1] == "after")
    }
  }

  package var description: String {
    switch self {
    case .refuse: "refuse"
    case .tooMany: "429"
    case .hangLookUp: "hang-look-up"
    case .misbehave(let manner, let taken): "\(manner.rawValue)-\(taken ? "after" : "before")"
    }
  }
}

extension MockFault.Choice: CustomStringConvertible {
  init?(_ text: some StringProtocol) {
    if text.hasSuffix("%") {
      guard let rate = MockFault.perMillion(percent: String(text)) else { return nil }
      self = .perMillion(rate)
      return
    }
    let bounds = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    switch bounds.count {
    case 1:
      guard let number = bounds[0], number > 0 else { return nil }
      self = .numbers(number...number)
    case 2:
      guard let first = bounds[0], let last = bounds[1], 0 < first, first <= last else {
        return nil
      }
      self = .numbers(first...last)
    default: return nil
    }
  }

  package var description: String {
    switch self {
    case .numbers(let numbers):
      numbers.count == 1
        ? "\(numbers.lowerBound)" : "\(numbers.lowerBound)-\(numbers.upperBound)"
    case .perMillion(let rate): "\(rate) ppm"
    }
  }
}

extension MockFault {
  /// Reads `5%`, `0.5 %` or `0.5`; 0…1,000,000.
  package static func perMillion(percent text: String) -> UInt64? {
    let digits = (text.hasSuffix("%") ? text.dropLast() : text[...]).filter { $0 != " " }
    guard let number = FixedDecimal(digits), !number.isNegative, number.scale <= 4 else {
      return nil
    }
    let millionths = number.coefficient * FixedDecimal.powerOfTen(4 - number.scale)
    return millionths <= 1_000_000 ? UInt64(millionths) : nil
  }
}
