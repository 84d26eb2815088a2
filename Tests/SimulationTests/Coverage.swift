import FaultInjection

/// Which call met which fault, and which transitions of a delivery were seen, over many seeds.
struct Coverage: Sendable {
  private(set) var faults: [PortCall: [Fault: Int]] = [:]
  private(set) var calls: [PortCall: Int] = [:]
  /// Transitions, such as `queued → claimed`, by the fault that their call met.
  private(set) var transitions: [String: [String: Int]] = [:]

  mutating func count(_ call: PortCall, _ fault: Fault?) {
    calls[call, default: 0] += 1
    if let fault { faults[call, default: [:]][fault, default: 0] += 1 }
  }

  mutating func count(transition: String, _ fault: Fault?) {
    transitions[transition, default: [:]][fault?.rawValue ?? "none", default: 0] += 1
  }

  mutating func add(_ other: Coverage) {
    for (call, count) in other.calls { calls[call, default: 0] += count }
    for (call, faults) in other.faults {
      for (fault, count) in faults { self.faults[call, default: [:]][fault, default: 0] += count }
    }
    for (transition, faults) in other.transitions {
      for (fault, count) in faults {
        transitions[transition, default: [:]][fault, default: 0] += count
      }
    }
  }

  /// Calls by how often they were made.
  var busiest: String {
    calls.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
      .map { "\($0.key.rawValue) \($0.value)" }.joined(separator: ", ")
  }

  var faultCount: Int { faults.values.reduce(0) { $0 + $1.values.reduce(0, +) } }
  var callCount: Int { calls.values.reduce(0, +) }

  /// Pairs of a call and a fault that never came together.
  var neverMet: [String] {
    PortCall.allCases.flatMap { call in
      Fault.possible(at: call).filter { faults[call]?[$0] == nil }.map {
        "\(call.rawValue) × \($0.rawValue)"
      }
    }
  }

  /// A table of transitions by faults.
  var table: String {
    let columns = ["none"] + Fault.allCases.map(\.rawValue)
    var lines = ["transition".padded(26) + columns.map { $0.padded(12) }.joined()]
    for transition in transitions.keys.sorted() {
      let counts = transitions[transition] ?? [:]
      lines.append(
        transition.padded(26) + columns.map { String(counts[$0] ?? 0).padded(12) }.joined())
    }
    return lines.joined(separator: "\n")
  }
}

extension Fault {
  /// Reads do not change anything: doing them twice, or losing their answer, is failing before. What
  /// becomes of a message is up to the simulated provider.
  static func possible(at call: PortCall) -> [Fault] {
    switch call {
    case .send: [.delay, .crashBefore, .crashAfter, .pauseBefore, .pauseAfter]
    case .lookUp: [.failBefore, .delay]
    // The chunk that the first of two claims took would be renewed, and worked on by nobody, for as
    // long as its process lives: `RunLedger` forbids adapters to repeat it.
    case .claimChunk: allCases.filter { $0 != .duplicate }
    default:
      call.commits ? allCases : [.failBefore, .delay, .crashBefore, .pauseBefore]
    }
  }
}

extension String {
  fileprivate func padded(_ width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
