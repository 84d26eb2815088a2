import Dispatching
import Synchronization

/// A report that a task adds to and others look at.
final class SharedReport: Sendable {
  private let report = Mutex(SendingReport())

  func add(_ tick: DispatchReport) { report.withLock { $0.add(tick) } }

  var value: SendingReport { report.withLock { $0 } }
}
