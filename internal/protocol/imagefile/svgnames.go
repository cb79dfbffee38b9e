package imagefile

import "strings"

func set(words string) map[string]bool {
	all := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		all[word] = true
	}
	return all
}

// svgElements are those that only draw. Images, links, animations, scripts and
// foreign objects are not among them.
var svgElements = set(`svg g defs symbol use title desc style path rect circle ellipse line polyline polygon text tspan textPath
	linearGradient radialGradient stop clipPath mask pattern marker switch
	filter feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap
	feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology
	feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence`)

// svgAttributes are those of the elements, and the properties of style that can
// be written as attributes (SVG 2, appendix K).
var svgAttributes = set(`id class style href type media
	viewBox width height version preserveAspectRatio x y x1 y1 x2 y2 cx cy r rx ry fx fy fr dx dy d points pathLength transform
	rotate textLength lengthAdjust startOffset method spacing side
	gradientUnits gradientTransform spreadMethod offset clipPathUnits maskUnits maskContentUnits
	patternUnits patternContentUnits patternTransform markerUnits markerWidth markerHeight refX refY orient
	filterUnits primitiveUnits in in2 result mode values k1 k2 k3 k4 operator order kernelMatrix divisor bias targetX targetY
	edgeMode preserveAlpha surfaceScale diffuseConstant specularConstant specularExponent scale xChannelSelector
	yChannelSelector azimuth elevation limitingConeAngle pointsAtX pointsAtY pointsAtZ z tableValues slope intercept
	amplitude exponent stdDeviation radius baseFrequency numOctaves seed stitchTiles
	alignment-baseline baseline-shift clip-path clip-rule color color-interpolation color-interpolation-filters
	direction display dominant-baseline fill fill-opacity fill-rule flood-color flood-opacity font-family
	font-size font-size-adjust font-stretch font-style font-variant font-weight image-rendering letter-spacing
	lighting-color marker-end marker-mid marker-start mask mask-type opacity overflow paint-order
	shape-rendering stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin
	stroke-miterlimit stroke-opacity stroke-width text-anchor text-decoration text-rendering unicode-bidi
	vector-effect visibility word-spacing writing-mode`)

// svgFunctions may stand in values of attributes and in stylesheets, besides the
// address of a part of the drawing.
var svgFunctions = set(`rgb rgba hsl hsla matrix translate translatex translatey scale scalex scaley rotate skewx skewy`)
