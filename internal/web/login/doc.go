// Package login is the controller of the pages at a pool's domain: sign-in and
// everything around it (endpoints.md §6 to §9).
//
// It owns routes, cookies, defence against forged requests, and the order of
// pages. For each page there is a way to show it (GET) and a way to take its form
// (POST); a form is always answered with a redirect, so that going back and
// reloading repeat nothing. What has been reached is kept on the server, by
// package transactions: which page is shown depends on that alone.
//
// The steps of a sign-in are a table from names of challenges to page and form,
// beside the table of package signin, which decides what is asked. How pages look
// is the business of package pages; authorize requests are judged by package
// authorization; sign-up and recovery are operations of the API, called with the
// API's own shapes.
package login
