/// What a ledger says about a key that contact data is to be sealed with.
package enum ContactKeyClaim: Sendable {
  /// The key that contact data here is sealed with, from now on or since long.
  case same
  case another
}
