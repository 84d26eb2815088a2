import Billing

/// What `billing explain` and `billing verify` say.
extension Phrase {
  static func nothingKnown(_ id: String) -> Phrase {
    Phrase("Nothing is known of \(id).", ko: "\(id)에 대한 기록이 없습니다.")
  }

  static let checkNumber = Phrase(
    "Check the number, and that the month was settled.",
    ko: "번호와 그 달의 정산 여부를 확인하십시오.")

  // MARK: Statements

  static func statementTitle(_ id: String, catalog: String) -> Phrase {
    Phrase("Statement \(id), catalog \(catalog)", ko: "청구 스냅샷 \(id), 요금제·정책표 \(catalog)")
  }

  static func parkedIn(_ month: BillingMonth, _ reason: ParkingReason) -> Phrase {
    let code = reason.code.rawValue
    let why = parking(reason)
    return Phrase(
      "Parked in \(month): \(code), \(why.english)", ko: "\(month) 보류: \(code), \(why.korean)")
  }

  static func taxLine(
    mode: TaxRule.Mode, amount: String, rate: String, taxable: String
  ) -> Phrase {
    switch mode {
    case .inclusive:
      Phrase(
        "tax in the taxable sum: \(amount) = \(taxable) × \(rate) / (1 + \(rate))",
        ko: "과세 대상에 든 세금: \(amount) = \(taxable) × \(rate) / (1 + \(rate))")
    case .exclusive:
      Phrase(
        "tax added: \(amount) = \(taxable) × \(rate)",
        ko: "추가된 세금: \(amount) = \(taxable) × \(rate)")
    }
  }

  static func bundleOf(_ lines: Int) -> Phrase {
    Phrase("bundle of \(lines)", ko: "결합 \(lines)회선")
  }

  /// `days 1–10, 21–31`.
  static func daysOfMonth(_ days: DaysOfMonth) -> Phrase {
    let spans = days.spans.map { span in
      span.count == 1 ? "\(span.first)" : "\(span.first)–\(span.last)"
    }.joined(separator: ", ")
    return Phrase("\(days.count == 1 ? "day" : "days") \(spans)", ko: "\(spans)일")
  }

  static func cutTo(_ unit: String) -> Phrase {
    Phrase("cut down to a multiple of \(unit)", ko: "\(unit) 미만 절사")
  }

  static let taxable = Phrase("taxable", ko: "과세")

  /// - Parameter category: as it stands in a program's report.
  static func statementCategory(_ category: String) -> Phrase {
    switch category {
    case "plan": Phrase("plan", ko: "요금제")
    case "addOn": Phrase("add-on", ko: "부가서비스")
    case "usage": Phrase("usage", ko: "추가 이용료")
    case "discount": Phrase("discount", ko: "할인")
    case "tax": Phrase("tax", ko: "세금")
    case "rounding": Phrase("rounding", ko: "절사")
    default: Phrase(category, ko: category)
    }
  }

  static let line = Phrase("line", ko: "회선")
  static let category = Phrase("category", ko: "구분")
  static let what = Phrase("code", ko: "코드")
  static let why = Phrase("worked out as", ko: "계산 근거")
  static let amount = Phrase("amount", ko: "금액")
  static let total = Phrase("total", ko: "합계")

  // MARK: Deliveries

  static func deliveryTitle(_ id: String, _ state: String) -> Phrase {
    Phrase("Delivery \(id): \(state)", ko: "발송 \(id): \(state)")
  }

  static let statement = Phrase("statement", ko: "청구 스냅샷")
  static let channels = Phrase("channels", ko: "채널")
  static let timeZone = Phrase("time zone", ko: "시간대")
  static let quietSlots = Phrase("quiet", ko: "방해 금지")
  static let dueAt = Phrase("due at", ko: "발송 예정")
  static let toBePaidBy = Phrase("to be paid by", ko: "납부기한")
  static let issue = Phrase("issue", ko: "청구서 호수")
  static let nextAt = Phrase("not before", ko: "다음 시각")
  static let at = Phrase("at", ko: "시각")
  static let until = Phrase("until", ko: "종료")
  static let state = Phrase("state", ko: "상태")
  static let channel = Phrase("channel", ko: "채널")
  static let by = Phrase("by", ko: "처리자")
  static let attempt = Phrase("attempt", ko: "시도")
  static let provider = Phrase("provider", ko: "발송사")
  static let outcome = Phrase("outcome", ko: "결과")
  static let key = Phrase("key", ko: "키")

  /// In the customer's zone, which the slot is of.
  static func forSlotUntil(_ end: Timestamp, in zone: String) -> Phrase {
    let end = end.spoken(in: zone)
    return Phrase("for the slot until \(end)", ko: "\(end)까지의 슬롯")
  }

  /// - Parameter outcome: `nil` while nobody has recorded one.
  static func attemptNumber(_ number: Int, _ outcome: String?) -> Phrase {
    let name = outcome.map(outcomeName) ?? Phrase(verbatim: "…")
    return Phrase("attempt \(number): \(name.english)", ko: "시도 \(number): \(name.korean)")
  }
}
