import Assembly

/// What a setting expects, to stand after "Give".
extension Phrase {
  static func expected(_ value: ExpectedValue) -> Phrase {
    switch value {
    case .anything: aValue
    case .language: aLanguage
    case .logLevel: aLogLevel
    case .percentage: aPercentage
    case .duration: aDuration
    case .wholeNumber(let range): wholeNumber(range)
    case .ledger: aLedger
    case .store(let scheme): aStore(scheme)
    case .providerAddress: anAddress
    case .assignment(let name): Phrase(verbatim: "--set \(name)=VALUE")
    }
  }

  static func fault(_ fault: ConfigurationFault) -> Phrase {
    switch fault {
    case .noSuchFile: noSuchFile
    case .notUTF8: notUTF8
    case .notYAML(let detail): notYAML(detail)
    case .noSettings: noSettings
    }
  }

  static let aValue = Phrase("a value", ko: "값")
  static let singleValue = Phrase("a single value", ko: "값 하나")
  static let aLanguage = Phrase("en, ko or auto", ko: "en, ko, auto 중 하나")
  static let aPercentage = Phrase("a percentage such as 0.5 %", ko: "0.5 %와 같은 백분율")
  static let aDuration = Phrase(
    "a duration such as 90s, 10m, 12h or 7d", ko: "90s, 10m, 12h, 7d와 같은 기간")

  static let aLogLevel = Phrase(
    "trace, debug, info, notice, warning, error, critical or auto",
    ko: "trace, debug, info, notice, warning, error, critical, auto 중 하나")

  static func wholeNumber(_ range: ClosedRange<Int>) -> Phrase {
    Phrase(
      "a whole number from \(range.lowerBound) to \(range.upperBound)",
      ko: "\(range.lowerBound)부터 \(range.upperBound)까지의 정수")
  }

  static let aLedger = Phrase(
    "sqlite:PATH, sqlite:///ABSOLUTE/PATH or postgres://USER@HOST:PORT/DATABASE",
    ko: "sqlite:경로, sqlite:///절대경로, postgres://사용자@호스트:포트/데이터베이스 중 하나")

  static func aStore(_ scheme: String) -> Phrase {
    Phrase(
      "\(scheme):PATH or \(scheme):///ABSOLUTE/PATH", ko: "\(scheme):경로 또는 \(scheme):///절대경로")
  }
}
