import Dispatch

/// Runs jobs one after the other on a thread that nobody else needs: a blocking C call holds up
/// nothing of the cooperative pool.
package final class ThreadExecutor: SerialExecutor {
  // A serial queue is given a thread by the system when it has work, and waits on no other queue.
  private let queue: DispatchQueue

  package init(label: String = "billing.store") {
    queue = DispatchQueue(label: label)
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedSerialExecutor()
    queue.async { job.runSynchronously(on: executor) }
  }
}
