import Billing
import Runs
import Testing

@Suite("What opening a run comes to")
struct OpeningDecisionTests {
  private static let now = Timestamp(milliseconds: 1_000_000)
  private static let key = RunKey(
    job: .settlement, month: BillingMonth(year: 2026, month: 10)!, kind: .regular, sequence: 1)

  private static func run(
    _ status: RunStatus, owner: String = "a", leaseLeft milliseconds: Int64 = 1000
  ) -> RunRecord {
    RunRecord(
      id: 7, key: key,
      pins: RunPins(
        cutoff: 1, catalogVersion: nil, policyVersion: nil, templateVersion: nil,
        programVersion: "p"),
      status: status, fence: 1, owner: owner,
      leaseUntil: Timestamp(milliseconds: now.milliseconds + milliseconds), reason: nil,
      startedAt: now, openedAt: now, completedAt: nil, parked: 0, seal: nil, failure: nil)
  }

  private static func decide(
    _ found: RunRecord?, obstacle: RunRecord? = nil, joins: Bool = false, gone: String? = nil
  ) -> String {
    let request = RunRequest(
      key: key, programVersion: "p", worker: "b", leaseSeconds: 60, steps: ["targets"],
      joins: joins, isGone: { $0 == gone })
    switch OpeningDecision.decide(request, found: found, obstacle: obstacle, at: now) {
    case .start: return "start"
    case .takeOver: return "take over"
    case .leave(.completed): return "completed"
    case .leave(.held): return "held"
    case .leave(.joined): return "joined"
    case .leave: return "unexpected"
    }
  }

  @Test func `a run that is not there is started, unless another is in its way`() {
    #expect(Self.decide(nil) == "start")
    #expect(Self.decide(nil, obstacle: Self.run(.running)) == "held")
  }

  @Test func `a completed run is left as it is`() {
    #expect(Self.decide(Self.run(.completed, leaseLeft: -1)) == "completed")
    #expect(Self.decide(Self.run(.completed), joins: true) == "completed")
  }

  @Test func `a run at work is joined by who says so, and nobody else's`() {
    #expect(Self.decide(Self.run(.running)) == "held")
    #expect(Self.decide(Self.run(.running), joins: true) == "joined")
  }

  /// A lease ends with its last moment.
  @Test func `a run whose owner is not at it is taken over`() {
    #expect(Self.decide(Self.run(.running, leaseLeft: 1)) == "held")
    #expect(Self.decide(Self.run(.running, leaseLeft: 0)) == "take over")
    #expect(Self.decide(Self.run(.running, owner: "b")) == "take over")
    #expect(Self.decide(Self.run(.running), gone: "a") == "take over")
    #expect(Self.decide(Self.run(.failed)) == "take over")
  }
}
