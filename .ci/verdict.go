// Command verdict reads what go test -json prints and shows what go test prints
// by itself: the packages, and the output of tests that failed; beside them the
// counts that tests publish as an attribute. It ends with one line of counts, and
// fails if a test failed, was skipped, or none ran. A test that skips itself for
// want of a program to talk to has proved nothing.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// An event is one line of go test -json; see go doc test2json.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string

	Key, Value string // of an attribute
}

func main() {
	passed, failed, skipped := 0, 0, 0
	broken := false
	output := map[[2]string]*strings.Builder{} // of tests that have not ended
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Println(lines.Text())
			continue
		}
		id := [2]string{e.Package, e.Test}
		switch {
		case e.Action == "attr" && e.Key == "counts":
			fmt.Printf("counts\t%s\n", e.Value)
		case e.Action == "build-output":
			fmt.Print(e.Output)
		case e.Action == "output" && e.Test == "":
			if e.Output != "PASS\n" {
				fmt.Print(e.Output)
			}
		case e.Action == "output":
			if output[id] == nil {
				output[id] = &strings.Builder{}
			}
			output[id].WriteString(e.Output)
		case e.Test == "":
			broken = broken || e.Action == "fail" || e.Action == "build-fail"
		case e.Action == "pass":
			passed++
			delete(output, id)
		case e.Action == "fail":
			failed++
			show(output, id)
		case e.Action == "skip":
			skipped++
			show(output, id)
		}
	}
	for id := range output {
		show(output, id) // of a test that a panic or a time-out ended
	}
	if err := lines.Err(); err != nil {
		fmt.Println("verdict:", err)
		broken = true
	}
	if skipped > 0 {
		fmt.Println("verdict: a skipped test is a failure here")
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if broken || failed > 0 || skipped > 0 || passed == 0 {
		os.Exit(1)
	}
}

func show(output map[[2]string]*strings.Builder, id [2]string) {
	if text := output[id]; text != nil {
		fmt.Print(text)
		delete(output, id)
	}
}
