import Billing

/// Runs everything on the thread that calls it: the next job is picked by the seed, and when none is
/// ready, virtual time moves on to the next sleeper. The same seed gives the same order of jobs.
///
/// `@unchecked Sendable`: whatever runs in it runs on the one thread, one job at a time; a job that
/// came from elsewhere would break the promise of repeating exactly, and ends the process.
final class SimulationLoop: TaskExecutor, @unchecked Sendable {
  private struct Job {
    var job: UnownedJob
    /// Of an actor that has one; `nil` for everything else.
    var executor: UnownedSerialExecutor?
  }

  private struct Sleeper {
    var moment: Int64
    var owner: ObjectIdentifier?
    var wake: CheckedContinuation<Void, Never>
  }

  private var ready: [Job] = []
  private var sleepers: [Int: Sleeper] = [:]
  private var sleeperCount = 0
  private let random: SeededRandom
  private let thread = ThreadID.current
  /// Virtual time, in milliseconds since 1970.
  private(set) var now: Int64
  /// Jobs run so far.
  private(set) var steps = 0
  /// What actors with an executor of their own are given: another name of this loop.
  private(set) lazy var actors = SimulatedActorExecutor(loop: self)

  init(seed: UInt64, start: Timestamp) {
    random = SeededRandom(seed: seed)
    now = start.milliseconds
  }

  enum Ending: Hashable {
    case finished
    /// Nothing is ready, nobody sleeps, and the body has not returned.
    case stuck
    case tooManySteps
  }

  /// Runs the body and everything it starts.
  func run(maxSteps: Int = 3_000_000, _ body: @escaping @Sendable () async -> Void) -> Ending {
    let end = End()
    Task(executorPreference: self) {
      await body()
      end.isReached = true
    }
    while !end.isReached {
      guard steps < maxSteps else { return .tooManySteps }
      if ready.isEmpty {
        guard wakeNext() else { return .stuck }
        continue
      }
      let next = ready.remove(swapping: Int(random.next() % UInt64(ready.count)))
      steps += 1
      if let executor = next.executor {
        next.job.runSynchronously(isolatedTo: executor, taskExecutor: asUnownedTaskExecutor())
      } else {
        next.job.runSynchronously(on: asUnownedTaskExecutor())
      }
    }
    return .finished
  }

  private final class End: @unchecked Sendable {
    var isReached = false
  }

  func enqueue(_ job: consuming ExecutorJob) {
    add(Job(job: UnownedJob(job), executor: nil))
  }

  fileprivate func enqueue(_ job: UnownedJob, on executor: UnownedSerialExecutor) {
    add(Job(job: job, executor: executor))
  }

  private func add(_ job: Job) {
    precondition(ThreadID.current == thread, "a job came from another thread")
    ready.append(job)
  }

  // MARK: Time

  /// Wakes everybody whose moment is the earliest.
  private func wakeNext() -> Bool {
    guard let moment = sleepers.values.map(\.moment).min() else { return false }
    now = max(now, moment)
    for number in sleepers.keys.filter({ sleepers[$0]?.moment == moment }).sorted() {
      sleepers.removeValue(forKey: number)?.wake.resume()
    }
    return true
  }

  /// Those who sleep for this owner wake at this moment instead.
  func hasten(_ owner: AnyObject, to moment: Int64) {
    for (number, sleeper) in sleepers where sleeper.owner == ObjectIdentifier(owner) {
      sleepers[number]?.moment = moment
    }
  }

  /// Returns at the moment, or as soon as the task is cancelled.
  func sleep(until moment: Int64, for owner: AnyObject? = nil) async {
    let owner = owner.map { ObjectIdentifier($0) }
    sleeperCount += 1
    let number = sleeperCount
    await withTaskCancellationHandler {
      await withCheckedContinuation { wake in
        if moment <= now || Task.isCancelled {
          wake.resume()
        } else {
          sleepers[number] = Sleeper(moment: moment, owner: owner, wake: wake)
        }
      }
    } onCancel: {
      sleepers.removeValue(forKey: number)?.wake.resume()
    }
  }
}

/// The loop, as actors that ask for an executor of their own see it.
final class SimulatedActorExecutor: SerialExecutor {
  private unowned let loop: SimulationLoop

  init(loop: SimulationLoop) {
    self.loop = loop
  }

  func enqueue(_ job: consuming ExecutorJob) {
    loop.enqueue(UnownedJob(job), on: asUnownedSerialExecutor())
  }
}

/// A clock of the simulation: the loop's time, and for a machine whose clock is wrong, so much more
/// or less. Its steady time is right all the same.
struct VirtualClock: WallClock {
  let loop: SimulationLoop
  var skewMilliseconds: Int64 = 0

  func now() -> Timestamp { Timestamp(milliseconds: loop.now + skewMilliseconds) }

  func steadyMilliseconds() -> Int64 { loop.now }

  func sleep(until moment: Timestamp) async throws {
    await loop.sleep(until: moment.milliseconds - skewMilliseconds)
    try Task.checkCancellation()
  }
}

extension Array {
  /// Takes an element out, in constant time: the last one takes its place.
  mutating func remove(swapping position: Int) -> Element {
    swapAt(position, count - 1)
    return removeLast()
  }
}
