/// Channels as decimal digits, the preferred one first: 12 is e-mail, then SMS; 0 is none. What a
/// ledger keeps of a list of them.
package enum ChannelDigits {
  package static func channels(_ digits: Int) -> [Channel] {
    var rest = digits
    var channels: [Channel] = []
    while rest > 0 {
      if let channel = Channel(code: rest % 10) { channels.append(channel) }
      rest /= 10
    }
    channels.reverse()
    return channels
  }

  package static func digits(_ channels: [Channel]) -> Int {
    channels.reduce(0) { $0 * 10 + $1.code }
  }
}
