import BillingTestKit
import FaultyNetwork
import Foundation
import LedgerTestKit

@testable import PostgresLedger

/// A database of a test's own on the shared server, behind a network that fails as told.
struct FaultyDatabase: Sendable {
  let proxy: TCPProxy
  /// Past the network's faults.
  let direct: String
  /// Through them, in the clear: the proxy is to see what is said.
  private let url: String

  init(_ direct: String) async throws {
    guard var parts = URLComponents(string: direct), let port = parts.port,
      ["127.0.0.1", "localhost"].contains(parts.host ?? "")
    else { throw Unexpected("the tests' server is not on this machine's loopback") }
    self.direct = direct
    proxy = try await TCPProxy(to: port)
    parts.host = "127.0.0.1"
    parts.port = proxy.port
    parts.queryItems =
      (parts.queryItems ?? []).filter { $0.name != "sslmode" }
      + [URLQueryItem(name: "sslmode", value: "disable")]
    url = parts.string ?? ""
  }

  func database(_ change: (inout PostgresLimits) -> Void = { _ in }) -> PostgresDatabase {
    var limits = PostgresLimits()
    change(&limits)
    return TestDatabase.open(url, limits: limits)
  }

  /// How a writing transaction begins, and no other.
  static let token = "INSERT INTO commits"
  /// The message that asks for the commit: a simple query of 11 bytes.
  static let commit = "Q\0\0\0\u{B}COMMIT\0"
  /// The code by which a connection asks to cancel a statement of another.
  static let cancelRequest: [UInt8] = [4, 210, 22, 46]
}

/// Where the network ends the connection of a writing transaction.
enum LostCommit: String, CaseIterable, Sendable {
  /// The server was asked to commit; nobody hears its answer.
  case answerLost
  /// The server was never asked to.
  case questionLost

  var script: [TCPProxy.Step] {
    switch self {
    case .answerLost:
      [.pass(.after(FaultyDatabase.token)), .pass(.after(FaultyDatabase.commit)), .cut]
    case .questionLost:
      [.pass(.after(FaultyDatabase.token)), .pass(.before(FaultyDatabase.commit)), .cut]
    }
  }
}
