package import Billing

/// A chunk's inputs while they are put together from tables that are read one after the other, each
/// in the order of its customers: finding a row's customer is a step forward.
package struct RatingInputMerge: Sendable {
  private let targets: [CustomerID]
  /// Ascending by customer; one for each target that was read.
  private var inputs: [RatingInput] = []
  /// Customers that were read and are no targets: their numbers alone.
  private var passedOver: [CustomerID] = []
  /// Of the next customer, among the targets while customers are added, then among the inputs.
  private var position = 0

  /// - Parameter targets: ascending.
  package init(targets: [CustomerID]) {
    self.targets = targets
    inputs.reserveCapacity(targets.count)
  }

  /// Adds a customer behind all before it; one that is no target is passed over.
  package mutating func add(
    _ customer: CustomerID, _ read: () throws -> RatingInput
  ) rethrows {
    while position < targets.count, targets[position] < customer { position += 1 }
    guard position < targets.count, targets[position] == customer else {
      passedOver.append(customer)
      return
    }
    inputs.append(try read())
  }

  /// What was put together.
  package func batch(bundleMembers: [BundleMember]) -> RatingBatch {
    RatingBatch(inputs: inputs, bundleMembers: bundleMembers, passedOver: passedOver)
  }

  /// From here on rows are of another table, from the first customer on.
  package mutating func beginTable() {
    position = 0
  }

  /// Whether a row was of a customer behind all of these: no later one is of any of them.
  package var isTableDone: Bool { position == inputs.count }

  /// Changes the input of a row's customer; a row of another customer is passed over.
  package mutating func change(
    _ customer: CustomerID, _ body: (inout RatingInput) throws -> Void
  ) rethrows {
    while position < inputs.count, inputs[position].customer < customer { position += 1 }
    guard position < inputs.count, inputs[position].customer == customer else { return }
    try body(&inputs[position])
  }
}

extension RatingInput {
  /// Adds a segment behind all before it. A line begins with its first one.
  package mutating func add(_ segment: PlanSegment, of line: LineID) {
    if lines.last?.id != line { lines.append(LineInput(id: line)) }
    lines[lines.count - 1].segments.append(segment)
  }

  /// Changes a line; one without a segment is not billed, and passed over.
  package mutating func change(
    _ line: LineID, _ body: (inout LineInput) throws -> Void
  ) rethrows {
    // Customers have a few lines, and rows come in their order.
    guard let position = lines.lastIndex(where: { $0.id == line }) else { return }
    try body(&lines[position])
  }
}

extension [BundleMember] {
  /// Adds a segment of a member: to the last one where it is that, else as another.
  package mutating func add(
    _ segment: PlanSegment, of line: LineID, in membership: BundleMembership
  ) {
    if let last, last.line == line, last.membership == membership {
      self[count - 1].segments.append(segment)
    } else {
      append(BundleMember(membership: membership, line: line, segments: [segment]))
    }
  }
}
