package imagefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
)

// The form of ICO files: a header, a table of images, and the images, each a PNG
// file or a bitmap without its file header.
const (
	icoHeader    = 6
	icoEntry     = 16
	icoMaxImages = 16
	icoMaxSide   = 256
	dibHeader    = 40
)

var errICO = errors.New("not well formed")

// cleanICO decodes every image of a file and writes them anew as PNG.
func cleanICO(content []byte) ([]byte, error) {
	if Sniff(content) != ICO || len(content) < icoHeader {
		return nil, errKind
	}
	count := int(binary.LittleEndian.Uint16(content[4:]))
	if count < 1 || count > icoMaxImages || len(content) < icoHeader+count*icoEntry {
		return nil, errICO
	}
	images := make([][]byte, count)
	sizes := make([]image.Point, count)
	for i := range images {
		entry := content[icoHeader+i*icoEntry:]
		length, offset := int(binary.LittleEndian.Uint32(entry[8:])), int(binary.LittleEndian.Uint32(entry[12:]))
		if offset < icoHeader+count*icoEntry || offset > len(content) || length > len(content)-offset {
			return nil, errICO
		}
		img, err := decodeICOImage(content[offset : offset+length])
		if err != nil {
			return nil, fmt.Errorf("image %d: %w", i+1, err)
		}
		sizes[i] = img.Bounds().Size()
		if images[i], err = encodePNG(img); err != nil {
			return nil, err
		}
	}
	return writeICO(images, sizes), nil
}

func decodeICOImage(content []byte) (image.Image, error) {
	decode := decodeDIB
	if Sniff(content) == PNG {
		decode = decodePNG
	}
	img, err := decode(content)
	if err != nil {
		return nil, err
	}
	if size := img.Bounds().Size(); size.X > icoMaxSide || size.Y > icoMaxSide {
		return nil, fmt.Errorf("%w: %d by %d pixels", ErrSize, size.X, size.Y)
	}
	return img, nil
}

// writeICO puts PNG files into one ICO file.
func writeICO(images [][]byte, sizes []image.Point) []byte {
	out := []byte{0, 0, 1, 0}
	out = binary.LittleEndian.AppendUint16(out, uint16(len(images)))
	offset := icoHeader + len(images)*icoEntry
	for i, content := range images {
		// 256 is written as 0, which is its lowest byte.
		out = append(out, byte(sizes[i].X), byte(sizes[i].Y), 0, 0)
		out = binary.LittleEndian.AppendUint16(out, 1)
		out = binary.LittleEndian.AppendUint16(out, 32)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(content)))
		out = binary.LittleEndian.AppendUint32(out, uint32(offset))
		offset += len(content)
	}
	for _, content := range images {
		out = append(out, content...)
	}
	return out
}

// dib is a bitmap as ICO files have it: rows from the bottom up, each padded to
// four bytes, first the colours and then one bit for each pixel that is not shown.
type dib struct {
	width, height, bits int
	palette             []byte // four bytes for each colour: blue, green, red, nothing
	colors, mask        []byte
}

func decodeDIB(content []byte) (image.Image, error) {
	d, err := readDIB(content)
	if err != nil {
		return nil, err
	}
	img := image.NewNRGBA(image.Rect(0, 0, d.width, d.height))
	opaque := d.bits == 32 && !d.hasOpacity()
	for y := range d.height {
		for x := range d.width {
			c, ok := d.at(x, y)
			if !ok {
				return nil, errICO
			}
			if opaque {
				c.A = 0xff
			}
			if d.masked(x, y) {
				c.A = 0
			}
			img.SetNRGBA(x, d.height-1-y, c)
		}
	}
	return img, nil
}

func readDIB(content []byte) (*dib, error) {
	if len(content) < dibHeader || binary.LittleEndian.Uint32(content) != dibHeader {
		return nil, errICO
	}
	width, twice := binary.LittleEndian.Uint32(content[4:]), binary.LittleEndian.Uint32(content[8:])
	d := &dib{width: int(width), height: int(twice / 2), bits: int(binary.LittleEndian.Uint16(content[14:]))}
	compression, used := binary.LittleEndian.Uint32(content[16:]), int(binary.LittleEndian.Uint32(content[32:]))
	if width < 1 || twice < 2 || width > icoMaxSide || twice > 2*icoMaxSide || compression != 0 {
		return nil, errICO
	}
	rest := content[dibHeader:]
	switch d.bits {
	case 1, 4, 8:
		if used == 0 {
			used = 1 << d.bits
		}
		if used > 1<<d.bits || len(rest) < used*4 {
			return nil, errICO
		}
		d.palette, rest = rest[:used*4], rest[used*4:]
	case 24, 32:
	default:
		return nil, errICO
	}
	colors, mask := d.stride(d.bits)*d.height, d.stride(1)*d.height
	if len(rest) < colors {
		return nil, errICO
	}
	d.colors, rest = rest[:colors], rest[colors:]
	if len(rest) >= mask { // some writers leave it out where colours have an opacity
		d.mask = rest[:mask]
	} else if d.bits != 32 {
		return nil, errICO
	}
	return d, nil
}

// stride is the length of a row in bytes.
func (d *dib) stride(bits int) int { return (d.width*bits + 31) / 32 * 4 }

// at is the colour of a pixel, counted from below; false when it is none of the
// palette.
func (d *dib) at(x, y int) (color.NRGBA, bool) {
	row := d.colors[y*d.stride(d.bits):]
	switch d.bits {
	case 24:
		return color.NRGBA{B: row[x*3], G: row[x*3+1], R: row[x*3+2], A: 0xff}, true
	case 32:
		return color.NRGBA{B: row[x*4], G: row[x*4+1], R: row[x*4+2], A: row[x*4+3]}, true
	}
	perByte := 8 / d.bits
	shift := 8 - d.bits*(x%perByte+1)
	index := int(row[x/perByte]>>shift) & (1<<d.bits - 1) * 4
	if index+4 > len(d.palette) {
		return color.NRGBA{}, false
	}
	c := d.palette[index:]
	return color.NRGBA{B: c[0], G: c[1], R: c[2], A: 0xff}, true
}

func (d *dib) masked(x, y int) bool {
	return d.mask != nil && d.mask[y*d.stride(1)+x/8]>>(7-x%8)&1 == 1
}

// hasOpacity reports whether any pixel has one. A bitmap that has none throughout
// does not mean it.
func (d *dib) hasOpacity() bool {
	for i := 3; i < len(d.colors); i += 4 {
		if d.colors[i] != 0 {
			return true
		}
	}
	return false
}
