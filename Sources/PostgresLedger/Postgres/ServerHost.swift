import CPostgres

/// One of the hosts that an address names, `postgres://a:1,b:2/…`.
struct ServerHost: Equatable {
  /// What says of the address's lists which one is meant; nothing where there is only one.
  var settings: [(String, String)]

  static func == (left: ServerHost, right: ServerHost) -> Bool {
    left.settings.map { "\($0)=\($1)" } == right.settings.map { "\($0)=\($1)" }
  }

  static func all(of url: String) -> [ServerHost] {
    let lists = ["host", "hostaddr", "port"].compactMap { keyword in
      values(of: keyword, in: url).map { (keyword: keyword, values: $0) }
    }
    let count = lists.filter { $0.keyword != "port" }.map(\.values.count).max() ?? 1
    guard count > 1 else { return [ServerHost(settings: [])] }
    return (0..<count).map { place in
      ServerHost(
        settings: lists.map { list in
          // One port may be meant for all.
          (list.keyword, list.values.count == 1 ? list.values[0] : list.values[place])
        })
    }
  }

  private static func values(of keyword: String, in url: String) -> [String]? {
    guard let options = PQconninfoParse(url, nil) else { return nil }
    defer { PQconninfoFree(options) }
    var option = options
    while let name = option.pointee.keyword {
      if String(cString: name) == keyword, let value = option.pointee.val {
        return String(cString: value).split(separator: ",", omittingEmptySubsequences: false)
          .map(String.init)
      }
      option += 1
    }
    return nil
  }
}
