import BillingTestKit
import Foundation
import Testing

@Suite("billing init, as a user types it")
struct InstallationTests {
  private let folder: TestFolder

  init() throws {
    folder = try TestFolder()
  }

  @Test("writes the configuration, a key for its owner alone, and the stores")
  func makes() async throws {
    try await billing("init", in: folder, expecting: 0)
    #expect(try folder.read("billing.yaml").contains("ledger: sqlite:data/ledger.sqlite"))
    let key = try FileManager.default.attributesOfItem(atPath: folder.file("billing.key"))
    #expect(key[.posixPermissions] as? Int == 0o600)
    #expect(try folder.read("billing.key").count == 65)
    #expect(folder.exists("data/ledger.sqlite"))
  }

  @Test("run again changes nothing, and a changed configuration stays")
  func again() async throws {
    try await billing("init", in: folder, expecting: 0)
    let key = try folder.read("billing.key")
    try folder.write("workers: 1\n", to: "billing.yaml")
    let second = try await billing("init", in: folder, expecting: 0)
    #expect(second.output == "Everything is there; nothing was changed.\n")
    #expect(try folder.read("billing.key") == key)
    #expect(try folder.read("billing.yaml") == "workers: 1\n")
  }

  @Test("never makes a second key beside a ledger whose key is lost")
  func lostKey() async throws {
    try await billing("init", in: folder, expecting: 0)
    try FileManager.default.removeItem(atPath: folder.file("billing.key"))
    let ending = try await billing("init", in: folder, expecting: 2)
    #expect(ending.errors.contains("billing.key"))
    #expect(!folder.exists("billing.key"))
  }

  @Test("a folder that cannot be made ends with 69")
  func unwritable() async throws {
    let ending = try await billing(
      "init", "--set", "ledger=sqlite:///proc/billing/ledger.sqlite", in: folder, expecting: 69)
    #expect(ending.errors.contains("/proc/billing"))
  }

  @Test("a ledger that is not SQLite ends with 1 and stays as it is")
  func corrupt() async throws {
    try await billing("init", in: folder, expecting: 0)
    let nonsense = String(repeating: "this is no database. ", count: 400)
    try folder.write(nonsense, to: "data/ledger.sqlite")
    let ending = try await billing("init", in: folder, expecting: 1)
    #expect(ending.errors.contains("backup"))
    #expect(try folder.read("data/ledger.sqlite") == nonsense)
  }
}
