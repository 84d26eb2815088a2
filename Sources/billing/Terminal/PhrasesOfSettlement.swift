import Billing
import Runs

/// What is said about settling a month.
extension Phrase {
  // MARK: Steps

  /// A step of a run, by its name in the ledger.
  static func step(_ name: String) -> Phrase {
    switch name {
    case "period": Phrase("period", ko: "기간 확정")
    case "targets": Phrase("targets", ko: "대상 확정")
    case "settle": Phrase("settle", ko: "정산")
    case "complete": Phrase("complete", ko: "대사·확정")
    case "bills": Phrase("bills", ko: "청구서 생성")
    case "deliveries": Phrase("deliveries", ko: "발송 생성")
    case "check": Phrase("check", ko: "정산 확인")
    case "templates": Phrase("templates", ko: "템플릿 준비")
    case "deliver": Phrase("deliver", ko: "발송")
    default: Phrase(verbatim: name)
    }
  }

  static func secondsOf(_ step: String) -> Phrase {
    let name = Phrase.step(step)
    return Phrase("\(name.english), seconds", ko: "\(name.korean) (초)")
  }

  // MARK: The report

  static func settled(_ run: RunKey) -> Phrase {
    switch run.kind {
    case .regular: Phrase("\(run.month) is settled", ko: "\(run.month) 정산 완료")
    case .supplement:
      Phrase(
        "\(run.month): supplement \(run.sequence) is settled",
        ko: "\(run.month) 추가 정산 \(run.sequence) 완료")
    case .correction:
      Phrase(
        "\(run.month): correction \(run.sequence) is settled",
        ko: "\(run.month) 재정산 \(run.sequence) 완료")
    }
  }

  static func alreadySettled(_ month: BillingMonth) -> Phrase {
    Phrase(
      "\(month) is settled already; there was nothing to do.",
      ko: "\(month)은(는) 이미 정산되어 할 일이 없습니다.")
  }

  static let nothingDue = Phrase("No month is due.", ko: "정산할 달이 없습니다.")
  static let targets = Phrase("targets", ko: "정산 대상")
  static let statements = Phrase("statements", ko: "청구 스냅샷")
  static let parked = Phrase("parked", ko: "보류")
  static let totalBilled = Phrase("total billed", ko: "청구 총액")
  static let customersPerSecond = Phrase("customers/s", ko: "고객/초")
  static let customer = Phrase("customer", ko: "고객")
  static let reasonCode = Phrase("code", ko: "코드")
  static let detail = Phrase("reason", ko: "사유")

  static func parkedCustomers(_ count: Int) -> Phrase {
    Phrase(
      "Parked, without a statement: \(grouped(count))", ko: "보류되어 청구 스냅샷이 없는 고객: \(grouped(count))")
  }

  static func andMore(_ count: Int) -> Phrase {
    Phrase("… and \(grouped(count)) more", ko: "… 외 \(grouped(count))건")
  }

  static let mendParked = Phrase(
    "Mend their data or the catalog, import it, and settle the month again: only they are settled.",
    ko: "데이터나 요금제를 고쳐 가져온 뒤 같은 달을 다시 정산하면 이 고객들만 정산됩니다.")

  // MARK: Refusals

  static func notSettled(_ month: BillingMonth) -> Phrase {
    Phrase("\(month) is not settled.", ko: "\(month)은(는) 정산되지 않았습니다.")
  }

  static func settleFirst(_ month: BillingMonth) -> Phrase {
    Phrase("Run `billing settle \(month)` first.", ko: "먼저 `billing settle \(month)`을 실행하십시오.")
  }

  static func monthNotOver(_ month: BillingMonth, lastDay: CalendarDay) -> Phrase {
    Phrase(
      "\(month) is not over: its last day is \(lastDay).",
      ko: "\(month)은(는) 아직 끝나지 않았습니다. 마지막 날은 \(lastDay)입니다.")
  }

  static let settleLater = Phrase(
    "Settle it when it is over.", ko: "달이 끝난 뒤에 정산하십시오.")

  static func noCatalog(_ month: BillingMonth) -> Phrase {
    Phrase(
      "No catalog is in force in \(month).", ko: "\(month)에 적용되는 요금제·정책표가 없습니다.")
  }

  static let importFirst = Phrase(
    "Import a catalog whose effectiveFrom is not after the month.",
    ko: "effectiveFrom이 그 달보다 늦지 않은 요금제·정책표를 가져오십시오.")

  static func noStatement(_ customers: String) -> Phrase {
    Phrase(
      "These customers have no statement to correct: \(customers).",
      ko: "재정산할 청구 스냅샷이 없는 고객: \(customers).")
  }

  static let removeFromList = Phrase(
    "Take them off the list; who is parked is settled by `billing settle`.",
    ko: "목록에서 제외하십시오. 보류된 고객은 `billing settle`로 정산됩니다.")

  static func correctionOpen(_ sequence: Int) -> Phrase {
    Phrase(
      "Correction \(sequence) of the month is not finished.",
      ko: "이 달의 재정산 \(sequence)이(가) 끝나지 않았습니다.")
  }

  static let finishCorrection = Phrase(
    "Run it again with the same customers, then this one.",
    ko: "같은 고객 목록으로 다시 실행해 마친 뒤 이번 것을 실행하십시오.")

  static func currencyChanged(
    _ month: BillingMonth, settledIn settled: String, catalog: String, in currency: String
  ) -> Phrase {
    Phrase(
      "\(month) was settled in \(settled), and catalog \(catalog) is in \(currency): "
        + "a month's bills are in one currency.",
      ko: "\(month)은(는) \(settled)(으)로 정산되었는데 요금제·정책표 \(catalog)은(는) \(currency)입니다. "
        + "한 달의 청구서는 한 통화로만 만듭니다.")
  }

  static func keepCurrency(_ month: BillingMonth, _ currency: String) -> Phrase {
    Phrase(
      "Import a catalog in \(currency) under a new version that is in force in \(month), "
        + "and let the other one's effectiveFrom be a later month.",
      ko: "\(month)에 적용되는 \(currency) 요금제·정책표를 새 버전으로 가져오고, "
        + "다른 통화의 것은 effectiveFrom을 더 늦은 달로 하십시오.")
  }

  static func skippedMonths(_ months: String) -> Phrase {
    Phrase(
      "Passed over and never settled: \(months). `billing settle --due` settles them, in order.",
      ko: "건너뛰어 정산되지 않은 달: \(months). `billing settle --due`가 순서대로 정산합니다.")
  }

  static func runHeld(_ run: String, by owner: String, until: Timestamp) -> Phrase {
    Phrase(
      "\(run) is being worked on by \(owner), whose lease ends at \(until.spoken).",
      ko: "\(run)은(는) \(owner)이(가) 작업 중이며 임대는 \(until.spoken)에 끝납니다.")
  }

  static let joinOrWait = Phrase(
    "Try again later, or add --join to work along.",
    ko: "나중에 다시 시도하거나 --join을 붙여 함께 작업하십시오.")

  static func runTakenOver(_ run: String) -> Phrase {
    Phrase(
      "Another process has taken \(run) over; what was not checkpointed was dropped.",
      ko: "다른 프로세스가 \(run)을(를) 넘겨받았습니다. 체크포인트하지 않은 것은 버렸습니다.")
  }

  static let mendAndRunAgain = Phrase(
    "Mend the cause and run the same command again: finished chunks are kept.",
    ko: "원인을 고친 뒤 같은 명령을 다시 실행하십시오. 끝난 청크는 유지됩니다.")

  static let tooManyParkedRemedy = Phrase(
    "Mend their data and run it again, or raise settlement.maxParked; `billing status` lists them.",
    ko: "데이터를 고쳐 다시 실행하거나 settlement.maxParked를 올리십시오. `billing status`에 목록이 있습니다.")

  static func tooManyParked(_ parked: Int64, of targets: Int64) -> Phrase {
    Phrase(
      "\(grouped(parked)) of \(grouped(targets)) customers are parked, more than settlement.maxParked allows.",
      ko: "\(grouped(targets))명 중 \(grouped(parked))명이 보류되어 settlement.maxParked를 넘었습니다.")
  }

  // MARK: Lists of customers

  static func unreadableFile(_ path: String) -> Phrase {
    Phrase("\(path) cannot be read.", ko: "\(path)을(를) 읽을 수 없습니다.")
  }

  static func notUTF8(_ path: String) -> Phrase {
    Phrase("\(path) is not UTF-8 text.", ko: "\(path)은(는) UTF-8 텍스트가 아닙니다.")
  }

  static let saveAsUTF8 = Phrase("Save it as UTF-8.", ko: "UTF-8로 저장하십시오.")

  static let nameReadableFile = Phrase(
    "Name a file that is there.", ko: "존재하는 파일을 지정하십시오.")

  static func badCustomer(_ place: String) -> Phrase {
    Phrase("\(place) is not a customer id.", ko: "\(place)은(는) 고객 번호가 아닙니다.")
  }

  static func emptyList(_ path: String) -> Phrase {
    Phrase("\(path) names no customer.", ko: "\(path)에 고객이 없습니다.")
  }

  static let oneCustomerALine = Phrase(
    "Write one customer id a line.", ko: "한 줄에 고객 번호 하나씩 적으십시오.")

  // MARK: Export

  static func exported(_ count: Int, to path: String) -> Phrase {
    Phrase(
      "Wrote \(grouped(count)) statements to \(path)",
      ko: "청구 스냅샷 \(grouped(count))건을 \(path)에 기록했습니다")
  }
}
