package messages

import (
	"html"
	"strings"
)

// Placeholders of templates (spec/users-and-pools.md §2.4).
const (
	codeMark  = "{####}"
	userMark  = "{username}"
	linkBegin = "{##"
	linkEnd   = "##}"
)

// Default texts (spec/users-and-pools.md §2.4).
const (
	verificationText    = "Your verification code is {####}. "
	verificationSubject = "Your verification code"
	linkText            = "Please click the link below to verify your email address. {##Verify Email##} "
	linkSubject         = "Your verification link"
	invitationText      = "Your username is {username} and temporary password is {####}. "
	invitationSubject   = "Your temporary password"
	authenticationText  = "Your authentication code is {####}. "
	authSubject         = "Your authentication code"
	existsText          = "You have an account with this address already. Sign in, or reset your password. If you did not try to sign up, ignore this message."
	existsSubject       = "You have an account already"
	factorText          = "A way to sign in was added to your account. If that was not you, change your password and tell those who run the service."
	factorSubject       = "A way to sign in was added to your account"
	passwordText        = "The password of your account was changed. If that was not you, reset it and tell those who run the service."
	passwordSubject     = "Your password was changed"
	addressText         = "Somebody who is signed in to your account changed its address or telephone number. If that was not you, change your password and tell those who run the service."
	addressSubject      = "The address of your account was changed"
)

// values are what placeholders stand for. A nil member leaves its placeholder
// as it is: {username} means something in invitations only, and a link in
// link templates only.
type values struct {
	code *string
	user *string
	link *string
}

// fill replaces placeholders in one pass from left to right, so that a value
// which looks like a placeholder stays a value. The template is the pool's own
// text and trusted; in HTML the values are encoded.
func fill(template string, v values, inHTML bool) string {
	var out strings.Builder
	write := func(value string) {
		if inHTML {
			value = html.EscapeString(value)
		}
		out.WriteString(value)
	}
	for template != "" {
		at := strings.IndexByte(template, '{')
		if at < 0 {
			break
		}
		out.WriteString(template[:at])
		template = template[at:]
		switch {
		case v.code != nil && strings.HasPrefix(template, codeMark):
			write(*v.code)
			template = template[len(codeMark):]
		case v.user != nil && strings.HasPrefix(template, userMark):
			write(*v.user)
			template = template[len(userMark):]
		case v.link != nil && linkName(template) != "":
			name := linkName(template)
			out.WriteString(`<a href="` + html.EscapeString(*v.link) + `">` + name + `</a>`)
			template = template[len(linkBegin)+len(name)+len(linkEnd):]
		default:
			out.WriteByte('{')
			template = template[1:]
		}
	}
	out.WriteString(template)
	return out.String()
}

// linkName is the text in the {##…##} that s begins with, or "".
func linkName(s string) string {
	rest, ok := strings.CutPrefix(s, linkBegin)
	if !ok {
		return ""
	}
	name, _, ok := strings.Cut(rest, linkEnd)
	if !ok {
		return ""
	}
	return name
}

// oneLine makes a header field of a subject: the model allows white space of
// every kind in it, line breaks included.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
