package import Billing

/// Where bills lie, under the path of their key. What is there is never overwritten with something
/// else.
package protocol BillStore: Sendable {
  /// Puts each bill where none is. One outcome a bill, in their order.
  func put(_ bills: [Bill]) async throws -> [BillPutOutcome]

  /// Returns when everything that this store has taken survives a loss of power. Done once a chunk,
  /// before its checkpoint.
  func makeDurable() async throws

  /// The bytes under each key, in their order; `nil` where there is nothing.
  func contents(of keys: [BillKey]) async throws -> [[UInt8]?]

  /// Hands over the paths and sizes of everything stored for a month, a batch at a time, in any
  /// order: for the proof and for tests.
  func list(_ month: BillingMonth, _ body: @Sendable ([StoredBill]) throws -> Void) async throws

  /// Removes bills; those that are not there are no matter.
  func delete(_ keys: [BillKey]) async throws
}

package enum BillPutOutcome: Hashable, Sendable {
  case stored
  /// It was there with the same bytes.
  case alreadyThere
  /// Something else is there, and was left alone.
  case conflict
}

/// An object of the bill store as a listing names it.
package struct StoredBill: Hashable, Sendable {
  package var path: String
  /// Bytes.
  package var size: Int

  package init(path: String, size: Int) {
    self.path = path
    self.size = size
  }
}
