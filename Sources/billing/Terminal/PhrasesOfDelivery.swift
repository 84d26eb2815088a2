import Billing
import Dispatching

/// What is said about dispatching and delivering.
extension Phrase {
  // MARK: Time

  static let ledgerKeepsRealTime = Phrase(
    "This ledger keeps real time, which cannot be set.", ko: "이 원장은 실제 시간을 쓰므로 시각을 정할 수 없습니다.")

  static let useOtherLedgerForSimulation = Phrase(
    "Leave --at away, or use --real-time; simulate on a ledger of its own. While nothing was sent, "
      + "`billing init --time simulated` turns this one.",
    ko: "--at을 빼거나 --real-time을 사용하십시오. 모의 실행은 별도 원장에서 하십시오. "
      + "아직 아무것도 발송하지 않았다면 `billing init --time simulated`로 이 원장을 바꿀 수 있습니다.")

  static let ledgerIsSimulated = Phrase(
    "This ledger's time is simulated.", ko: "이 원장은 모의 시간을 사용합니다.")

  static let useAtInstead = Phrase(
    "Move its time with `billing dispatch --at TIME`, or use `billing run`. While nothing was sent, "
      + "`billing init --time real` turns it to real time.",
    ko: "`billing dispatch --at TIME`으로 시간을 옮기거나 `billing run`을 사용하십시오. "
      + "아직 아무것도 발송하지 않았다면 `billing init --time real`로 실제 시간으로 바꿀 수 있습니다.")

  static func timeIsDecided(begun: Int) -> Phrase {
    Phrase(
      "The ledger's time cannot be turned: the sending of \(grouped(begun)) "
        + (begun == 1 ? "delivery has begun." : "deliveries has begun."),
      ko: "발송을 시작한 건이 \(grouped(begun))건 있어 원장의 시간을 바꿀 수 없습니다.")
  }

  static let useOtherLedger = Phrase(
    "Use a ledger of its own for the other kind of time.",
    ko: "다른 종류의 시간에는 별도 원장을 사용하십시오.")

  static let consumersAtWork = Phrase(
    "A consumer is at work on this ledger.", ko: "이 원장에서 발송 프로세스가 실행 중입니다.")

  static let stopConsumers = Phrase(
    "Stop `billing deliver`, `billing dispatch` and `billing run`; where one was killed, wait a "
      + "moment until its lease is over.",
    ko: "`billing deliver`, `billing dispatch`, `billing run`을 멈추십시오. 강제 종료한 것이 있으면 임대가 "
      + "끝날 때까지 잠시 기다리십시오.")

  static func turnedTime(_ kind: TimeKeeping.Kind) -> Phrase {
    switch kind {
    case .real: Phrase("The ledger's time is real now", ko: "이제 이 원장은 실제 시간을 사용합니다")
    case .simulated:
      Phrase("The ledger's time is simulated now", ko: "이제 이 원장은 모의 시간을 사용합니다")
    }
  }

  static func otherMonthPending(_ month: BillingMonth) -> Phrase {
    Phrase(
      "\(month) still has deliveries pending, which simulated time would leave too late to go.",
      ko: "\(month)에 아직 처리할 발송이 있어, 모의 시간을 옮기면 발송 기한을 놓칩니다.")
  }

  static func finishMonth(_ month: BillingMonth) -> Phrase {
    Phrase(
      "Run `billing run \(month)` first; what it leaves pending is to be resolved with `billing deliveries`.",
      ko: "먼저 `billing run \(month)`을 실행하고, 남은 발송은 `billing deliveries`로 처리하십시오.")
  }

  static func monthOutOfTurn(_ month: BillingMonth, after latest: BillingMonth) -> Phrase {
    Phrase(
      "\(month) does not follow \(latest), the latest month that was settled.",
      ko: "\(month)은(는) 마지막으로 정산한 \(latest)의 다음 달이 아닙니다.")
  }

  static func runMonth(_ month: BillingMonth) -> Phrase {
    Phrase("Run `billing run \(month)` first.", ko: "먼저 `billing run \(month)`을 실행하십시오.")
  }

  // MARK: Reports

  static func dispatched(at moment: Timestamp) -> Phrase {
    Phrase("Dispatched at \(moment.spoken)", ko: "\(moment.spoken) 기준 발송 대기열 등록")
  }

  static let queued = Phrase("queued", ko: "대기열")
  static let published = Phrase("published", ko: "이벤트 발행")
  static let held = Phrase("held", ko: "대기 (지연)")
  static let suppressed = Phrase("suppressed", ko: "발송 제외")
  static let superseded = Phrase("superseded", ko: "대체됨")
  static let waitingForEarlier = Phrase("waiting for an earlier delivery", ko: "이전 발송 결과 대기")
  static let remaining = Phrase("due and not queued", ko: "미등록 잔여")

  static let accepted = Phrase("accepted", ko: "접수")
  static let retried = Phrase("to be retried", ko: "재시도 예정")
  static let failed = Phrase("failed", ko: "실패")
  static let unknownOutcome = Phrase("uncertain", ko: "불확실")
  static let intended = Phrase("attempts", ko: "시도")
  static let dropped = Phrase("dropped", ko: "무효 이벤트")

  static let stillUnderWay = Phrase(
    "Something is still claimed or sending by others, or waits for its lease to end.",
    ko: "다른 프로세스가 처리 중이거나 임대 만료를 기다리는 건이 있습니다.")

  static let stillQueued = Phrase(
    "Something is queued that no event could be read of: run this again after the next dispatch.",
    ko: "대기열에 있으나 이벤트를 읽지 못한 건이 있습니다. 다음 `billing dispatch` 뒤에 다시 실행하십시오.")

  static func delivering(_ month: BillingMonth) -> Phrase {
    Phrase("deliveries of \(month)", ko: "\(month) 발송")
  }

  static func delivered(_ month: BillingMonth) -> Phrase {
    Phrase("The deliveries of \(month)", ko: "\(month) 발송 결과")
  }

  static let nothingPending = Phrase(
    "Nothing of the month is pending.", ko: "처리할 발송이 남아 있지 않습니다.")

  static let pendingLeft = Phrase(
    "Some deliveries are still pending: they wait for an outcome that nobody knows yet.",
    ko: "결과를 알 수 없는 발송을 기다리는 건이 남아 있습니다.")

  static let simulatedTime = Phrase("simulated until", ko: "모의 시각")
  static let providerSeconds = Phrase(
    "providers' seconds, counted and not waited for", ko: "발송사 소요 시간 (실제로 기다리지 않음, 초)")
  static let deliverySeconds = Phrase("dispatch and delivery, seconds", ko: "발송 소요 시간 (초)")
  static let messagesPerSecond = Phrase("deliveries/s", ko: "발송/초")

  static func stateName(_ state: DeliveryState) -> Phrase {
    switch state {
    case .planned: Phrase("planned", ko: "예정")
    case .queued: Phrase("queued", ko: "대기열")
    case .claimed: Phrase("claimed", ko: "처리 중")
    case .sending: Phrase("sending", ko: "발송 중")
    case .accepted: .accepted
    case .failed: .failed
    case .uncertain: .unknownOutcome
    case .held: .held
    case .suppressed: .suppressed
    case .superseded: .superseded
    }
  }

  // MARK: The proof

  static let allVersions = Phrase("statements of all versions", ko: "모든 버전의 청구 스냅샷")
  static let pending = Phrase("pending", ko: "진행 중")
  static let acceptedMessages = Phrase("messages accepted by the providers", ko: "발송사 접수 메시지")

  static let unrecordedMessages = Phrase(
    "of them not recorded yet", ko: "그중 아직 기록되지 않은 메시지")
  static let beingSettled = Phrase("being settled", ko: "정산 중")

  static func consistent(_ month: BillingMonth) -> Phrase {
    Phrase(
      "The proof of \(month) is consistent: what is there agrees.",
      ko: "\(month) 검증: 일치합니다. 원장, 저장소, 발송사 기록이 서로 맞습니다.")
  }

  static func notConsistent(_ month: BillingMonth) -> Phrase {
    Phrase(
      "The proof of \(month) is not consistent: what is there contradicts itself.",
      ko: "\(month) 검증 실패: 기록이 서로 맞지 않습니다.")
  }

  static let complete = Phrase(
    "It is complete: everybody was told, or is accounted for.",
    ko: "완결되었습니다. 모든 고객에게 알렸거나 알리지 않은 사유가 남아 있습니다.")

  static func unjudged(_ customers: Int64) -> Phrase {
    Phrase(
      "\(grouped(customers)) customers were changed between every two looks and are not counted: run "
        + "it again.",
      ko: "고객 \(grouped(customers))명은 확인하는 동안 계속 바뀌어 집계에서 빠졌습니다. 다시 실행하십시오.")
  }

  static func notComplete(pending: Int64, held: Int64, uncertain: Int64) -> Phrase {
    Phrase(
      "It is not complete: open are \(grouped(pending)) pending, \(grouped(held)) held and "
        + "\(grouped(uncertain)) uncertain.",
      ko: "아직 완결되지 않았습니다. 진행 중 \(grouped(pending))건, 대기 \(grouped(held))건, "
        + "불확실 \(grouped(uncertain))건이 남아 있습니다.")
  }

  static func onlySampled(_ chunks: Int, of all: Int) -> Phrase {
    Phrase(
      "Only a sample was looked at: \(grouped(chunks)) of \(grouped(all)) chunks of customers.",
      ko: "표본만 확인했습니다: 고객 묶음 \(grouped(all))개 중 \(grouped(chunks))개.")
  }

  static func notCompared(_ providers: [String], deliveries: Int64) -> Phrase {
    let names = providers.joined(separator: ", ")
    return Phrase(
      "Not compared: \(grouped(deliveries)) accepted deliveries; the records of \(names) cannot be read here.",
      ko: "비교하지 못함: 접수된 발송 \(grouped(deliveries))건. 발송사(\(names)) 기록을 여기서 읽을 수 없습니다.")
  }

  static func finishRuns(_ month: BillingMonth) -> Phrase {
    Phrase(
      "Wait until it is over, or run `billing settle \(month)` and `billing render \(month)` again: "
        + "they go on where it stopped.",
      ko: "끝날 때까지 기다리거나 `billing settle \(month)`과 `billing render \(month)`을 다시 실행하면 "
        + "멈춘 곳부터 이어집니다.")
  }

  static let lookAtFindings = Phrase(
    "Look at what is listed above; `billing explain` shows one customer or delivery.",
    ko: "위 항목을 확인하십시오. `billing explain`으로 고객이나 발송을 자세히 볼 수 있습니다.")

  static let runsOpen = Phrase(
    "A run of the month is under way or failed.", ko: "이 달의 실행 중이거나 실패한 작업이 있습니다.")

  static let finding = Phrase("finding", ko: "발견")
  static let examples = Phrase("such as", ko: "예")
  static let verifying = Phrase("verify", ko: "검증")
}
