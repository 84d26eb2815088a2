import Billing

/// What is said about providers that are servers of their own.
extension Phrase {
  static func cannotSimulate(_ setting: String) -> Phrase {
    Phrase(
      "`\(setting)` names a provider that keeps its own time: it cannot be simulated.",
      ko: "`\(setting)`에 지정된 발송사는 실제 시간으로 동작하므로 모의 시간으로 실행할 수 없습니다.")
  }

  static let simulateWithStandIns = Phrase(
    "Set it to none to simulate with the stand-in, or use --real-time on a ledger of its own.",
    ko: "모의 실행을 하려면 none으로 두고, 아니면 별도 원장에서 --real-time을 사용하십시오.")

  static func tooFewFiles(_ limit: Int, needed: Int) -> Phrase {
    Phrase(
      "This process may open \(grouped(limit)) files; as many messages in flight as configured "
        + "need \(grouped(needed)), a connection each.",
      ko: "이 프로세스가 열 수 있는 파일은 \(grouped(limit))개인데, 설정된 동시 발송 건수에는 연결을 포함해 "
        + "\(grouped(needed))개가 필요합니다.")
  }

  static let raiseFilesOrLowerInFlight = Phrase(
    "Raise the limit (ulimit -Hn), or lower delivery.maxInFlight.",
    ko: "한도(ulimit -Hn)를 올리거나 delivery.maxInFlight를 낮추십시오.")

  static func fewFiles(_ limit: Int) -> Phrase {
    Phrase(
      "This process may open \(grouped(limit)) files: it serves fewer connections than that at "
        + "once. Raise the limit (ulimit -Hn) for more.",
      ko: "이 프로세스가 열 수 있는 파일은 \(grouped(limit))개이므로 동시에 그보다 적은 연결만 처리합니다. "
        + "더 필요하면 한도(ulimit -Hn)를 올리십시오.")
  }

  static func cannotListen(_ place: String, _ reason: String) -> Phrase {
    Phrase(
      "Cannot listen on \(place): \(reason).", ko: "\(place)에서 연결을 기다릴 수 없습니다.",
      original: reason)
  }

  static let chooseAnotherPort = Phrase(
    "Give another --port; 0 takes a free one.", ko: "다른 --port를 지정하십시오. 0이면 비어 있는 포트를 씁니다.")

  static func servesProvider(_ channel: Channel, at address: String) -> Phrase {
    Phrase(
      "\(channel.rawValue): \(address)", ko: "\(channel.rawValue): \(address)")
  }

  static let anAddress = Phrase(
    "https://HOST:PORT/PATH (http only for this machine), or none",
    ko: "https://호스트:포트/경로(이 컴퓨터일 때만 http) 또는 none")
}
