import Billing
import Runs

/// What is said about making bills.
extension Phrase {
  static func rendered(_ run: RunKey) -> Phrase {
    let english =
      switch run.kind {
      case .regular: run.sequence == 1 ? "" : ", again by the active policy"
      case .supplement: ", supplement \(run.sequence)"
      case .correction: ", correction \(run.sequence)"
      }
    let korean =
      switch run.kind {
      case .regular: run.sequence == 1 ? "" : " (활성 정책으로 다시)"
      case .supplement: " (추가 정산 \(run.sequence))"
      case .correction: " (재정산 \(run.sequence))"
      }
    return Phrase(
      "The bills of \(run.month)\(english) are made", ko: "\(run.month) 청구서 생성 완료\(korean)")
  }

  static func alreadyRendered(_ month: BillingMonth) -> Phrase {
    Phrase(
      "The bills of \(month) are made already; there was nothing to do.",
      ko: "\(month) 청구서는 이미 만들어져 할 일이 없습니다.")
  }

  static func mending(_ month: BillingMonth) -> Phrase {
    Phrase("bills of \(month)", ko: "\(month) 청구서")
  }

  static func mended(_ count: Int, of checked: Int) -> Phrase {
    Phrase(
      "Of \(grouped(checked)) bills \(grouped(count)) were missing or altered, and put again.",
      ko: "청구서 \(grouped(checked))건 중 없거나 바뀐 \(grouped(count))건을 다시 만들었습니다.")
  }

  static func mendBills(_ month: BillingMonth) -> Phrase {
    Phrase(
      "Put the bills again with `billing render \(month) --mend`.",
      ko: "`billing render \(month) --mend`로 청구서를 다시 만드십시오.")
  }

  static let bills = Phrase("bills", ko: "청구서")
  static let policyVersion = Phrase("policy", ko: "발송 정책")
  static let seconds = Phrase("seconds", ko: "소요 시간 (초)")
  static let statementsPerSecond = Phrase("statements/s", ko: "스냅샷/초")

  static func notRendered(_ month: BillingMonth, _ statements: Int64) -> Phrase {
    Phrase(
      "\(month) has statements whose bills are not made: \(grouped(statements)).",
      ko: "\(month)에 청구서를 만들지 않은 스냅샷이 있습니다: \(grouped(statements))건.")
  }

  static func renderFirst(_ month: BillingMonth) -> Phrase {
    Phrase("Run `billing render \(month)` first.", ko: "먼저 `billing render \(month)`을 실행하십시오.")
  }

  static func settlementOpen(_ run: String) -> Phrase {
    Phrase("\(run) is not completed.", ko: "\(run)이(가) 끝나지 않았습니다.")
  }

  // MARK: Policies and templates

  static let mendPolicy = Phrase(
    "Mend policy.yaml; `billing help policy apply` shows one.",
    ko: "policy.yaml을 고치십시오. `billing help policy apply`에 예가 있습니다.")

  static func unusableTemplate(_ detail: String) -> Phrase {
    Phrase("The template is refused: \(detail).", ko: "템플릿을 쓸 수 없습니다.", original: detail)
  }

  static let mendTemplate = Phrase(
    "Mend the template at that place; nothing was stored.",
    ko: "해당 위치의 템플릿을 고치십시오. 아무것도 저장하지 않았습니다.")

  static func policyRefused(_ detail: String) -> Phrase {
    Phrase("The policy is refused: \(detail).", ko: "발송 정책을 받아들일 수 없습니다.", original: detail)
  }

  static let giveNewVersion = Phrase(
    "Give what has changed a new version.", ko: "변경한 내용에 새 버전 번호를 붙이십시오.")

  static let policyUnchanged = Phrase(
    "It was there already; nothing was changed.", ko: "이미 있어 바꾼 것이 없습니다.")

  static let policyStored = Phrase("Stored as a draft.", ko: "초안으로 저장했습니다.")

  static let policyActivated = Phrase(
    "Active: new bills and deliveries are made by it.",
    ko: "활성화했습니다. 새 청구서와 발송에 적용됩니다.")

  static func wrotePreview(_ path: String) -> Phrase {
    Phrase("Wrote \(path)", ko: "작성: \(path)")
  }
}
