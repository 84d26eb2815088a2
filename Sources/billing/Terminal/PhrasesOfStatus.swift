import Billing
import Runs

/// What `billing status` says.
extension Phrase {
  static let noRuns = Phrase("No month was settled yet.", ko: "아직 정산한 달이 없습니다.")

  static func overdue(_ month: BillingMonth) -> Phrase {
    Phrase(
      "\(month) is due by settlement.day and not settled: run `billing settle --due`.",
      ko: "\(month)은(는) settlement.day 기준으로 정산할 때가 되었습니다. `billing settle --due`를 실행하십시오.")
  }

  static func lag(_ events: Int64) -> Phrase {
    Phrase(
      "Events that no consumer has recorded yet: \(grouped(events))",
      ko: "아직 처리되지 않은 이벤트: \(grouped(events))")
  }

  static func monthTitle(_ month: BillingMonth) -> Phrase {
    Phrase("── \(month)", ko: "── \(month)")
  }

  static func uncertain(_ count: Int64, since: Timestamp, age: String) -> Phrase {
    Phrase(
      "Uncertain whether they were sent: \(grouped(count)), the first since \(since.spoken) (\(age))",
      ko: "발송 여부가 불확실한 건: \(grouped(count)), 가장 오래된 시각 \(since.spoken) (\(age))")
  }

  static func lookAtSetAside(_ month: BillingMonth) -> Phrase {
    Phrase(
      "They wait for an operator: `billing deliveries list --month \(month)`.",
      ko: "운영자의 처리를 기다립니다: `billing deliveries list --month \(month)`.")
  }

  static func lateChanges(_ customers: Int64) -> Phrase {
    Phrase(
      "Customers with late usage or changes that may call for a correction: \(grouped(customers))",
      ko: "늦은 사용량이나 변경이 있어 재정산이 필요할 수 있는 고객: \(grouped(customers))")
  }

  static func lateCustomers(_ customers: Int64) -> Phrase {
    Phrase(
      "Customers recorded too late, whom settling the month again settles: \(grouped(customers))",
      ko: "정산 뒤에 등록되어 같은 달을 다시 정산하면 추가 정산되는 고객: \(grouped(customers))")
  }

  static func statusName(_ status: RunStatus) -> Phrase {
    switch status {
    case .running: Phrase(status.name, ko: "실행 중")
    case .completed: Phrase(status.name, ko: "완료")
    case .failed: Phrase(status.name, ko: "실패")
    }
  }

  static func statusName(_ status: StepStatus) -> Phrase {
    switch status {
    case .pending: Phrase(status.name, ko: "대기")
    case .running: Phrase(status.name, ko: "실행 중")
    case .completed: Phrase(status.name, ko: "완료")
    }
  }

  static let run = Phrase("run", ko: "실행")
  static let items = Phrase("items", ko: "건수")
  static let started = Phrase("started", ko: "시작")
  static let failure = Phrase("failure", ko: "실패 사유")
  static let stepTitle = Phrase("step", ko: "단계")
  static let done = Phrase("done", ko: "완료")
  static let of = Phrase("of", ko: "전체")
  static let deliveries = Phrase("deliveries", ko: "발송")
  static let count = Phrase("count", ko: "건수")
}
