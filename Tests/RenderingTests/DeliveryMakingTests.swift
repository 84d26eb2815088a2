import Billing
import Rendering
import Testing

@Suite("What a new bill means for deliveries")
struct DeliveryMakingTests {
  private func delivery(
    _ state: DeliveryState, _ kind: DeliveryKind = .bill, begun: Bool = false, version: Int = 1,
    policy: Int = 1, sequence: Int = 1
  ) -> DeliveryMaking.Existing {
    DeliveryMaking.Existing(
      kind: kind, sequence: sequence, state: state, isBegun: begun, version: version,
      policy: policy, template: 1)
  }

  private func decide(
    _ version: Int, policy: Int = 1, _ existing: DeliveryMaking.Existing...
  ) -> DeliveryMaking.Decision {
    DeliveryMaking.decide(version: version, policy: policy, template: 1, existing: existing)
  }

  @Test func `a first bill makes the month's delivery, once`() {
    #expect(decide(1) == .make(.bill, sequence: 1))
    #expect(decide(1, delivery(.planned)) == .nothing)
    // A supplement after a correction of somebody else: the customer's own first version.
    #expect(decide(2) == .make(.bill, sequence: 1))
  }

  @Test func `a correction follows each delivery that has begun, with a number of its own`() {
    #expect(decide(2, delivery(.accepted, begun: true)) == .make(.correction, sequence: 1))
    #expect(
      decide(
        3, delivery(.accepted, begun: true),
        delivery(.accepted, .correction, begun: true, version: 2))
        == .make(.correction, sequence: 2))
    #expect(
      decide(3, delivery(.superseded), delivery(.failed, .correction, begun: true, version: 2))
        == .make(.correction, sequence: 2))
  }

  @Test func `what has not begun moves, a resend too, and nothing is made beside it`() {
    let resend = delivery(.queued, .resend)
    #expect(decide(2, delivery(.accepted, begun: true), resend) == .move([resend]))
    let waiting = delivery(.planned, .correction, version: 2)
    #expect(decide(3, delivery(.uncertain, begun: true), waiting) == .move([waiting]))
    let suppressed = delivery(.suppressed)
    #expect(decide(2, suppressed) == .move([suppressed]))
  }

  @Test func `an older version changes nothing`() {
    #expect(decide(1, delivery(.planned, version: 2)) == .nothing)
    #expect(decide(1, delivery(.accepted, begun: true, version: 2)) == .nothing)
  }

  @Test func `the same version by another policy moves, but is not told again`() {
    let planned = delivery(.planned)
    #expect(decide(1, policy: 2, planned) == .move([planned]))
    #expect(decide(1, policy: 2, delivery(.accepted, begun: true)) == .nothing)
    #expect(decide(1, policy: 2, delivery(.sending, begun: true)) == .nothing)
    #expect(decide(1, policy: 2, delivery(.planned, begun: true)) == .nothing)
  }
}
