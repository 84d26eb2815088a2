extension DeliveryState {
  /// Whether the protocol knows a way from this state to another. Staying is no transition, but
  /// for a takeover of a claim (`claimed` → `claimed`) and looking again (`planned` → `planned`).
  ///
  /// `accepted` is reached from everywhere: positive evidence always wins. From it nothing leads
  /// away, and from `sending` time alone never leads back.
  package func mayBecome(_ next: DeliveryState) -> Bool {
    if next == .accepted { return self != .accepted }
    return Self.successors(of: self).contains(next)
  }

  private static func successors(of state: DeliveryState) -> Set<DeliveryState> {
    switch state {
    case .planned:
      // `failed` and `uncertain`: the customer's change left no channel that may be used.
      [.planned, .queued, .held, .suppressed, .superseded, .failed, .uncertain]
    case .queued: [.claimed, .planned, .held, .suppressed, .superseded, .failed, .uncertain]
    case .claimed:
      // `queued`: the lease is over and nobody will read the event again.
      [.claimed, .sending, .queued, .planned, .held, .suppressed, .superseded, .failed, .uncertain]
    case .sending: [.planned, .failed, .uncertain]
    case .uncertain: [.planned, .failed, .superseded]
    case .held: [.planned, .suppressed, .superseded]
    case .suppressed: [.planned, .superseded]
    case .failed: [.planned, .superseded]
    case .accepted, .superseded: []
    }
  }
}
