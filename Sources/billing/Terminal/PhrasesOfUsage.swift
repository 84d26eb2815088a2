import ArgumentParser

/// What is wrong with how a command was typed.
extension Phrase {
  static func numberFromOne(_ option: String) -> Phrase {
    Phrase("\(option) takes a number from 1 on.", ko: "\(option)에는 1 이상의 수를 적으십시오.")
  }

  static func numberBetween(_ option: String, _ range: ClosedRange<Int>) -> Phrase {
    Phrase(
      "\(option) takes a number from \(range.lowerBound) to \(range.upperBound).",
      ko: "\(option)에는 \(range.lowerBound)부터 \(range.upperBound)까지의 수를 적으십시오.")
  }

  static func textBetween(_ option: String, _ longest: Int) -> Phrase {
    Phrase(
      "\(option) takes 1 to \(longest) characters.", ko: "\(option)에는 1자에서 \(longest)자까지 적으십시오.")
  }

  static let providerName = Phrase(
    "--provider takes the name of a provider, such as mock-email.",
    ko: "--provider에는 mock-email 같은 발송사 이름을 적습니다.")

  static let olderThanDuration = Phrase(
    "--older-than takes a duration, such as 90s, 10m, 12h or 7d.",
    ko: "--older-than에는 90s, 10m, 12h, 7d와 같은 기간을 적으십시오.")

  static let everyDuration = Phrase(
    "--every takes a duration from 10s on, such as 2h.",
    ko: "--every에는 2h와 같이 10s 이상의 기간을 적으십시오.")

  static func notBoth(_ one: String, _ other: String) -> Phrase {
    Phrase(
      "Give \(one) or \(other), not both.", ko: "\(one)와 \(other) 중 하나만 지정하십시오.")
  }

  static let monthOrDue = Phrase(
    "Give a month, or --due, and not both.", ko: "달과 --due 중 하나만 지정하십시오.")

  static func belongsTo(_ option: String, _ other: String) -> Phrase {
    Phrase("\(option) belongs to \(other).", ko: "\(option)은(는) \(other)와 함께 씁니다.")
  }

  static let yesNeedsWhy = Phrase(
    "--yes needs --why \"…\".", ko: "--yes에는 --why \"…\"가 필요합니다.")

  static let referenceIsOfOne = Phrase(
    "--reference is of one message: give --customer and --month.",
    ko: "--reference는 메시지 하나에 대한 것이므로 --customer와 --month를 지정하십시오.")

  static let correctionOptions = Phrase(
    "--correct, --customers and --reason belong together, and to a month.",
    ko: "--correct, --customers, --reason은 함께, 달과 더불어 지정하십시오.")

  static let mendStandsAlone = Phrase(
    "--mend stands alone: it makes nothing new.", ko: "--mend는 새로 만드는 것이 없으므로 단독으로 쓰십시오.")

  static let failuresPercentage = Phrase(
    "--failures takes a percentage such as 0.5%.", ko: "--failures에는 0.5%와 같은 백분율을 적으십시오.")

  static func secondsOrNo(_ option: String) -> Phrase {
    Phrase(
      "\(option) takes a number of seconds, or no.", ko: "\(option)에는 초 단위의 수나 no를 적으십시오.")
  }

  static let lookUpSeconds = Phrase(
    "--look-up takes a number of seconds, unsure, or no.",
    ko: "--look-up에는 초 단위의 수나 unsure, no를 적으십시오.")

  static func badFault(_ fault: String, kinds: String) -> Phrase {
    Phrase(
      "--fault \(fault): give KIND=N, KIND=FIRST-LAST or KIND=PERCENT%, KIND one of \(kinds).",
      ko: "--fault \(fault): 종류=N, 종류=처음-끝, 종류=백분율% 중 하나로 적으십시오. 종류: \(kinds).")
  }
}

extension ValidationError {
  /// In every language: the parser carries one text, and which of them is said is known when it is
  /// printed.
  init(_ phrase: Phrase) {
    self.init(UsageText.joined(phrase))
  }
}
