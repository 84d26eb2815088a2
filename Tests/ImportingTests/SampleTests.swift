import Billing
import BillingTestKit
import Foundation
import Importing
import Testing

@Suite("The generated sample")
struct SampleTests {
  private static let month = BillingMonth(year: 2026, month: 10)!

  private func write(
    seed: UInt64, customers: Int, poison: Int = 0, to folder: TestFolder, _ name: String
  ) throws -> String {
    let path = folder.file(name)
    try Sample(seed: seed, customers: customers, poison: poison, month: Self.month).write(to: path)
    return path
  }

  private func bytes(_ path: String) throws -> [Data] {
    try InputFile.allCases.map {
      try Data(contentsOf: URL(fileURLWithPath: path + "/" + $0.rawValue))
    }
  }

  @Test func `the same seed gives the same bytes, another one others`() throws {
    let folder = try TestFolder()
    let one = try bytes(write(seed: 7, customers: 300, poison: 5, to: folder, "one"))
    #expect(try bytes(write(seed: 7, customers: 300, poison: 5, to: folder, "two")) == one)
    let other = try bytes(write(seed: 8, customers: 300, poison: 5, to: folder, "three"))
    #expect(zip(one, other).count { $0 == $1 } == 1)  // the catalog
  }

  @Test func `a sample is imported without a refusal, and has something of everything`()
    async throws
  {
    let imports = try await TestImports()
    let set = try write(seed: 1, customers: 3000, poison: 30, to: imports.folder, "sample")
    let report = try await imports.run(set)
    #expect(report.outcome == .recorded(number: 1))
    #expect(report.refusedCount == 0)
    #expect(report.warnings.isEmpty)
    #expect(report.files.first { $0.file == .customers }?.counts == InputCounts(new: 3000))
    let questions = [
      "SELECT max(customer_id) > 3000 + min(customer_id) FROM customers",
      "SELECT count(DISTINCT send_day) = 31 FROM customers",
      "SELECT count(DISTINCT time_zone) >= 5 FROM customers",
      "SELECT count(DISTINCT status) = 3 FROM customers",
      "SELECT count(DISTINCT locale) = 2 FROM customers",
      "SELECT count(DISTINCT channels) = 5 FROM customers",
      "SELECT sum(length(email_sealed) = 0) > 0 FROM customers",
      "SELECT sum(quiet_mask <> 0) > 0 FROM customers",
      "SELECT sum(terminated_on IS NOT NULL) > 0 FROM customers",
      "SELECT max(lines) BETWEEN 3 AND 5 FROM "
        + "(SELECT count(*) lines FROM lines GROUP BY customer_id)",
      "SELECT max(customers) > 1 FROM (SELECT count(DISTINCT customer_id) customers "
        + "FROM bundle_members GROUP BY bundle_id)",
      "SELECT count(*) > 0 FROM segments WHERE active_to BETWEEN 20728 AND 20757",
      "SELECT sum(amount < 0) > 0 AND sum(amount > 0) > 0 FROM charges",
      "SELECT count(DISTINCT metric) = 3 AND max(scale) = 3 FROM usage",
      "SELECT count(*) > 0 FROM add_ons", "SELECT count(DISTINCT code) >= 6 FROM discounts",
    ]
    for question in questions {
      #expect(try imports.probe.integer(question) == 1, "\(question)")
    }
    #expect(try await imports.run(set).outcome == .unchanged)
  }

  @Test func `a name with a syllable beyond KS X 1001 comes now and then`() throws {
    let folder = try TestFolder()
    let path = try write(seed: 2, customers: 5000, to: folder, "sample")
    let text = try Fixture.text(path + "/customers.csv")
    #expect(text.unicodeScalars.contains { "뮒똠햏펲".unicodeScalars.contains($0) })
  }

  @Test func `what cannot be made is refused`() throws {
    #expect(throws: Sample.Invalid.customers(0)) {
      try Sample(seed: 1, customers: 0, month: Self.month)
    }
    #expect(throws: Sample.Invalid.poison(11)) {
      try Sample(seed: 1, customers: 10, poison: 11, month: Self.month)
    }
    #expect(throws: StoreError.self) {
      try Sample(seed: 1, customers: 1, month: Self.month).write(to: "/proc/no/such")
    }
  }
}
