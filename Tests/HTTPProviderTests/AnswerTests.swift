import Billing
import Delivery
import Testing

@testable import HTTPProvider

@Suite("What an answer says")
struct AnswerTests {
  private let now = Timestamp(iso8601: "2026-10-21T07:20:00Z")!

  private func answer(
    _ status: UInt, _ body: String, retryAfter: String? = nil, date: String? = nil
  ) -> Answer {
    Answer(status: status, retryAfter: retryAfter, date: date, body: Array(body.utf8))
  }

  private static let answers: [(UInt, String, SendOutcome)] = [
    (200, #"{"key":"k","reference":"r-1"}"#, .accepted(reference: "r-1")),
    (200, #"{"key":"k","reference":"r-1","more":[1]}"#, .accepted(reference: "r-1")),
    (200, #"{"key":"other","reference":"r-1"}"#, .unknown),
    (200, #"{"key":"k"}"#, .unknown), (200, #"{"key":"k","reference":""}"#, .unknown),
    (200, #"{"key":"k","reference":"a b"}"#, .unknown),
    (200, #"{"key":"k","reference":"r-1""#, .unknown), (200, "", .unknown),
    (201, #"{"key":"k","reference":"r-1"}"#, .unknown), (202, "", .unknown),
    (204, "", .unknown), (302, "", .unknown), (400, "", .unknown), (404, "", .unknown),
    (422, #"{"key":"k","code":"noSuchRecipient"}"#, .rejected(code: "noSuchRecipient")),
    (422, #"{"key":"other","code":"noSuchRecipient"}"#, .unknown),
    (422, #"{"key":"k","code":"no such address a@b.c"}"#, .unknown), (422, "", .unknown),
    (429, #"{"key":"k","code":"busy"}"#, .notAccepted(retryAfterMilliseconds: nil)),
    (503, #"{"key":"k","code":"busy"}"#, .notAccepted(retryAfterMilliseconds: nil)),
    // A proxy on the way says so too, of a message that it has passed on.
    (429, "", .putOff(.throttled, retryAfterMilliseconds: nil)),
    (503, "busy", .putOff(.unavailable, retryAfterMilliseconds: nil)),
    (503, #"{"key":"other","code":"busy"}"#, .putOff(.unavailable, retryAfterMilliseconds: nil)),
    (500, "", .unknown), (502, "", .unknown), (504, "", .unknown),
  ]

  @Test("only a documented answer about this very key is certain", arguments: answers)
  func messages(status: UInt, body: String, expected: SendOutcome) {
    #expect(answer(status, body).outcome(ofMessage: "k", at: now) == expected)
  }

  private static let waits: [(String, Int64?)] = [
    ("0", 0), ("7", 7000), ("86400", 86_400_000), ("999999999", 86_400_000), ("-1", nil),
    ("1.5", nil), ("", nil), ("99999999999", 86_400_000), ("9223372036854775808", 86_400_000),
    (String(repeating: "9", count: 64), 86_400_000), (String(repeating: "9", count: 65), nil),
    ("Wed, 21 Oct 2026 07:28:00 GMT", 480_000), ("Wednesday, 21-Oct-26 07:28:00 GMT", 480_000),
    ("Wed Oct 21 07:28:00 2026", 480_000), ("Tue, 20 Oct 2026 07:28:00 GMT", 0),
    ("Sun, 06 Nov 1994 08:49:37 GMT", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400_000),
    ("Mon Nov  2 07:28:00 2026", 86_400_000), ("Wed, 31 Feb 2026 07:28:00 GMT", nil),
    ("Wed, 21 Oct 2026 25:28:00 GMT", nil), ("Wed, 21 Oct 2026 07:28:00 KST", nil),
    ("Wed, 21 Okt 2026 07:28:00 GMT", nil), ("21 Oct 2026 07:28:00 GMT", nil),
    ("Wed, 21 Oct 0000 07:28:00 GMT", nil), ("Wed, 21 Oct 2026 07:28:60 GMT", 540_000),
  ]

  @Test("a wait is read in whole seconds or as a date, up to a day", arguments: waits)
  func retryAfter(text: String, expected: Int64?) {
    for status: UInt in [429, 503] {
      let refused = answer(status, #"{"key":"k","code":"busy"}"#, retryAfter: text)
      #expect(
        refused.outcome(ofMessage: "k", at: now) == .notAccepted(retryAfterMilliseconds: expected))
      let bare = answer(status, "", retryAfter: text)
      #expect(
        bare.outcome(ofMessage: "k", at: now)
          == .putOff(
            status == 429 ? .throttled : .unavailable, retryAfterMilliseconds: expected))
    }
  }

  @Test func `a date to wait for is compared with the date of the answer`() {
    // Its clock is an hour ahead of ours.
    let bare = answer(
      503, "", retryAfter: "Wed, 21 Oct 2026 08:28:00 GMT", date: "Wed, 21 Oct 2026 08:20:00 GMT")
    #expect(
      bare.outcome(ofMessage: "k", at: now)
        == .putOff(.unavailable, retryAfterMilliseconds: 480_000))
  }

  @Test func `a year of two digits lies no more than fifty years ahead`() {
    #expect(
      HTTPDate.parse("Sunday, 06-Nov-94 08:49:37 GMT", now: now)
        == Timestamp(iso8601: "1994-11-06T08:49:37Z"))
    #expect(
      HTTPDate.parse("Sunday, 06-Nov-76 08:49:37 GMT", now: now)
        == Timestamp(iso8601: "2076-11-06T08:49:37Z"))
    let late = Timestamp(iso8601: "2099-12-31T00:00:00Z")!
    #expect(
      HTTPDate.parse("Friday, 01-Jan-00 00:00:07 GMT", now: late)
        == Timestamp(iso8601: "2100-01-01T00:00:07Z"))
    for extreme in [Int64.min, .max] {
      _ = HTTPDate.parse(
        "Sunday, 06-Nov-94 08:49:37 GMT", now: Timestamp(milliseconds: extreme))
    }
  }

  private static let statements: [(String, ProviderCapabilities?)] = [
    (#"{"refusesLate":true}"#, ProviderCapabilities(refusesLate: true)),
    (#"{"keepsKeySeconds":3600}"#, ProviderCapabilities(keepsKeySeconds: 3600)),
    (#"{"keepsKeySeconds":315576000}"#, ProviderCapabilities(keepsKeySeconds: 315_576_000)),
    (#"{"keepsKeySeconds":315576001}"#, ProviderCapabilities()),
    (#"{"keepsKeySeconds":9223372036854775807}"#, ProviderCapabilities()),
    (#"{"keepsKeySeconds":9223372036854775808}"#, ProviderCapabilities()),
    (#"{"keepsKeySeconds":-1,"canBeAsked":true}"#, ProviderCapabilities(canBeAsked: true)),
    (#"{"keepsKeySeconds":1e400}"#, ProviderCapabilities()),
    (#"{"keepsKeySeconds":"long","refusesLate":"maybe"}"#, ProviderCapabilities()),
    (
      #"{"lookUpSettlesSeconds":60,"refusesLate":true}"#,
      ProviderCapabilities(lookUpSettlesSeconds: 60, refusesLate: true)
    ),
    (
      #"{"canBeAsked":true,"lookUpSettlesSeconds":9223372036854775807,"refusesLate":true}"#,
      ProviderCapabilities(canBeAsked: true, refusesLate: true)
    ),
    ("[]", nil), ("", nil), ("null", nil),
  ]

  @Test("what is no sensible number of a provider's it did not say", arguments: statements)
  func capabilities(body: String, expected: ProviderCapabilities?) {
    #expect(answer(200, body).capabilities == expected)
  }

  @Test(
    "a key is absent only where the answer says just that",
    arguments: [
      (200, #"{"key":"k","reference":"r-1"}"#, LookUpOutcome.found(reference: "r-1")),
      (404, #"{"key":"k","code":"absent"}"#, .absent),
      (404, #"{"key":"other","code":"absent"}"#, .unavailable),
      (404, #"{"key":"k","code":"gone"}"#, .unavailable), (404, "", .unavailable),
      (410, #"{"key":"k","code":"absent"}"#, .unavailable), (200, "", .unavailable),
      (501, "", .unavailable), (503, "", .unavailable),
    ])
  func lookUps(status: UInt, body: String, expected: LookUpOutcome) {
    #expect(answer(status, body).outcome(ofLookUp: "k") == expected)
  }

  @Test(
    "an address is https, or http on this machine, without secrets",
    arguments: [
      ("http://127.0.0.1:8025/email", true), ("https://mail.example.com", true),
      ("https://h/", true), ("ftp://h/", false), ("https://", false), ("mail.example.com", false),
      ("https://user:secret@h/", false), ("https://h/?token=1", false), ("https://h:0/", false),
      ("https://h:99999/", false), ("", false), ("http://localhost:1/", true),
      ("http://LOCALHOST/", true), ("http://127.1.2.3/", true), ("http://[::1]:8025/sms", true),
      ("http://h/", false), ("http://mail.example.com/", false), ("http://10.0.0.1/", false),
      ("http://127.0.0.1.example.com/", false), ("http://127.example.com/", false),
      ("http://localhost.example.com/", false), ("http://0.0.0.0/", false),
      ("http://127.0.0.256/", false), ("http://[::2]/", false), ("HTTP://h/", false),
      ("http://localhost@h/", false), ("http://h#@localhost/", false),
    ])
  func addresses(text: String, isOne: Bool) {
    #expect((ProviderAddress(text) != nil) == isOne)
  }
}
