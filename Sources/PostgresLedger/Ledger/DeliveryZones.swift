/// The distinct zones of deliveries, for dispatch, which goes by them.
enum DeliveryZones {
  /// Nearly always they are there: then nothing is written, and nobody waits for another who does.
  static func note(_ zones: Set<String>, in connection: PostgresConnection) throws {
    guard !zones.isEmpty else { return }
    let wanted = zones.sorted()
    let known = try connection.rows(
      "SELECT time_zone FROM delivery_zones WHERE time_zone = ANY($1)", TextColumn(wanted) { $0 }
    ) { $0.text(0) }
    let new = wanted.filter { !known.contains($0) }
    guard !new.isEmpty else { return }
    // In the same order everywhere, so that nobody waits in a circle.
    try connection.run(
      "INSERT INTO delivery_zones (time_zone) SELECT unnest($1) ON CONFLICT DO NOTHING",
      TextColumn(new) { $0 })
  }
}
