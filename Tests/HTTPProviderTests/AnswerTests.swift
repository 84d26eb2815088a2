import Delivery
import Testing

@testable import HTTPProvider

@Suite("What an answer says")
struct AnswerTests {
  private func answer(_ status: UInt, _ body: String, retryAfter: String? = nil) -> Answer {
    Answer(status: status, retryAfter: retryAfter, body: Array(body.utf8))
  }

  @Test(
    "only a documented answer about this very key is certain",
    arguments: [
      (200, #"{"key":"k","reference":"r-1"}"#, SendOutcome.accepted(reference: "r-1")),
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
      (429, "", .unknown), (503, "busy", .unknown),
      (503, #"{"key":"other","code":"busy"}"#, .unknown),
      (500, "", .unknown), (502, "", .unknown), (504, "", .unknown),
    ])
  func messages(status: UInt, body: String, expected: SendOutcome) {
    #expect(answer(status, body).outcome(ofMessage: "k") == expected)
  }

  @Test(
    "a wait is read in whole seconds, up to a day",
    arguments: [
      ("0", 0), ("7", 7000), ("86400", 86_400_000), ("999999999", 86_400_000), ("-1", nil),
      ("1.5", nil), ("Wed, 21 Oct 2026 07:28:00 GMT", nil), ("", nil), ("99999999999", nil),
    ])
  func retryAfter(text: String, expected: Int64?) {
    for status: UInt in [429, 503] {
      #expect(
        answer(status, #"{"key":"k","code":"busy"}"#, retryAfter: text).outcome(ofMessage: "k")
          == .notAccepted(retryAfterMilliseconds: expected))
    }
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
