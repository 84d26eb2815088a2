import Synchronization

/// Shows how far a command is: one bar a step, redrawn in place, where a person watches; one plain
/// line a step elsewhere.
final class ProgressDisplay: Sendable {
  private struct Step {
    var name: Phrase
    var total: Int?
    var done = 0
    /// Where the step began, so that the rate counts only what was done since.
    var doneAtStart = 0
    var startedAt: ContinuousClock.Instant
    var drawnAt: ContinuousClock.Instant?
  }

  /// At most ten drawings a second.
  private static let redrawInterval: Duration = .milliseconds(100)

  private let terminal: Terminal
  private let clock = ContinuousClock()
  private let step = Mutex<Step?>(nil)

  init(on terminal: Terminal) {
    self.terminal = terminal
  }

  /// Begins a step; one that is still shown ends.
  ///
  /// - Parameters:
  ///   - total: how many items there are, `nil` when nobody knows yet.
  ///   - done: how many an earlier start of the command has done.
  func begin(_ name: Phrase, total: Int? = nil, done: Int = 0) {
    end()
    step.withLock { step in
      step = Step(name: name, total: total, done: done, doneAtStart: done, startedAt: clock.now)
      draw(&step)
    }
  }

  /// Sets how many items of the step are done, and how many there are where that has changed.
  func advance(to done: Int, of total: Int? = nil) {
    step.withLock { step in
      guard step != nil else { return }
      step?.done = done
      if let total { step?.total = total }
      draw(&step)
    }
  }

  /// Shows a step by its name, beginning it where another one is shown.
  func show(_ name: Phrase, done: Int, of total: Int) {
    if step.withLock({ $0?.name }) != name { begin(name, total: total) }
    advance(to: done, of: total)
  }

  func advance(by more: Int) {
    step.withLock { step in
      guard step != nil else { return }
      step?.done += more
      draw(&step)
    }
  }

  /// Ends the step that is shown, leaving its closing line.
  func end() {
    let ended = step.withLock { step in
      defer { step = nil }
      return step
    }
    guard let ended else { return }
    // A step without items is over before anybody could wonder about it.
    guard ended.done > 0 else { return terminal.writeError(terminal.clearing) }
    terminal.writeError(terminal.clearing + closingLine(of: ended) + "\n")
  }

  /// Takes the bar away without a closing line: the step did not come to its end.
  func abandon() {
    let was = step.withLock { step in
      defer { step = nil }
      return step
    }
    if was != nil { terminal.writeError(terminal.clearing) }
  }

  private func draw(_ step: inout Step?) {
    guard terminal.drawsProgress, var current = step else { return }
    let now = clock.now
    if let drawnAt = current.drawnAt, now - drawnAt < Self.redrawInterval { return }
    current.drawnAt = now
    step = current
    terminal.writeError(terminal.clearing + bar(of: current, at: now))
  }

  /// `settle  ███████░░░  70 %  700,000/1,000,000  48,211/s  0:06 left`
  private func bar(of step: Step, at now: ContinuousClock.Instant) -> String {
    let name = step.name.text(in: terminal.language)
    let elapsed = now - step.startedAt
    let rate = perSecond(step.done - step.doneAtStart, in: elapsed)
    guard let total = step.total, total > 0 else {
      return "\(name)  \(grouped(step.done))  \(rate.map { grouped($0) + "/s" } ?? "")"
    }
    let done = min(step.done, total)
    var tail = "  \(done * 100 / total) %  \(grouped(done))/\(grouped(total))"
    if let rate, rate > 0 {
      let left = Phrase.timeLeft(clockTime(seconds: (total - done) / rate))
      tail += "  \(grouped(rate))/s  \(left.text(in: terminal.language))"
    }
    let room = max(0, terminal.width - displayWidth(of: name) - displayWidth(of: tail) - 4)
    let length = min(30, room)
    let filled = length * done / total
    let blocks =
      String(repeating: "█", count: filled) + String(repeating: "░", count: length - filled)
    return "\(name)  \(blocks)\(tail)"
  }

  /// `settle: 1,000,000 in 20.4 s (49,019/s)`
  private func closingLine(of step: Step) -> String {
    let name = step.name.text(in: terminal.language)
    let elapsed = clock.now - step.startedAt
    let count = grouped(step.done)
    guard let rate = perSecond(step.done - step.doneAtStart, in: elapsed) else {
      return "\(name): \(count)"
    }
    return "\(name): \(count), \(seconds(elapsed)) s (\(grouped(rate))/s)"
  }
}

/// Whole items a second; `nil` while too little time has passed to tell.
func perSecond(_ items: Int, in elapsed: Duration) -> Int? {
  let milliseconds = wholeMilliseconds(elapsed)
  guard milliseconds >= 10, items > 0 else { return nil }
  let (product, overflow) = items.multipliedReportingOverflow(by: 1000)
  return overflow ? nil : product / milliseconds
}

/// Seconds with one digit after the point, `20.4`.
func seconds(_ duration: Duration) -> String {
  let tenths = (wholeMilliseconds(duration) + 50) / 100
  return "\(grouped(tenths / 10)).\(tenths % 10)"
}

func wholeMilliseconds(_ duration: Duration) -> Int {
  let (seconds, attoseconds) = duration.components
  return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
}

/// `0:06`, `1:02:03`.
private func clockTime(seconds: Int) -> String {
  let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
  let two = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
  return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
}
