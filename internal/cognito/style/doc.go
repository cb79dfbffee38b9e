// Package style says how the pages of a client look (endpoints.md §11): the
// settings document of managed login as Go structures, its defaults and its
// checks, the images that belong to it, the stylesheet and logo of the classic
// pages, and the links to a client's terms.
//
// It only reads. Styles are made and changed by package branding, terms by
// package terms; what they look like on a page is the business of
// internal/web/pages.
package style
