import Billing
import Synchronization

import struct Foundation.Data
import class Foundation.JSONDecoder

/// The delivery policies that rows name, read once: a version that deliveries use is immutable.
final class DeliveryPolicies: Sendable {
  private let known = Mutex<[Int: DeliveryPolicy]>([:])

  func policy(_ version: Int, in connection: PostgresConnection) throws -> DeliveryPolicy {
    if let policy = known.withLock({ $0[version] }) { return policy }
    guard
      let text = try connection.first(
        "SELECT text FROM policies WHERE version = $1", version, read: { $0.bytes(0) })
    else {
      throw StoreError(
        .corrupt, operation: "read delivery policy \(version)", detail: "there is none")
    }
    do {
      let policy = try JSONDecoder().decode(DeliveryPolicy.self, from: Data(text))
      known.withLock { $0[version] = policy }
      return policy
    } catch {
      throw StoreError(
        .corrupt, operation: "read delivery policy \(version)", detail: "its text is damaged")
    }
  }
}
