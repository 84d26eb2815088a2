package import Billing

/// What a mock provider has accepted, kept so that anybody can count what recipients really got.
package protocol AcceptanceLog: Sendable {
  /// Durable when it returns; the reference it is kept under. A key is logged as often as it is
  /// accepted, unless `knownSince` says from when on keys are known again: one accepted since then
  /// is only looked up.
  ///
  /// - Parameter isLate: asked in the moment of writing; `nil` where it says so, and nothing is
  ///   written.
  func append(
    _ acceptance: Acceptance, knownSince: Timestamp?, isLate: @escaping @Sendable () -> Bool
  ) async throws -> String?

  /// The reference of the first acceptance under a key, since a moment or ever. What is being
  /// written when it is asked for is waited for.
  func reference(of key: String, since: Timestamp?) async throws -> String?

  /// The next acceptances after a row, ascending.
  func list(after row: Int64, limit: Int) async throws -> [LoggedAcceptance]
}

package struct Acceptance: Hashable, Sendable {
  package var key: String
  package var provider: String
  package var recipientHash: [UInt8]
  package var content: ContentHash
  package var at: Timestamp

  package init(
    key: String, provider: String, recipientHash: [UInt8], content: ContentHash, at: Timestamp
  ) {
    self.key = key
    self.provider = provider
    self.recipientHash = recipientHash
    self.content = content
    self.at = at
  }
}

package struct LoggedAcceptance: Hashable, Sendable {
  package var row: Int64
  package var acceptance: Acceptance

  package init(row: Int64, acceptance: Acceptance) {
    self.row = row
    self.acceptance = acceptance
  }
}
