package usercsv

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/transfer"
)

const (
	columnMFA      = "cognito:mfa_enabled"
	columnUsername = "cognito:username"
	columnHash     = "password_hash"

	// MaxRows is how many users a file may have, and maxRow how many characters a
	// row (spec/users-and-pools.md §19).
	MaxRows = 500_000
	maxRow  = 16_000

	// The form of dates in files, and the usual one of attributes.
	dateInFiles = "01/02/2006"
	dateUsual   = time.DateOnly
)

// Writer makes the rows of one pool. Both fields are set.
type Writer struct {
	Pool   *api.UserPoolType
	Header []string // of GetCSVHeader
}

// Line is a row without its end, and the columns whose values got an apostrophe in
// front, because a spreadsheet would have run them (security.md S148).
type Line struct {
	Text    string
	Changed []string
}

// First is the line with the names of the columns.
func (w *Writer) First() string { return strings.Join(w.Header, ",") }

// Line makes the row of a user. The error says why a file cannot have the user; it
// holds no value of an attribute.
func (w *Writer) Line(u *transfer.User) (Line, error) {
	values, err := w.values(u)
	if err != nil {
		return Line{}, err
	}
	var line Line
	cells := make([]string, len(w.Header))
	for i, column := range w.Header {
		value := values[column]
		if err := expressible(value); err != nil {
			return Line{}, fmt.Errorf("the value of %s %w", column, err)
		}
		if attributes.RunsInSheets(value) {
			if slices.Contains(signInColumns, column) {
				return Line{}, fmt.Errorf("the value of %s begins like a formula", column)
			}
			value = "'" + value
			line.Changed = append(line.Changed, column)
		}
		cells[i] = strings.ReplaceAll(value, ",", `\,`)
	}
	line.Text = strings.Join(cells, ",")
	if utf8.RuneCountInString(line.Text) > maxRow {
		return Line{}, fmt.Errorf("the row would be longer than %d characters", maxRow)
	}
	return line, nil
}

// signInColumns are what people sign in with: changed, they would be somebody else's.
var signInColumns = []string{columnUsername, attributes.Email, attributes.PhoneNumber, attributes.PreferredUsername}

// values are the cells by column.
func (w *Writer) values(u *transfer.User) (map[string]string, error) {
	switch {
	case u.UserStatus == api.UserStatusTypeExternalProvider:
		return nil, errors.New("the user comes from an identity provider, and comes again at the first sign-in there")
	case !u.Enabled:
		return nil, errors.New("the user is disabled, which a file cannot say")
	}
	values := make(map[string]string, len(w.Header))
	for _, a := range u.Attributes {
		if a.Value != nil {
			values[a.Name] = *a.Value
		}
	}
	if err := w.check(values); err != nil {
		return nil, err
	}
	delete(values, columnHash) // nobody has an attribute of this name
	values[columnMFA] = w.secondFactor(u)
	values[columnUsername] = u.Username
	if names := w.Pool.UsernameAttributes; len(names) > 0 {
		at := slices.IndexFunc(names, func(n api.UsernameAttributeType) bool { return values[string(n)] != "" })
		if at < 0 {
			return nil, errors.New("the user has no address to sign in with")
		}
		values[columnUsername] = values[string(names[at])]
	}
	return values, nil
}

// check looks for what an import demands besides.
func (w *Writer) check(values map[string]string) error {
	if text := values["birthdate"]; text != "" {
		date, err := time.Parse(dateUsual, text)
		if err != nil {
			date, err = time.Parse(dateInFiles, text)
		}
		if err != nil {
			return errors.New("the value of birthdate is no date")
		}
		values["birthdate"] = date.Format(dateInFiles)
	}
	if strings.Trim(values["updated_at"], "0123456789") != "" {
		return errors.New("the value of updated_at is not in seconds since 1970")
	}
	for _, a := range w.Pool.SchemaAttributes {
		if a.Required != nil && *a.Required && a.Name != attributes.Sub && values[a.Name] == "" {
			return fmt.Errorf("the required attribute %s is missing", a.Name)
		}
	}
	if names := w.Pool.AutoVerifiedAttributes; len(names) > 0 && !slices.ContainsFunc(names, func(n api.VerifiedAttributeType) bool {
		return values[string(n)] != "" && attributes.True(values[attributes.VerifiedFlag(string(n))])
	}) {
		return errors.New("none of the addresses that the pool verifies by itself is verified")
	}
	return nil
}

// secondFactor is what the pool allows; where users choose, whether the user chose
// text messages, which is what an import makes of it.
func (w *Writer) secondFactor(u *transfer.User) string {
	mode := w.Pool.MfaConfiguration
	return strconv.FormatBool(mode == api.UserPoolMfaTypeOn ||
		mode == api.UserPoolMfaTypeOptional && slices.Contains(u.MFA.EnabledFactors, "SMS_MFA"))
}

// expressible reports what keeps a value out of a cell.
func expressible(value string) error {
	switch {
	case !utf8.ValidString(value):
		return errors.New("is not text")
	case strings.ContainsFunc(value, unicode.IsControl):
		return errors.New("has a line break or another control character")
	case value != strings.Trim(value, " \t"):
		return errors.New("begins or ends with space")
	case strings.HasSuffix(value, `\`):
		return errors.New("ends with a backslash")
	}
	return nil
}
