package mutate

import (
	"fmt"
	"os"
	"strings"
)

// A Survivor is a mutant that nothing notices, and why that is right.
type Survivor struct {
	Entry, Path, Change, Reason string
}

func (s Survivor) key() string { return s.Entry + " | " + s.Path + " | " + s.Change }

// ReadSurvivors reads the rows of the table in a page.
func ReadSurvivors(file string) ([]Survivor, error) {
	page, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var list []Survivor
	for line := range strings.Lines(string(page)) {
		line = strings.ReplaceAll(line, `\|`, "\x00") // as tables of Markdown want a | within a cell
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 || !strings.Contains(cells[0], ":") || strings.Contains(cells[0], "---") {
			continue
		}
		for i := range cells {
			cells[i] = strings.ReplaceAll(strings.Trim(strings.TrimSpace(cells[i]), "`"), "\x00", "|")
		}
		s := Survivor{cells[0], cells[1], cells[2], cells[3]}
		if s.Reason == "" {
			return nil, fmt.Errorf("%s: %s has no reason", file, s.key())
		}
		list = append(list, s)
	}
	return list, nil
}
