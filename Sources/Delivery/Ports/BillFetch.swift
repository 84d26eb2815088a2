package import Billing

/// Reads bills. The bytes are not believed: the consumer compares their hash.
package protocol BillFetch: Sendable {
  /// An outcome for each key, in their order.
  func fetch(_ keys: [BillKey]) async -> [FetchedBill]
}

package enum FetchedBill: Sendable {
  case bytes([UInt8])
  case missing
  /// The store cannot be reached now.
  case unreachable
}

/// Makes a bill again from its statement, with the versions that its key names.
package protocol BillRemaker: Sendable {
  /// The same bytes as the first time, stored again where they were missing or altered.
  func remake(_ key: BillKey, expected: ContentHash) async -> RemadeBill
}

package enum RemadeBill: Sendable {
  case bytes([UInt8])
  /// It cannot be made, or comes out differently.
  case impossible
  case unreachable
}
