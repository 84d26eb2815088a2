import Synchronization

/// Where a stage's random numbers come from: passed in, so that a seed repeats a run.
package protocol RandomSource: Sendable {
  func next() -> UInt64
}

/// The same numbers for the same seed (splitmix64).
package final class SeededRandom: RandomSource {
  private let state: Mutex<UInt64>

  package init(seed: UInt64) {
    state = Mutex(seed)
  }

  package func next() -> UInt64 {
    state.withLock { state in
      state &+= 0x9E37_79B9_7F4A_7C15
      return mixed(state)
    }
  }
}

/// Begins anywhere: seeded by the system, once. For the command's assembly, never inside a stage,
/// and not for secrets.
package struct SystemRandom: RandomSource {
  private let random = SeededRandom(seed: UInt64.random(in: .min ... .max))

  package init() {}

  package func next() -> UInt64 { random.next() }
}

/// Spreads neighbouring numbers evenly over 64 bits (the output function of splitmix64).
package func mixed(_ number: UInt64) -> UInt64 {
  var mixed = number
  mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
  mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
  return mixed ^ (mixed >> 31)
}
