import Foundation

/// Which thread this is.
struct ThreadID: Equatable, Sendable {
  private let number: UInt64

  static var current: ThreadID { ThreadID(number: UInt64(pthread_self())) }
}
