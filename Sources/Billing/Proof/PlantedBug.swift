/// One-line mutations of the protocol, each of which the simulation has to find. What a build
/// without the trait `FaultInjection` holds of them is the constant `false`.
package enum PlantedBug: String, CaseIterable, Sendable {
  // Claim, intend, release.
  case claimOverSending
  case keepFence
  case intentUnsaved
  case ignoreSlotEnd
  case releaseWithoutFence
  case keyGoesToAnother
  case billUnchecked
  case writeLate
  case oldContact

  // What follows from an outcome.
  case unknownIsRefused
  case unknownForgotten
  case busyIsRefused
  case fallBackWhileUnknown
  case givenUpEarly
  case recordWithoutFence
  case acceptanceNeedsFence

  // Reap, sweep, resolve.
  case reapToPlanned
  case reapForgets
  case setAsideForgets
  case neverReap
  case neverSweep
  case lookUpTooEarly
  case lookUpProvesAll
  case lookUpOnlyWhereSure
  case uncertainSentAgain
  case allKeepKeys
  case keysNeverAge

  // Dispatch, and what customers change.
  case dispatchIgnoresQuiet
  case everybodySuppressed
  case correctionOvertakes
  case changeSparesClaimed
  case changeForgetsQuiet
  case changeForgetsQueued

  // Runs.
  case checkpointWithoutFence
  case checkpointBeforeStatements

  #if FaultInjection
    /// The one that is planted for this task and its children.
    @TaskLocal package static var planted: PlantedBug?

    package var isPlanted: Bool { Self.planted == self }

    /// Whether some bug is: its proof is to find what comes of it, and no assertion before.
    package static var isAnyPlanted: Bool { planted != nil }
  #else
    @inlinable package var isPlanted: Bool { false }
    @inlinable package static var isAnyPlanted: Bool { false }
  #endif
}

extension PlantedBug {
  /// A clause of a statement that is there where the bug is planted: what is shipped says nothing of it.
  package func clause(_ text: String) -> String { isPlanted ? text : "" }
}
