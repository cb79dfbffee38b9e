package cssfilter

import (
	"errors"
	"strconv"
	"strings"
)

var errValue = errors.New("value not allowed")

// words splits a value at white space, in lower case; the arguments of a function
// stay with it, without white space. A mark of importance comes last.
func words(value string) (list []string, important string, err error) {
	value = strings.ToLower(strings.TrimSpace(value))
	if before, mark, ok := strings.Cut(value, "!"); ok {
		if strings.TrimSpace(mark) != "important" {
			return nil, "", errValue
		}
		value, important = before, "!important"
	}
	for {
		value = strings.TrimLeft(value, " \n")
		if value == "" {
			return list, important, nil
		}
		end := strings.IndexAny(value, " \n(")
		if end < 0 {
			return append(list, value), important, nil
		}
		word := value[:end]
		value = value[end:]
		if value[0] == '(' {
			arguments, after, ok := strings.Cut(value[1:], ")")
			if !ok || after != "" && after[0] != ' ' && after[0] != '\n' {
				return nil, "", errValue
			}
			word += "(" + strings.Join(strings.Fields(strings.ReplaceAll(arguments, ",", " , ")), " ") + ")"
			word = strings.ReplaceAll(word, " , ", ",")
			value = after
		}
		list = append(list, word)
	}
}

// maxNumber bounds lengths. Nothing on a page is that large.
const maxNumber = 10000

// number reads a number that is not negative, without exponent.
func number(word string) (float64, bool) {
	if word == "" || len(word) > 12 || strings.Trim(word, "0123456789.") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(word, 64)
	return n, err == nil && n <= maxNumber
}

// length is a length or a percentage; negative ones could move things over others.
func length(word string) bool {
	for _, unit := range []string{"px", "rem", "em", "pt", "ex", "ch", "vh", "vw", "%"} {
		if before, ok := strings.CutSuffix(word, unit); ok {
			_, ok := number(before)
			return ok
		}
	}
	n, ok := number(word)
	return ok && n == 0
}

// weight is the thickness of letters.
func weight(word string) bool {
	n, ok := number(word)
	return ok && n >= 1 && n <= 1000 && !strings.Contains(word, ".")
}

// color is a colour by its name, digits or function.
func color(word string) bool {
	if digits, ok := strings.CutPrefix(word, "#"); ok {
		return (len(digits) == 3 || len(digits) == 4 || len(digits) == 6 || len(digits) == 8) && strings.Trim(digits, "0123456789abcdef") == ""
	}
	if name, arguments, ok := strings.Cut(strings.TrimSuffix(word, ")"), "("); ok {
		return colorFunctions(name) && channels(arguments)
	}
	return colorNames(word)
}

// channels are the arguments of a colour's function, with commas: three, and the
// opacity.
func channels(arguments string) bool {
	list := strings.Split(arguments, ",")
	if len(list) != 3 && len(list) != 4 {
		return false
	}
	for _, one := range list {
		if _, ok := number(strings.TrimSuffix(strings.TrimSuffix(one, "deg"), "%")); !ok {
			return false
		}
	}
	return true
}

// colorNames are those of CSS Color Module Level 4, §6.1 to §6.3.
var colorNames = oneOf(`transparent currentcolor
aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown burlywood
cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan darkblue darkcyan darkgoldenrod darkgray
darkgreen darkgrey darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred darksalmon darkseagreen
darkslateblue darkslategray darkslategrey darkturquoise darkviolet deeppink deepskyblue dimgray dimgrey dodgerblue
firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray green greenyellow grey honeydew
hotpink indianred indigo ivory khaki lavender lavenderblush lawngreen lemonchiffon lightblue lightcoral lightcyan
lightgoldenrodyellow lightgray lightgreen lightgrey lightpink lightsalmon lightseagreen lightskyblue lightslategray
lightslategrey lightsteelblue lightyellow lime limegreen linen magenta maroon mediumaquamarine mediumblue
mediumorchid mediumpurple mediumseagreen mediumslateblue mediumspringgreen mediumturquoise mediumvioletred
midnightblue mintcream mistyrose moccasin navajowhite navy oldlace olive olivedrab orange orangered orchid
palegoldenrod palegreen paleturquoise palevioletred papayawhip peachpuff peru pink plum powderblue purple
rebeccapurple red rosybrown royalblue saddlebrown salmon sandybrown seagreen seashell sienna silver skyblue
slateblue slategray slategrey snow springgreen steelblue tan teal thistle tomato turquoise violet wheat white
whitesmoke yellow yellowgreen`)

var colorFunctions = oneOf("rgb rgba hsl hsla")
