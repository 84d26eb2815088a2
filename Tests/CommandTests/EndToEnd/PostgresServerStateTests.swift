import BillingTestKit
import Foundation
import LedgerTestKit
import Testing

@testable import Assembly
@testable import billing

@Suite("A PostgreSQL server that cannot do all that is asked of it")
struct PostgresServerStateTests {
  @Test("on a standby what reads works, what writes says that it cannot, and the primary goes on")
  func standby() async throws {
    let primary = try await PrivatePostgres.start(name: "primary")
    let platform = try await PlatformFolder(ledger: primary.url)
    let folder = platform.folder
    try await platform.importSample(customers: 50)
    try await platform.settle()
    try await billing("render", "2026-10", in: folder, expecting: 0)
    let exported = try await platform.export()
    let standby = try await primary.standby()

    let there = ["BILLING_LEDGER": standby.url]
    for command in [["status"], ["verify", "2026-10"], ["explain", "customer", "1001"]] {
      let ending = try await BillingProcess(command, in: folder, environment: there).ending()
      #expect(ending.status == 0, "\(command) \(ending.errors)")
    }
    let read = try await billing("export", "2026-10", in: folder, environment: there, expecting: 0)
    #expect(read.output.split(separator: "\n").map(String.init) == exported)
    let writing = [
      ["import", "sample"], ["run", "2026-10"], ["dispatch"], ["deliver", "--drain"],
      ["settle", "2026-09", "--at", "2026-11-02T00:00:00Z"],
    ]
    for command in writing {
      try await expectFailure(
        command, on: standby.url, in: folder, 69, saying: "read-only", remedy: .makeStoreWritable)
    }

    try await billing("run", "2026-10", in: folder, expecting: 0)
    let proof = try await billing("verify", "2026-10", "--json", in: folder, expecting: 0)
    #expect(try number("pending", in: proof.output) == 0)
    #expect(try await platform.export() == exported)
  }

  @Test("with fewer connections than workers a settlement takes turns")
  func fewConnections() async throws {
    let server = try await PrivatePostgres.start(
      name: "few", conf: ["max_connections = 3", "superuser_reserved_connections = 0"])
    let platform = try await PlatformFolder(ledger: server.url)
    try await platform.importSample(customers: 200)
    try await platform.settle("--workers", "8", "--set", "settlement.chunkSize=5")
    try await billing("run", "2026-10", in: platform.folder, expecting: 0)
    try await billing("verify", "2026-10", in: platform.folder, expecting: 0)
  }

  @Test("without a connection to be had it ends with 75, and goes on once there is one")
  func noConnection() async throws {
    let server = try await PrivatePostgres.start(name: "none")
    let platform = try await PlatformFolder(ledger: server.url)
    try await PlainPostgres.rows(
      """
      CREATE ROLE crowded LOGIN PASSWORD 'hunter2' CONNECTION LIMIT 0;
      GRANT pg_read_all_data TO crowded
      """, at: server.url)
    let url = try changed(server.url) { ($0.user, $0.password) = ("crowded", "hunter2") }
    try await expectFailure(
      ["status"], on: url, in: platform.folder, 75, saying: "too many connections",
      remedy: .tryLater)
    // Waits for one that becomes free meanwhile, as long as the settings say.
    let waiting = try BillingProcess(
      ["status"], in: platform.folder, environment: ["BILLING_LEDGER": url])
    try await PlainPostgres.rows("ALTER ROLE crowded CONNECTION LIMIT -1", at: server.url)
    let ending = try await waiting.ending()
    #expect(ending.status == 0, "\(ending.errors)")
  }

  @Test(
    "a server whose disk is full ends with 69, and the same command succeeds once there is room")
  func fullDisk() async throws {
    let folder = try TestFolder()
    try folder.write(
      SmallSet.customerHeader + (1...20_000).map { SmallSet.customer($0) }.joined(),
      to: "customers.csv")
    // A file system of its own in a mount namespace of its own, then no longer root: a server refuses
    // to be. The ledger's tables lie on the small disk, beside what is in their way.
    let server = """
      set -e
      export TMPDIR=$PWD
      services="\(Self.services)"
      url=$("$services" postgres start)
      trap '"$services" postgres stop' EXIT
      "$services" postgres psql -qc "CREATE TABLESPACE small LOCATION '$PWD/disk'"
      "$services" postgres psql -qc "CREATE DATABASE small TABLESPACE small"
      export BILLING_LEDGER="${url%/*}/small"
      mkdir set work && mv customers.csv set/ && cd work
      "$billing" init >/dev/null
      dd if=/dev/zero of=../disk/ballast bs=1M count=56 2>/dev/null
      set +e
      "$billing" import ../set; echo "status $?"
      "$billing" status >/dev/null; echo "meanwhile $?"
      rm ../disk/ballast
      "$billing" import ../set; echo "status $?"
      """
    let shell = try BillingProcess(
      executable: URL(fileURLWithPath: "/usr/bin/unshare"),
      [
        "--map-root-user", "--mount", "sh", "-c",
        """
        mkdir disk && mount -t tmpfs -o size=64m,mode=777 none disk &&
          exec unshare --map-user=1000 --map-group=1000 bash -c "$server"
        """,
      ], in: folder,
      environment: ["server": server, "billing": BillingProcess.executable.path])
    let ending = try await shell.ending()
    let told = "\(ending.output) \(ending.errors)"
    #expect(ending.output.contains("status 69\nmeanwhile 0\n"), "\(told)")
    #expect(ending.output.hasSuffix("status 0\n"), "\(told)")
    #expect(ending.errors.contains(Phrase.makeRoom.english), "\(told)")
  }

  private static let services = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appendingPathComponent("../../../scripts/services")
    .standardizedFileURL.path
}
