import Billing

/// Why a command ends without having done what it was asked: one sentence what, one sentence what
/// to do, and the exit code.
struct CommandFailure: Error, Hashable, Sendable {
  var status: CommandStatus
  var what: Phrase
  var remedy: Phrase

  init(_ status: CommandStatus, _ what: Phrase, remedy: Phrase) {
    self.status = status
    self.what = what
    self.remedy = remedy
  }
}

extension CommandFailure {
  /// What a store's failure means for whoever typed the command.
  init(_ error: StoreError) {
    let (status, remedy) = Self.meaning(of: error.kind)
    self.init(status, .storeFailed(error), remedy: remedy)
  }

  private static func meaning(of kind: StoreError.Kind) -> (CommandStatus, Phrase) {
    switch kind {
    case .unreachable: (.unreachable, .checkStoreIsThere)
    case .denied: (.wrongUsage, .mendAccess)
    case .readOnly: (.unreachable, .makeStoreWritable)
    case .full: (.unreachable, .makeRoom)
    case .busy: (.busy, .tryLater)
    case .wrongSchema: (.wrongUsage, .migrateStores)
    case .corrupt: (.failed, .restoreStore)
    case .conflict: (.failed, .reportConflict)
    case .broken: (.failed, .reportDefect)
    }
  }
}
