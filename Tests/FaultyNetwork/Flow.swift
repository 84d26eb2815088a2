import NIOCore

/// What one direction of a connection holds: what came and is not yet decided on, and what is
/// decided on and not yet done. Of one event loop.
struct Flow {
  /// What comes from one end.
  enum Arrival {
    case bytes([UInt8])
    /// The end says no more.
    case end
  }

  /// What is to be done at the other end.
  enum Deed {
    case write([UInt8])
    case end
    case cut
    case reset
  }

  private(set) var isStalled = false
  /// Nothing more comes: the end was taken in, or what comes is dropped.
  private(set) var hasEnded = false
  /// Bytes that were handed to the socket's channel and are not written yet.
  var writing = 0

  private var arrivals: [Arrival] = []
  private var deeds: [(due: NIODeadline, deed: Deed)] = []
  private var heldBytes = 0
  private var delay = TimeAmount.zero
  private var run: ScriptRun?
  private var edition = 0

  /// More is not read while so much waits to be passed on.
  private static let maxHeldBytes = 256 << 10

  var wantsMore: Bool {
    !isStalled && !hasEnded && heldBytes + writing < Self.maxHeldBytes
  }

  // MARK: Taking in

  mutating func add(_ bytes: [UInt8]) {
    arrivals.append(.bytes(bytes))
    heldBytes += bytes.count
  }

  mutating func addEnd() {
    guard !hasEnded else { return }
    hasEnded = true
    arrivals.append(.end)
  }

  // MARK: Deciding

  /// Takes what came as far as the script in force lets it.
  mutating func decide(
    at now: NIODeadline, by script: TCPProxy.Script?, mayAct: () -> Bool
  ) {
    while !isStalled, !arrivals.isEmpty {
      switch arrivals.removeFirst() {
      case .bytes(let bytes):
        heldBytes -= bytes.count
        let isNew = adopt(script, at: now)
        // A script that begins now acts with a byte, not with the end of an older one's stall.
        if !bytes.isEmpty || !isNew { take(bytes, at: now, mayAct: mayAct) }
      case .end:
        passHeld(at: now)
        run = nil
        put(.end, at: now)
      }
    }
  }

  /// A script that was set since begins with the bytes that come now.
  private mutating func adopt(_ script: TCPProxy.Script?, at now: NIODeadline) -> Bool {
    let edition = script?.edition ?? 0
    guard edition != self.edition else { return false }
    passHeld(at: now)
    self.edition = edition
    run = script.map { ScriptRun($0.steps) }
    delay = .zero
    return true
  }

  /// Bytes that were held back for a pattern that does not come any more.
  private mutating func passHeld(at now: NIODeadline) {
    if let held = run?.held, !held.isEmpty { put(.write(held), at: now) }
  }

  private mutating func take(_ bytes: [UInt8], at now: NIODeadline, mayAct: () -> Bool) {
    guard var run else {
      if !bytes.isEmpty { put(.write(bytes), at: now) }
      return
    }
    let (moves, rest) = run.take(bytes, mayAct: mayAct)
    self.run = run
    for move in moves {
      switch move {
      case .pass(let bytes): put(.write(bytes), at: now)
      case .delay(let milliseconds): delay = .milliseconds(milliseconds)
      case .stall:
        isStalled = true
        // Without bytes too: what follows a stall acts as soon as it is over.
        arrivals.insert(.bytes(rest), at: 0)
        heldBytes += rest.count
      case .cut: put(.cut, at: now)
      case .reset: put(.reset, at: now)
      }
    }
  }

  private mutating func put(_ deed: Deed, at now: NIODeadline) {
    // Behind everything that is delayed already.
    deeds.append((max(now + delay, deeds.last?.due ?? now), deed))
    if case .write(let bytes) = deed { heldBytes += bytes.count }
  }

  mutating func release() { isStalled = false }

  /// Of what waits and what comes nothing is passed on any more; what is being written is, and
  /// then the end.
  mutating func stop() {
    isStalled = false
    hasEnded = true
    arrivals = []
    deeds = [(.uptimeNanoseconds(0), .end)]
    heldBytes = 0
    run = nil
  }

  // MARK: Doing

  /// When the next deed is due; `nil` without one.
  var nextDue: NIODeadline? { deeds.first?.due }

  /// The next deed, if it is due. An end waits until all before it is written.
  mutating func nextDeed(at now: NIODeadline) -> Deed? {
    guard let (due, deed) = deeds.first, due <= now else { return nil }
    if case .write(let bytes) = deed {
      heldBytes -= bytes.count
      writing += bytes.count
    } else if writing > 0 {
      return nil
    }
    deeds.removeFirst()
    return deed
  }
}
