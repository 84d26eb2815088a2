/// Is told how a run goes on. Called from several tasks.
package protocol RunProgress: Sendable {
  /// A step begins, or goes on after `done` of `total` items.
  func stepBegan(_ name: String, done: Int64, total: Int64)
  func stepAdvanced(_ name: String, by items: Int64)
  func stepEnded(_ name: String)
}

/// Tells nobody.
package struct SilentProgress: RunProgress {
  package init() {}
  package func stepBegan(_ name: String, done: Int64, total: Int64) {}
  package func stepAdvanced(_ name: String, by items: Int64) {}
  package func stepEnded(_ name: String) {}
}
