import Billing
import FaultInjection
import Synchronization
import Testing

/// Without faults, but with providers that refuse, lose and do not answer: a change for everybody
/// right before and right after each call of a delivery's life. What goes out is right, or nothing
/// goes out.
@Suite("Changes between every two transitions")
struct InterruptionTests {
  private static let seeds = UInt64(1)...6

  @Test(
    arguments: Interruption.Change.allCases, Interruption.calls)
  func `what goes out is right`(_ change: Interruption.Change, at call: PortCall) async {
    for side in Interruption.Side.allCases {
      var met = 0
      for seed in Self.seeds {
        // The first call of its kind, or a later one.
        let result = Simulation.run(
          seed: seed,
          interrupting: Interruption(
            change: change, side: side, call: call, occurrence: 1 + Int(seed % 3)))
        met += result.wasInterrupted ? 1 : 0
        if change != .optOut { #expect(result.accepted > 0, "nobody was told") }
        #expect(
          result.violations.isEmpty,
          "seed \(seed), \(change) \(side) \(call): \(result.violations.first ?? "")")
      }
      #expect(met > 0, "\(change) \(side) \(call) never came")
    }
  }
}
