package schema_test

import (
	"testing"

	"github.com/nango-lite/nango-lite/schema"
)

func TestIsRoleARN(t *testing.T) {
	for arn, want := range map[string]bool{
		"arn:aws:iam::123456789012:role/reader": true, "arn:aws-us-gov:iam::123456789012:role/path/to:reader": true, "arn:aws:iam::123456789012:role/role/": true,
		"reader": false, "": false, "arn:aws:iam::123456789012:user/mira": false, "arn:aws:iam::12345678901:role/r": false, "arn:aws:iam::12345678901x:role/r": false,
		"arn:aws:iam:eu:123456789012:role/r": false, "arn:aws:sts::123456789012:role/r": false, "arn::iam::123456789012:role/r": false, "arn:AWS:iam::123456789012:role/r": false,
		"arn:aws:iam::123456789012:role/": false, "arn:aws:iam::123456789012:role/a b": false, "arn:aws:iam::123456789012:role/ä": false, "xarn:aws:iam::123456789012:role/r": false,
	} {
		if got := schema.IsRoleARN(arn); got != want {
			t.Errorf("IsRoleARN(%q) is %t", arn, got)
		}
	}
}
