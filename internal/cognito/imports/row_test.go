package imports

import (
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

func compiled(config api.UserPoolType) *directory.Pool {
	return &directory.Pool{Pool: store.Pool{ID: poolID, Settings: store.PoolSettings{Pool: config}}, Schema: attributes.Compile(config.SchemaAttributes)}
}

// read makes a user of one record; cells are given as column=cell. What every
// record needs is there unless it is named.
func read(config api.UserPoolType, algorithm api.PasswordHashingAlgorithmType, cells ...string) (store.NewUser, error) {
	s := &sheet{pool: compiled(config), algorithm: algorithm, now: noon}
	var row []string
	add := func(column, cell string) {
		s.columns, row = append(s.columns, column), append(row, strings.ReplaceAll(cell, ",", `\,`))
	}
	named := map[string]bool{}
	for _, c := range cells {
		column, cell, _ := strings.Cut(c, "=")
		named[column] = true
		add(column, cell)
	}
	for _, c := range [][2]string{{columnUsername, "ana"}, {columnMFA, "false"}, {"email", "ana@example.com"}, {"email_verified", "TRUE"}} {
		if !named[c[0]] {
			add(c[0], c[1])
		}
	}
	return s.user(strings.Join(row, ","))
}

func TestRecordsThatCannotBeUsers(t *testing.T) {
	t.Parallel()
	required, aliases, names, on, optional := plainPool(), plainPool(), plainPool(), plainPool(), plainPool()
	required.SchemaAttributes = attributes.Standard()
	for i := range required.SchemaAttributes {
		if required.SchemaAttributes[i].Name == "nickname" {
			required.SchemaAttributes[i].Required = new(true)
		}
	}
	aliases.AliasAttributes = []api.AliasAttributeType{api.AliasAttributeTypeEmail, api.AliasAttributeTypePreferredUsername}
	names.UsernameAttributes = []api.UsernameAttributeType{api.UsernameAttributeTypeEmail}
	on.MfaConfiguration, optional.MfaConfiguration = api.UserPoolMfaTypeOn, api.UserPoolMfaTypeOptional
	plan := plainPool()
	plan.SchemaAttributes = append(plan.SchemaAttributes, api.SchemaAttributeType{
		Name: "custom:age", AttributeDataType: api.AttributeDataTypeNumber,
		NumberAttributeConstraints: &api.NumberAttributeConstraintsType{MinValue: new("-5"), MaxValue: new("150")},
	})
	const unverified = "The User Record does not set any of the auto verified attributes to true. (Example: email_verified to true)."
	for _, test := range []struct {
		pool   api.UserPoolType
		cells  string // parted by |
		reason string // empty: is taken
	}{
		{plainPool(), "", ""},
		{plainPool(), "cognito:username=", "The value of cognito:username is missing."},
		{plainPool(), "cognito:username=ana b", "The value of cognito:username contains spaces."},
		{plainPool(), "cognito:username=" + strings.Repeat("ä", 128), ""},
		{plainPool(), "cognito:username=" + strings.Repeat("ä", 129), "The value of cognito:username is longer than 128 characters."},
		{plainPool(), "cognito:username=a\u200bb", "The value of cognito:username contains characters that are not allowed."},
		{plainPool(), "cognito:mfa_enabled=", "The value of cognito:mfa_enabled must be true or false."},
		{plainPool(), "cognito:mfa_enabled=yes", "The value of cognito:mfa_enabled must be true or false."},
		{plainPool(), "cognito:mfa_enabled=TRUE", "The value of cognito:mfa_enabled must be false, since the user pool has no MFA."},
		{on, "cognito:mfa_enabled=False", "The value of cognito:mfa_enabled must be true, since the user pool requires MFA."},
		{on, "cognito:mfa_enabled=true", ""},
		{optional, "cognito:mfa_enabled=tRUE", ""},
		{optional, "cognito:mfa_enabled=false", ""},
		{plainPool(), "email_verified=false", unverified},
		{plainPool(), "email_verified=", unverified},
		{plainPool(), "email=", "Email is required to verify/un-verify an email"},
		{plainPool(), "email=|email_verified=", unverified},
		{plainPool(), "email_verified=false|phone_number=+15555550100|phone_number_verified=true", unverified},
		{plainPool(), "email_verified=1", "The value of email_verified must be true or false."},
		{plainPool(), "email=nobody", "Invalid email address format."},
		{plainPool(), "phone_number=0555", "Invalid phone number format."},
		{plainPool(), "phone_number=+15555550100", ""},
		{plainPool(), "birthdate=02/30/2000", "The value of birthdate must have the form mm/dd/yyyy."},
		{plainPool(), "birthdate=2000-02-28", "The value of birthdate must have the form mm/dd/yyyy."},
		{plainPool(), "birthdate=2/28/2000", "The value of birthdate must have the form mm/dd/yyyy."},
		{plainPool(), "updated_at=now", "The value of updated_at must be in seconds since 1970."},
		{plainPool(), "updated_at=1.5", "The value of updated_at must be in seconds since 1970."},
		{plainPool(), "name=" + strings.Repeat("x", 2049), "Attributes did not conform to the schema: name: String must be no longer than 2048 characters"},
		{required, "", "Attributes did not conform to the schema: nickname: The attribute is required"},
		{plan, "custom:age=200", "Attributes did not conform to the schema: custom:age: Number must be no greater than 150"},
		{plan, "custom:age=-4", ""},
		{aliases, "cognito:username=ana@example.com", "Username cannot be of email format, since user pool is configured for email alias."},
		{aliases, "preferred_username=bea@example.com", "Username cannot be of email format, since user pool is configured for email alias."},
		{names, "", "Username should be an email."},
		{names, "cognito:username=ANA@example.com", "Username and email attribute must be the same."},
		{names, "cognito:username=ana@example.com|email=", ""},
		{plainPool(), "password_hash=$2b$12$abcdefghijklmnopqrstuugDyVtHSTx8ZlMQIJEQIuyDnicpCWnwm", "The row has a password hash, but the job names no algorithm."},
		{plainPool(), "nickname=a\x01b", "The value of nickname contains control characters."},
		{plainPool(), "nickname=a\x00b", "The value of nickname contains control characters."},
		{plainPool(), "nickname=a\rb", "The value of nickname contains control characters."},
		{plainPool(), "nickname=\xff\xfe", "The row is not encoded in UTF-8."},
		{plainPool(), "nickname=\xc0\xaf", "The row is not encoded in UTF-8."},
		{plainPool(), "nickname=ed\xed\xa0\x80", "The row is not encoded in UTF-8."},
	} {
		var cells []string
		if test.cells != "" {
			cells = strings.Split(test.cells, "|")
		}
		u, err := read(test.pool, "", cells...)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != test.reason {
			t.Errorf("%q: %q, want %q", test.cells, got, test.reason)
		}
		if _, ok := errors.AsType[refused](err); err != nil && !ok {
			t.Errorf("%q: %v is not about the record", test.cells, err)
		}
		if err == nil && (u.Status != api.UserStatusTypeResetRequired || u.Password != nil) {
			t.Errorf("%q: %+v", test.cells, u)
		}
	}
}

// A cell that a spreadsheet would run is refused with its whole record, in whatever
// column; what only looks a little like one is a value.
func TestS148FormulasInCellsAreRefused(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		`=HYPERLINK("https://evil.example","Ana")`, "=1+1", "=", "@SUM(1)", "@ana", "@5", "-2+3+cmd|' /C calc'!A0", "+cmd|' /C calc'!A0",
		"-", "+", "+1+1", "-1-1", "+A1", `-"x"`,
	} {
		for _, column := range []string{"name", "nickname", "address", "preferred_username", columnUsername} {
			want := "The value of " + column + " begins like a formula."
			if _, err := read(plainPool(), "", column+"="+value); err == nil || err.Error() != want {
				t.Errorf("%s=%s: %v", column, value, err)
			}
		}
	}
	for _, value := range []string{"Ana", "A=1", "1+1", "-5", "+15555550100", "-1.5", "a@b", `"=1"`, "'=1"} {
		u, err := read(plainPool(), "", "name="+value)
		if err != nil || u.Attributes.Get("name") != value {
			t.Errorf("%s: %v", value, err)
		}
	}
	// Space does not hide the beginning: it is cut off first.
	if _, err := read(plainPool(), "", "name= \t=1+1"); err == nil || err.Error() != "The value of name begins like a formula." {
		t.Errorf("with space before it: %v", err)
	}
}

func TestS172HashesBeyondTheBoundsAreRefused(t *testing.T) {
	t.Parallel()
	salt, hexes := "$MDEyMzQ1Njc4OWFiY2RlZg$31eTckIN7rkYce31dfCCJrVph6/It4yTr4OjaBY8w5o", "$30313233343536373839616263646566$821e8208a25a32c27713c1ecaf5dcbc8e3ebf4fe51aa3a61bf0a5909bbc57fa8"
	const bcryptTail = "$abcdefghijklmnopqrstuugDyVtHSTx8ZlMQIJEQIuyDnicpCWnwm"
	for hash, algorithm := range map[string]api.PasswordHashingAlgorithmType{
		"$2b$13" + bcryptTail:                   api.PasswordHashingAlgorithmTypeBcrypt,
		"$2b$31" + bcryptTail:                   api.PasswordHashingAlgorithmTypeBcrypt,
		"131072$8$1" + hexes:                    api.PasswordHashingAlgorithmTypeScrypt,
		"65536$9$1" + hexes:                     api.PasswordHashingAlgorithmTypeScrypt,
		"65536$8$2" + hexes:                     api.PasswordHashingAlgorithmTypeScrypt,
		"$argon2id$v=19$m=19457,t=2,p=1" + salt: api.PasswordHashingAlgorithmTypeArgon2id,
		"$argon2id$v=19$m=19456,t=3,p=1" + salt: api.PasswordHashingAlgorithmTypeArgon2id,
		"$argon2id$v=19$m=19456,t=2,p=2" + salt: api.PasswordHashingAlgorithmTypeArgon2id,
		"$pbkdf2-sha256$600001" + salt:          api.PasswordHashingAlgorithmTypePbkdf2Sha256,
	} {
		want := "The parameters of the password hash exceed the limits for " + string(algorithm) + "."
		if _, err := read(plainPool(), algorithm, "password_hash="+hash); err == nil || err.Error() != want {
			t.Errorf("%s: %v", hash, err)
		}
	}
	for hash, algorithm := range map[string]api.PasswordHashingAlgorithmType{
		"$2b$12" + bcryptTail:                   api.PasswordHashingAlgorithmTypeBcrypt,
		"65536$8$1" + hexes:                     api.PasswordHashingAlgorithmTypeScrypt,
		"$argon2id$v=19$m=19456,t=2,p=1" + salt: api.PasswordHashingAlgorithmTypeArgon2id,
		"$pbkdf2-sha256$600000" + salt:          api.PasswordHashingAlgorithmTypePbkdf2Sha256,
	} {
		u, err := read(plainPool(), algorithm, "password_hash="+hash)
		if err != nil || u.Status != api.UserStatusTypeConfirmed || len(u.Password.Imported) == 0 {
			t.Errorf("%s: %+v, %v", hash, u.User, err)
		}
		other := api.PasswordHashingAlgorithmTypeBcrypt
		if algorithm == other {
			other = api.PasswordHashingAlgorithmTypeScrypt
		}
		want := "The value of password_hash is not a hash made by " + string(other) + "."
		if _, err := read(plainPool(), other, "password_hash="+hash); err == nil || err.Error() != want {
			t.Errorf("%s as %s: %v", hash, other, err)
		}
	}
}

func TestARecordBecomesAUser(t *testing.T) {
	t.Parallel()
	config := plainPool()
	config.MfaConfiguration = api.UserPoolMfaTypeOptional
	config.AliasAttributes = []api.AliasAttributeType{api.AliasAttributeTypeEmail, api.AliasAttributeTypePhoneNumber}
	s := &sheet{pool: compiled(config), now: noon, columns: []string{columnMFA, "address", columnUsername, "email", "email_verified", "phone_number", columnHash}}
	s.pool.Settings.MFA = api.GetUserPoolMfaConfigResponse{SmsMfaConfiguration: &api.SmsMfaConfigType{}}
	u, err := s.user(" true ,\t1 High Street\\, Springfield,ana , ana@example.com,True,+15555550100,")
	if err != nil {
		t.Fatal(err)
	}
	want := store.NewUser{
		User: &store.User{
			PoolID: poolID, Sub: u.Sub, Username: "ana", Enabled: true, CreatedAt: noon, ModifiedAt: noon, Status: api.UserStatusTypeResetRequired,
			Attributes: store.Attributes{
				{Name: "address", Value: "1 High Street, Springfield"},
				{Name: "email", Value: "ana@example.com"},
				{Name: "email_verified", Value: "true"},
				{Name: "phone_number", Value: "+15555550100"},
				{Name: "phone_number_verified", Value: "false"},
			},
			MFA: store.UserMFA{EnabledFactors: []string{"SMS_MFA"}, Preferred: "SMS_MFA"},
		},
		Names: []store.Name{{Name: "ana", Kind: "username"}, {Name: "ana@example.com", Kind: "email"}},
	}
	if diff := cmp.Diff(want, u); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := s.user("true,x,ana"); err == nil || err.Error() != "The row has 3 columns, the header has 7." {
		t.Errorf("%v", err)
	}
}

func TestHeadersThatDoNotFit(t *testing.T) {
	t.Parallel()
	whole := strings.TrimSuffix(header(), "\n")
	pool := compiled(plainPool())
	for line, reason := range map[string]string{
		whole:                                  "",
		strings.ReplaceAll(whole, ",", " ,\t"): "",
		strings.TrimSuffix(whole, ",password_hash"): "",
		"\ufeff" + whole:       "The file begins with a byte order mark.",
		whole + ",name":        "Column 23 of the header is unknown or is there twice.",
		whole + ",custom:plan": "Column 23 of the header is unknown or is there twice.",
		whole + ",":            "Column 23 of the header is unknown or is there twice.",
		strings.Replace(whole, "nickname,", "", 1):    "The header does not have the column nickname.",
		strings.Replace(whole, "email,", "Email,", 1): "Column 10 of the header is unknown or is there twice.",
		`"name",` + whole:                   "Column 1 of the header is unknown or is there twice.",
		strings.ReplaceAll(whole, ",", ";"): "Column 1 of the header is unknown or is there twice.",
		"n\x00a\x00m\x00e\x00":              "Column 1 of the header is unknown or is there twice.",
		"\xff\xfen\x00":                     "The header is not encoded in UTF-8.",
		"":                                  "Column 1 of the header is unknown or is there twice.",
	} {
		if _, got := parseHeader(pool, line, false); got != reason {
			t.Errorf("%q: %q, want %q", line, got, reason)
		}
	}
	if _, got := parseHeader(pool, strings.TrimSuffix(whole, ",password_hash"), true); got != "The header does not have the column password_hash." {
		t.Errorf("without hashes: %q", got)
	}
}

// spaces is an endless file of one line.
type spaces struct{ left int }

func (s *spaces) Read(into []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	n := min(len(into), s.left)
	for i := range into[:n] {
		into[i] = 'x'
	}
	s.left -= n
	return n, nil
}

func TestLinesAreCountedAndBounded(t *testing.T) {
	t.Parallel()
	type line struct {
		Text    string
		TooLong bool
		Offset  int64
	}
	long := strings.Repeat("ä", maxRow)
	file := io.MultiReader(strings.NewReader("a\r\n\n"+long+"\n"+long+"b\n"), &spaces{left: 10 << 20}, strings.NewReader("\nlast"))
	l := newLines(file, 100, 7)
	var got []line
	for {
		text, tooLong, err := l.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, line{text, tooLong, l.offset})
	}
	at := int64(100 + 4)
	want := []line{
		{"a", false, 103},
		{"", false, at},
		{long, false, at + 2*maxRow + 1},
		{"", true, at + 4*maxRow + 3},
		{"", true, at + 4*maxRow + 3 + 10<<20 + 1},
		{"last", false, at + 4*maxRow + 3 + 10<<20 + 5},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%.2000s", diff)
	}
	if l.number != 7+6 {
		t.Errorf("line %d", l.number)
	}
}

func TestFieldsAreCutAtPlainCommas(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"":               {""},
		",":              {"", ""},
		`a\,b,c`:         {"a,b", "c"},
		`\,,\,`:          {",", ","},
		`a\b,"c`:         {`a\b`, `"c`},
		" a b\t, ":       {"a b", ""},
		`"x,y"`:          {`"x`, `y"`},
		`\`:              {`\`},
		"a,b\\,c,\\,d\\": {"a", "b,c", `,d\`},
	} {
		if diff := cmp.Diff(want, splitFields(line)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	}
}

// Any line gives a user that both engines can hold, or a reason without a line feed
// and without more of the record than the names of columns.
func FuzzRecord(f *testing.F) {
	whole := strings.Split(strings.TrimSuffix(header(), "\n"), ",")
	f.Add("Ana,Ana,Person,,,,,,,ana@example.com,true,,01/02/2000,,,+15555550100,true,12 High Street\\, Springfield,1,false,ana,", byte(1))
	f.Add("=1,,,,,,,,,ana@example.com,true,,,,,,,,,false,ana,$2b$12$abcdefghijklmnopqrstuugDyVtHSTx8ZlMQIJEQIuyDnicpCWnwm", byte(1))
	f.Add("\xff,,,,,,,,,a@b,TRUE,,,,,,,,,FALSE,\u202eana,", byte(0))
	config := plainPool()
	config.AliasAttributes = []api.AliasAttributeType{api.AliasAttributeTypeEmail, api.AliasAttributeTypePreferredUsername}
	pool := compiled(config)
	algorithms := []api.PasswordHashingAlgorithmType{
		"", api.PasswordHashingAlgorithmTypeBcrypt, api.PasswordHashingAlgorithmTypeScrypt,
		api.PasswordHashingAlgorithmTypeArgon2id, api.PasswordHashingAlgorithmTypePbkdf2Sha256,
	}
	f.Fuzz(func(t *testing.T, line string, algorithm byte) {
		s := &sheet{pool: pool, columns: whole, algorithm: algorithms[int(algorithm)%len(algorithms)], now: noon}
		u, err := s.user(line)
		if err != nil {
			if why, ok := errors.AsType[refused](err); !ok || strings.ContainsAny(string(why), "\r\n") || !utf8.ValidString(string(why)) {
				t.Errorf("%q: %v", line, err)
			}
			return
		}
		for _, a := range u.Attributes {
			if !utf8.ValidString(a.Value) || strings.ContainsAny(a.Value, "\x00\r\n\t") || utf8.RuneCountInString(a.Value) > attributes.MaxValueLength ||
				a.Value == "" || attributes.RunsInSheets(a.Value) {
				t.Errorf("%q gives %s=%q", line, a.Name, a.Value)
			}
		}
		if len(u.Names) == 0 || u.Username == "" || !attributes.True(u.Attributes.Get("email_verified")) || (u.Password == nil) == (u.Status == api.UserStatusTypeConfirmed) {
			t.Errorf("%q gives %+v", line, u)
		}
	})
}

// Any file is read to its end without one line in memory that is longer than a
// record, and what was read adds up.
func FuzzLines(f *testing.F) {
	f.Add("a,b\nc\\,d\r\n\n\ufeffx")
	f.Add(strings.Repeat("x", 70_000) + "\ny")
	f.Fuzz(func(t *testing.T, content string) {
		l := newLines(strings.NewReader(content), 0, 0)
		for {
			line, tooLong, err := l.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || tooLong && line != "" || utf8.RuneCountInString(line) > maxRow || strings.Contains(line, "\n") {
				t.Fatalf("%q %v %v", line, tooLong, err)
			}
			if fields := splitFields(line); len(fields) > strings.Count(line, ",")+1 {
				t.Errorf("%q has %d fields", line, len(fields))
			}
		}
		want := int64(strings.Count(content, "\n"))
		if content != "" && !strings.HasSuffix(content, "\n") {
			want++
		}
		if l.offset != int64(len(content)) || l.number != want {
			t.Errorf("read %d of %d bytes, %d of %d lines", l.offset, len(content), l.number, want)
		}
	})
}
