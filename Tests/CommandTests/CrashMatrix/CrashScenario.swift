import FaultInjection

/// A command at work on a small month, and the calls at which it is met.
struct CrashScenario: Sendable {
  var name: String
  /// How far the month is when the command starts.
  var begins: CrashMonth.Stage
  var command: [String]
  /// What else happens in that process, so that it comes to these calls at all.
  var circumstances: String?
  var calls: [PortCall]
  /// `nil`: the ones inside the process.
  var providers: CrashProviders.Kind?
  var actions = CrashPoint.Action.allCases
  /// The command that takes the month to its end afterwards.
  var finish = CrashRecovery.Way.commands

  /// Before and after each call, and inside the writing of bills.
  var moments: [(PortCall, CrashPoint.Side)] {
    calls.flatMap { call in
      CrashPoint.Side.allCases.filter { $0 != .inside || call == .putBills }.map { (call, $0) }
    }
  }

  static func named(_ name: String) -> CrashScenario? { all.first { $0.name == name } }

  static let all = settling + rendering + dispatching + operating + delivering + wholeMonth

  private static let runCalls: [PortCall] = [
    .openRun, .startStep, .claimChunk, .completeStep, .completeRun,
  ]
  private static let settle = ["settle", CrashMonth.month]
  private static let render = ["render", CrashMonth.month]
  private static let drain = ["deliver", "--drain"]

  private static let settling = [
    CrashScenario(
      name: "settle", begins: .imported, command: settle,
      calls: runCalls + [.putTargets, .putStatements, .commitSettlement]),
    // Slow enough for the lease to be renewed meanwhile.
    CrashScenario(
      name: "settle-slow", begins: .imported, command: settle,
      circumstances: "settle.commit:before:every:slow900", calls: [.renewRun]),
    CrashScenario(
      name: "settle-stopped", begins: .imported, command: settle,
      circumstances: "settle.commit:after:2:term", calls: [.releaseRun]),
    CrashScenario(
      name: "settle-busy", begins: .imported, command: settle,
      circumstances: "settle.putStatements:before:2:busy,settle.putStatements:before:4:busy",
      calls: [.giveBackChunk]),
    CrashScenario(
      name: "settle-broken", begins: .imported, command: settle,
      circumstances: "settle.putStatements:before:3:broken", calls: [.failRun]),
  ]

  private static let rendering = [
    CrashScenario(
      name: "policy", begins: .imported, command: ["policy", "apply", "policy-3"],
      calls: [.applyPolicy]),
    CrashScenario(
      name: "render", begins: .settled, command: render,
      calls: runCalls + [.putBills, .makeBillsDurable, .commitRendering, .makeDeliveries]),
    CrashScenario(
      name: "render-stopped", begins: .settled, command: render,
      circumstances: "render.commit:after:2:term", calls: [.releaseRun]),
    CrashScenario(
      name: "render-busy", begins: .settled, command: render,
      circumstances: "render.putBills:before:2:busy,render.putBills:before:4:busy",
      calls: [.giveBackChunk]),
    CrashScenario(
      name: "render-broken", begins: .settled, command: render,
      circumstances: "render.putBills:after:3:broken", calls: [.failRun]),
  ]

  private static let dispatching = [
    CrashScenario(
      name: "dispatch", begins: .rendered, command: ["dispatch"],
      calls: [.queueDue, .takeUnpublished, .publish, .markPublished], providers: .asked),
    // After a dispatcher and a consumer that were killed.
    CrashScenario(
      name: "reconcile", begins: .abandoned, command: ["dispatch"],
      calls: [
        .reap, .sweep, .takeUncertain, .recordAccepted, .resolve, .takeUnpublished, .queueDue,
        .publish, .markPublished,
      ], providers: .asked),
  ]

  private static let operating = [
    // The bills of the next issue, once the operator's decision is recorded.
    CrashScenario(
      name: "redate", begins: .overdue,
      command: [
        "deliveries", "redate", "--month", CrashMonth.month, "--yes", "--why", "they are overdue",
      ],
      calls: [.putBills, .makeBillsDurable, .recordIssues], providers: .asked)
  ]

  private static let delivering = [
    CrashScenario(
      name: "deliver", begins: .dispatched, command: drain,
      calls: [.claim, .intend, .send, .record, .storeOffsets, .closeFeed, .reap, .sweep],
      providers: .asked),
    CrashScenario(
      name: "deliver-failing", begins: .dispatched, command: drain,
      calls: [.claim, .intend, .send, .record], providers: .faulty),
    // What was under way is on the operator's list, and never sent again by itself.
    CrashScenario(
      name: "deliver-silent", begins: .dispatched, command: drain,
      calls: [.intend, .send, .record], providers: .silent),
    // Two bills are gone and are made again.
    CrashScenario(
      name: "deliver-lost-bills", begins: .withLostBills, command: drain,
      calls: [.deleteBills, .putBills, .makeBillsDurable], providers: .asked),
    CrashScenario(
      name: "deliver-slow", begins: .dispatched, command: drain,
      circumstances: "deliver.record:before:1:slow4500", calls: [.heartbeat],
      providers: .asked),
    // Intents that were committed, but whose answer is lost, and one that was refused.
    CrashScenario(
      name: "deliver-unanswered", begins: .dispatched, command: drain,
      circumstances: "deliver.intend:after:1:busy,deliver.intend:before:3:busy,"
        + "deliver.intend:after:4:busy",
      calls: [.release], providers: .asked),
  ]

  private static let wholeMonth = [
    // One process from the first step to the last message, on a simulated clock. Another is refused
    // while it lives, so that there is nobody to take over from one that stands still.
    CrashScenario(
      name: "run", begins: .imported, command: ["run", CrashMonth.month],
      calls: runCalls + [
        .putTargets, .putStatements, .commitSettlement, .putBills, .makeBillsDurable,
        .commitRendering, .makeDeliveries, .queueDue, .takeUnpublished, .publish, .markPublished,
        .claim, .intend, .send, .record, .storeOffsets, .closeFeed, .reap, .sweep,
      ],
      actions: [.kill, .term], finish: .run)
  ]
}
