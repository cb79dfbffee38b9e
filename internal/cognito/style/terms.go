package style

// languages are the names in Links of the languages of the pages
// (endpoints.md §7.4).
var languages = map[string]string{
	"de":    "cognito:german",
	"en":    "cognito:english",
	"es":    "cognito:spanish",
	"fr":    "cognito:french",
	"id":    "cognito:bahasa-indonesia",
	"it":    "cognito:italian",
	"ja":    "cognito:japanese",
	"ko":    "cognito:korean",
	"nl":    "cognito:dutch",
	"pt-BR": "cognito:portuguese-brazil",
	"zh-CN": "cognito:chinese-simplified",
	"zh-TW": "cognito:chinese-traditional",
}

// In gives the addresses for pages in a language, such as pt-BR: its own, or else
// those for all languages.
func (l *Links) In(language string) (termsOfUse, privacyPolicy string) {
	name := languages[language]
	pick := func(links map[string]string) string {
		if link := links[name]; link != "" {
			return link
		}
		return links["cognito:default"]
	}
	return pick(l.TermsOfUse), pick(l.PrivacyPolicy)
}
