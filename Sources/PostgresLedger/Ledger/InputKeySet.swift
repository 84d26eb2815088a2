/// Keys that were met, eight bytes a key: a key's place is taken by 64 bits of its hash.
///
/// That two keys of a file share them is less likely than one in a million for files of five million
/// rows; a row would then be looked up for nothing, or refused, never silently lost.
struct InputKeySet {
  private var table = IntegerSlots()

  /// Whether it was not there yet.
  @discardableResult
  mutating func insert(_ key: InputKey.Bits) -> Bool { table.insert(key.bits) }

  func contains(_ key: InputKey.Bits) -> Bool { table.contains(key.bits) }
}

/// The customers that an import brought, exactly; each takes eight bytes.
struct CustomerNumbers {
  private var table = IntegerSlots()

  /// - Parameter number: from 1.
  mutating func insert(_ number: Int64) { table.insert(Int(number)) }

  func contains(_ number: Int64) -> Bool { table.contains(Int(number)) }
}

/// Whose the lines are that an import brought; each takes sixteen bytes.
struct LineNumbers {
  private var table = IntegerSlots()
  private var owners: [Int64] = []

  /// - Parameter line: from 1.
  mutating func insert(_ line: Int64, of customer: Int64) {
    if table.isFull {
      let (lines, customers) = (table, owners)
      table.grow()
      owners = [Int64](repeating: 0, count: table.count)
      lines.forEach { slot, line in owners[table.place(line)] = customers[slot] }
    }
    owners[table.place(Int(line))] = customer
  }

  func owner(of line: Int64) -> Int64? {
    table.slot(of: Int(line)).map { owners[$0] }
  }
}

/// Open addressing, 0 being free; at most three quarters are taken.
private struct IntegerSlots {
  private var slots: [Int] = []
  private var taken = 0
  /// What is left of 64 bits is the place to begin at.
  private var shift = 64

  var count: Int { slots.count }

  var isFull: Bool { (taken + 1) * 4 > slots.count * 3 }

  /// Whether it was not there yet.
  @discardableResult
  mutating func insert(_ value: Int) -> Bool {
    if isFull {
      let before = self
      grow()
      before.forEach { _, value in place(value) }
    }
    let before = taken
    place(value)
    return taken > before
  }

  func contains(_ value: Int) -> Bool { slot(of: value) != nil }

  func slot(of value: Int) -> Int? {
    guard !slots.isEmpty else { return nil }
    let slot = self.slot(for: value)
    return slots[slot] == value ? slot : nil
  }

  /// Empties it, and doubles the room.
  mutating func grow() {
    let room = max(1024, slots.count * 2)
    slots = [Int](repeating: 0, count: room)
    taken = 0
    shift = 64 - room.trailingZeroBitCount
  }

  /// The slot that the value now has. There must be room.
  @discardableResult
  mutating func place(_ value: Int) -> Int {
    let slot = self.slot(for: value)
    if slots[slot] == 0 {
      slots[slot] = value
      taken += 1
    }
    return slot
  }

  func forEach(_ body: (_ slot: Int, _ value: Int) -> Void) {
    for slot in slots.indices where slots[slot] != 0 { body(slot, slots[slot]) }
  }

  /// The slot that holds the value, or the free one where it belongs.
  private func slot(for value: Int) -> Int {
    // Spread by the golden ratio: numbers are often multiples of something.
    let spread = UInt64(bitPattern: Int64(value)) &* 0x9E37_79B9_7F4A_7C15
    var slot = Int(spread >> UInt64(shift))
    while slots[slot] != 0, slots[slot] != value { slot = (slot + 1) & (slots.count - 1) }
    return slot
  }
}
