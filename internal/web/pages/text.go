package pages

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

//go:embed locales/*.json
var locales embed.FS

// catalogue holds the texts of one language by their keys.
type catalogue map[string]string

func readCatalogues() (map[string]catalogue, error) {
	all := map[string]catalogue{}
	for _, language := range Languages() {
		file := "locales/" + language + ".json"
		data, err := locales.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read texts: %w", err)
		}
		var texts catalogue
		if err := json.Unmarshal(data, &texts); err != nil {
			return nil, fmt.Errorf("read texts of %s: %w", file, err)
		}
		all[language] = texts
	}
	return all, nil
}

// text is the sentence of a key with args in its places. An unknown key is
// shown as it is: a page without one sentence is better than none.
func (c catalogue) text(key string, args []string) string {
	text, ok := c[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return text
	}
	pairs := make([]string, 0, 2*len(args))
	for i, arg := range args {
		pairs = append(pairs, "{"+strconv.Itoa(i)+"}", arg)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
