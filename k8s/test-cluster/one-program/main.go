// All that is in an image of the tests: it leaves one output, and ends.
package main

import (
	"os"
	"path/filepath"
)

func main() {
	if err := os.WriteFile(filepath.Join(os.Getenv("DAGBOK_OUT"), "x"), []byte("made\n"), 0o644); err != nil {
		println(err.Error())
		os.Exit(1)
	}
}
