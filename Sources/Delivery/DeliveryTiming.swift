/// How long things may take, so that two never send the same: one value, its relations checked.
///
/// All milliseconds, none longer than a day. The guards are what makes a call that was intended end
/// before the claim's lease and the slot do.
package struct DeliveryTiming: Hashable, Sendable {
  /// A claim is taken over by others after this.
  package let lease: Int64
  /// A call ends this long after its intent at the latest.
  package let callDeadline: Int64
  /// What does not start this soon after its intent is not started.
  package let startWithin: Int64
  /// An intent needs a lease that is good for this long.
  package let leaseGuard: Int64
  /// An intent needs a slot that is good for this long.
  package let slotGuard: Int64
  /// `sending` becomes `uncertain` this long after the call's deadline.
  package let reapAfter: Int64

  /// A day.
  private static let longest: Int64 = 86_400_000

  package enum Failure: Error, Hashable, Sendable {
    /// The relation that does not hold, such as `startWithin < callDeadline`.
    case relation(String)
  }

  package init(
    lease: Int64, callDeadline: Int64, startWithin: Int64, leaseGuard: Int64, slotGuard: Int64,
    reapAfter: Int64
  ) throws(Failure) {
    func check(_ holds: Bool, _ relation: String) throws(Failure) {
      if !holds { throw .relation(relation) }
    }
    try check(startWithin > 0, "startWithin > 0")
    try check(startWithin < callDeadline, "startWithin < callDeadline")
    try check(callDeadline < leaseGuard, "callDeadline < leaseGuard")
    try check(leaseGuard < lease, "leaseGuard < lease")
    try check(callDeadline < slotGuard, "callDeadline < slotGuard")
    try check(reapAfter > 0, "reapAfter > 0")
    try check(max(lease, slotGuard, reapAfter) <= Self.longest, "nothing is longer than a day")
    self.lease = lease
    self.callDeadline = callDeadline
    self.startWithin = startWithin
    self.leaseGuard = leaseGuard
    self.slotGuard = slotGuard
    self.reapAfter = reapAfter
  }

  /// 60 s lease, 20 s for a call, guards of 25 and 30 s.
  package static let standard = proven(
    lease: 60_000, callDeadline: 20_000, startWithin: 2000, leaseGuard: 25_000, slotGuard: 30_000,
    reapAfter: 10_000)

  /// The same with everything a tenth: for tests with real processes.
  package static let short = proven(
    lease: 6000, callDeadline: 2000, startWithin: 500, leaseGuard: 2500, slotGuard: 3000,
    reapAfter: 1000)

  private static func proven(
    lease: Int64, callDeadline: Int64, startWithin: Int64, leaseGuard: Int64, slotGuard: Int64,
    reapAfter: Int64
  ) -> DeliveryTiming {
    do {
      return try DeliveryTiming(
        lease: lease, callDeadline: callDeadline, startWithin: startWithin, leaseGuard: leaseGuard,
        slotGuard: slotGuard, reapAfter: reapAfter)
    } catch {
      preconditionFailure("the built-in timing breaks \(error)")
    }
  }
}
