package imagefile

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
)

// jpegQuality is one at which a second loss is hard to see.
const jpegQuality = 92

func cleanPNG(content []byte) ([]byte, error) {
	img, err := decodePNG(content)
	if err != nil {
		return nil, err
	}
	return encodePNG(img)
}

func decodePNG(content []byte) (image.Image, error) {
	if Sniff(content) != PNG {
		return nil, errKind
	}
	config, err := png.DecodeConfig(bytes.NewReader(content))
	if err == nil {
		err = checkArea(config.Width, config.Height)
	}
	if err != nil {
		return nil, err
	}
	return png.Decode(bytes.NewReader(content))
}

func encodePNG(img image.Image) ([]byte, error) {
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("write it anew: %w", err)
	}
	return out.Bytes(), nil
}

func cleanJPEG(content []byte) ([]byte, error) {
	if Sniff(content) != JPEG {
		return nil, errKind
	}
	config, err := jpeg.DecodeConfig(bytes.NewReader(content))
	if err == nil {
		err = checkArea(config.Width, config.Height)
	}
	if err != nil {
		return nil, err
	}
	img, err := jpeg.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return nil, fmt.Errorf("write it anew: %w", err)
	}
	return out.Bytes(), nil
}

// checkArea bounds what decoding will take.
func checkArea(width, height int) error {
	if width < 1 || height < 1 || width > MaxSide || height > MaxSide || width*height > MaxPixels {
		return fmt.Errorf("%w: %d by %d pixels", ErrSize, width, height)
	}
	return nil
}
