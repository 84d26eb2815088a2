import BillingTestKit
import Foundation
import Testing

/// A folder with the platform set up in it, as `billing init` leaves it.
struct PlatformFolder: Sendable {
  let folder: TestFolder

  /// What another folder was copied to.
  init(folder: TestFolder) {
    self.folder = folder
  }

  init() async throws {
    folder = try TestFolder()
    try await billing("init", in: folder, expecting: 0)
  }

  /// Writes a generated set and imports it.
  func importSample(customers: Int, poison: Int = 0, seed: Int = 1) async throws {
    try await billing(
      "sample", "sample", "--customers", String(customers), "--poison", String(poison), "--seed",
      String(seed), in: folder, expecting: 0)
    try await billing("import", "sample", in: folder, expecting: 0)
  }

  /// Settles October 2026 as of a day in November, whatever day it is.
  @discardableResult
  func settle(
    _ more: String..., expecting status: Int32 = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> BillingProcess.Ending {
    let ending = try await BillingProcess(Self.settling(more), in: folder).ending()
    #expect(ending.status == status, "\(ending.errors)", sourceLocation: sourceLocation)
    return ending
  }

  static func settling(_ more: [String] = []) -> [String] {
    ["settle", "2026-10", "--at", "2026-11-02T00:00:00Z"] + more
  }

  func export(_ month: String = "2026-10") async throws -> [String] {
    try await billing("export", month, in: folder, expecting: 0).output
      .split(separator: "\n").map(String.init)
  }

  /// A small import set of its own: a catalog with one plan, and what the files say.
  func importSet(
    _ name: String = "set", files: [String: String], _ more: String...,
    expecting status: Int32? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> BillingProcess.Ending {
    let directory = folder.file(name)
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    for (file, text) in files { try folder.write(text, to: "\(name)/\(file)") }
    let ending = try await BillingProcess(["import", name] + more, in: folder).ending()
    if let status {
      #expect(ending.status == status, "\(ending.errors)", sourceLocation: sourceLocation)
    }
    return ending
  }
}

/// A value in a JSON report, by its path: `runs.0.total`.
func value(_ path: String, in json: String) throws -> Any? {
  var value: Any? = try JSONSerialization.jsonObject(with: Data(json.utf8))
  for name in path.split(separator: ".") {
    if let position = Int(name), let list = value as? [Any] {
      value = list.indices.contains(position) ? list[position] : nil
    } else {
      value = (value as? [String: Any])?[String(name)]
    }
  }
  return value
}

func number(_ path: String, in json: String) throws -> Int? { try value(path, in: json) as? Int }
func text(_ path: String, in json: String) throws -> String? {
  try value(path, in: json) as? String
}

/// A catalog and rows to make import sets from.
enum SmallSet {
  static func catalog(
    version: String = "c1", plans: [String] = ["P"], from month: String = "2026-01"
  ) -> String {
    """
    version: "\(version)"
    effectiveFrom: "\(month)"
    currency: KRW
    timeZone: Asia/Seoul
    tax: { mode: inclusive, rate: "0.10", appliesTo: [plan, addOn, usage] }
    rounding: { unit: 10, mode: down }
    plans:
    \(plans.map { "  - { code: \($0), name: Plan \($0), monthlyFee: 31000, allowances: {} }" }.joined(separator: "\n"))
    addOns: []
    discounts: []

    """
  }

  static let customerHeader =
    "customer_id,name,email,phone,send_day,quiet_slots,time_zone,locale,channels,status,"
    + "activated_on,terminated_on\n"

  static func customer(_ id: Int, sendDay: String = "10", quiet: String = "") -> String {
    "\(id),홍길동,c\(id)@example.com,010-0000-\(1000 + id),\(sendDay),\(quiet),Asia/Seoul,ko-KR,"
      + "email;sms,active,2025-01-01,\n"
  }

  static let lineHeader = "line_id,customer_id,plan_code,active_from,active_to\n"

  static func line(_ id: Int, of customer: Int, plan: String = "P", from: String = "2025-01-01")
    -> String
  {
    "\(id),\(customer),\(plan),\(from),\n"
  }

  static let chargeHeader =
    "charge_id,customer_id,charged_on,category,description,amount,taxable\n"

  /// Two customers with a line each.
  static func files(_ changes: [String: String] = [:]) -> [String: String] {
    [
      "catalog.yaml": catalog(),
      "customers.csv": customerHeader + customer(1) + customer(2),
      "subscriptions.csv": lineHeader + line(11, of: 1) + line(21, of: 2),
    ].merging(changes) { _, changed in changed }
  }
}
