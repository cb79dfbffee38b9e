package pages

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLanguageIsThatOfParameterCookieOrBrowser(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ lang, cookie, accept, want string }{
		{"", "", "", "en"},
		{"de", "fr", "es", "de"},
		{"", "fr", "es", "fr"},
		{"", "", "es-MX,es;q=0.9,en;q=0.8", "es"},
		{"", "", "pt", "pt-BR"},
		{"", "", "pt-PT", "pt-BR"},
		{"", "", "zh", "zh-CN"},
		{"", "", "zh-HK", "zh-TW"},
		{"", "", "zh-Hant", "zh-TW"},
		{"", "", "zh-SG", "zh-CN"},
		{"", "", "nl-BE", "nl"},
		{"", "", "in", "id"}, // the code that Java long had for Indonesian
		{"", "", "fi, de;q=0.5", "de"},
		{"", "", "fi", "en"},
		{"", "", "de;q=0, fr;q=0.1", "fr"},
		{"PT-br", "", "", "pt-BR"},
		{"xx", "de", "de", "en"}, // unknown values mean English (endpoints.md §7.4)
		{"", "xx", "de", "de"},
		{"../de", "", "", "en"},
		{"", "", strings.Repeat("de,", 1000), "en"},
		{"", "", "not a language;;;", "en"},
	} {
		if got := Language(test.lang, test.cookie, test.accept); got != test.want {
			t.Errorf("Language(%q, %q, %.40q) = %s, want %s", test.lang, test.cookie, test.accept, got, test.want)
		}
	}
}

func FuzzAcceptLanguage(f *testing.F) {
	for _, seed := range []string{"", "de", "en-US,en;q=0.5", "zh-Hant-TW;q=1.0, *;q=0.1", "x-private", "*", "de;q=", "\x00", "i-klingon, art-lojban"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if got := Language("", "", header); !slices.Contains(Languages(), got) {
			t.Errorf("Language of %q is %q", header, got)
		}
		if got := Language(header, header, header); !slices.Contains(Languages(), got) {
			t.Errorf("lang=%q gives %q", header, got)
		}
	})
}

var place = regexp.MustCompile(`\{\w+\}`)

// Every language says everything, with the same places for values.
func TestEveryLanguageHasEveryText(t *testing.T) {
	t.Parallel()
	all, err := readCatalogues()
	if err != nil {
		t.Fatal(err)
	}
	english := all[English]
	for name, texts := range all {
		if diff := cmp.Diff(slices.Sorted(maps.Keys(english)), slices.Sorted(maps.Keys(texts))); diff != "" {
			t.Errorf("keys of %s: %s", name, diff)
		}
		same := 0
		for key, text := range texts {
			want, got := place.FindAllString(english[key], -1), place.FindAllString(text, -1)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) || strings.TrimSpace(text) == "" {
				t.Errorf("%s in %s is %q", key, name, text)
			}
			if text == english[key] {
				same++
			}
		}
		if name != English && same > len(texts)/8 {
			t.Errorf("%d of %d texts of %s are in English", same, len(texts), name)
		}
	}
}

// Templates and sentences ask for texts that exist: a key shown on a page is a
// mistake.
func TestPagesShowNoKeys(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	texts := r.catalogues[English]
	for _, s := range apiSentences {
		if _, ok := texts[s.key]; !ok {
			t.Errorf("there is no text %s", s.key)
		}
	}
	for key := range keyFields {
		if _, ok := texts[key]; !ok {
			t.Errorf("there is no text %s", key)
		}
	}
	shownKey := regexp.MustCompile(`>\s*[a-z_]+\.[a-z_]+\s*<`)
	for name, view := range filled(nil) {
		if found := shownKey.FindString(rendered(t, r, view)); found != "" {
			t.Errorf("%s shows %s", name, found)
		}
	}
}

// Classic pages are in English whatever the browser wants.
func TestClassicPagesAreInEnglish(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	page := rendered(t, r, &Forgot{Frame: Frame{Version: classic, Lang: "de"}})
	if !strings.Contains(page, `lang="en"`) || !strings.Contains(page, "Reset your password") {
		t.Error("a classic page is in another language")
	}
	page = rendered(t, r, &Forgot{Frame: Frame{Version: managed, Lang: "de"}})
	if !strings.Contains(page, `<html lang="de" dir="ltr">`) || !strings.Contains(page, "Passwort zurücksetzen") {
		t.Error("a page is not in German")
	}
}
