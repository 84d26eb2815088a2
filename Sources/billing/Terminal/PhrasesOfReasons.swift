import Billing

/// Why an attempt came to nothing, or a delivery is where it is.
extension Phrase {
  /// In words, with the code that options take; what has no words, such as a provider's own code, as
  /// it is.
  static func reason(_ code: String) -> Phrase {
    switch DeliveryReason(rawValue: code) {
    case .throttled:
      Phrase(
        "throttled (429, and not by the provider's own word)",
        ko: "요청 과다 응답 429, 접수 여부 불명(throttled)")
    case .unavailable:
      Phrase(
        "unavailable (503, and not by the provider's own word)",
        ko: "서비스 불가 응답 503, 접수 여부 불명(unavailable)")
    case .noAnswer:
      Phrase("noAnswer (none, or a broken one)", ko: "응답 없음 또는 깨진 응답(noAnswer)")
    case .notAccepted: Phrase("notAccepted (not taken for now)", ko: "지금은 접수하지 않음(notAccepted)")
    case .notWritten: Phrase("notWritten (no attempt)", ko: "보내지 않음, 시도 아님(notWritten)")
    case .awaitsOperator:
      Phrase("awaitsOperator (somebody has to find out)", ko: "담당자 확인 필요(awaitsOperator)")
    default: Phrase(verbatim: code)
    }
  }
}
