/// The names that a template may use, and what each is: a text, a flag, or a list whose items have
/// names of their own.
///
/// A name is known by its cell, its place among a frame's values, so that rendering never looks up
/// a string. A name inside a list's section is looked for in the item first, then outwards.
package struct TemplateScope: Sendable {
  enum Member: Sendable {
    case text(cell: Int)
    case flag(cell: Int)
    indirect case list(cell: Int, item: TemplateScope)
  }

  private(set) var members: [String: Member] = [:]
  /// How many values a frame of this scope has.
  private(set) var cellCount = 0

  package init() {}

  /// A text, written by `{{name}}`.
  package mutating func text(_ name: String) -> TextCell {
    let cell = TextCell(index: takeCell(name))
    members[name] = .text(cell: cell.index)
    return cell
  }

  /// Yes or no, asked by `{{#name}}` and `{{^name}}`.
  package mutating func flag(_ name: String) -> FlagCell {
    let cell = FlagCell(index: takeCell(name))
    members[name] = .flag(cell: cell.index)
    return cell
  }

  /// A list, gone through by `{{#name}}`; `{{^name}}` when it is empty.
  package mutating func list(_ name: String, of item: TemplateScope) -> ListCell {
    let cell = ListCell(index: takeCell(name), itemCells: item.cellCount)
    members[name] = .list(cell: cell.index, item: item)
    return cell
  }

  private mutating func takeCell(_ name: String) -> Int {
    precondition(members[name] == nil, "\(name) is declared twice")
    defer { cellCount += 1 }
    return cellCount
  }
}

/// Where a text lies in its frame.
package struct TextCell: Hashable, Sendable {
  let index: Int
}

/// Where a flag lies in its frame.
package struct FlagCell: Hashable, Sendable {
  let index: Int
}

/// Where a list lies in its frame, and how many values each of its items has.
package struct ListCell: Hashable, Sendable {
  let index: Int
  let itemCells: Int
}
