extension TCPProxy {
  /// One direction of a connection.
  package enum Direction: Hashable, Sendable {
    case toServer
    case toClient
  }

  /// A place in the bytes of one direction of one connection, counted from where the step before
  /// it ended.
  package enum Point: Hashable, Sendable {
    /// When so many bytes have been passed on.
    case bytes(Int)
    /// When the pattern came, in however many pieces, and was passed on with all before it.
    case after([UInt8])
    /// When the pattern came: all before it is passed on, the pattern is not. What could be its
    /// beginning is held back until more has come.
    case before([UInt8])

    /// `after` with a pattern in UTF-8.
    package static func after(_ text: String) -> Point { .after(Array(text.utf8)) }
    /// `before` with a pattern in UTF-8.
    package static func before(_ text: String) -> Point { .before(Array(text.utf8)) }
  }

  /// One step of what happens to a direction of a connection. A script's first step acts with the
  /// first byte that comes, and each of the others as soon as the one before it is done; after the
  /// last one everything is passed on.
  package enum Step: Hashable, Sendable {
    /// Everything up to the point is passed on.
    case pass(Point)
    /// Everything from here on is passed on that much later, the end of the direction included.
    case delay(milliseconds: Int64)
    /// Nothing more is passed on or read in this direction until it is released.
    case stall
    /// Both ends see the connection end in order (FIN) after what was passed on; what still comes
    /// from them is dropped.
    case cut
    /// The client sees the connection reset (RST), the server sees it end in order after what was
    /// passed on. As with any reset, the client may lose what came to it right before.
    case reset
  }
}
