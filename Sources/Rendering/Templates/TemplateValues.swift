/// The values that a template is filled with: made once for a bill, read by every template.
///
/// Texts lie one after the other in one buffer; a frame is a run of cells, one for each name of its
/// scope, and every cell is a place in the buffer, a flag, or the frames of a list. Used again for
/// the next bill without giving its memory back.
package struct TemplateValues {
  struct Cell {
    /// A text's first byte, or the first cell of a list's first frame.
    var start: Int32 = 0
    /// A text's bytes, a list's items, 1 for a flag that is set.
    var count: Int32 = 0
  }

  private(set) var text: [UInt8] = []
  private(set) var cells: [Cell] = []

  /// All texts empty, all flags unset, all lists empty.
  package init(scope: TemplateScope) {
    reset(scope: scope)
  }

  package mutating func reset(scope: TemplateScope) {
    text.removeAll(keepingCapacity: true)
    cells.removeAll(keepingCapacity: true)
    cells.append(contentsOf: repeatElement(Cell(), count: scope.cellCount))
  }

  /// The frame of the outermost scope.
  package var root: TemplateFrame { TemplateFrame(base: 0) }

  /// Sets a text to what `write` appends.
  package mutating func set(
    _ cell: TextCell, in frame: TemplateFrame, _ write: (inout [UInt8]) -> Void
  ) {
    let start = text.count
    write(&text)
    cells[frame.base + cell.index] = Cell(start: Int32(start), count: Int32(text.count - start))
  }

  package mutating func set(_ cell: TextCell, in frame: TemplateFrame, to value: String) {
    set(cell, in: frame) { $0.append(contentsOf: value.utf8) }
  }

  package mutating func set(_ cell: FlagCell, in frame: TemplateFrame, to value: Bool) {
    cells[frame.base + cell.index].count = value ? 1 : 0
  }

  /// Gives a list its items, all of them empty.
  package mutating func makeItems(
    _ count: Int, of cell: ListCell, in frame: TemplateFrame
  ) -> TemplateFrames {
    let start = cells.count
    cells.append(contentsOf: repeatElement(Cell(), count: count * cell.itemCells))
    cells[frame.base + cell.index] = Cell(start: Int32(start), count: Int32(count))
    return TemplateFrames(base: start, stride: cell.itemCells)
  }
}

/// One frame of values.
package struct TemplateFrame {
  let base: Int
}

/// The frames of a list's items.
package struct TemplateFrames {
  let base: Int
  let stride: Int

  package subscript(_ item: Int) -> TemplateFrame { TemplateFrame(base: base + item * stride) }
}
