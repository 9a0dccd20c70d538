// Package deploy holds what operators copy from deploy/ against the programs that read it:
// compose.yaml is loaded as Docker Compose loads it, and kubernetes.yaml is decoded into the types of
// Kubernetes, field by field. It has tests alone, in this module, so that hosts do not get
// those libraries.
package deploy
