import BillingTestKit
import Foundation
import LedgerTestKit
import Testing

@testable import Assembly
@testable import billing

/// Nothing that a file or a flag says ends a command otherwise than by what it says of it.
@Suite("Numbers at the ends of their ranges")
struct ExtremeNumberTests {
  private static let end = "9223372036854775807"

  /// Customers with the smallest and the largest number that there are, and all else at an end too.
  private static let files: [String: String] = [
    "catalog.yaml": """
    version: "ends"
    effectiveFrom: "0001-01"
    currency: KRW
    timeZone: Pacific/Kiritimati
    tax: { mode: exclusive, rate: "1", appliesTo: [plan, addOn, usage] }
    rounding: { unit: \(end), mode: down }
    plans:
      - { code: SMALL, name: S, monthlyFee: 0, allowances: { m: \(end) }, overage: { m: { rate: "999999999999999999", cap: 0 } } }
      - { code: BIG, name: B, monthlyFee: \(end), allowances: { m: 0 }, overage: { m: { rate: "999999999999999999" }, k: { rate: "0.000000001", cap: \(end) } } }
    addOns:
      - { code: BIG, name: B, monthlyFee: \(end) }
    discounts:
      - { code: ALL, name: A, kind: rate, value: "1", basis: [usage, addOn, plan], cap: \(end) }
      - { code: SUM, name: A, kind: amount, value: \(end), basis: [plan] }
      - { code: BUN, name: A, kind: bundle, basis: [plan], tiers: [ { lines: \(end), amount: \(end) }, { lines: 1, amount: \(end) } ] }
    """,
    "customers.csv": SmallSet.customerHeader
      + "1,A,a@example.com,,31,,Pacific/Kiritimati,ko-KR,email,active,0001-01-01,9999-12-31\n"
      + "2,B,b@example.com,,1,,Pacific/Niue,ko-KR,email,active,0001-01-01,\n"
      + "\(end),C,c@example.com,,31,,UTC,ko-KR,email,active,2026-10-31,9999-12-31\n",
    "subscriptions.csv": SmallSet.lineHeader + "1,1,SMALL,0001-01-01,9999-12-31\n"
      + "2,2,BIG,0001-01-01,\n\(end),\(end),BIG,2026-10-31,9999-12-31\n",
    "add_ons.csv": "line_id,add_on_code,active_from,active_to\n2,BIG,0001-01-01,9999-12-31\n",
    "discounts.csv": "line_id,discount_code,active_from,active_to\n"
      + "2,ALL,0001-01-01,9999-12-31\n\(end),SUM,0001-01-01,9999-12-31\n",
    "bundles.csv":
      "bundle_id,line_id,active_from,active_to\nB,1,0001-01-01,9999-12-31\nB,\(end),0001-01-01,\n",
    "usage.csv": "line_id,month,metric,quantity\n1,2026-10,m,999999999999999999\n"
      + "2,2026-10,m,999999999999999999\n2,2026-10,k,999999999.999999999\n"
      + "\(end),0001-01,m,1\n\(end),9998-12,m,999999999999999999\n",
    "charges.csv": SmallSet.chargeHeader + "c1,1,0001-01-01,fee,x,\(end),true\n"
      + "c2,1,9999-12-31,fee,x,-9223372036854775808,true\nc3,2,2026-10-31,fee,x,\(end),true\n"
      + "c4,2,2026-10-31,fee,x,-9223372036854775808,false\n"
      + "c5,\(end),2026-10-31,fee,x,-9223372036854775808,true\n"
      // On no bill, and more than a sum of 64 bits.
      + "c6,1,2026-09-01,fee,x,\(end),true\nc7,2,2026-09-01,fee,x,\(end),true\n",
  ]

  @Test(
    "a whole month of them parks whom it cannot bill, and goes on", arguments: LedgerKind.allCases)
  func month(on kind: LedgerKind) async throws {
    let database: OwnDatabase? =
      kind == .sqlite ? nil : OwnDatabase(try await TestDatabase.emptyURL())
    defer { withExtendedLifetime(database) {} }
    let platform =
      if let database {
        try await PlatformFolder(ledger: database.url)
      } else {
        try await PlatformFolder()
      }
    _ = try await platform.importSet(files: Self.files, expecting: 0)
    try await billing(
      "run", "2026-10", "--set", "settlement.maxParked=100 %", in: platform.folder, expecting: 0)
    let lines = try await platform.export()
    #expect(lines.dropFirst().map { $0.split(separator: ",").first } == ["1"])
    for arguments in [
      ["status"], ["status", "2026-10", "--json"], ["verify", "2026-10"],
      ["explain", "customer", Self.end], ["explain", "customer", "1", "--month", "2026-10"],
      ["deliveries", "list", "--customer", Self.end, "--limit", Self.end],
      ["deliveries", "list", "--month", "2026-10", "--limit", Self.end, "--older-than", "366d"],
    ] {
      let ending = try await BillingProcess(arguments, in: platform.folder).ending()
      #expect(!ending.wasKilled && [0, 1, 76].contains(ending.status), "\(arguments) \(ending)")
    }
  }

  @Test("the last month that there is can be settled, and the first that a flag takes")
  func lastMonth() async throws {
    let platform = try await PlatformFolder()
    _ = try await platform.importSet(
      files: SmallSet.files(["catalog.yaml": SmallSet.catalog(from: "0001-01")]), expecting: 0)
    for (month, at) in [
      ("9998-12", "9999-12-31T23:59:59Z"), ("1970-01", "9999-12-31T23:59:59Z"),
    ] {
      try await billing("settle", month, "--at", at, in: platform.folder, expecting: 0)
      #expect(try await platform.export(month).count == (month == "9998-12" ? 3 : 1))
    }
    for month in ["1969-12", "9999-01", "0000-00", "10000-01"] {
      try await billing("settle", month, in: platform.folder, expecting: 2)
    }
  }

  @Test("flags and settings beyond their ranges are wrong usage")
  func flags() async throws {
    let platform = try await PlatformFolder()
    let beyond = Self.end + "0"
    let wrong: [[String]] =
      [
        ["sample", "x", "--customers", "0"], ["sample", "x", "--customers", Self.end],
        ["sample", "x", "--customers", beyond], ["sample", "x", "--customers", "-1"],
        ["sample", "x", "--customers", "5", "--poison", Self.end],
        ["sample", "x", "--customers", "5", "--month", "0001-01"],
        ["sample", "x", "--customers", "5", "--month", "9999-01"],
        ["sample", "x", "--customers", "5", "--seed", "18446744073709551616"],
        ["deliveries", "list", "--customer", "1", "--limit", "0"],
        ["deliveries", "list", "--customer", beyond], ["deliveries", "list", "--customer", "+1"],
        ["deliveries", "list", "--customer", "1", "--older-than", "367d"],
        ["deliveries", "list", "--customer", "1", "--older-than", Self.end + "s"],
        ["deliveries", "list", "--provider", " mock-email"], ["dispatch", "--every", "367d"],
        ["verify", "2026-10", "--sample", "0"], ["dispatch", "--at", "10000-01-01T00:00:00Z"],
        ["mock-provider", "--keep-keys", Self.end], ["mock-provider", "--port", "65536"],
      ] + Self.boundedSettings.map { ["status", "--set", "\($0)=\(Self.end)"] }
      + Self.boundedSettings.map { ["status", "--set", "\($0)=\(beyond)"] }
      + Self.boundedSettings.map { ["status", "--set", "\($0)=-1"] }
    for arguments in wrong {
      let ending = try await BillingProcess(arguments, in: platform.folder).ending()
      #expect(!ending.wasKilled && ending.status == 2, "\(arguments) \(ending)")
    }
    #expect(!platform.folder.exists("x"))
  }

  /// All but what names a place, and the seed, which may be any number from 0 on.
  private static let boundedSettings = Setting.allCases.filter { setting in
    !setting.isStore && !setting.isSecret && ![.keysFile, .providersSeed].contains(setting)
  }.map(\.rawValue)
}
