import Billing
import Logging
import Operations

/// Writes log lines to standard error: `time level label: message key=value …`, keys in order.
///
/// Personal data is never handed to a logger, so nothing is masked here.
struct StandardErrorLog: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  private let label: String
  private let terminal: Terminal
  private let clock: any WallClock

  init(label: String, level: Logger.Level, terminal: Terminal, clock: any WallClock) {
    self.label = label
    logLevel = level
    self.terminal = terminal
    self.clock = clock
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { _, latest in latest }
    let pairs = all.sorted { $0.key < $1.key }.map { " \($0.key)=\(quoted("\($0.value)"))" }
    let line = "\(clock.now()) \(event.level) \(label): \(event.message)\(pairs.joined())"
    terminal.writeError("\(terminal.clearing)\(printable(line))\n")
  }

  private func quoted(_ value: String) -> String {
    guard value.isEmpty || value.contains(where: { $0.isWhitespace || $0 == "\"" }) else {
      return value
    }
    return JSON.string(value).line
  }
}
