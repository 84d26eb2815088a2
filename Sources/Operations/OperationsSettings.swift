package import Billing
package import Delivery
package import Dispatching
package import Logging
import Rendering
package import Runs
import Settlement

/// What operations are to go by, whoever read it from wherever.
package struct OperationsSettings: Sendable {
  package var run: RunSettings
  package var chunkSize: Int
  /// More parked customers than this fail a run.
  package var maxParkedPerMillion: Int64
  /// On which day of the month after it a month is due to be settled, 1…31.
  package var settlementDay: Int
  package var timing: DeliveryTiming
  package var dispatch: DispatchConfiguration
  package var consumer: ConsumerConfiguration

  package init(
    run: RunSettings, chunkSize: Int, maxParkedPerMillion: Int64, settlementDay: Int,
    timing: DeliveryTiming, dispatch: DispatchConfiguration, consumer: ConsumerConfiguration
  ) {
    self.run = run
    self.chunkSize = chunkSize
    self.maxParkedPerMillion = maxParkedPerMillion
    self.settlementDay = settlementDay
    self.timing = timing
    self.dispatch = dispatch
    self.consumer = consumer
  }
}

/// What operations work in: the clock, the logs, and who is told how far they are.
package struct WorkSurroundings: Sendable {
  package var clock: any WallClock
  package var progress: any RunProgress
  /// By its label.
  package var logger: @Sendable (String) -> Logger

  package init(
    clock: any WallClock, progress: any RunProgress,
    logger: @escaping @Sendable (String) -> Logger
  ) {
    self.clock = clock
    self.progress = progress
    self.logger = logger
  }
}
