import Billing
import Testing

@testable import PostgresLedger

@Suite("What PostgreSQL says, and what it means")
struct PostgresErrorTests {
  // MARK: Refused connections

  @Test func `a refusal's SQLSTATE is taken out of its message`() {
    let refusal = ServerRefusal(
      """
      connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  28P01: password \
      authentication failed for user "billing"
      LOCATION:  auth_failed, auth.c:338
      """)
    #expect(refusal.sqlState == "28P01")
    #expect(
      refusal.message == """
        connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  password authentication \
        failed for user "billing"
        """)
  }

  @Test func `of several addresses or ways the last that the server answered counts`() {
    let refusal = ServerRefusal(
      """
      connection to server at "db" (::1), port 5432 failed: Connection refused
      \tIs the server running on that host and accepting TCP/IP connections?
      connection to server at "db" (127.0.0.1), port 5432 failed: FATAL:  28000: no encryption
      LOCATION:  ClientAuthentication, auth.c:541
      connection to server at "db" (127.0.0.1), port 5432 failed: FATAL:  3D000: database "x" does \
      not exist
      LOCATION:  InitPostgres, postinit.c:1002
      """)
    #expect(refusal.sqlState == "3D000")
    #expect(refusal.message.hasSuffix(#"FATAL:  database "x" does not exist"#))
  }

  @Test func `where the server said nothing there is no SQLSTATE, and every line is kept`() {
    let refusal = ServerRefusal(
      """
      connection to server at "127.0.0.1", port 1 failed: Connection refused
      \tIs the server running on that host and accepting TCP/IP connections?
      """)
    #expect(refusal.sqlState == nil)
    #expect(refusal.message.contains("Connection refused; \tIs the server running"))
  }

  @Test(
    arguments: [
      "", "FATAL", "FATAL:  ", "FATAL:  28P0", "FATAL:  28p01: lower case",
      "FATAL:  28P01 no colon", "FATAL: 28P01: one space",
    ])
  func `what only looks like a SQLSTATE is none`(text: String) {
    #expect(ServerRefusal(text).sqlState == nil)
    #expect(ServerRefusal(text).message == text)
  }

  // MARK: Kinds

  private static func error(_ state: String?, lost: Bool = false) -> PostgresError {
    PostgresError(
      operation: "try", sqlState: state, message: "it failed", isConnectionLost: lost)
  }

  @Test(
    arguments: [
      ("40001", .busy), ("40P01", .busy), ("55P03", .busy), ("57014", .busy), ("53300", .busy),
      ("53100", .full), ("25006", .readOnly),
      ("42P01", .wrongSchema), ("42703", .wrongSchema), ("42883", .wrongSchema),
      ("3F000", .wrongSchema),
      ("42501", .denied), ("3D000", .denied), ("28P01", .denied), ("28000", .denied),
      ("XX001", .corrupt), ("XX002", .corrupt),
      ("08006", .unreachable), ("08001", .unreachable), ("57P01", .unreachable),
      ("57P03", .unreachable), ("53300", .busy), ("53200", .unreachable),
      ("23505", .conflict), ("23503", .conflict), ("23514", .conflict), ("23502", .conflict),
      ("22003", .broken), ("22P02", .broken), ("42601", .broken), ("XX000", .broken),
      ("0A000", .broken), ("40003", .broken),
    ] as [(String, StoreError.Kind)])
  func `a SQLSTATE says what the caller can do`(state: String, kind: StoreError.Kind) {
    let error = Self.error(state).storeError
    #expect(error.kind == kind)
    #expect(error.description == "try: it failed (SQLSTATE \(state))")
  }

  @Test func `a lost connection is unreachable, and silence otherwise a bug`() {
    #expect(Self.error(nil, lost: true).storeError.kind == .unreachable)
    #expect(Self.error(nil, lost: false).storeError.kind == .broken)
    #expect(Self.error(nil, lost: true).storeError.description == "try: it failed")
  }

  @Test(
    arguments: [
      ("40001", true, false), ("40P01", true, false), ("40003", false, false),
      ("57P01", false, true), ("57P02", false, true), ("57P03", false, true),
      ("08006", false, true), ("53300", false, true), ("53200", false, true),
      ("25P03", false, true),
      ("57014", false, false), ("55P03", false, false), ("23505", false, false),
      ("53100", false, false), ("28P01", false, false),
    ])
  func `only what others did, or a server that is away, is worth another try`(
    state: String, isCollision: Bool, isUnreachable: Bool
  ) {
    // Also where the connection went with it: what the server said counts.
    for lost in [false, true] {
      #expect(Self.error(state, lost: lost).isCollision == isCollision)
      #expect(Self.error(state, lost: lost).isUnreachable == isUnreachable)
    }
    #expect(Self.error(nil, lost: true).isUnreachable)
    #expect(!Self.error(nil, lost: false).isUnreachable)
  }

  @Test func `who was refused for good is not tried again, whatever else it looks like`() {
    var error = Self.error(nil, lost: true)
    error.isDenied = true
    #expect(error.storeError.kind == .denied)
    #expect(!error.isUnreachable)
    #expect(!error.mayPass(afterTries: 1))
  }

  /// Another of several addresses may be the one to write to, but not for ever.
  @Test func `a server that may only be read is asked a few times`() {
    #expect(
      (1...5).map { Self.error("25006").mayPass(afterTries: $0) }
        == [true, true, true, false, false])
    #expect((1...5).allSatisfy { Self.error("40001").mayPass(afterTries: $0) })
    #expect(!Self.error("23505").mayPass(afterTries: 1))
  }

  @Test(arguments: [
    ("SSL error: certificate verify failed", true),
    ("root certificate file \"/x\" does not exist", true),
    ("server does not support SSL, but SSL was required", true),
    ("server certificate for \"a\" does not match host name \"b\"", true),
    ("invalid sslmode value: \"often\"", true),
    ("SSL SYSCALL error: EOF detected", false),
    ("SSL error: unexpected eof while reading", false),
    ("server closed the connection unexpectedly", false),
    ("Connection refused", false),
    ("could not translate host name \"db\" to address: Name or service not known", false),
  ])
  func `a refusal for good is told from a network that fails`(text: String, isDenied: Bool) {
    #expect(
      ServerRefusal("connection to server at \"db\", port 5432 failed: \(text)").isDenied
        == isDenied)
  }
}
