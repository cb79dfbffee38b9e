// Package branding holds the operations that style the pages of clients
// (endpoints.md §11): the styles of managed login, CreateManagedLoginBranding,
// DescribeManagedLoginBranding, DescribeManagedLoginBrandingByClient,
// UpdateManagedLoginBranding and DeleteManagedLoginBranding; and the looks of
// classic pages, SetUICustomization and GetUICustomization.
//
// Everything that pages will show is checked here, when it is set. Images are kept
// twice: as they were given, to be described, and as they are served. What a
// settings document may hold, and how styles are found again, is the business of
// package style.
package branding
