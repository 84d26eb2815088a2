import Billing
import Settlement

/// What is said about what is on no bill.
extension Phrase {
  static func unbilledCharges(_ count: Int64, _ sums: String) -> Phrase {
    Phrase(
      "Charges on no bill: \(grouped(count)), \(sums)",
      ko: "어느 청구서에도 없는 일회성 요금: \(grouped(count))건, \(sums)")
  }

  static func unbilledUsage(_ count: Int64) -> Phrase {
    Phrase(
      "Usage on no bill: \(grouped(count))", ko: "어느 청구서에도 없는 사용량: \(grouped(count))건")
  }

  static func unbilledLines(_ count: Int64) -> Phrase {
    Phrase(
      "Active lines on no bill: \(grouped(count))",
      ko: "어느 청구서에도 없는 사용 중 회선: \(grouped(count))개")
  }

  /// - Parameters:
  ///   - sums: of charges by currency, of usage by metric.
  ///   - months: which they are dated in.
  static func unbilled(
    _ kind: UnbilledKind, _ count: Int64, _ sums: String, _ months: String
  ) -> Phrase {
    let name = name(of: kind)
    let sums = sums.isEmpty ? "" : ", \(sums)"
    return Phrase(
      "\(name.english) (\(months)): \(grouped(count))\(sums)",
      ko:
        "\(name.korean) (\(months)): \(grouped(count))\(kind.subject == .lines ? "개" : "건")\(sums)")
  }

  private static func name(of kind: UnbilledKind) -> Phrase {
    switch kind {
    case .lateCharge:
      Phrase("charges recorded after their month was settled", ko: "정산 뒤에 기록된 일회성 요금")
    case .lateChargeInAnotherCurrency:
      Phrase(
        "charges recorded after their month was settled, and in another currency than the months "
          + "settled since", ko: "정산 뒤에 기록되었고 그 뒤에 정산한 달과 통화가 다른 일회성 요금")
    case .chargeBeforeFirstMonth:
      Phrase("charges dated before the first settled month", ko: "처음 정산한 달보다 앞선 날짜의 일회성 요금")
    case .chargeOfSkippedMonth:
      Phrase("charges dated in a month that was passed over", ko: "건너뛴 달의 일회성 요금")
    case .chargeAhead:
      Phrase("charges dated in a month far ahead", ko: "한참 뒤의 달의 일회성 요금")
    case .usageOfUnknownMetric:
      Phrase(
        "usage of a metric that the month's catalog names nowhere", ko: "그 달의 요금제·정책표에 없는 지표의 사용량")
    case .usageWithoutActiveDays:
      Phrase("usage of lines without an active day in the month", ko: "그 달에 사용 중인 날이 없는 회선의 사용량")
    case .usageOutsideCohort:
      Phrase(
        "usage of active lines of customers whose own dates do not reach into the month",
        ko: "가입·해지일로 보아 그 달의 고객이 아닌 고객의 사용 중 회선의 사용량")
    case .lineOutsideCohort:
      Phrase(
        "active lines of customers whose own dates do not reach into the month",
        ko: "가입·해지일로 보아 그 달의 고객이 아닌 고객의 사용 중 회선")
    case .usageBeforeFirstMonth:
      Phrase("usage of months before the first settled one", ko: "처음 정산한 달보다 앞선 달의 사용량")
    case .usageOfSkippedMonth:
      Phrase("usage of a month that was passed over", ko: "건너뛴 달의 사용량")
    case .usageAhead:
      Phrase("usage of a month far ahead", ko: "한참 뒤의 달의 사용량")
    }
  }

  static func whatToDo(about kind: UnbilledKind) -> Phrase {
    switch kind {
    case .lateCharge:
      Phrase(
        "The next settlement in the same currency bills them.",
        ko: "통화가 같은 다음 정산에서 청구됩니다.")
    case .lateChargeInAnotherCurrency:
      Phrase(
        "Import them with the amount 0, and again under other ids, in the new currency and with a day "
          + "of the month that is settled next.",
        ko: "금액 0으로 가져오고, 새 통화의 금액을 다른 ID와 다음에 정산할 달의 날짜로 다시 가져오십시오.")
    case .chargeBeforeFirstMonth:
      Phrase(
        "Import them again with a day of the month that is settled next, or with the amount 0 if "
          + "they are not to be billed.",
        ko: "다음에 정산할 달의 날짜로 다시 가져오거나, 청구하지 않을 것이면 금액 0으로 가져오십시오.")
    case .chargeOfSkippedMonth, .usageOfSkippedMonth:
      Phrase(
        "Settle the month: `billing settle --due` does so by itself.",
        ko: "그 달을 정산하십시오. `billing settle --due`가 저절로 정산합니다.")
    case .chargeAhead:
      Phrase(
        "They are billed with their month; if the day is mistyped, import them again with a day of "
          + "the month that is settled next.",
        ko: "그 달과 함께 청구됩니다. 날짜를 잘못 적었으면 다음에 정산할 달의 날짜로 다시 가져오십시오.")
    case .usageOfUnknownMetric:
      Phrase(
        "Import it under the right metric and this one as 0, or a catalog that names it; then "
          + "correct the month for these customers.",
        ko: "바른 지표로 가져오고 이 지표는 0으로 하거나, 이 지표가 있는 요금제·정책표를 가져온 뒤 이 고객들을 재정산하십시오.")
    case .usageWithoutActiveDays:
      Phrase(
        "Import the line's days (subscriptions.csv), or the usage as 0; then correct the month for "
          + "who has a bill of it.",
        ko: "회선의 사용 기간(subscriptions.csv)을 가져오거나 사용량을 0으로 한 뒤, 그 달의 청구서가 있는 고객은 재정산하십시오.")
    case .usageOutsideCohort, .lineOutsideCohort:
      Phrase(
        "Import the customer's right activated_on and terminated_on and settle the month again; or "
          + "end the line (active_to) and set its usage to 0. Who has a bill of the month needs a "
          + "correction.",
        ko: "고객의 activated_on과 terminated_on을 바로잡아 가져온 뒤 그 달을 다시 정산하거나, 회선을 끝내고(active_to) "
          + "사용량을 0으로 하십시오. 그 달의 청구서가 있는 고객은 재정산이 필요합니다.")
    case .usageBeforeFirstMonth:
      Phrase(
        "Import it under the month in which it is to be billed, and under this one as 0.",
        ko: "청구할 달로 가져오고 이 달의 것은 0으로 하십시오.")
    case .usageAhead:
      Phrase(
        "It is billed with its month; if the month is mistyped, import it under the right one, and "
          + "under this one as 0.",
        ko: "그 달과 함께 청구됩니다. 달을 잘못 적었으면 바른 달로 가져오고 이 달의 것은 0으로 하십시오.")
    }
  }

  static func unbilledUsageOfLine(
    _ line: String, _ month: BillingMonth, _ metric: String, _ quantity: String
  ) -> Phrase {
    Phrase(
      "line \(line), \(month): \(metric) \(quantity)",
      ko: "회선 \(line), \(month): \(metric) \(quantity)")
  }

  static func unbilledLine(_ line: String, _ month: BillingMonth) -> Phrase {
    Phrase("line \(line), \(month)", ko: "회선 \(line), \(month)")
  }
}
