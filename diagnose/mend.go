package diagnose

import (
	"fmt"

	"github.com/fluxgate/fluxgate/flux"
)

// credentialsRemedy says how what a field names is mended.
func credentialsRemedy(p part, source flux.Source, missing bool) string {
	switch {
	case p.field == "serviceAccountName":
		return "create what is missing, or take it out of spec.serviceAccountName or of the imagePullSecrets of " + p.named
	case missing:
		return creation(p.field, source) + ", or remove spec." + p.field
	case p.field == "secretRef":
		return "write it anew: kubectl delete secret " + flux.Plain(source.SecretRef) + " --namespace " + flux.Plain(source.Namespace) +
			", then " + creation(p.field, source)
	case p.field == "certSecretRef":
		return "write into it, in PEM, an authority under the key ca.crt, or a client certificate under tls.crt with its key under tls.key, or all three"
	}
	return "write the proxy's URL, such as http://proxy.example.com:3128, under the key address"
}

// creation is the command by which the Secret of a field is made.
func creation(field string, source flux.Source) string {
	name, namespace := source.SecretRef, flux.Plain(source.Namespace)
	switch field {
	case "certSecretRef":
		return "kubectl create secret generic " + flux.Plain(source.CertSecretRef) + " --namespace " + namespace + " --from-file=ca.crt=FILE"
	case "proxySecretRef":
		return "kubectl create secret generic " + flux.Plain(source.ProxySecretRef) + " --namespace " + namespace +
			" --from-literal=address=http://HOST:PORT"
	}
	if name == "" {
		name = "NAME"
	}
	return fmt.Sprintf("kubectl create secret docker-registry %s --namespace %s --docker-server=%s --docker-username=USER --docker-password=PASSWORD",
		flux.Plain(name), namespace, source.Repository.Host)
}

func (w *walk) create(field string) string { return creation(field, w.source) }

// unreadRemedy is for what could not be read, be it right or wrong.
func unreadRemedy(source flux.Source) string {
	return "may you read it? kubectl auth can-i get secrets --namespace " + flux.Plain(source.Namespace) + "; -v says why it could not be read"
}

// secret names the Secret of a field, or says where one is to be named.
func (w *walk) secret(field, name string) string {
	if name == "" {
		return fmt.Sprintf("a Secret of namespace %s, and name it in spec.%s", flux.Plain(w.source.Namespace), field)
	}
	return fmt.Sprintf("%s (spec.%s)", w.named("Secret", name), field)
}

func (w *walk) named(kind, name string) string {
	return kind + " " + qualified(w.source.Namespace, name)
}

// loginSecret names what the login was looked for in.
func (w *walk) loginSecret() string {
	if w.source.SecretRef != "" {
		return w.named("Secret", w.source.SecretRef)
	}
	return "an imagePullSecret of " + w.named("ServiceAccount", w.source.ServiceAccountName)
}

// whoseLogin names the login in the middle of a sentence.
func (w *walk) whoseLogin() string {
	switch w.login {
	case static:
		return "the login of " + w.loginSecret()
	case ofCloud:
		return "the identity of " + w.named("ServiceAccount", w.source.ServiceAccountName)
	case borrowed:
		return "the login of your own docker configuration"
	}
	return "anonymously"
}
