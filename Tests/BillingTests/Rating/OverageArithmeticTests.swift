import Billing
import Testing

/// Overage against a second, slower arithmetic of numbers without a limit.
@Suite("Exact fractions of overage")
struct OverageArithmeticTests {
  @Test("The amount is the floor of the exact fraction, to the largest numbers there can be")
  func floors() throws {
    var beyond128 = 0
    for seed in 0..<20_000 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      let usage = usage(&random)
      let amount = usage.exactAmount
      let (low, high) = (product(of: amount, usage), product(of: amount + 1, usage))
      let used = Wide([
        UInt64(usage.days), UInt64(usage.used.coefficient), UInt64(usage.daysInMonth),
        UInt64(usage.rate.coefficient),
      ])
      // amount ≤ share − included < amount + 1, on the common denominator; nothing below 0.
      #expect(amount == 0 || low <= used, "seed \(seed)")
      #expect(used < high, "seed \(seed)")
      if used.limbs.count > 2 { beyond128 += 1 }
    }
    #expect(beyond128 > 100)
  }

  @Test("A plan's day of the largest use there can be, at the largest rate, is worked out exactly")
  func largest() {
    let square: Int128 = 999_999_999_999_999_998_000_000_000_000_000_001
    let nines = FixedDecimal("999999999999999999")!
    var usage = UsageSource(
      metric: "m", plan: "P", used: nines, allowance: 0, days: 31, activeDays: 31,
      daysInMonth: 31, rate: nines, cap: nil)
    #expect(usage.exactAmount == square)
    usage.cap = 50_000
    #expect(usage.exactAmount == 50_000)
    usage.days = 1
    #expect(usage.exactAmount == 1612)
    usage.cap = nil
    #expect(usage.exactAmount == square / 31)
  }

  private func usage(_ random: inout SeededRandom) -> UsageSource {
    let daysInMonth = Int.random(in: 28...31, using: &random)
    let activeDays = Int.random(in: 1...daysInMonth, using: &random)
    let used = decimal(&random)
    // Often near what was used, where a fraction decides.
    let near =
      Int128(used.coefficient) * Int128(daysInMonth)
      / Int128(FixedDecimal.powerOfTen(used.scale) * Int64(activeDays))
    let allowance =
      random.chance(60)
      ? Int64(clamping: max(0, near + Int128(Int64.random(in: -2...2, using: &random))))
      : Int64.random(in: 0...(.max), using: &random) >> Int64.random(in: 0...62, using: &random)
    return UsageSource(
      metric: "m", plan: "P", used: used, allowance: allowance,
      days: .random(in: 1...activeDays, using: &random), activeDays: activeDays,
      daysInMonth: daysInMonth, rate: decimal(&random), cap: nil)
  }

  private func decimal(_ random: inout SeededRandom) -> FixedDecimal {
    if random.chance(30) {
      return FixedDecimal(
        coefficient: .random(
          in: FixedDecimal.maximumCoefficient / 10 * 9...FixedDecimal.maximumCoefficient,
          using: &random), scale: .random(in: 0...9, using: &random))!
    }
    let digits = Int.random(in: 1...18, using: &random)
    let one = (0..<digits).reduce(Int64(1)) { power, _ in power * 10 }
    return FixedDecimal(
      coefficient: .random(in: 0..<one, using: &random),
      scale: .random(in: 0...9, using: &random))!
  }

  /// `amount × 10^(scales) × activeDays × daysInMonth + days × allowance × 10^(used's scale) ×
  /// activeDays × rate`: what the share of the usage is compared with.
  private func product(of amount: Int128, _ usage: UsageSource) -> Wide {
    let magnitude = amount.magnitude
    let tens = { (scale: Int) in UInt64(FixedDecimal.powerOfTen(scale)) }
    var product = Wide(limbs: [UInt64(truncatingIfNeeded: magnitude), UInt64(magnitude >> 64)])
    for factor in [
      tens(usage.used.scale), tens(usage.rate.scale), UInt64(usage.activeDays),
      UInt64(usage.daysInMonth),
    ] { product = product.times(factor) }
    let included = Wide([
      UInt64(usage.days), UInt64(usage.allowance), tens(usage.used.scale),
      UInt64(usage.activeDays), UInt64(usage.rate.coefficient),
    ])
    return product.plus(included)
  }
}

/// A number of any size, the lowest 64 bits first, without zeros at the end.
private struct Wide: Comparable {
  private(set) var limbs: [UInt64]

  init(limbs: [UInt64]) {
    self.limbs = limbs
    while self.limbs.last == 0 { self.limbs.removeLast() }
  }

  /// The product of some factors.
  init(_ factors: [UInt64]) {
    self = factors.reduce(Wide(limbs: [1])) { $0.times($1) }
  }

  func times(_ factor: UInt64) -> Wide {
    var carry: UInt64 = 0
    var result: [UInt64] = []
    for limb in limbs {
      let (high, low) = limb.multipliedFullWidth(by: factor)
      let (sum, overflow) = low.addingReportingOverflow(carry)
      result.append(sum)
      carry = high + (overflow ? 1 : 0)
    }
    return Wide(limbs: result + [carry])
  }

  func plus(_ other: Wide) -> Wide {
    var carry: UInt64 = 0
    var result: [UInt64] = []
    for position in 0..<max(limbs.count, other.limbs.count) {
      let (one, two) = (limb(position), other.limb(position))
      let (sum, overflow) = one.addingReportingOverflow(two)
      let (all, overflowOfCarry) = sum.addingReportingOverflow(carry)
      result.append(all)
      carry = overflow || overflowOfCarry ? 1 : 0
    }
    return Wide(limbs: result + [carry])
  }

  private func limb(_ position: Int) -> UInt64 {
    position < limbs.count ? limbs[position] : 0
  }

  static func < (left: Wide, right: Wide) -> Bool {
    if left.limbs.count != right.limbs.count { return left.limbs.count < right.limbs.count }
    return left.limbs.reversed().lexicographicallyPrecedes(right.limbs.reversed())
  }
}
