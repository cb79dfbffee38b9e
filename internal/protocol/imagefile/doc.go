// Package imagefile takes images that strangers made and gives images that are
// safe to serve (security.md S142).
//
// PNG, JPEG and ICO files are decoded and encoded anew, so that nothing but pixels
// is left of them: no metadata, no animation, no second file behind the first.
// SVG files are read into an allow-list of elements, attributes and values and
// written from it. What claims to be one kind and is another is refused, and so
// is what would take much memory or time to decode.
package imagefile
