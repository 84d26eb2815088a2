/// Follows a script through the bytes of one direction of one connection. Decides, and does
/// nothing itself.
package struct ScriptRun: Sendable {
  /// What is to be done, in this order.
  package enum Move: Hashable, Sendable {
    case pass([UInt8])
    case delay(milliseconds: Int64)
    case stall
    case cut
    case reset
  }

  private var steps: ArraySlice<TCPProxy.Step>
  private var finder: PointFinder?
  private var hasActed = false

  /// At the script's beginning.
  package init(_ steps: [TCPProxy.Step]) {
    self.steps = steps[...]
  }

  /// What was taken and not passed on, since a pattern may begin with it.
  package var held: [UInt8] { finder?.held ?? [] }

  /// - Parameters:
  ///   - bytes: none, to go on after a stall.
  ///   - mayAct: asked once, when the first step that is not to pass something on is reached; with
  ///     a `false` everything is passed on from there.
  /// - Returns: what to do, and what is to be taken again once a stall is over.
  package mutating func take(
    _ bytes: [UInt8], mayAct: () -> Bool
  ) -> (moves: [Move], rest: [UInt8]) {
    var moves: [Move] = []
    var rest = bytes
    while let step = steps.first {
      if case .pass(let point) = step {
        var finder = self.finder ?? PointFinder(point)
        let (before, after) = finder.feed(rest)
        if !before.isEmpty { moves.append(.pass(before)) }
        guard let after else {
          self.finder = finder
          return (moves, [])
        }
        self.finder = nil
        rest = after
        steps.removeFirst()
        continue
      }
      if !hasActed {
        hasActed = true
        guard mayAct() else {
          steps = []
          break
        }
      }
      steps.removeFirst()
      switch step {
      case .pass: break
      case .delay(let milliseconds): moves.append(.delay(milliseconds: milliseconds))
      case .stall: return (moves + [.stall], rest)
      case .cut: return (moves + [.cut], [])
      case .reset: return (moves + [.reset], [])
      }
    }
    if !rest.isEmpty { moves.append(.pass(rest)) }
    return (moves, [])
  }
}
