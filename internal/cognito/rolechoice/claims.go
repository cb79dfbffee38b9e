package rolechoice

import (
	"encoding/json"
	"strconv"
)

// texts gives a claim as the strings that rules and tags compare: a scalar is
// one, a list has one for each scalar in it. A claim that is absent, null or an
// object has none.
func texts(claim any) []string {
	switch v := claim.(type) {
	case []string:
		return v
	case []any:
		var list []string
		for _, element := range v {
			if s, ok := text(element); ok {
				list = append(list, s)
			}
		}
		return list
	}
	if s, ok := text(claim); ok {
		return []string{s}
	}
	return nil
}

func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}
