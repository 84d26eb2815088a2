package import Billing
package import Delivery

/// Why something that was asked for was not done: a code with its arguments. The command makes a phrase
/// and an exit code of it; whatever a stage itself refuses is an error of that stage.
package enum OperationFailure: Error, Hashable, Sendable {
  // MARK: Wrong as it was asked

  /// The ledger's time is the machine's, and cannot be moved on.
  case ledgerKeepsRealTime
  /// The ledger's time is simulated, and does not pass by itself.
  case ledgerIsSimulated
  /// So many messages were begun: the ledger's time cannot be turned any more.
  case timeIsDecided(begun: Int)
  /// Simulated time only rises, and a month lies between.
  case monthOutOfTurn(BillingMonth, after: BillingMonth)
  /// An action on these states was asked for that it is not for.
  case notForStates(OperatorAction, [DeliveryState])

  // MARK: Not now

  /// Somebody else moves the ledger's simulated time.
  case timeIsHeld
  case consumersAtWork
  /// What would be done is not what was expected; its own confirmation.
  case notAsExpected(confirmation: String)
  /// Another month has deliveries pending, which this one's time would make too late.
  case otherMonthPending(BillingMonth)
  /// A provider does not say what it can do, so that nothing can be decided by it.
  case providerSilent

  // MARK: Nothing to be had

  /// The month has no completed settlement.
  case notSettled(BillingMonth)
  /// Nothing is known by this number or key.
  case nothingKnown(String)
  /// None of the deliveries found was changed, for these reasons.
  case nothingDone(OperatorAction, found: Int, refused: [OperatorRefusal: Int])
}
