import Billing
import BillingTestKit
import Foundation
import Testing

/// The real executable, as a user starts it.
final class BillingProcess: Sendable {
  struct Ending: Sendable {
    var status: Int32
    /// Ended by a signal that it did not answer.
    var wasKilled: Bool
    var output: String
    var errors: String
  }

  private let process: Process
  private let output: String
  private let errors: String
  private let ended: AsyncStream<Void>

  /// Starts `billing` in a folder, with an environment of its own.
  init(
    executable: URL = BillingProcess.executable, _ arguments: [String], in folder: TestFolder,
    environment: [String: String] = [:]
  ) throws {
    let files = folder.file(".output-\(UUID().uuidString)")
    output = files + ".out"
    errors = files + ".err"
    for path in [output, errors] { try Data().write(to: URL(fileURLWithPath: path)) }
    process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.environment = ["LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"]
      .merging(environment) { _, own in own }
    process.standardInput = FileHandle.nullDevice
    let handles = try [output, errors].map {
      try FileHandle(forWritingTo: URL(fileURLWithPath: $0))
    }
    // The process has its own of them, and Foundation keeps these for as long as it likes: with some
    // 1,300 open files it reads past its list of them when it starts the next process.
    defer { for handle in handles { try? handle.close() } }
    process.standardOutput = handles[0]
    process.standardError = handles[1]
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    ended = stream
    process.terminationHandler = { _ in continuation.finish() }
    try process.run()
  }

  /// Beside the test bundle, where one build puts both.
  static let executable: URL = URL(fileURLWithPath: "/proc/self/exe")
    .resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("billing")

  var hasEnded: Bool { !process.isRunning }

  /// As the system knows it.
  var number: Int32 { process.processIdentifier }

  /// Stopped by SIGSTOP.
  var isStandingStill: Bool {
    let path = "/proc/\(process.processIdentifier)/stat"
    // The state is the field behind the name, which stands in parentheses.
    guard let text = try? String(contentsOfFile: path, encoding: .utf8),
      let close = text.lastIndex(of: ")")
    else { return false }
    return text[close...].dropFirst(2).first == "T"
  }

  /// The first line of its output, once it is written; `nil` when it ended without one, or wrote
  /// none within the bound.
  func firstLine(withinSeconds bound: Int = 180) async throws -> String? {
    let end = ContinuousClock.now + .seconds(bound)
    while ContinuousClock.now < end {
      let isOver = hasEnded
      let text = try String(contentsOfFile: output, encoding: .utf8)
      if let line = text.firstIndex(of: "\n") { return String(text[..<line]) }
      if isOver { return nil }
      try await SystemClock().sleep(milliseconds: 20)
    }
    return nil
  }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Kills it at that moment, unless it has ended by then.
  func end(afterMilliseconds milliseconds: Int) {
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [self] in
      if process.isRunning { send(SIGKILL) }
    }
  }

  /// Waits for the end; ends it by force, and says so, when it takes longer than the bound.
  func ending(withinSeconds bound: Int = 300) async throws -> Ending {
    let watchdog = DispatchWorkItem { [self] in send(SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(bound), execute: watchdog)
    for await _ in ended {}
    watchdog.cancel()
    return Ending(
      status: process.terminationStatus,
      wasKilled: process.terminationReason == .uncaughtSignal,
      output: try String(contentsOfFile: output, encoding: .utf8),
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }
}

/// Runs `billing` to its end.
@discardableResult
func billing(
  _ arguments: String..., in folder: TestFolder, environment: [String: String] = [:],
  expecting status: Int32? = nil, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> BillingProcess.Ending {
  let ending = try await BillingProcess(arguments, in: folder, environment: environment).ending()
  if let status {
    #expect(
      ending.status == status && !ending.wasKilled,
      "billing \(arguments.joined(separator: " ")): \(ending.errors)",
      sourceLocation: sourceLocation)
  }
  return ending
}
