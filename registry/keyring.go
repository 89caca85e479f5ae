package registry

import (
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	corev1 "k8s.io/api/core/v1"
)

// keyring matches the entries of a pull secret as go-containerregistry's pkg/authn/kubernetes does (NewFromPullSecrets,
// keyring.Resolve), which Flux uses and which follows the kubelet. That package brings the whole Kubernetes client with it.
type keyring []keyringEntry

type keyringEntry struct {
	// match is a host, in which each label may be a glob, with an optional path; login is what it stands for.
	match string
	login authn.AuthConfig
}

var _ authn.Keychain = keyring(nil)

// parseKeyring reads the content of a Secret's key. Its error quotes nothing of the content.
func parseKeyring(key string, content []byte) (keyring, error) {
	var config struct {
		Auths map[string]authn.AuthConfig `json:"auths"`
	}
	var into any = &config
	if key == corev1.DockerConfigKey {
		into = &config.Auths
	}
	if err := json.Unmarshal(content, into); err != nil {
		return nil, errors.New("it is not JSON of the expected shape, or an auth is not base64 of user:password")
	}
	ring := keyring{}
	for registry, login := range config.Auths {
		match, err := matchOf(registry)
		if err != nil {
			return nil, err
		}
		ring = append(ring, keyringEntry{match: match, login: login})
	}
	// Two spellings of one registry ("ghcr.io", "https://ghcr.io/") are in random order in the library; here at least the
	// same one wins every time.
	slices.SortFunc(ring, func(a, b keyringEntry) int {
		return strings.Compare(a.login.Username+"\x00"+a.login.Password, b.login.Username+"\x00"+b.login.Password)
	})
	return mergeKeyrings(ring), nil
}

// mergeKeyrings puts the longer of two matches with the same beginning first, whichever keyring has it; of equal ones
// that of the earlier keyring.
func mergeKeyrings(rings ...keyring) keyring {
	merged := slices.Concat(rings...)
	slices.SortStableFunc(merged, func(a, b keyringEntry) int { return strings.Compare(b.match, a.match) })
	return merged
}

// matchOf strips the scheme and the version of the protocol: Docker Hub's entry is "https://index.docker.io/v1/".
func matchOf(registry string) (string, error) {
	if !strings.HasPrefix(registry, "https://") && !strings.HasPrefix(registry, "http://") {
		registry = "https://" + registry
	}
	parsed, err := url.Parse(registry)
	if err != nil {
		return "", errors.New("an entry of auths does not begin with a host")
	}
	rest := parsed.Path
	if strings.HasPrefix(rest, "/v2/") || strings.HasPrefix(rest, "/v1/") {
		rest = rest[len("/v2"):]
	}
	if rest == "/" {
		rest = ""
	}
	return parsed.Host + rest, nil
}

// Resolve returns the login of the first entry that matches, Anonymous where none does.
func (k keyring) Resolve(target authn.Resource) (authn.Authenticator, error) {
	for _, entry := range k {
		if matches(entry.match, target.String()) {
			login := entry.login
			login.Auth = "" // decoded into user and password already
			return authn.FromConfig(login), nil
		}
	}
	return authn.Anonymous, nil
}

// matches compares port, number of labels, each label, and the path as a plain prefix.
func matches(pattern, target string) bool {
	patternHost, patternPath, _ := strings.Cut(pattern, "/")
	targetHost, targetPath, _ := strings.Cut(target, "/")
	patternLabels, patternPort := splitHost(patternHost)
	targetLabels, targetPort := splitHost(targetHost)
	if patternPort != targetPort || len(patternLabels) != len(targetLabels) || !strings.HasPrefix(targetPath, patternPath) {
		return false
	}
	for i, label := range patternLabels {
		if matched, err := path.Match(label, targetLabels[i]); err != nil || !matched {
			return false
		}
	}
	return true
}

func splitHost(host string) (labels []string, port string) {
	if name, port, err := net.SplitHostPort(host); err == nil {
		return strings.Split(name, "."), port
	}
	return strings.Split(host, "."), ""
}
