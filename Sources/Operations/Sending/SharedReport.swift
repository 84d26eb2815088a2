package import Dispatching
import Synchronization

/// A report that a task adds to and others look at.
package final class SharedReport: Sendable {
  private let report = Mutex(SendingReport())

  package func add(_ tick: DispatchReport) { report.withLock { $0.add(tick) } }

  package var value: SendingReport { report.withLock { $0 } }
}
