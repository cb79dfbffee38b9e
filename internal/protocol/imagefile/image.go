package imagefile

import (
	"bytes"
	"errors"
	"fmt"
)

// Kind is a kind of image file.
type Kind string

// The kinds that are understood.
const (
	PNG  Kind = "PNG"
	JPEG Kind = "JPEG"
	ICO  Kind = "ICO"
	SVG  Kind = "SVG"
)

// The bounds of an image.
const (
	// MaxBytes is the size up to which a file is looked at.
	MaxBytes = 1_000_000
	// MaxSide is the greatest width and height of a raster image in pixels.
	MaxSide = 4096
	// MaxPixels is the greatest area of a raster image. Decoding takes up to
	// eight bytes for each pixel.
	MaxPixels = 8 << 20
)

// Image is a file that is safe to serve as ContentType.
type Image struct {
	Kind        Kind
	Content     []byte
	ContentType string
}

// ErrSize says that a file or the image in it is too large.
var ErrSize = errors.New("the image is too large")

// errKind says that a file is not of the kind it should be.
var errKind = errors.New("the content is of another kind")

// Sniff tells the kind of a raster file from its first bytes; empty for all others.
func Sniff(content []byte) Kind {
	switch {
	case bytes.HasPrefix(content, []byte("\x89PNG\r\n\x1a\n")):
		return PNG
	case bytes.HasPrefix(content, []byte("\xff\xd8\xff")):
		return JPEG
	case bytes.HasPrefix(content, []byte("\x00\x00\x01\x00")):
		return ICO
	}
	return ""
}

// Clean reads a file that has to be of a kind, and writes it anew. Cleaning what
// was cleaned before does not change an SVG, PNG or ICO; a JPEG loses a little
// each time.
func Clean(content []byte, kind Kind) (*Image, error) {
	if len(content) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, %d at most", ErrSize, len(content), MaxBytes)
	}
	var clean []byte
	var contentType string
	var err error
	switch kind {
	case PNG:
		clean, err = cleanPNG(content)
		contentType = "image/png"
	case JPEG:
		clean, err = cleanJPEG(content)
		contentType = "image/jpeg"
	case ICO:
		clean, err = cleanICO(content)
		contentType = "image/x-icon"
	case SVG:
		clean, err = cleanSVG(content)
		contentType = "image/svg+xml"
	default:
		return nil, fmt.Errorf("images of kind %q are not understood", kind)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s image: %w", kind, err)
	}
	return &Image{Kind: kind, Content: clean, ContentType: contentType}, nil
}
