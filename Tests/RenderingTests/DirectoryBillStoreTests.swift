import Audit
import Billing
import BillingTestKit
import EmbeddedStore
import Foundation
import Rendering
import Testing

@Suite("The bill store as a folder")
struct DirectoryBillStoreTests {
  private let folder: TestFolder
  private let store: DirectoryBillStore

  init() throws {
    folder = try TestFolder()
    store = try DirectoryBillStore(path: folder.file("a/b/bills"))
  }

  private var conformance: BillStoreConformance { BillStoreConformance(store: store) }

  @Test func `what was put comes back`() async throws {
    try await conformance.putAndGet()
  }

  @Test func `putting the same again changes nothing`() async throws {
    try await conformance.sameAgain()
  }

  @Test func `what is there is never overwritten`() async throws {
    try await conformance.neverOverwritten()
  }

  @Test func `versions never mix`() async throws {
    try await conformance.versionsNeverMix()
  }

  @Test func `several writers store each bill once`() async throws {
    try await conformance.concurrentPuts()
  }

  @Test func `a month is listed and bills are deleted`() async throws {
    try await conformance.listAndDelete()
  }

  private let bill = Bill(
    key: BillKey(
      statement: StatementKey(
        month: SampleStatements.month, customer: CustomerID(7), version: 1),
      policy: 1, template: 1, channel: .sms),
    content: Array("a whole bill".utf8))

  private var file: URL { URL(fileURLWithPath: folder.file("a/b/bills/" + bill.key.path)) }

  @Test(arguments: [
    "", "a whole", "a whole bil\0", "\0\0\0\0\0\0\0\0\0\0\0\0", "\0\0\0",
  ])
  func `what a loss of power left of a bill is mended`(torn: String) async throws {
    _ = try await store.put([bill])
    try Data(torn.utf8).write(to: file)
    #expect(try await store.put([bill]) == [.stored])
    #expect(try await store.contents(of: [bill.key]) == [bill.content])
  }

  @Test(arguments: ["a whole bill and more", "another bill", "a whole\0bill", "a whole bill\0"])
  func `anything else that is there is left alone`(other: String) async throws {
    _ = try await store.put([bill])
    try Data(other.utf8).write(to: file)
    #expect(try await store.put([bill]) == [.conflict])
    #expect(try Data(contentsOf: file) == Data(other.utf8))
  }

  @Test func `nothing half-written is left behind`() async throws {
    _ = try await store.put([bill])
    _ = try await store.put([bill])
    try Data("other".utf8).write(to: file)
    _ = try await store.put([bill])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.file("a/b/bills/incoming")).isEmpty
    )
  }

  @Test func `a process that ended leaves nothing for long`() async throws {
    let leftover = folder.file("a/b/bills/incoming/99-0-1")
    try Data("half".utf8).write(to: URL(fileURLWithPath: leftover))
    _ = try DirectoryBillStore(path: folder.file("a/b/bills"))
    #expect(FileManager.default.fileExists(atPath: leftover))
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 0)], ofItemAtPath: leftover)
    _ = try DirectoryBillStore(path: folder.file("a/b/bills"))
    #expect(!FileManager.default.fileExists(atPath: leftover))
  }

  @Test func `the proof sees size and digest as they lie there`() async throws {
    _ = try await store.put([bill])
    try Data("altered".utf8).write(to: file)
    var missing = bill.key
    missing.channel = .email
    let examined = try await store.examine([missing, bill.key])
    #expect(examined[0] == nil)
    #expect(examined[1]?.size == 7)
    #expect(examined[1]?.sha256 == ContentHash(of: Array("altered".utf8)))
  }

  @Test func `a folder that cannot be made says so`() throws {
    let file = folder.file("file")
    try Data().write(to: URL(fileURLWithPath: file))
    #expect {
      _ = try DirectoryBillStore(path: file + "/bills")
    } throws: { error in
      (error as? StoreError)?.kind == .unreachable
    }
  }
}
