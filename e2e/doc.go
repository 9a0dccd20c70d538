// Package e2e holds tests of nango-lite as it is built and installed, against
// programs that we did not write: oidc-provider and @node-oauth/oauth2-server as OAuth
// servers, aws4 as the judge of AWS signatures, Notion's own client against the sandbox,
// and the YAML language server with our schema. What operators copy from deploy/ is tried
// with nginx, buildah, podman and systemd-analyze.
//
// They need Node.js and the packages that e2e/npm pins, and are skipped without:
//
//	npm ci --prefix e2e/npm
//	NANGO_LITE_TEST_NPM=$PWD/e2e/npm go test ./e2e
//
// Everything runs on loopback; nothing here reaches a real provider.
package e2e
