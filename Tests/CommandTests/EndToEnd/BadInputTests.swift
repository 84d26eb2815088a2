import BillingTestKit
import Foundation
import Testing

@Suite("Bad input, with its exit code and message")
struct BadInputTests {
  struct BadFile: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var file: String
    var text: String
    var place: String

    init(_ what: String, _ file: String, _ text: String, at place: String) {
      testDescription = what
      self.file = file
      self.text = text
      self.place = place
    }
  }

  static let badFiles: [BadFile] = [
    BadFile(
      "an unknown customer", "subscriptions.csv", SmallSet.lineHeader + SmallSet.line(91, of: 9),
      at: "subscriptions.csv:2:customer_id"),
    BadFile(
      "a line given to a second customer", "subscriptions.csv",
      SmallSet.lineHeader + SmallSet.line(11, of: 1) + SmallSet.line(11, of: 2, from: "2026-01-01"),
      at: "subscriptions.csv:3:"),
    BadFile(
      "send_day 32", "customers.csv",
      SmallSet.customerHeader + SmallSet.customer(1, sendDay: "32") + SmallSet.customer(2),
      at: "customers.csv:2:send_day"),
    BadFile(
      "all slots quiet", "customers.csv",
      SmallSet.customerHeader + SmallSet.customer(1, quiet: "0;1;2;3;4;5;6;7;8;9;10;11")
        + SmallSet.customer(2), at: "customers.csv:2:quiet_slots"),
    BadFile(
      "a quoted field never closed", "customers.csv",
      SmallSet.customerHeader + SmallSet.customer(1) + "2,\"홍길동,c2@example.com\n",
      at: "customers.csv:3:"),
    BadFile(
      "an amount beyond Int64", "charges.csv",
      SmallSet.chargeHeader + "CH1,1,2026-10-20,fee,x,9223372036854775808,false\n",
      at: "charges.csv:2:amount"),
    BadFile(
      "a date of 30 February", "charges.csv",
      SmallSet.chargeHeader + "CH1,1,2026-02-30,fee,x,1,false\n", at: "charges.csv:2:charged_on"),
  ]

  @Test("refuses the whole set with file, line and column", arguments: badFiles)
  func refused(_ bad: BadFile) async throws {
    let platform = try await PlatformFolder()
    let ending = try await platform.importSet(
      files: SmallSet.files([bad.file: bad.text]), expecting: 65)
    #expect(ending.errors.contains(bad.place))
    #expect(!ending.errors.contains("홍길동") && !ending.errors.contains("example.com"))
    // Nothing of the set was stored.
    try await platform.settle(expecting: 76)
  }

  @Test("sample does not write over an import set, unless it is told to")
  func sampleOverImportSet() async throws {
    let folder = try TestFolder()
    try FileManager.default.createDirectory(
      atPath: folder.file("set"), withIntermediateDirectories: true)
    try folder.write("charge_id\n", to: "set/charges.csv")
    let refused = try await billing("sample", "set", "--customers", "5", in: folder, expecting: 2)
    #expect(refused.errors.contains("set/charges.csv"))
    #expect(refused.errors.contains("--force"))
    #expect(try folder.read("set/charges.csv") == "charge_id\n")
    #expect(!folder.exists("set/customers.csv"))
    try await billing("sample", "set", "--customers", "5", "--force", in: folder, expecting: 0)
    #expect(folder.exists("set/customers.csv"))
  }

  @Test("a byte that is not UTF-8 is refused with its place")
  func notUTF8() async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    var bytes = Data(SmallSet.chargeHeader.utf8)
    bytes.append(
      contentsOf: Array("CH1,1,2026-10-20,fee,".utf8) + [0xFF] + Array(",1,false\n".utf8))
    try bytes.write(to: URL(fileURLWithPath: platform.folder.file("set/charges.csv")))
    let ending = try await billing("import", "set", in: platform.folder, expecting: 65)
    #expect(ending.errors.contains("charges.csv:2:"))
  }

  @Test("--skip-bad-rows stores the good rows and writes the others to rejects.csv")
  func skipped() async throws {
    let platform = try await PlatformFolder()
    let rows = SmallSet.customer(1, sendDay: "32") + SmallSet.customer(2)
    let ending = try await platform.importSet(
      files: SmallSet.files([
        "customers.csv": SmallSet.customerHeader + rows,
        "subscriptions.csv": SmallSet.lineHeader + SmallSet.line(21, of: 2),
      ]), "--skip-bad-rows", "--json", expecting: 0)
    #expect(try number("refused", in: ending.output) == 1)
    #expect(platform.folder.exists("set/rejects.csv"))
    try await platform.settle()
    #expect(try await platform.export().count == 2)
  }

  @Test("--dry-run checks and stores nothing")
  func dryRun() async throws {
    let platform = try await PlatformFolder()
    let ending = try await platform.importSet(
      files: SmallSet.files(), "--dry-run", "--json", expecting: 0)
    #expect(try text("outcome", in: ending.output) == "checked")
    try await platform.settle(expecting: 76)
  }

  @Test("a folder without an import set ends with 65")
  func noSet() async throws {
    let platform = try await PlatformFolder()
    let ending = try await billing("import", "nowhere", in: platform.folder, expecting: 65)
    #expect(ending.errors.contains("nowhere"))
  }

  @Test("another contact key than the ledger's is refused before anything is sealed with it")
  func anotherKey() async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    let key = String(repeating: "0f", count: 32)
    let ending = try await billing(
      "import", "set", in: platform.folder, environment: ["BILLING_KEYS_CONTACT": key],
      expecting: 2)
    #expect(ending.errors.contains("not the one"))
    #expect(!ending.errors.contains(key))
  }

  @Test("a key file that others may read is refused")
  func openKeyFile() async throws {
    let platform = try await PlatformFolder()
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o644], ofItemAtPath: platform.folder.file("billing.key"))
    let ending = try await platform.importSet(files: SmallSet.files(), expecting: 2)
    #expect(ending.errors.contains("chmod 600"))
  }

  @Test("a command in a folder without a ledger says how to make one")
  func notSetUp() async throws {
    let folder = try TestFolder()
    for command in [["settle", "2026-10"], ["import", "."], ["export", "2026-10"], ["status"]] {
      let ending = try await BillingProcess(command, in: folder).ending()
      #expect(ending.status == 2)
      #expect(ending.errors.contains("billing init"))
    }
    #expect(!folder.exists("data"))
  }

  @Test("a corrupt ledger ends with 1 and is not written to", arguments: ["import", "settle"])
  func corrupt(command: String) async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    let path = platform.folder.file("data/ledger.sqlite")
    try Data("SQLite format 3, but not really".utf8).write(to: URL(fileURLWithPath: path))
    let arguments = command == "import" ? ["import", "set"] : ["settle", "2026-10"]
    let ending = try await BillingProcess(arguments, in: platform.folder).ending()
    #expect(ending.status == 1)
    #expect(ending.errors.contains("backup"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == 31)
  }

  @Test("a disk that is full ends with 69, and the same command succeeds once there is room")
  func fullDisk() async throws {
    let folder = try TestFolder()
    try folder.write(
      SmallSet.customerHeader + (1...20_000).map { SmallSet.customer($0) }.joined(),
      to: "customers.csv")
    let program = BillingProcess.executable.path
    // A file system of its own in a mount namespace of its own: nothing outlives the shell.
    let script = """
      set -e
      mkdir disk && mount -t tmpfs -o size=1500k none disk && cd disk
      "\(program)" init >/dev/null
      set +e
      mkdir ../set && mv ../customers.csv ../set/
      "\(program)" import ../set; echo "status $?"
      mount -o remount,size=64m .
      "\(program)" import ../set; echo "status $?"
      """
    let shell = try BillingProcess(
      executable: URL(fileURLWithPath: "/usr/bin/unshare"),
      ["--map-root-user", "--mount", "sh", "-c", script], in: folder)
    let ending = try await shell.ending()
    #expect(ending.output.contains("status 69"), "\(ending.output) \(ending.errors)")
    #expect(ending.output.contains("status 0"), "\(ending.output) \(ending.errors)")
    #expect(ending.errors.contains("Make room"))
  }

  @Test(
    "a list of customers for a correction is refused by its line",
    arguments: [
      ("1\nx\n", "ids:2"), ("", "ids"), ("1\n77\n", "77"),
    ])
  func badList(text: String, named: String) async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(files: SmallSet.files(), expecting: 0)
    try await platform.settle()
    try platform.folder.write(text, to: "ids")
    let ending = try await platform.settle(
      "--correct", "--customers", "ids", "--reason", "x", expecting: 65)
    #expect(ending.errors.contains(named))
  }
}
