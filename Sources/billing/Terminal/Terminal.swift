import Assembly
import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where a command speaks to whoever started it: results to standard output, everything else to
/// standard error.
final class Terminal: Sendable {
  /// The process has one standard output and one standard error.
  static let standard = Terminal(environment: ProcessInfo.processInfo.environment)

  private let spoken: Mutex<Language>
  /// Whether a person watches standard error, so that a bar may be redrawn there.
  let drawsProgress: Bool
  /// Whether a person watches standard output, so that it may be cleared.
  let clearsOutput: Bool
  private let colorsErrors: Bool
  // One writer at a time, so that a log line never lands inside another.
  private let turn = Mutex<Int32?>(nil)

  /// The system's error number when a result could not be written to standard output; `nil` as
  /// long as all of it was.
  var outputFailure: Int32? { turn.withLock { $0 } }

  init(environment: [String: String]) {
    spoken = Mutex(Language(environment: environment))
    let watched = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
    drawsProgress = watched
    clearsOutput = isatty(STDOUT_FILENO) == 1 && environment["TERM"] != "dumb"
    colorsErrors = watched && (environment["NO_COLOR"] ?? "").isEmpty
  }

  /// What is said from now on is said in this language; at first in the environment's.
  var language: Language {
    get { spoken.withLock { $0 } }
    set { spoken.withLock { $0 = newValue } }
  }

  /// Writes a result to standard output, as it stands.
  func print(_ text: String) {
    write(text, to: STDOUT_FILENO)
  }

  /// Writes bytes of a result to standard output; the system's error number when it takes no more.
  func print(bytes: [UInt8]) -> Int32? {
    turn.withLock { _ in writeAll(bytes, to: STDOUT_FILENO) }
  }

  /// Writes a phrase and a line break to standard output.
  func say(_ phrase: Phrase) {
    write(printable(phrase.text(in: language)) + "\n", to: STDOUT_FILENO)
  }

  /// Writes a remark beside the result: a line on standard error.
  func note(_ phrase: Phrase) {
    write(clearing + printable(phrase.text(in: language)) + "\n", to: STDERR_FILENO)
  }

  /// Writes what went wrong and what to do about it to standard error.
  func complain(_ failure: CommandFailure) {
    let name = colorsErrors ? "\u{1B}[31mbilling:\u{1B}[0m " : "billing: "
    let what = printable(failure.what.text(in: language))
    let remedy = printable(failure.remedy.text(in: language))
    write("\(clearing)\(name)\(what)\n\(remedy)\n", to: STDERR_FILENO)
  }

  /// Writes to standard error as it stands: bars and log lines.
  func writeError(_ text: String) {
    write(text, to: STDERR_FILENO)
  }

  /// What takes a half-drawn bar away before something else is written.
  var clearing: String { drawsProgress ? "\r\u{1B}[K" : "" }

  /// The columns of the terminal on standard error; 80 where it does not say.
  var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  private func write(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { write(UnsafeRawBufferPointer($0), to: descriptor) }
  }

  private func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) {
    turn.withLock { failure in
      // What standard error does not take there is nowhere left to say.
      guard let number = writeAll(bytes, to: descriptor), descriptor == STDOUT_FILENO else {
        return
      }
      failure = failure ?? number
    }
  }
}
