import Assembly
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
    ko:
      "--month나 --customer를 지정하십시오. 모든 달에 걸쳐 찾을 수 있는 상태는 실패(failed), 불확실(uncertain), 대기(held), 제외(suppressed)뿐입니다."
  )

  static func notForStates(_ action: String, _ states: [DeliveryState]) -> Phrase {
    Phrase(
      "`\(action)` is not for deliveries that are \(list(of: states, in: .english)).",
      ko: "`\(action)`은(는) \(list(of: states, in: .korean)) 상태의 발송에 쓸 수 없습니다.")
  }

  static func statesAre(_ states: [DeliveryState]) -> Phrase {
    Phrase(
      "It is for these states: \(list(of: states, in: .english)).",
      ko: "쓸 수 있는 상태: \(list(of: states, in: .korean)).")
  }

  private static func list(of states: [DeliveryState], in language: Language) -> String {
    states.map { stateWithCode($0).text(in: language) }.joined(separator: ", ")
  }

  static let nobodyToName = Phrase(
    "This system does not say who you are, or says it by an address.",
    ko: "이 시스템에서 사용자 이름을 알 수 없거나, 이름이 주소 형식입니다.")

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

  static func onlyForeseen(_ confirmation: String) -> Phrase {
    Phrase(
      "Nothing was changed. To do it, add --yes and --why \"…\"; to do just this, also "
        + "--expect \(confirmation).",
      ko: "아무것도 바꾸지 않았습니다. 실행하려면 --yes와 --why \"…\"를 붙이십시오. "
        + "이 내용 그대로일 때만 실행하려면 --expect \(confirmation)도 붙이십시오.")
  }

  static func notAsExpected(_ confirmation: String) -> Phrase {
    Phrase(
      "What would be done is no longer what was expected (now \(confirmation)); nothing was done.",
      ko: "실행할 내용이 예상과 달라졌습니다(현재 \(confirmation)). 아무것도 하지 않았습니다.")
  }

  static let lookAgain = Phrase(
    "Look at it without --yes, and give the confirmation that this prints.",
    ko: "--yes 없이 다시 확인하고, 출력되는 확인값을 지정하십시오.")

  /// With the reasons, the most frequent first.
  static func nothingDone(
    _ action: String, found: Int, refused: [OperatorRefusal: Int]
  ) -> Phrase {
    let reasons = refused.sorted {
      ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue)
    }
    func list(_ language: Language) -> String {
      reasons.map { "\(refusal($0.key).text(in: language)) (\(grouped($0.value)))" }
        .joined(separator: "; ")
    }
    return Phrase(
      "`\(action)` changed none of the \(grouped(found)) deliveries found: "
        + "\(list(.english)).",
      ko: "`\(action)`: 찾은 발송 \(grouped(found))건 중 바뀐 것이 없습니다: "
        + "\(list(.korean)).")
  }

  static let mendReasons = Phrase(
    "`billing explain delivery` shows what became of each of them.",
    ko: "`billing explain delivery`로 각 발송의 이력을 확인하십시오.")

  static let providerSilent = Phrase(
    "A provider does not answer: whether what it may have taken can be tried again is not known.",
    ko: "발송사가 응답하지 않아, 접수되었을 수 있는 발송을 다시 시도해도 되는지 알 수 없습니다.")

  static let retryWhenItAnswers = Phrase(
    "Check providers.email.url and providers.sms.url, and give the command again when it answers.",
    ko: "providers.email.url과 providers.sms.url을 확인하고, 발송사가 응답할 때 같은 명령을 다시 실행하십시오.")

  // MARK: What is kept for good

  static func contactIn(_ option: String) -> Phrase {
    Phrase(
      "\(option) holds what looks like an e-mail address or a telephone number; it would be kept "
        + "for good.",
      ko: "\(option)에 이메일 주소나 전화번호로 보이는 내용이 있습니다. 영구히 보관되므로 쓸 수 없습니다.")
  }

  static func unseenIn(_ option: String, _ fault: TextFault) -> Phrase {
    Phrase(
      "\(option) is kept for good and cannot be taken as it is: \(fault.text(in: .english)).",
      ko: "\(option)은(는) 영구히 보관되므로 그대로 쓸 수 없습니다. \(fault.text(in: .korean)).")
  }

  static let typeItAnew = Phrase(
    "Type it anew: what is copied often brings such characters along.",
    ko: "직접 다시 입력하십시오. 복사한 글에는 이런 문자가 섞이기 쉽습니다.")

  static let nameNobody = Phrase(
    "Say it without anybody's contact: by a ticket, or by the delivery.",
    ko: "연락처 없이 적으십시오. 예: 요청 번호나 발송 이름.")

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
        ko: "접수되었을 수 있는 시도가 있음, 먼저 `billing deliveries resolve` 필요: 그대로 둠")
    case .providerSilent:
      Phrase("its provider does not answer: left alone", ko: "발송사가 응답하지 않음: 그대로 둠")
    case .notParked:
      Phrase(
        "the platform still asks the provider: left alone",
        ko: "플랫폼이 아직 발송사에 확인하는 중임: 그대로 둠")
    case .callUnderWay:
      Phrase("its call may still be under way: left alone", ko: "호출이 아직 진행 중일 수 있음: 그대로 둠")
    case .superseded:
      Phrase("a later bill took its place: left alone", ko: "새 청구서가 대신함: 그대로 둠")
    case .alreadyResent:
      Phrase("sent again before: left alone", ko: "이미 다시 보냈음: 그대로 둠")
    case .nothingDue:
      Phrase(
        "there is nothing to pay, or it repeats what was told: left alone",
        ko: "납부할 금액이 없거나 이미 알린 내용을 다시 보내는 것임: 그대로 둠")
    case .timeEnough:
      Phrase("its due date leaves time enough: left alone", ko: "납부기한까지 시간이 충분함: 그대로 둠")
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
