import Runs

/// Shows the steps of a run on the progress display.
struct StepProgress: RunProgress {
  private let display: ProgressDisplay

  init(_ display: ProgressDisplay) {
    self.display = display
  }

  func stepBegan(_ name: String, done: Int64, total: Int64) {
    display.begin(.step(name), total: total > 0 ? Int(total) : nil, done: Int(done))
  }

  func stepAdvanced(_ name: String, by items: Int64) {
    display.advance(by: Int(items))
  }

  func stepEnded(_ name: String) {
    display.end()
  }
}
