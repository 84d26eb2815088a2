import Foundation

/// One run of `scripts/services`.
struct ServiceScript {
  struct Ending {
    var status: Int32
    /// Without the end of its last line.
    var output: String
    var errors: String
  }

  private let process = Process()
  private let folder: TestFolder
  private let ended = DispatchSemaphore(value: 0)
  private let finished: AsyncStream<Void>

  /// Starts it. It inherits nothing open but its output, which goes to files: a server that it
  /// starts outlives it, and holds no pipe that somebody reads to its end.
  init(_ arguments: [String]) throws {
    let folder = try TestFolder()
    self.folder = folder
    process.executableURL = Self.root.appendingPathComponent("scripts/services")
    process.arguments = arguments
    process.currentDirectoryURL = Self.root
    process.standardInput = FileHandle.nullDevice
    let handles = try ["output", "errors"].map { try Self.write(to: folder.file($0)) }
    // The script has its own of them.
    defer { for handle in handles { try? handle.close() } }
    process.standardOutput = handles[0]
    process.standardError = handles[1]
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    finished = stream
    process.terminationHandler = { [ended] _ in
      ended.signal()
      continuation.finish()
    }
    try process.run()
  }

  /// Its end, blocking: where nothing can be awaited.
  func wait() throws -> Ending {
    ended.wait()
    return Ending(
      status: process.terminationStatus,
      output: try Fixture.text(folder.file("output"))
        .trimmingCharacters(in: .whitespacesAndNewlines),
      errors: try Fixture.text(folder.file("errors")))
  }

  /// Its end, also of a task that was cancelled meanwhile.
  func ending() async throws -> Ending {
    for await _ in finished {}
    return try wait()
  }

  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func write(to path: String) throws -> FileHandle {
    try Data().write(to: URL(fileURLWithPath: path))
    return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  }
}
