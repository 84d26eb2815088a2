import Billing
import BillingTestKit
import Rendering
import Testing

@testable import EmbeddedStore

@Suite("Hot statements on SQLite")
struct EmbeddedQueryPlanTests {
  @Test(arguments: [
    DispatchRow.dueQuery, DispatchRow.dueAgainQuery, DispatchRow.unpublishedQuery,
    DispatchRow.remainingQuery, SweepQueries.overdueCalls, SweepQueries.publishedPastSlot,
    SweepQueries.unpublishedPastSlot,
    SweepQueries.claimedPastSlot, SweepQueries.claimedAbandoned, SweepQueries.queuedBelow,
    QueuedSlots.nextQuery, SweepQueries.countClaimed, SweepQueries.countSending,
    SweepQueries.countUnsettled, SweepQueries.uncertain,
    DeliveryRefresh.pageQuery,
    OperatorQueries.ofState, OperatorQueries.ofMonth, OperatorQueries.nextMonthOfState,
    OperatorQueries.nextMonth,
    DeliveryRows.subjectsQuery(.madeBy(run: 1, month: BillingMonth(year: 2026, month: 10)!)),
  ])
  func `read through an index, in its order`(_ sql: String) async throws {
    let world = try await EmbeddedDeliveryWorld(clock: TestClock())
    let plan = try await world.database.write { connection in
      try connection.execute(
        "CREATE TEMP TABLE changed_customers (customer_id INTEGER PRIMARY KEY)")
      var plan: [String] = []
      try connection.query("EXPLAIN QUERY PLAN " + sql) { plan.append($0.text(3)) }
      return plan
    }
    #expect(plan.contains { $0.hasPrefix("SEARCH d") || $0.hasPrefix("SEARCH deliveries") })
    #expect(!plan.contains { $0.hasPrefix("SCAN d") || $0.hasPrefix("SCAN c") })
    #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
    // A whole month for each customer.
    #expect(!plan.contains { $0.hasSuffix("(month=?)") }, "\(plan)")
  }
}
