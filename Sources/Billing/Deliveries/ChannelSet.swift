/// Some of the channels, without an order.
package struct ChannelSet: OptionSet, Hashable, Sendable {
  /// Bit `2^code` for each channel.
  package let rawValue: Int

  package init(rawValue: Int) {
    self.rawValue = rawValue
  }

  package init(_ channel: Channel) {
    rawValue = 1 << channel.code
  }

  package func contains(_ channel: Channel) -> Bool { contains(ChannelSet(channel)) }

  package func adding(_ channel: Channel) -> ChannelSet { union(ChannelSet(channel)) }

  /// The first of the channels that is not in this set: where these are given up, what is left.
  package func firstOutside(_ channels: [Channel]) -> Channel? {
    channels.first { !contains($0) }
  }
}
