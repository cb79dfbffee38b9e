package pages

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// QR is the picture of the secret of an authenticator app, black on white in
// both colour schemes: many apps cannot read it otherwise. Modules are runs of
// one path, so that it is small.
func (s *screen) QR() (template.HTML, error) {
	view, ok := s.View.(*SetUpTOTP)
	if !ok {
		return "", nil
	}
	code, err := qr.Encode(view.URI, qr.M, qr.Auto)
	if err != nil {
		return "", fmt.Errorf("make a QR code: %w", err)
	}
	const quiet = 4 // modules of white around, as ISO/IEC 18004 wants
	size := code.Bounds().Dx()
	var path strings.Builder
	for y := range size {
		for x := 0; x < size; x++ {
			from := x
			for x < size && dark(code.At(x, y).RGBA()) {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	side := size + 2*quiet
	return template.HTML(fmt.Sprintf( //nolint:gosec // numbers, and a label that is encoded
		`<svg viewBox="0 0 %d %d" role="img" aria-label="%s" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`,
		side, side, template.HTMLEscapeString(s.T("totp.qr")), side, side, path.String(),
	)), nil
}

func dark(r, _, _, _ uint32) bool { return r < 1<<15 }
