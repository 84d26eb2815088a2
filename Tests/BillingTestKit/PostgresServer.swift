import Foundation

/// The server that the suites share.
package enum PostgresServer {
  /// Of `TEST_POSTGRES_URL`, else of the server that `scripts/services` has started. Without one it
  /// throws: a suite whose server is missing fails.
  package static func url() throws -> String { try found.get() }

  private static let found = Result { () throws -> String in
    if let url = ProcessInfo.processInfo.environment["TEST_POSTGRES_URL"], !url.isEmpty {
      return url
    }
    let asked = try ServiceScript(["postgres", "url"])
    let ending = try asked.wait()
    guard ending.status == 0 else {
      throw Unexpected(
        "there is no PostgreSQL server for the tests: run scripts/services postgres start")
    }
    return ending.output
  }
}

/// A server of a test's own, to be killed, started again and followed by a standby. It is gone with
/// the last reference to it.
package final class PrivatePostgres: Sendable {
  /// The same over restarts.
  package let url: String
  /// By which `scripts/services postgres psql --name` reaches it.
  package let name: String

  private init(name: String, url: String) {
    self.name = name
    self.url = url
  }

  /// Starts one, empty, with settings such as `max_connections = 10`.
  package static func start(
    name: String, conf: [String] = [], standbyOf primary: PrivatePostgres? = nil
  ) async throws -> PrivatePostgres {
    let process = ProcessInfo.processInfo.processIdentifier
    let unique = "\(name)-\(process)-\(UUID().uuidString.prefix(8))"
    var options = ["--for", String(process)] + conf.flatMap { ["--conf", $0] }
    if let primary { options += ["--standby-of", primary.name] }
    do {
      return PrivatePostgres(name: unique, url: try await run("start", unique, options))
    } catch {
      // What it left is not to stay; the error of the start is what is to be told.
      _ = try? await run("stop", unique)
      throw error
    }
  }

  /// A standby that follows this one, by streaming, with its data so far.
  package func standby(conf: [String] = []) async throws -> PrivatePostgres {
    try await .start(name: "standby", conf: conf, standbyOf: self)
  }

  /// Kills the postmaster by SIGKILL; none of its processes is left on return.
  package func kill9() async throws {
    _ = try await Self.run("kill", name)
  }

  /// Starts it again on the same port with its data: after a kill by recovery, else after a fast
  /// shutdown.
  /// - Parameter conf: instead of what it was started with.
  package func restart(conf: [String] = []) async throws {
    try await shutDown()
    _ = try await Self.run("start", name, conf.flatMap { ["--conf", $0] })
  }

  /// A fast shutdown; the data stays for `restart`.
  package func shutDown() async throws {
    _ = try await Self.run("stop", name, ["--keep"])
  }

  /// Stops it and removes its data: what letting go of it does too.
  package func close() async throws {
    _ = try await Self.run("stop", name)
  }

  deinit {
    // What cannot be stopped here is stopped once this process has ended, as an orphan.
    _ = try? ServiceScript(["postgres", "stop", "--name", name]).wait()
  }

  private static func run(
    _ action: String, _ name: String, _ options: [String] = []
  ) async throws -> String {
    let ending = try await ServiceScript(["postgres", action, "--name", name] + options).ending()
    guard ending.status == 0 else {
      throw Unexpected("scripts/services postgres \(action) failed: \(ending.errors)")
    }
    return ending.output
  }
}
