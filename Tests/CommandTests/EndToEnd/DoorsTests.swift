import BillingTestKit
import Foundation
import Testing

/// Whatever the shell says, what the platform writes is its owner's alone.
@Suite("Who may look at what the platform writes")
struct DoorsTests {
  @Test(
    "every file is for its owner alone, and every folder, whatever the umask",
    arguments: ["000", "022", "077"])
  func modes(umask: String) async throws {
    let folder = try TestFolder()
    func run(_ arguments: String..., failing point: String? = nil) async throws {
      let ending = try await Self.start(umask, arguments, in: folder, failing: point).ending()
      if point == nil { #expect(ending.status == 0, "\(arguments): \(ending.errors)") }
    }
    try await run("init")
    try await run("sample", "made/by/sample", "--customers", "20")
    let customers = try folder.read("made/by/sample/customers.csv")
    try folder.write(customers + "99,no,such\n", to: "made/by/sample/customers.csv")
    chmod(folder.file("made/by/sample/customers.csv"), 0o600)
    try await run("import", "made/by/sample", "--skip-bad-rows")
    // Killed, it leaves what SQLite has in hand.
    try await run(
      "settle", "2026-10", "--at", "2026-11-02T00:00:00Z",
      failing: "settle.commit:after:1:kill")
    #expect(folder.exists("data/ledger.sqlite-wal"))
    Self.check(folder)
    try await run("run", "2026-10")
    try await run("export", "2026-10", "--out", "export.csv")
    let customer = String(customers.split(separator: "\n")[1].prefix { $0 != "," })
    try await run("render", "preview", customer, "2026-10", "--out", "preview.html")
    // Over one that others could read.
    try folder.write("old", to: "old.csv")
    chmod(folder.file("old.csv"), 0o666)
    try await run("export", "2026-10", "--out", "old.csv")
    #expect(Self.check(folder) > 20)
    #expect(folder.exists("data/bills") && folder.exists("data/providers.sqlite"))
  }

  @Test("a standing provider's ledger is for its owner alone as well")
  func provider() async throws {
    let platform = try await PlatformFolder()
    let server = try Self.start(
      "000", ["mock-provider", "--ledger", "taken.sqlite"], in: platform.folder)
    _ = try await server.firstLine()
    server.send(SIGTERM)
    _ = try await server.ending()
    #expect(platform.folder.exists("taken.sqlite"))
    Self.check(platform.folder)
  }

  @Test("what others may look into is named, with the command that closes it")
  func warning() async throws {
    let platform = try await PlatformFolder()
    let folder = platform.folder
    let quiet = try await billing("status", in: folder, expecting: 0)
    #expect(quiet.errors.isEmpty, "\(quiet.errors)")
    for path in ["data/ledger.sqlite", "billing.yaml"] { chmod(folder.file(path), 0o644) }
    chmod(folder.file("data/bills"), 0o755)
    let warned = try await billing("status", in: folder, expecting: 0)
    let lines = warned.errors.split(separator: "\n").map(String.init)
    #expect(lines.count == 2, "\(warned.errors)")
    #expect(lines.first?.contains("Warning: others on this machine") == true)
    let korean = try await billing("status", "--locale", "ko", in: folder, expecting: 0)
    #expect(korean.errors.contains("경고: 이 컴퓨터의 다른 사용자가"), "\(korean.errors)")
    // The command that is advised closes what it names.
    let command = try #require(lines.last?.wholeMatch(of: /Run: (chmod go= .*)/)?.1)
    let closing = try BillingProcess(
      executable: URL(fileURLWithPath: "/bin/sh"), ["-c", String(command)], in: folder)
    #expect(try await closing.ending().status == 0)
    #expect(try await billing("status", in: folder, expecting: 0).errors.isEmpty)
    Self.check(folder)
  }

  // MARK: A process that ends by force

  @Test("a defect prints what went wrong, and nothing of the process's memory")
  func noBacktrace() async throws {
    let folder = try await Self.imported()
    let ending = try await Self.trapped(in: folder)
    #expect(ending.errors.contains("ended by a fail point"), "\(ending.errors)")
    for sign in ["crashed", "Registers", "Backtrac", "0x0000"] {
      #expect(!ending.errors.contains(sign), "\(ending.errors)")
    }
    // Whoever asks for it gets one: there was one to be kept from.
    let asked = try await Self.trapped(in: folder, ["SWIFT_BACKTRACE": "enable=yes,color=no"])
    #expect(asked.errors.contains("crashed"), "\(asked.errors)")
  }

  @Test("no process may dump its memory")
  func noCoreDump() async throws {
    let platform = try await PlatformFolder()
    let consumer = try BillingProcess(["deliver"], in: platform.folder)
    defer { consumer.send(SIGKILL) }
    let limits = "/proc/\(consumer.number)/limits"
    let isLimited = try await becomesTrue(withinSeconds: 180) {
      guard let text = try? String(contentsOfFile: limits, encoding: .utf8) else { return false }
      return text.contains(#/Max core file size +0 +0 /#)
    }
    #expect(isLimited)
  }

  private static func imported() async throws -> TestFolder {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    return platform.folder
  }

  private static func trapped(
    in folder: TestFolder, _ environment: [String: String] = [:]
  ) async throws -> BillingProcess.Ending {
    let point = ["BILLING_FAIL_POINT": "run.open:before:1:trap"]
    let ending = try await BillingProcess(
      PlatformFolder.settling(), in: folder, environment: point.merging(environment) { $1 }
    ).ending()
    #expect(ending.wasKilled)
    return ending
  }

  // MARK: Looking

  private static func start(
    _ umask: String, _ arguments: [String], in folder: TestFolder, failing point: String? = nil
  ) throws -> BillingProcess {
    try BillingProcess(
      executable: URL(fileURLWithPath: "/bin/sh"),
      ["-c", "umask \(umask); exec \"$0\" \"$@\"", BillingProcess.executable.path] + arguments,
      in: folder, environment: point.map { ["BILLING_FAIL_POINT": $0] } ?? [:])
  }

  /// How many files and folders there are, each looked at.
  @discardableResult
  private static func check(
    _ folder: TestFolder, sourceLocation: SourceLocation = #_sourceLocation
  ) -> Int {
    let files = FileManager.default.enumerator(atPath: folder.path)
    var count = 0
    while let path = files?.nextObject() as? String {
      // What the tests themselves write.
      if path.hasPrefix(".output-") || path.hasPrefix("set") { continue }
      var status = stat()
      guard lstat(folder.file(path), &status) == 0 else { continue }
      let kind = status.st_mode & S_IFMT
      let mode = status.st_mode & 0o7777
      #expect(
        mode == (kind == S_IFDIR ? 0o700 : 0o600), "\(path): \(String(mode, radix: 8))",
        sourceLocation: sourceLocation)
      count += 1
    }
    return count
  }
}
