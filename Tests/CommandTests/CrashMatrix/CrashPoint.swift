import FaultInjection

/// One case of the matrix: where a process is met, and with what.
///
/// `deliver/deliver.record:after:middle:kill`: in the scenario `deliver`, at half of the times that an
/// undisturbed process records outcomes, once that is committed, it is killed.
struct CrashPoint: Hashable, Sendable, CustomStringConvertible {
  enum Side: String, CaseIterable, Sendable {
    case before
    /// Half a bill is written.
    case inside
    case after
  }

  enum Occurrence: String, CaseIterable, Sendable {
    case first
    case middle
    case last

    /// Which time it is of so many; `nil` where it is the same as another of these.
    func number(of count: Int) -> Int? {
      switch self {
      case .first: 1
      case .middle: count > 2 ? (count + 1) / 2 : nil
      case .last: count > 1 ? count : nil
      }
    }
  }

  enum Action: String, CaseIterable, Sendable {
    /// SIGKILL.
    case kill
    /// SIGSTOP until its leases are over and others have finished, then SIGCONT.
    case stop
    /// SIGTERM.
    case term
  }

  var scenario: String
  var call: PortCall
  var side: Side
  var occurrence: Occurrence
  var action: Action

  var description: String {
    "\(scenario)/\(call.rawValue):\(side.rawValue):\(occurrence.rawValue):\(action.rawValue)"
  }

  /// As an undisturbed process counts it.
  var moment: String { "\(call.rawValue):\(side.rawValue)" }

  /// All of them.
  static let all: [CrashPoint] = CrashScenario.all.flatMap { scenario in
    scenario.moments.flatMap { call, side in
      Occurrence.allCases.flatMap { occurrence in
        scenario.actions.map { action in
          CrashPoint(
            scenario: scenario.name, call: call, side: side, occurrence: occurrence,
            action: action)
        }
      }
    }
  }
}
