import Testing

@testable import Assembly
@testable import billing

@Suite("Settings")
struct SettingTests {
  @Test(
    "a setting's variable is its name in capitals, words apart",
    arguments: [
      (Setting.ledger, "BILLING_LEDGER"),
      (.settlementMaxParked, "BILLING_SETTLEMENT_MAX_PARKED"),
      (.providersSMSFailures, "BILLING_PROVIDERS_SMS_FAILURES"),
      (.deliveryMaxInFlight, "BILLING_DELIVERY_MAX_IN_FLIGHT"),
    ])
  func variable(setting: Setting, variable: String) {
    #expect(setting.variable == variable)
  }

  @Test(
    "a mistyped name finds the setting that was meant",
    arguments: [
      ("setlement.day", Setting.settlementDay),
      ("settlement.maxparked", .settlementMaxParked),
      ("maxInFlight", .deliveryMaxInFlight),
      ("worker", .workers),
    ])
  func nearest(name: String, setting: Setting) {
    #expect(Setting.nearest(to: name) == setting)
  }

  @Test("a name like none is not guessed at")
  func noGuess() {
    #expect(Setting.nearest(to: "telemetry.endpoint") == nil)
  }

  @Test(
    "distance counts letters put in, taken out and replaced",
    arguments: [
      ("", "", 0), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "ab", 1), ("kitten", "sitting", 3),
    ])
  func distance(left: String, right: String, letters: Int) {
    #expect(editDistance(left, right) == letters)
    #expect(editDistance(right, left) == letters)
  }

  @Test(
    "durations are read in whole seconds",
    arguments: [
      ("90s", 90), ("10m", 600), ("12h", 43_200), ("7d", 604_800), ("366d", 31_622_400),
    ])
  func duration(text: String, seconds: Int64) {
    #expect(durationSeconds(text) == seconds)
  }

  @Test(
    "what is no duration is refused", arguments: ["", "7", "d", "-1d", "0s", "1.5h", "367d", "7 d"])
  func noDuration(text: String) {
    #expect(durationSeconds(text) == nil)
  }

  @Test("a store is named by its URL")
  func storeAddress() {
    #expect(StoreAddress("sqlite:data/x", embedded: "sqlite") == .path("data/x"))
    #expect(StoreAddress("sqlite:///var/x", embedded: "sqlite") == .path("/var/x"))
    #expect(StoreAddress("file:/var/x", embedded: "file") == .path("/var/x"))
    #expect(StoreAddress("sqlite://host/x", embedded: "sqlite") == .malformed)
    #expect(StoreAddress("sqlite:", embedded: "sqlite") == .malformed)
    #expect(StoreAddress("data/x", embedded: "sqlite") == .malformed)
    #expect(StoreAddress("file:x", embedded: "sqlite") == .malformed)
    #expect(StoreAddress("s3://b/p", embedded: "file") == .notBuiltIn(scheme: "s3"))
  }
}
