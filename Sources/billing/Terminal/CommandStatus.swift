import Assembly

/// How a command ended, as the shell sees it.
enum CommandStatus: Int32, CaseIterable, Sendable {
  /// Done; also: there was nothing to do.
  case done = 0
  case failed = 1
  /// Wrong usage or configuration.
  case wrongUsage = 2
  /// What was handed in is wrong: an import file, a template, a list of customers.
  case badInput = 65
  /// A server or a store is not reachable, not writable or full.
  case unreachable = 69
  /// Somebody else is at it; the same command can succeed later.
  case busy = 75
  /// An earlier stage of the month is not complete.
  case earlierStageIncomplete = 76
  /// Ended by SIGINT, resumable.
  case interrupted = 130
  /// Ended by SIGTERM, resumable.
  case terminated = 143
}
