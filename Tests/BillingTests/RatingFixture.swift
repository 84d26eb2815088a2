import Billing
import Foundation
import Testing

/// An import set of `Fixtures` with totals that were worked out independently.
struct RatingFixture: Sendable, CustomTestStringConvertible {
  /// The folder below `Fixtures`.
  let folder: String
  let month: BillingMonth
  let catalog: Catalog
  /// Every customer with something recorded, ascending.
  let inputs: [RatingInput]
  let members: [BundleMember]
  /// charges, discounts, tax, rounding, total.
  let expected: [CustomerID: StatementTotals]

  static let october = load("rating", "2026-10")
  static let february = load("rating-february", "2026-02")
  static let octoberByHand = load("rating-by-hand/october", "2026-10")
  static let februaryByHand = load("rating-by-hand/february", "2026-02")
  static let all = [october, february, octoberByHand, februaryByHand]

  var testDescription: String { folder }
  var bundleSizes: BundleSizes { BundleSizes(members: members, month: month) }
  var rater: Rater { Rater(catalog: catalog, month: month) }

  private static func load(_ folder: String, _ name: String) -> RatingFixture {
    let month = BillingMonth(name)!
    func rows(_ file: String) throws -> [[String: String]] {
      var records = parsedCSV(try text("\(file).csv", of: folder))
      let header = records.removeFirst()
      return records.map { Dictionary(uniqueKeysWithValues: zip(header, $0)) }
    }
    do {
      var lines: [Int64: LineInput] = [:]
      var owners: [Int64: Int64] = [:]
      for row in try rows("subscriptions") {
        let line = Int64(row["line_id"]!)!
        owners[line] = Int64(row["customer_id"]!)!
        let (from, to) = span(row)
        lines[line, default: LineInput(id: LineID(line))].segments.append(
          PlanSegment(planCode: row["plan_code"]!, activeFrom: from, activeTo: to))
      }
      for row in try rows("add_ons") {
        let (from, to) = span(row)
        lines[Int64(row["line_id"]!)!]!.addOns.append(
          Entitlement(code: row["add_on_code"]!, activeFrom: from, activeTo: to))
      }
      for row in try rows("discounts") {
        let (from, to) = span(row)
        lines[Int64(row["line_id"]!)!]!.discounts.append(
          Entitlement(code: row["discount_code"]!, activeFrom: from, activeTo: to))
      }
      for row in try rows("usage") where row["month"] == "\(month)" {
        lines[Int64(row["line_id"]!)!]!.usage.append(
          UsageQuantity(metric: row["metric"]!, quantity: FixedDecimal(row["quantity"]!)!))
      }
      for row in try rows("bundles") {
        let (from, to) = span(row)
        lines[Int64(row["line_id"]!)!]!.bundles.append(
          BundleMembership(bundle: row["bundle_id"]!, activeFrom: from, activeTo: to))
      }
      var charges: [Int64: [OneOffCharge]] = [:]
      for row in try rows("charges") {
        let day = CalendarDay(row["charged_on"]!)!
        guard month.period.contains(day) else { continue }
        charges[Int64(row["customer_id"]!)!, default: []].append(
          OneOffCharge(
            id: row["charge_id"]!, chargedOn: day, category: row["category"]!,
            description: row["description"]!, amount: Int64(row["amount"]!)!,
            taxable: row["taxable"] == "true"))
      }
      let byCustomer = Dictionary(grouping: lines.values) { owners[$0.id.number]! }
      let inputs = try rows("customers").map { row in
        let id = Int64(row["customer_id"]!)!
        return RatingInput(
          customer: CustomerID(id), name: row["name"]!,
          locale: BillLocale(rawValue: row["locale"]!)!,
          isOfMonth: CalendarDay(row["activated_on"]!)! < month.next.firstDay
            && CalendarDay(row["terminated_on"]!).map { $0 > month.firstDay } ?? true,
          lines: (byCustomer[id] ?? []).sorted { $0.id < $1.id }, charges: charges[id] ?? [])
      }
      return RatingFixture(
        folder: folder, month: month, catalog: try Catalog(yaml: text("catalog.yaml", of: folder)),
        inputs: inputs,
        members: lines.values.flatMap { line in
          line.bundles.map {
            BundleMember(membership: $0, line: line.id, segments: line.segments)
          }
        },
        expected: expectedTotals(try rows("expected")))
    } catch {
      fatalError("the fixture cannot be read: \(error)")
    }
  }

  private static func expectedTotals(
    _ rows: [[String: String]]
  ) -> [CustomerID: StatementTotals] {
    Dictionary(
      uniqueKeysWithValues: rows.map { row in
        let number = { (column: String) in Int64(row[column]!)! }
        return (
          CustomerID(number("customer_id")),
          StatementTotals(
            charges: number("charges"), discounts: number("discounts"), tax: number("tax"),
            rounding: number("rounding"), total: number("total"))
        )
      })
  }

  private static func span(_ row: [String: String]) -> (CalendarDay, CalendarDay?) {
    (CalendarDay(row["active_from"]!)!, CalendarDay(row["active_to"]!))
  }

  static func text(_ name: String, of folder: String = "rating") throws -> String {
    let url = Bundle.module.resourceURL!.appending(path: "Fixtures/\(folder)/\(name)")
    return try String(contentsOf: url, encoding: .utf8)
  }
}

/// RFC 4180, as far as the fixture needs it: quoted fields with doubled quotes, no line breaks.
private func parsedCSV(_ text: String) -> [[String]] {
  text.split(whereSeparator: \.isNewline).map { line in
    var fields = [""]
    var quoted = false
    for character in line {
      switch character {
      case "\"":
        // A doubled quote closes and opens again: the second one is the text's.
        if !quoted, fields[fields.count - 1].isEmpty == false { fields[fields.count - 1] += "\"" }
        quoted.toggle()
      case "," where !quoted: fields.append("")
      default: fields[fields.count - 1].append(character)
      }
    }
    return fields
  }
}
