package imagefile

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

const svgStart = `<svg xmlns="http://www.w3.org/2000/svg"`

func TestADrawingStaysAsItIs(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><!-- x -->` +
			svgStart + ` viewBox="0 0 10 10"><path d="M0 0L1 1"/></svg>`: svgStart + ` viewBox="0 0 10 10"><path d="M0 0L1 1"></path></svg>` + "\n",
		svgStart + `><style>.st0{fill:#231F20;}</style><g class="st0" transform="translate(1 2) rotate(3)"/></svg>`: svgStart +
			`><style>.st0{fill:#231F20;}</style><g class="st0" transform="translate(1 2) rotate(3)"></g></svg>` + "\n",
		`<s:svg xmlns:s="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><s:use xlink:href="#a"/></s:svg>`: svgStart + `><use href="#a"></use></svg>` + "\n",
		svgStart + ` xmlns:i="http://www.inkscape.org/x" i:version="1"><i:view><g/></i:view><metadata>x</metadata><text>a &amp; b</text></svg>`: svgStart +
			`><text>a &amp; b</text></svg>` + "\n",
		svgStart + `><rect fill="url(#a)" style="fill: url('#b'); stroke:rgb(1,2,3)"/></svg>`: svgStart +
			`><rect fill="url(#a)" style="fill: url(&#39;#b&#39;); stroke:rgb(1,2,3)"></rect></svg>` + "\n",
		"\ufeff" + svgStart + `/>`: svgStart + `></svg>` + "\n",
	} {
		got := mustClean(t, []byte(in), SVG)
		if string(got.Content) != want || got.ContentType != "image/svg+xml" {
			t.Errorf("Clean(%s)\n got %s\nwant %s", in, got.Content, want)
		}
	}
}

// Drawings that are cleaned, with words that must not be left of them.
var hostileParts = map[string]string{
	`<script>alert(1)</script>`:                                            "alert",
	`<script href="//evil.example/x.js"/>`:                                 "evil",
	`<SCRIPT>alert(1)</SCRIPT>`:                                            "alert",
	`<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>`: "alert",
	`<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img src="x" onerror="alert(1)"/></body></foreignObject>`: "alert",
	`<g onload="alert(1)"/>`:                           "alert",
	`<g ONLOAD="alert(1)"/>`:                           "alert",
	`<g xmlns:x="urn:x" x:onload="alert(1)"/>`:         "alert",
	`<rect onclick="alert(1)" width="1"/>`:             "alert",
	`<a href="javascript:alert(1)"><text>x</text></a>`: "alert",
	`<a xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="java&#10;script:alert(1)"><text>x</text></a>`: "alert",
	`<use href="//evil.example/x.svg#a"/>`:                                                  "evil",
	`<use href="data:image/svg+xml,%3Csvg%20id=a%20onload=alert(1)%3E#a"/>`:                 "alert",
	`<use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="http://evil.example/#a"/>`: "evil",
	`<image href="http://evil.example/x.png"/>`:                                             "evil",
	`<feImage href="http://evil.example/x.png"/>`:                                           "evil",
	`<linearGradient href="http://evil.example/x.svg#a"/>`:                                  "evil",
	`<animate attributeName="href" values="javascript:alert(1)"/>`:                          "alert",
	`<set attributeName="onload" to="alert(1)"/>`:                                           "alert",
	`<animateTransform onbegin="alert(1)"/>`:                                                "alert",
	`<handler type="application/ecmascript">alert(1)</handler>`:                             "alert",
	`<style>@import "http://evil.example/x.css";</style>`:                                   "evil",
	`<style>g{fill:url(http://evil.example/x)}</style>`:                                     "evil",
	`<style>g{fill:URL("http://evil.example/x")}</style>`:                                   "evil",
	`<style>g{fill:u\72l(http://evil.example/x)}</style>`:                                   "evil",
	`<style><![CDATA[@import url(http://evil.example)]]></style>`:                           "evil",
	`<style>g{fill:url<!-- -->(http://evil.example/x)}</style>`:                             "evil",
	`<style>g{fill:ur<!-- -->l(http://evil.example/x)}</style>`:                             "evil",
	`<style>g{background:image-set("http://evil.example" 1x)}</style>`:                      "evil",
	`<g style="fill:url(http://evil.example/x)"/>`:                                          "evil",
	`<g style="fill:url( 'http://evil.example/x' )"/>`:                                      "evil",
	`<g style="width:expression(alert(1))"/>`:                                               "alert",
	`<g style="-moz-binding:url(#x);fill:alert"/>`:                                          "alert",
	`<g fill="url(//evil.example#a)"/>`:                                                     "evil",
	`<g filter="url(data:image/svg+xml;evil)"/>`:                                            "evil",
	`<g mask="url(&#x2f;&#x2f;evil.example)"/>`:                                             "evil",
	`<iframe src="http://evil.example"/>`:                                                   "evil",
	`<embed src="http://evil.example"/>`:                                                    "evil",
	`<metadata><script>alert(1)</script></metadata>`:                                        "alert",
	`<?xml-stylesheet href="http://evil.example/x.css"?>`:                                   "evil",
	`<!-- --><!--<script>alert(1)</script>-->`:                                              "alert",
	`<g xml:base="http://evil.example/"/>`:                                                  "evil",
	`<cursor href="http://evil.example/"/>`:                                                 "evil",
	`<font-face-uri href="http://evil.example/"/>`:                                          "evil",
	`<video src="http://evil.example/"/>`:                                                   "evil",
}

func TestS142DrawingsLoseWhatActsOrLoads(t *testing.T) {
	t.Parallel()
	for part, word := range hostileParts {
		got := mustClean(t, []byte(svgStart+`>`+part+`<circle r="1"/></svg>`), SVG)
		if strings.Contains(string(got.Content), word) {
			t.Errorf("%s left %s", part, got.Content)
		}
		if !strings.Contains(string(got.Content), `<circle r="1">`) {
			t.Errorf("%s took the rest along: %s", part, got.Content)
		}
	}
}

func TestS142DrawingsThatAreRefused(t *testing.T) {
	t.Parallel()
	const use = `<use href="#`
	for name, in := range map[string]string{
		"external entity":  `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + svgStart + `><text>&x;</text></svg>`,
		"entities":         `<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>` + svgStart + `><text>&b;</text></svg>`,
		"unknown entity":   svgStart + `><text>&nbsp;</text></svg>`,
		"open element":     svgStart + `><g></svg>`,
		"end alone":        `</svg>`,
		"two drawings":     svgStart + `/>` + svgStart + `/>`,
		"other root":       `<g xmlns="http://www.w3.org/2000/svg"/>`,
		"other namespace":  `<svg xmlns="http://www.w3.org/1999/xhtml"/>`,
		"other encoding":   `<?xml version="1.0" encoding="utf-7"?>` + svgStart + `/>`,
		"packed":           "\x1f\x8b\x08\x00\x00\x00\x00\x00",
		"use in use":       svgStart + `><g id="a">` + use + `b"/></g><g id="b">` + use + `c"/></g></svg>`,
		"use of itself":    svgStart + `><g id="a"><g>` + use + `a"/></g></g></svg>`,
		"many uses":        svgStart + `><path id="a"/>` + strings.Repeat(use+`a"/>`, maxUses+1) + `</svg>`,
		"invalid encoding": svgStart + "><text>\xff</text></svg>",
	} {
		if got, err := Clean([]byte(in), SVG); err == nil {
			t.Errorf("%s was taken: %s", name, got.Content)
		}
	}
}

// FuzzSVG reads what was taken with another reader and looks at every name and
// value.
func FuzzSVG(f *testing.F) {
	for part := range hostileParts {
		f.Add(svgStart + `>` + part + `</svg>`)
	}
	f.Add(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><use xlink:href="#a"/></svg>`)
	f.Fuzz(func(t *testing.T, in string) {
		got, err := Clean([]byte(in), SVG)
		if err != nil {
			return
		}
		if again, err := Clean(got.Content, SVG); err != nil || !bytes.Equal(again.Content, got.Content) {
			t.Fatalf("%q became %q, %v", got.Content, again, err)
		}
		decoder := xml.NewDecoder(bytes.NewReader(got.Content))
		for {
			token, err := decoder.RawToken()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatalf("%q: %v", got.Content, err)
			}
			switch token := token.(type) {
			case xml.StartElement:
				checkElement(t, token)
			case xml.EndElement, xml.CharData:
			default:
				t.Errorf("%q has %T", got.Content, token)
			}
		}
	})
}

func checkElement(t *testing.T, e xml.StartElement) {
	t.Helper()
	if e.Name.Space != "" || !svgElements[e.Name.Local] {
		t.Errorf("element %v", e.Name)
	}
	for _, a := range e.Attr {
		value := strings.ToLower(a.Value)
		switch {
		case a.Name.Local == "xmlns" && a.Value == svgNamespace:
		case a.Name.Space != "" || strings.HasPrefix(strings.ToLower(a.Name.Local), "on"):
			t.Errorf("attribute %v", a)
		case a.Name.Local == "href" && !strings.HasPrefix(value, "#"):
			t.Errorf("attribute %v", a)
		case strings.Count(value, "url(") != strings.Count(value, "url(#")+strings.Count(value, `url("#`)+strings.Count(value, `url('#`)+strings.Count(value, "url( "):
			if a.Name.Local != "href" {
				t.Errorf("attribute %v", a)
			}
		}
	}
}
