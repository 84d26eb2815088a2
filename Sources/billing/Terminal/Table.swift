/// Rows under a header, aligned by what a terminal shows.
struct Table {
  enum Alignment {
    case left
    case right
  }

  struct Column {
    var title: String
    var alignment: Alignment

    init(_ title: String, _ alignment: Alignment = .left) {
      self.title = title
      self.alignment = alignment
    }
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  init(_ columns: [Column]) {
    self.columns = columns
  }

  /// A row has as many cells as there are columns.
  mutating func add(_ cells: [String]) {
    precondition(cells.count == columns.count, "a cell a column")
    rows.append(cells.map(printable))
  }

  var isEmpty: Bool { rows.isEmpty }

  /// The table, a line break after every line. A column without any title has no header.
  func text() -> String {
    let titles = columns.map(\.title)
    let widths = columns.indices.map { column in
      (rows.map { $0[column] } + [titles[column]]).map(displayWidth).max() ?? 0
    }
    var lines: [String] = []
    if titles.contains(where: { !$0.isEmpty }) {
      lines.append(line(titles, widths))
      lines.append(widths.map { String(repeating: "─", count: $0) }.joined(separator: "  "))
    }
    lines += rows.map { line($0, widths) }
    return lines.map { $0 + "\n" }.joined()
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var text = ""
    for (position, cell) in cells.enumerated() {
      let padding = String(repeating: " ", count: widths[position] - displayWidth(of: cell))
      if position > 0 { text += "  " }
      text += columns[position].alignment == .left ? cell + padding : padding + cell
    }
    while text.last == " " { text.removeLast() }
    return text
  }
}

/// A whole number with its thousands marked: `1,000,000`.
func grouped(_ number: some BinaryInteger) -> String {
  let digits = String(number.magnitude)
  var text = ""
  for (position, digit) in digits.enumerated() {
    if position > 0, (digits.count - position) % 3 == 0 { text.append(",") }
    text.append(digit)
  }
  return number < 0 ? "-" + text : text
}
