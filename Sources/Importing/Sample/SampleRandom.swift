import Billing

/// The sample's random numbers (splitmix64): the same for the same seed, on every machine.
struct SampleRandom {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return mixed(state)
  }

  /// 0..<limit, for a limit of 1 or more.
  mutating func below(_ limit: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(limit)).high)
  }

  mutating func from(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.upperBound - range.lowerBound + 1)
  }

  /// True in so many of a thousand cases.
  mutating func chance(perMille: Int) -> Bool { below(1000) < perMille }

  mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }

  /// A choice by weight; the weights are positive.
  mutating func pick<Element>(weighted choices: [(Element, weight: Int)]) -> Element {
    var ticket = below(choices.reduce(0) { $0 + $1.weight })
    for (choice, weight) in choices {
      if ticket < weight { return choice }
      ticket -= weight
    }
    preconditionFailure("a ticket lies below the sum of the weights")
  }
}
