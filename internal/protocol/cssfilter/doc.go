// Package cssfilter checks the stylesheet of classic pages against what may be
// customised there (endpoints.md §11.1) and writes it anew.
//
// It is an allow-list throughout: of classes, of the properties of each class and
// of the values of each property. No string, address, escape, at-rule or function
// but colours gets through, so nothing that is loaded, nothing that reads other
// parts of the page and nothing that ends the style element.
package cssfilter
