import Delivery
import Dispatching
import Rendering
import Settlement

#if FaultInjection
  import FaultInjection
#endif

/// Where a proof can stand between a stage and its ports. In what is shipped every port is handed on
/// as it is.
enum Gates {
  #if FaultInjection
    /// Environment variables that are no settings.
    static let variables = [FailPoints.variable, FailPoints.countVariable]

    static func settlement(_ ledger: any SettlementLedger) -> any SettlementLedger {
      FailPoints.current.map { GatedSettlementLedger(ledger, gate: $0) } ?? ledger
    }

    static func statements(_ store: any StatementStore) -> any StatementStore {
      FailPoints.current.map { GatedStatementStore(store, gate: $0) } ?? store
    }

    static func rendering(_ ledger: any RenderingLedger) -> any RenderingLedger {
      FailPoints.current.map { GatedRenderingLedger(ledger, gate: $0) } ?? ledger
    }

    static func bills(_ store: any BillStore, in folder: String) -> any BillStore {
      FailPoints.current.map {
        GatedBillStore(HalfWrittenBills(store: store, folder: folder, points: $0), gate: $0)
      } ?? store
    }

    static func dispatch(_ ledger: any DispatchLedger) -> any DispatchLedger {
      FailPoints.current.map { GatedDispatchLedger(ledger, gate: $0) } ?? ledger
    }

    static func topic(_ topic: any Topic) -> any Topic {
      FailPoints.current.map { GatedTopic(topic, gate: $0) } ?? topic
    }

    static func delivery(_ ledger: any DeliveryLedger) -> any DeliveryLedger {
      FailPoints.current.map { GatedDeliveryLedger(ledger, gate: $0) } ?? ledger
    }

    static func feed(_ feed: any Feed) -> any Feed {
      FailPoints.current.map { GatedFeed(feed, gate: $0) } ?? feed
    }

    static func provider(_ provider: any Provider) -> any Provider {
      FailPoints.current.map { GatedProvider(provider, gate: $0) } ?? provider
    }
  #else
    /// Environment variables that are no settings.
    static let variables: [String] = []

    static func settlement(_ ledger: any SettlementLedger) -> any SettlementLedger { ledger }
    static func statements(_ store: any StatementStore) -> any StatementStore { store }
    static func rendering(_ ledger: any RenderingLedger) -> any RenderingLedger { ledger }
    static func bills(_ store: any BillStore, in folder: String) -> any BillStore { store }
    static func dispatch(_ ledger: any DispatchLedger) -> any DispatchLedger { ledger }
    static func topic(_ topic: any Topic) -> any Topic { topic }
    static func delivery(_ ledger: any DeliveryLedger) -> any DeliveryLedger { ledger }
    static func feed(_ feed: any Feed) -> any Feed { feed }
    static func provider(_ provider: any Provider) -> any Provider { provider }
  #endif
}
