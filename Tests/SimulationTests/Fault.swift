/// What can happen to a call of a port.
enum Fault: String, CaseIterable, Sendable {
  /// It fails, and nothing was done.
  case failBefore
  /// It is done, and the answer is lost.
  case loseReply
  case delay
  /// It is done twice.
  case duplicate
  /// The process ends before it, or when it is done.
  case crashBefore
  case crashAfter
  /// The whole process stands still, for longer than its leases, before it or when it is done.
  case pauseBefore
  case pauseAfter
}

/// A process of the simulation ended here.
struct Crash: Error {}
