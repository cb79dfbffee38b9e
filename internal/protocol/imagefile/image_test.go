package imagefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"
)

// script is what must not be in an image any more.
const script = `<script>alert(document.domain)</script>`

func sample(width, height int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = byte(i*7 + i/width)
	}
	return img
}

func pngFile(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func jpegFile(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// withChunk puts a chunk behind the header of a PNG file.
func withChunk(file []byte, kind string, content []byte) []byte {
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	body := append([]byte(kind), content...)
	chunk = append(chunk, body...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(body))
	const header = 8 + 25
	return slices.Concat(file[:header], chunk, file[header:])
}

// claiming writes other dimensions into the header of a PNG file.
func claiming(file []byte, width, height uint32) []byte {
	file = slices.Clone(file)
	binary.BigEndian.PutUint32(file[16:], width)
	binary.BigEndian.PutUint32(file[20:], height)
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
	return file
}

// withComment puts a comment behind the start of a JPEG file.
func withComment(file []byte, comment string) []byte {
	marker := binary.BigEndian.AppendUint16([]byte{0xff, 0xfe}, uint16(len(comment)+2))
	return slices.Concat(file[:2], marker, []byte(comment), file[2:])
}

// icoFile is an ICO file of the images given, each a PNG file or a bitmap.
func icoFile(images ...[]byte) []byte {
	out := binary.LittleEndian.AppendUint16([]byte{0, 0, 1, 0}, uint16(len(images)))
	offset := icoHeader + icoEntry*len(images)
	for _, content := range images {
		out = append(out, 16, 16, 0, 0, 1, 0, 32, 0)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(content)))
		out = binary.LittleEndian.AppendUint32(out, uint32(offset))
		offset += len(content)
	}
	return append(out, slices.Concat(images...)...)
}

// bitmap is a bitmap of one row of pixels, as an ICO file has it.
func bitmap(width, bits int, palette, colors, mask []byte) []byte {
	out := binary.LittleEndian.AppendUint32(nil, dibHeader)
	out = binary.LittleEndian.AppendUint32(out, uint32(width))
	out = binary.LittleEndian.AppendUint32(out, 2)
	out = append(out, 1, 0, byte(bits), 0)
	out = append(out, make([]byte, 24)...)
	binary.LittleEndian.PutUint32(out[32:], uint32(len(palette)/4))
	return slices.Concat(out, palette, colors, mask)
}

func mustClean(t testing.TB, content []byte, kind Kind) *Image {
	t.Helper()
	got, err := Clean(content, kind)
	if err != nil {
		t.Fatalf("Clean as %s: %v", kind, err)
	}
	return got
}

func samePixels(t *testing.T, got, want image.Image) {
	t.Helper()
	if got.Bounds().Size() != want.Bounds().Size() {
		t.Fatalf("size %v, want %v", got.Bounds(), want.Bounds())
	}
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			if g, w := color.NRGBAModel.Convert(got.At(x, y)), color.NRGBAModel.Convert(want.At(x, y)); g != w {
				t.Fatalf("pixel %d,%d is %v, want %v", x, y, g, w)
			}
		}
	}
}

func TestPixelsOfAPNGStay(t *testing.T) {
	t.Parallel()
	want := sample(40, 30)
	got := mustClean(t, pngFile(t, want), PNG)
	if got.ContentType != "image/png" {
		t.Errorf("content type %s", got.ContentType)
	}
	img, err := png.Decode(bytes.NewReader(got.Content))
	if err != nil {
		t.Fatal(err)
	}
	samePixels(t, img, want)
}

func TestAJPEGStaysAJPEG(t *testing.T) {
	t.Parallel()
	got := mustClean(t, jpegFile(t, sample(40, 30)), JPEG)
	config, err := jpeg.DecodeConfig(bytes.NewReader(got.Content))
	if err != nil || config.Width != 40 || config.Height != 30 || got.ContentType != "image/jpeg" {
		t.Errorf("%+v, %v, %s", config, err, got.ContentType)
	}
}

func TestBitmapsOfAnICOBecomePNG(t *testing.T) {
	t.Parallel()
	red, green, blue := color.NRGBA{R: 255, A: 255}, color.NRGBA{G: 255, A: 255}, color.NRGBA{B: 255, A: 255}
	palette := []byte{0, 0, 255, 0, 0, 255, 0, 0}
	none := make([]byte, 4)
	for name, c := range map[string]struct {
		file []byte
		want []color.NRGBA
	}{
		"1 bit":            {bitmap(2, 1, palette, []byte{0x40, 0, 0, 0}, none), []color.NRGBA{red, green}},
		"4 bits":           {bitmap(2, 4, palette, []byte{0x10, 0, 0, 0}, none), []color.NRGBA{green, red}},
		"8 bits":           {bitmap(2, 8, palette, []byte{1, 0, 0, 0}, none), []color.NRGBA{green, red}},
		"24 bits":          {bitmap(2, 24, nil, []byte{255, 0, 0, 0, 0, 255, 0, 0}, none), []color.NRGBA{blue, red}},
		"32 bits":          {bitmap(2, 32, nil, []byte{255, 0, 0, 128, 0, 0, 255, 255}, none), []color.NRGBA{{B: 255, A: 128}, red}},
		"without opacity":  {bitmap(2, 32, nil, []byte{255, 0, 0, 0, 0, 0, 255, 0}, none), []color.NRGBA{blue, red}},
		"without the mask": {bitmap(2, 32, nil, []byte{255, 0, 0, 255, 0, 0, 255, 255}, nil), []color.NRGBA{blue, red}},
		"masked":           {bitmap(2, 24, nil, []byte{255, 0, 0, 0, 0, 255, 0, 0}, []byte{0x40, 0, 0, 0}), []color.NRGBA{blue, {R: 255}}},
	} {
		got := mustClean(t, icoFile(c.file), ICO)
		img, err := png.Decode(bytes.NewReader(got.Content[icoHeader+icoEntry:]))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := image.NewNRGBA(image.Rect(0, 0, 2, 1))
		want.SetNRGBA(0, 0, c.want[0])
		want.SetNRGBA(1, 0, c.want[1])
		samePixels(t, img, want)
		if got.ContentType != "image/x-icon" || Sniff(got.Content) != ICO {
			t.Errorf("%s: %s, %q", name, got.ContentType, got.Content[:4])
		}
	}
}

// Files that are two things at once become one thing.
func TestS142NothingButPixelsIsLeft(t *testing.T) {
	t.Parallel()
	picture, photo := pngFile(t, sample(20, 20)), jpegFile(t, sample(20, 20))
	dot := pngFile(t, sample(16, 16))
	for name, c := range map[string]struct {
		file []byte
		kind Kind
	}{
		"PNG and a page":             {slices.Concat(picture, []byte("<html>"+script)), PNG},
		"PNG and an archive":         {slices.Concat(picture, []byte("PK\x03\x04"+script)), PNG},
		"PNG with a text":            {withChunk(picture, "tEXt", []byte("Comment\x00"+script)), PNG},
		"PNG with unknown chunk":     {withChunk(picture, "scRp", []byte(script)), PNG},
		"PNG with EXIF":              {withChunk(picture, "eXIf", []byte("MM\x00*"+script)), PNG},
		"JPEG and a page":            {slices.Concat(photo, []byte("<!doctype html>"+script)), JPEG},
		"JPEG with a comment":        {withComment(photo, "*/=1;alert(1)/*"+script), JPEG},
		"ICO and a page":             {slices.Concat(icoFile(dot), []byte(script)), ICO},
		"ICO with a gap":             {gap(icoFile(dot)), ICO},
		"ICO with a PNG with a text": {icoFile(withChunk(dot, "tEXt", []byte("Comment\x00"+script))), ICO},
	} {
		if !bytes.Contains(c.file, []byte(script)) {
			t.Fatalf("%s: the file has no script to begin with", name)
		}
		got := mustClean(t, c.file, c.kind)
		if bytes.Contains(got.Content, []byte("<script")) || bytes.Contains(got.Content, []byte("alert")) {
			t.Errorf("%s: the script is still there", name)
		}
	}
}

// gap puts a script between the table and the image of an ICO file.
func gap(file []byte) []byte {
	file = slices.Insert(slices.Clone(file), icoHeader+icoEntry, []byte(script)...)
	binary.LittleEndian.PutUint32(file[icoHeader+12:], uint32(icoHeader+icoEntry+len(script)))
	return file
}

func TestS142WhatClaimsToBeAnImageIsRefused(t *testing.T) {
	t.Parallel()
	picture, photo := pngFile(t, sample(20, 20)), jpegFile(t, sample(20, 20))
	var animation bytes.Buffer
	if err := gif.Encode(&animation, sample(4, 4), nil); err != nil {
		t.Fatal(err)
	}
	palette := []byte{0, 0, 255, 0}
	for name, c := range map[string]struct {
		file []byte
		kind Kind
	}{
		"nothing as PNG":                {nil, PNG},
		"nothing as SVG":                {nil, SVG},
		"nothing as ICO":                {nil, ICO},
		"PNG as JPEG":                   {picture, JPEG},
		"JPEG as PNG":                   {photo, PNG},
		"GIF as PNG":                    {animation.Bytes(), PNG},
		"page as PNG":                   {[]byte("<html>" + script), PNG},
		"page with the first bytes":     {[]byte("\x89PNG\r\n\x1a\n<html>" + script), PNG},
		"page as JPEG":                  {[]byte("\xff\xd8\xff\xe0" + script), JPEG},
		"page as ICO":                   {[]byte("\x00\x00\x01\x00\x01\x00" + script), ICO},
		"page as SVG":                   {[]byte("<html>" + script + "</html>"), SVG},
		"page with a drawing":           {[]byte("<html><svg xmlns='http://www.w3.org/2000/svg'/></html>"), SVG},
		"half a PNG":                    {picture[:len(picture)/2], PNG},
		"half a JPEG":                   {photo[:len(photo)/2], JPEG},
		"half an ICO":                   {icoFile(picture)[:60], ICO},
		"WebP":                          {[]byte("RIFF\x00\x00\x00\x00WEBPVP8 "), "WEBP"},
		"ICO without images":            {[]byte("\x00\x00\x01\x00\x00\x00"), ICO},
		"ICO with many images":          {[]byte("\x00\x00\x01\x00\xff\xff"), ICO},
		"cursor":                        {[]byte("\x00\x00\x02\x00\x01\x00"), ICO},
		"ICO with a colour of no table": {icoFile(bitmap(2, 8, palette, []byte{0, 9, 0, 0}, make([]byte, 4))), ICO},
		"ICO with a packed bitmap":      {packed(icoFile(bitmap(2, 8, palette, []byte{0, 0, 0, 0}, make([]byte, 4)))), ICO},
		"ICO with a short bitmap":       {icoFile(bitmap(200, 24, nil, []byte{0, 0, 0, 0}, make([]byte, 4))), ICO},
		"ICO with a large PNG":          {icoFile(pngFile(t, sample(257, 1))), ICO},
		"ICO with a page":               {icoFile([]byte(script)), ICO},
		"PDF":                           {[]byte("%PDF-1.7 " + script), JPEG},
	} {
		if got, err := Clean(c.file, c.kind); err == nil {
			t.Errorf("%s was taken: %q", name, got.Content)
		}
	}
}

// packed says in a bitmap that it is compressed.
func packed(file []byte) []byte {
	file[icoHeader+icoEntry+16] = 1
	return file
}

func TestS142BombsAreRefusedBeforeTheyAreDecoded(t *testing.T) {
	t.Parallel()
	dot := pngFile(t, sample(1, 1))
	for name, c := range map[string]struct {
		file []byte
		kind Kind
	}{
		"wide":          {claiming(dot, MaxSide+1, 1), PNG},
		"high":          {claiming(dot, 1, MaxSide+1), PNG},
		"large":         {claiming(dot, MaxSide, MaxSide), PNG},
		"overflowing":   {claiming(dot, 0x7fffffff, 0x7fffffff), PNG},
		"in an ICO":     {icoFile(claiming(dot, MaxSide, MaxSide)), ICO},
		"long":          {append(slices.Clone(dot), make([]byte, MaxBytes)...), PNG},
		"deep":          {[]byte(`<svg xmlns="http://www.w3.org/2000/svg">` + strings.Repeat("<g>", 5000)), SVG},
		"many":          {[]byte(`<svg xmlns="http://www.w3.org/2000/svg">` + strings.Repeat("<g/>", maxElements+1) + `</svg>`), SVG},
		"many left out": {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>` + strings.Repeat("<g/>", maxElements+1) + `</script></svg>`), SVG},
	} {
		if _, err := Clean(c.file, c.kind); !errors.Is(err, ErrSize) && !strings.Contains(err.Error(), "dimension overflow") {
			t.Errorf("%s: %v, want %v", name, err, ErrSize)
		}
	}
}

// FuzzImage checks that what was taken is an image of the kind it should be, and
// that PNG and ICO files do not change any more.
func FuzzImage(f *testing.F) {
	f.Add(pngFile(f, sample(5, 4)))
	f.Add(jpegFile(f, sample(5, 4)))
	f.Add(icoFile(pngFile(f, sample(5, 4)), bitmap(2, 8, []byte{1, 2, 3, 4}, []byte{0, 0, 0, 0}, make([]byte, 4))))
	f.Add(icoFile(bitmap(2, 1, make([]byte, 8), make([]byte, 4), make([]byte, 4))))
	f.Fuzz(func(t *testing.T, content []byte) {
		kind := Sniff(content)
		if config, _, err := image.DecodeConfig(bytes.NewReader(content)); kind == "" || err == nil && config.Width*config.Height > 1<<16 {
			return
		}
		got, err := Clean(content, kind)
		if err != nil {
			return
		}
		if Sniff(got.Content) != kind {
			t.Fatalf("%s became %q", kind, got.Content[:8])
		}
		again, err := Clean(got.Content, kind)
		if err != nil {
			t.Fatalf("%s: cleaned file is refused: %v", kind, err)
		}
		if kind != JPEG && !bytes.Equal(again.Content, got.Content) {
			t.Errorf("%s changes again", kind)
		}
	})
}
