// BillingTestKit
