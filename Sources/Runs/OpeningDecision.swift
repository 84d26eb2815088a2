package import Billing

/// What is done about a request to open a run, by what the ledger has.
package enum OpeningDecision: Sendable {
  /// The run is made, with its steps and its customers.
  case start
  /// Its fence is raised and its chunks are freed.
  case takeOver(RunRecord)
  /// Nothing is written.
  case leave(RunOpening)

  /// - Parameters:
  ///   - found: the run that was asked for.
  ///   - obstacle: a run that keeps it from being opened where it was not found.
  package static func decide(
    _ request: RunRequest, found: RunRecord?, obstacle: RunRecord?, at now: Timestamp
  ) -> OpeningDecision {
    guard let run = found else { return obstacle.map { .leave(.held($0)) } ?? .start }
    let isAlive =
      run.leaseUntil > now && run.owner != request.worker && !request.isGone(run.owner)
    switch run.status {
    case .completed:
      return .leave(.completed(run))
    case .running where isAlive && request.joins:
      return .leave(.joined(RunHold(run: run, worker: request.worker)))
    case .running where isAlive:
      return .leave(.held(run))
    case .running, .failed:
      return .takeOver(run)
    }
  }
}
