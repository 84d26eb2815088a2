/// A compiled template: a flat list of instructions that writes straight into a buffer.
///
/// Names were resolved to cells when it was compiled: running it looks nothing up, and allocates
/// nothing but the output's growth.
package struct TemplateProgram: Sendable {
  /// How deep lists may lie in each other.
  package static let maximumDepth = 8

  struct Instruction: Sendable {
    enum Operation: UInt8, Sendable {
      /// Writes `count` bytes of the literals from `target`.
      case literal
      /// Writes a text as it is.
      case text
      /// Writes a text with `& < > " '` escaped.
      case escapedText
      /// Goes to `target` when a flag is unset or a list is empty.
      case skipUnlessAny
      /// Goes to `target` when a flag is set or a list has items.
      case skipIfAny
      /// Begins the first item of a list; goes to `target` when there is none.
      case enterList
      /// Begins the next item, `count` cells on, and goes back to `target`, or leaves the list.
      case nextItem
    }

    var operation: Operation
    /// The frame that the cell lies in: 0 the bill, 1 the outermost list's item, …
    var depth: UInt8 = 0
    var cell: UInt16 = 0
    var target: Int32 = 0
    var count: Int32 = 0
  }

  let instructions: [Instruction]
  let literals: [UInt8]

  /// Appends what the template makes of the values.
  package func render(_ values: borrowing TemplateValues, into output: inout [UInt8]) {
    literals.withUnsafeBufferPointer { literals in
      values.text.withUnsafeBufferPointer { text in
        values.cells.withUnsafeBufferPointer { cells in
          var run = Run(literals: literals, text: text, cells: cells)
          run.perform(instructions, into: &output)
        }
      }
    }
  }

  /// One rendering: where it is in each list.
  private struct Run {
    let literals: UnsafeBufferPointer<UInt8>
    let text: UnsafeBufferPointer<UInt8>
    let cells: UnsafeBufferPointer<TemplateValues.Cell>
    /// The first cell of the current frame, by depth.
    private var bases = InlineArray<9, Int>(repeating: 0)
    /// The items still to come after the current one, by depth.
    private var remaining = InlineArray<9, Int32>(repeating: 0)
    private var depth = 0

    init(
      literals: UnsafeBufferPointer<UInt8>, text: UnsafeBufferPointer<UInt8>,
      cells: UnsafeBufferPointer<TemplateValues.Cell>
    ) {
      self.literals = literals
      self.text = text
      self.cells = cells
    }

    mutating func perform(_ instructions: [Instruction], into output: inout [UInt8]) {
      var at = 0
      while at < instructions.count {
        let instruction = instructions[at]
        at += 1
        switch instruction.operation {
        case .literal:
          output.append(contentsOf: bytes(literals, instruction.target, instruction.count))
        case .text:
          let cell = cell(of: instruction)
          output.append(contentsOf: bytes(text, cell.start, cell.count))
        case .escapedText:
          let cell = cell(of: instruction)
          Self.escape(bytes(text, cell.start, cell.count), into: &output)
        case .skipUnlessAny:
          if cell(of: instruction).count == 0 { at = Int(instruction.target) }
        case .skipIfAny:
          if cell(of: instruction).count > 0 { at = Int(instruction.target) }
        case .enterList:
          let cell = cell(of: instruction)
          guard cell.count > 0 else {
            at = Int(instruction.target)
            continue
          }
          depth += 1
          bases[depth] = Int(cell.start)
          remaining[depth] = cell.count - 1
        case .nextItem:
          if remaining[depth] > 0 {
            remaining[depth] -= 1
            bases[depth] += Int(instruction.count)
            at = Int(instruction.target)
          } else {
            depth -= 1
          }
        }
      }
    }

    private func cell(of instruction: Instruction) -> TemplateValues.Cell {
      cells[bases[Int(instruction.depth)] + Int(instruction.cell)]
    }

    private func bytes(
      _ buffer: UnsafeBufferPointer<UInt8>, _ start: Int32, _ count: Int32
    ) -> UnsafeBufferPointer<UInt8> {
      UnsafeBufferPointer(rebasing: buffer[Int(start)..<Int(start) + Int(count)])
    }

    /// As the Mustache specification says, and `'` too, so that a value is safe in an attribute
    /// quoted either way.
    private static func escape(_ bytes: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) {
      var plainStart = 0
      for (position, byte) in bytes.enumerated() {
        let entity: StaticString
        switch byte {
        case UInt8(ascii: "&"): entity = "&amp;"
        case UInt8(ascii: "<"): entity = "&lt;"
        case UInt8(ascii: ">"): entity = "&gt;"
        case UInt8(ascii: "\""): entity = "&quot;"
        case UInt8(ascii: "'"): entity = "&#39;"
        default: continue
        }
        output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[plainStart..<position]))
        output.append(
          contentsOf: UnsafeBufferPointer(start: entity.utf8Start, count: entity.utf8CodeUnitCount))
        plainStart = position + 1
      }
      output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[plainStart...]))
    }
  }
}
