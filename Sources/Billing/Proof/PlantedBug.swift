/// One-line mutations of the protocol, each of which the simulation has to find. What a build
/// without the trait `FaultInjection` holds of them is the constant `false`.
package enum PlantedBug: String, CaseIterable, Sendable {
  case none

  #if FaultInjection
    /// The one that is planted for this task and its children.
    @TaskLocal package static var planted: PlantedBug?

    package var isPlanted: Bool { Self.planted == self }
  #else
    @inlinable package var isPlanted: Bool { false }
  #endif
}
