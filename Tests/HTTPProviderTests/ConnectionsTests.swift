import NIOCore
import NIOPosix
import Testing

@testable import MockProvider

@Suite("The connections of a server that stops", .timeLimit(.minutes(10)))
struct ConnectionsTests {
  @Test("one that was accepted while the others were closed is closed too")
  func late() async throws {
    let connections = Connections()
    await connections.closeAll()
    let late = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .bind(host: "127.0.0.1", port: 0).get()
    connections.add(late)
    try await eventually { !late.isActive }
  }
}
