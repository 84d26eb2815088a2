import Billing
import Delivery

/// What `billing deliveries` says.
extension Phrase {
  // MARK: Predicates

  static let nothingChosen = Phrase(
    "Nothing says which deliveries are meant.", ko: "어떤 발송을 뜻하는지 조건이 없습니다.")

  static let chooseDeliveries = Phrase(
    "Give at least one of --state, --month, --customer, --channel, --provider, --reason, --older-than.",
    ko:
      "--state, --month, --customer, --channel, --provider, --reason, --older-than 중 하나 이상을 지정하십시오."
  )

  static let tooManyToLookThrough = Phrase(
    "That would look through every delivery of every month.", ko: "모든 달의 모든 발송을 살펴보게 됩니다.")

  static let narrowDeliveries = Phrase(
    "Give --month or --customer; only failed, uncertain, held and suppressed ones are listed for all months.",
    ko: "--month나 --customer를 지정하십시오. 모든 달에 걸쳐 찾을 수 있는 상태는 failed, uncertain, held, suppressed뿐입니다."
  )

  static func notForStates(_ action: String, _ states: [DeliveryState]) -> Phrase {
    let names = states.map(\.rawValue).joined(separator: ", ")
    return Phrase(
      "`\(action)` is not for deliveries that are \(names).",
      ko: "`\(action)`은(는) \(names) 상태의 발송에 쓸 수 없습니다.")
  }

  static func statesAre(_ states: [DeliveryState]) -> Phrase {
    let names = states.map(\.rawValue).joined(separator: ", ")
    return Phrase("It is for these states: \(names).", ko: "쓸 수 있는 상태: \(names).")
  }

  static let nobodyToName = Phrase(
    "This system does not say who you are.", ko: "이 시스템에서 사용자 이름을 알 수 없습니다.")

  static let nameYourself = Phrase(
    "Say who decides this with --who NAME.", ko: "--who 이름으로 결정한 사람을 적으십시오.")

  // MARK: Lists

  static let lookingThrough = Phrase("deliveries", ko: "발송")

  static func foundDeliveries(_ count: Int) -> Phrase {
    Phrase("Deliveries found: \(grouped(count))", ko: "찾은 발송: \(grouped(count))건")
  }

  static func showsOnly(_ count: Int) -> Phrase {
    Phrase(
      "Only the first \(grouped(count)) are shown; --limit shows more.",
      ko: "처음 \(grouped(count))건만 표시했습니다. --limit으로 더 볼 수 있습니다.")
  }

  static let delivery = Phrase("delivery", ko: "발송")
  static let reasonTitle = Phrase("reason", ko: "사유")
  static let attempts = Phrase("attempts", ko: "시도")
  static let since = Phrase("since", ko: "시점")
  static let oldest = Phrase("oldest", ko: "가장 오래된 시점")
  static let age = Phrase("age", ko: "경과")

  // MARK: Actions

  static func acting(_ action: String) -> Phrase { Phrase(verbatim: action) }

  static func wouldDo(_ action: String, _ count: Int, of found: Int) -> Phrase {
    Phrase(
      "`\(action)` would change \(grouped(count)) of the \(grouped(found)) deliveries found.",
      ko: "`\(action)`: 찾은 발송 \(grouped(found))건 중 \(grouped(count))건이 바뀝니다.")
  }

  static func haveDone(_ action: String, _ count: Int, of found: Int) -> Phrase {
    Phrase(
      "`\(action)` changed \(grouped(count)) of the \(grouped(found)) deliveries found.",
      ko: "`\(action)`: 찾은 발송 \(grouped(found))건 중 \(grouped(count))건을 바꾸었습니다.")
  }

  static let onlyForeseen = Phrase(
    "Nothing was changed. To do it, add --yes and --why \"…\".",
    ko: "아무것도 바꾸지 않았습니다. 실행하려면 --yes와 --why \"…\"를 붙이십시오.")

  static let becomes = Phrase("becomes", ko: "결과")
  static let resendMade = Phrase("sent again, by a new delivery", ko: "새 발송으로 다시 보냄")
  static let changedMeanwhile = Phrase(
    "changed meanwhile: left alone", ko: "그 사이 바뀌어 그대로 둠")

  static func refusal(_ refusal: OperatorRefusal) -> Phrase {
    switch refusal {
    case .wrongState: Phrase("not in a state for it: left alone", ko: "상태가 맞지 않아 그대로 둠")
    case .unresolved:
      Phrase(
        "an attempt may have been taken, resolve it first: left alone",
        ko: "접수되었을 수 있는 시도가 있음, 먼저 resolve 필요: 그대로 둠")
    case .callUnderWay:
      Phrase("its call may still be under way: left alone", ko: "호출이 아직 진행 중일 수 있음: 그대로 둠")
    case .superseded:
      Phrase("a later bill took its place: left alone", ko: "새 청구서가 대신함: 그대로 둠")
    case .alreadyResent:
      Phrase("sent again before: left alone", ko: "이미 다시 보냈음: 그대로 둠")
    case .optedOut:
      Phrase("the customer has opted out: left alone", ko: "고객이 수신을 거부함: 그대로 둠")
    case .noContact:
      Phrase("the customer has no contact: left alone", ko: "연락처가 없음: 그대로 둠")
    case .noSlot:
      Phrase("every slot of the customer is quiet: left alone", ko: "모든 슬롯이 방해 금지임: 그대로 둠")
    }
  }
}

/// How long something has lasted, in its two largest units: `3d 4h`, `5m 20s`.
func age(seconds: Int64) -> String {
  let units: [(name: String, length: Int64)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]
  let seconds = max(0, seconds)
  guard let first = units.firstIndex(where: { seconds >= $0.length }) else { return "0s" }
  var rest = seconds
  var parts: [String] = []
  for unit in units[first...].prefix(2) {
    let (count, left) = rest.quotientAndRemainder(dividingBy: unit.length)
    if count > 0 { parts.append("\(count)\(unit.name)") }
    rest = left
  }
  return parts.joined(separator: " ")
}
