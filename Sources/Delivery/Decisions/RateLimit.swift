import Billing

/// How fast a provider may be called: a bucket of tokens that fills steadily.
///
/// Times are steady milliseconds, passed in.
package struct RateLimit: Sendable {
  /// `nil`: as fast as it goes.
  private let perSecond: Int64?
  /// Thousandths of a token.
  private var level: Int64
  private var filledAt: Int64?

  package init(perSecond: Int?) {
    self.perSecond = perSecond.map { Int64(min(max(1, $0), Self.mostPerSecond)) }
    level = 0
  }

  private static let mostPerSecond = 1_000_000

  package enum Grant: Hashable, Sendable {
    /// So many may start now.
    case now(Int)
    case wait(milliseconds: Int64)
  }

  /// Takes up to `count` tokens. The bucket holds a tenth of a second, and one token at least, so
  /// that a pause is not made up for by a burst.
  package mutating func take(upTo count: Int, at now: Int64) -> Grant {
    guard let perSecond else { return .now(count) }
    let full = max(1000, perSecond * 100)
    // A second fills it in any case.
    let elapsed = filledAt.map { min(max(0, now.saturatingSubtract($0)), 1000) } ?? 1000
    level = min(full, level + elapsed * perSecond)
    filledAt = now
    let tokens = Int(level / 1000)
    guard tokens > 0 else {
      return .wait(milliseconds: (1000 - level + perSecond - 1) / perSecond)
    }
    let taken = min(tokens, count)
    level -= Int64(taken) * 1000
    return .now(taken)
  }
}
