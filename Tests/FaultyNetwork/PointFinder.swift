/// Finds a pattern in bytes that come in pieces.
struct PatternFinder: Sendable {
  let pattern: [UInt8]
  /// For each length of a match so far, the length of the longest shorter one at its end.
  private let fallback: [Int]
  /// How much of the pattern the bytes so far end with.
  private(set) var matched = 0

  init(_ pattern: [UInt8]) {
    precondition(!pattern.isEmpty, "a pattern has a byte")
    self.pattern = pattern
    fallback = Self.fallback(of: pattern)
  }

  /// Whether the pattern is complete with this byte. The next one begins behind it.
  mutating func advance(_ byte: UInt8) -> Bool {
    while matched > 0, pattern[matched] != byte { matched = fallback[matched - 1] }
    if pattern[matched] == byte { matched += 1 }
    guard matched == pattern.count else { return false }
    matched = 0
    return true
  }

  private static func fallback(of pattern: [UInt8]) -> [Int] {
    var lengths = [Int](repeating: 0, count: pattern.count)
    var length = 0
    for position in pattern.indices.dropFirst() {
      while length > 0, pattern[position] != pattern[length] { length = lengths[length - 1] }
      if pattern[position] == pattern[length] { length += 1 }
      lengths[position] = length
    }
    return lengths
  }
}

/// Finds a point, byte by byte, across reads.
package struct PointFinder: Sendable {
  private let point: TCPProxy.Point
  private var pattern: PatternFinder?
  private var left = 0

  /// Looks for the point from the next byte on.
  package init(_ point: TCPProxy.Point) {
    self.point = point
    switch point {
    case .bytes(let count): left = count
    case .after(let bytes), .before(let bytes): pattern = PatternFinder(bytes)
    }
  }

  /// What was read and not passed on, since the pattern may begin with it.
  package var held: [UInt8] {
    guard case .before = point, let pattern else { return [] }
    return Array(pattern.pattern.prefix(pattern.matched))
  }

  /// What is to be passed on, and what is left when the point is reached; `nil` when it is not.
  package mutating func feed(_ bytes: [UInt8]) -> (before: [UInt8], rest: [UInt8]?) {
    switch point {
    case .bytes:
      guard bytes.count >= left else {
        left -= bytes.count
        return (bytes, nil)
      }
      return (Array(bytes.prefix(left)), Array(bytes.dropFirst(left)))
    case .after:
      for (position, byte) in bytes.enumerated() where pattern?.advance(byte) == true {
        return (Array(bytes.prefix(position + 1)), Array(bytes.dropFirst(position + 1)))
      }
      return (bytes, nil)
    case .before(let wanted):
      let all = held + bytes
      pattern = PatternFinder(wanted)
      for (position, byte) in all.enumerated() where pattern?.advance(byte) == true {
        let start = position + 1 - wanted.count
        return (Array(all.prefix(start)), Array(all.dropFirst(start)))
      }
      return (Array(all.dropLast(pattern?.matched ?? 0)), nil)
    }
  }
}
