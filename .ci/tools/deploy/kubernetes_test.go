package deploy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// kubernetes.yaml has no field that Kubernetes does not know, each is of its type, and what
// one part of it names, another part is. Which fields are required, and which words they
// take, is for the schemas of e2e/schemas_test.go.
func TestKubernetes(t *testing.T) {
	text := read(t, "kubernetes.yaml")
	if err := checkManifest(text); err != nil {
		t.Fatal(err)
	}
	for _, mistake := range [][2]string{
		{"readinessProbe:", "readynessProbe:"},
		{"stringData:", "stringdata:"},
		{"replicas: 2", "replicas: two"},
		{"replicas: 2", "replicas: 2\n    replicas: 3"},
		{"cpu: 100m", "cpu: some"},
		{"kind: Service", "kind: Servise"},
		{"labels: {app.kubernetes.io/name: nango-lite}\n        spec:", "labels: {app.kubernetes.io/name: another}\n        spec:"},
		{"    selector: {app.kubernetes.io/name: nango-lite}", "    selector: {app.kubernetes.io/name: another}"},
		{"secretRef: {name: nango-lite}", "secretRef: {name: another}"},
		{"configMap: {name: nango-lite}", "configMap: {name: another}"},
		{"{name: config, mountPath", "{name: another, mountPath"},
		{"path: /readyz, port: http", "path: /readyz, port: https"},
		{"targetPort: http}", "targetPort: https}"},
		{"port: {name: http}", "port: {name: https}"},
	} {
		if err := checkManifest(changed(t, text, mistake)); err == nil {
			t.Errorf("nobody notices %q in place of %q", mistake[1], mistake[0])
		}
	}
}

// A manifest is what the file has, one of each kind.
type manifest struct {
	secret     corev1.Secret
	config     corev1.ConfigMap
	deployment appsv1.Deployment
	service    corev1.Service
	budget     policyv1.PodDisruptionBudget
	ingress    networkingv1.Ingress
}

func checkManifest(text string) error {
	var m manifest
	kinds := map[string]any{
		"v1 Secret": &m.secret, "v1 ConfigMap": &m.config, "apps/v1 Deployment": &m.deployment,
		"v1 Service": &m.service, "policy/v1 PodDisruptionBudget": &m.budget, "networking.k8s.io/v1 Ingress": &m.ingress,
	}
	for document := range strings.SplitSeq(text, "\n---\n") {
		var is metav1.TypeMeta
		if err := yaml.Unmarshal([]byte(document), &is); err != nil {
			return err
		}
		kind := is.APIVersion + " " + is.Kind
		into, known := kinds[kind]
		if !known {
			return fmt.Errorf("%s: no such kind, or it is there twice", kind)
		}
		delete(kinds, kind)
		if err := decode(document, into); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	if len(kinds) > 0 {
		return fmt.Errorf("there is none of %v", kinds)
	}
	return m.check()
}

// decode decodes as an API server does that was asked to be strict: names are the same in
// upper and lower case as well, and none is there twice.
func decode(document string, into any) error {
	text, err := yaml.YAMLToJSONStrict([]byte(document))
	if err != nil {
		return err
	}
	unknown, err := json.UnmarshalStrict(text, into)
	return errors.Join(append(unknown, err)...)
}

// check compares the names by which the parts of the manifest refer to each other.
func (m *manifest) check() error {
	pod := m.deployment.Spec.Template
	if len(pod.Spec.Containers) != 1 {
		return fmt.Errorf("the pod has %d containers", len(pod.Spec.Containers))
	}
	c := pod.Spec.Containers[0]
	named := func(name string) bool {
		return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == name })
	}
	selects := func(s *metav1.LabelSelector) bool {
		selector, err := metav1.LabelSelectorAsSelector(s)
		return err == nil && !selector.Empty() && selector.Matches(labels.Set(pod.Labels))
	}
	backend := m.ingress.Spec.Rules[0].HTTP.Paths[0].Backend.Service
	for _, claim := range []struct {
		what  string
		holds bool
	}{
		{"the deployment selects its pods", selects(m.deployment.Spec.Selector)},
		{"the service selects the pods", selects(&metav1.LabelSelector{MatchLabels: m.service.Spec.Selector})},
		{"the disruption budget selects the pods", selects(m.budget.Spec.Selector)},
		{"the pods are spread by their labels", selects(pod.Spec.TopologySpreadConstraints[0].LabelSelector)},
		{"the environment is the secret", c.EnvFrom[0].SecretRef.Name == m.secret.Name},
		{"the volume is the config map", pod.Spec.Volumes[0].ConfigMap.Name == m.config.Name},
		{"the volume is mounted", c.VolumeMounts[0].Name == pod.Spec.Volumes[0].Name},
		{"the liveness probe asks a port that is", named(c.LivenessProbe.HTTPGet.Port.StrVal)},
		{"the readiness probe asks a port that is", named(c.ReadinessProbe.HTTPGet.Port.StrVal)},
		{"the service sends to a port that is", named(m.service.Spec.Ports[0].TargetPort.StrVal)},
		{"the ingress names the service and its port", backend.Name == m.service.Name && backend.Port.Name == m.service.Spec.Ports[0].Name},
	} {
		if !claim.holds {
			return fmt.Errorf("it does not hold that %s", claim.what)
		}
	}
	return nil
}
