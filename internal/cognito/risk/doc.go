// Package risk holds the operations of threat protection: SetRiskConfiguration,
// DescribeRiskConfiguration, AdminListUserAuthEvents,
// AdminUpdateAuthEventFeedback and UpdateAuthEventFeedback
// (users-and-pools.md §22).
//
// They work in pools only whose threat protection is switched on; what it does
// with the configuration and the feedback is decided in package threats.
package risk
