import Billing
package import Delivery

extension OperatorReport {
  /// - Parameter isForeseen: nothing was done yet.
  package func json(of action: OperatorAction, isForeseen: Bool) -> JSON {
    let states = DeliveryState.allCases.filter { moved[$0] != nil }
    let refusals = OperatorRefusal.allCases.filter { refused[$0] != nil }
    return [
      "action": .string(action.name),
      "dryRun": .bool(isForeseen),
      "interrupted": .bool(wasInterrupted),
      "found": .number(found),
      "done": .number(done),
      "confirmation": .string(confirmation),
      "moved": .object(
        states.map { JSON.Member(key: $0.rawValue, value: .number(moved[$0] ?? 0)) }),
      "resent": .number(made),
      "refused": .object(
        refusals.map { JSON.Member(key: $0.rawValue, value: .number(refused[$0] ?? 0)) }),
      "changedMeanwhile": .number(stale),
      "examples": .array(examples.map { .string($0.description) }),
    ]
  }
}
