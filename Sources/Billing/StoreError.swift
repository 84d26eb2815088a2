/// A store did not do what it was asked to. Every adapter throws this, so that the command can
/// say what to do and with which exit code, whichever store it is.
///
/// The description never holds customer data.
package struct StoreError: Error, Sendable, CustomStringConvertible {
  package enum Kind: String, Sendable {
    /// No connection, no such folder, no permission.
    case unreachable
    /// The server refuses: a wrong name or password, no trust in its certificate, no such database,
    /// no permission.
    case denied
    /// Somebody else holds what is needed; trying again later can help.
    case busy
    /// No space left.
    case full
    /// The store's file or answer is damaged.
    case corrupt
    /// May be read, not written.
    case readOnly
    /// Not migrated, or migrated by a newer version of the program.
    case wrongSchema
    /// What is there differs from what was to be written, and is never overwritten.
    case conflict
    /// Anything else: a bug of ours or of the store.
    case broken
  }

  package var kind: Kind
  /// What was being done, such as `commit a settlement chunk`.
  package var operation: String
  /// What the store said.
  package var detail: String

  package init(_ kind: Kind, operation: String, detail: String) {
    self.kind = kind
    self.operation = operation
    self.detail = detail
  }

  /// Whether the same call may succeed later without anybody doing anything.
  package var isRetryable: Bool {
    switch kind {
    case .busy, .unreachable: true
    case .denied, .full, .corrupt, .readOnly, .wrongSchema, .conflict, .broken: false
    }
  }

  package var description: String { "\(operation): \(detail)" }
}
