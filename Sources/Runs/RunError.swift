package import Billing

/// Why a run did not end well.
package struct RunError: Error, Sendable, CustomStringConvertible {
  package enum Code: Sendable {
    /// Another process holds it; its lease ends at that moment.
    case held(owner: String, until: Timestamp)
    /// Another process took it over while this one worked.
    case takenOver
    /// A chunk failed as often as is allowed.
    case chunkFailed(step: String, chunk: Int)
    /// Two ways of counting do not agree.
    case controlTotals(step: String)
    /// More items are parked than the run may complete with.
    case tooManyParked(parked: Int64, targets: Int64)
  }

  package var code: Code
  package var run: RunKey
  /// What happened, without customer data.
  package var detail: String
  package var cause: (any Error)?

  package init(_ code: Code, run: RunKey, detail: String, cause: (any Error)? = nil) {
    self.code = code
    self.run = run
    self.detail = detail
    self.cause = cause
  }

  /// That somebody else works on the run.
  package static func held(_ run: RunRecord) -> RunError {
    RunError(
      .held(owner: run.owner, until: run.leaseUntil), run: run.key,
      detail: "\(run.owner) is working on it; its lease ends at \(run.leaseUntil)")
  }

  package var description: String { "\(run): \(detail)" }
}
