package distribution

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/bcrypt"
	"sigs.k8s.io/yaml"

	"github.com/fluxgate/fluxgate/test/registrytest"
)

// Options say how a registry is to be reached. The zero value is one over plain http that asks for nothing.
type Options struct {
	// Names are the hosts that its certificate is for.
	Names []string
	// Authority signs the certificate; nil means plain http.
	Authority *registrytest.Authority
	// ClientAuthority must have signed the certificates of clients; nil means that none is asked for.
	ClientAuthority *registrytest.Authority
	// Users are names and passwords that are let in; empty means everybody.
	Users map[string]string
	// Tokens gives out the tokens that are asked for instead; nil means none.
	Tokens *TokenServer
	// Address is a loopback address; empty means 127.0.0.1. The port is a free one.
	Address string
	// Storage is the folder of what is stored; empty means the memory of the process. Registries may share a folder.
	Storage string
}

// section is a part of the registry's configuration (https://distribution.github.io/distribution/about/configuration/).
type section = map[string]any

// configure writes the configuration, and all that it names, into dir.
func (o Options) configure(dir string) (path string, err error) {
	files := folder{dir: dir}
	address := o.Address
	if address == "" {
		address = "127.0.0.1"
	}
	storage := section{"inmemory": section{}}
	if o.Storage != "" {
		storage = section{"filesystem": section{"rootdirectory": o.Storage}}
	}
	http := section{"addr": address + ":0", "secret": "the processes share it as they share uploads"}
	if o.Authority != nil {
		if http["tls"], err = o.tls(&files); err != nil {
			return "", err
		}
	}
	config := section{
		"version": "0.1",
		"log":     section{"level": "info", "formatter": "json"},
		"storage": storage,
		"http":    http,
	}
	switch {
	case o.Tokens != nil:
		config["auth"], err = o.Tokens.section(&files)
	case len(o.Users) > 0:
		config["auth"], err = htpasswd(&files, o.Users)
	}
	if err != nil {
		return "", err
	}
	text, err := yaml.Marshal(config)
	if err != nil {
		return "", err
	}
	return files.write("config.yaml", text), files.err
}

func (o Options) tls(files *folder) (section, error) {
	certificate, key, err := o.Authority.IssueServer(o.Names...)
	if err != nil {
		return nil, err
	}
	tls := section{"certificate": files.write("tls.crt", certificate), "key": files.write("tls.key", key)}
	if o.ClientAuthority != nil {
		tls["clientcas"] = []string{files.write("clients.crt", o.ClientAuthority.PEM())}
	}
	return tls, nil
}

func htpasswd(files *folder, users map[string]string) (section, error) {
	var lines strings.Builder
	for user, password := range users {
		hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost) // each request is checked against it
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&lines, "%s:%s\n", user, hash)
	}
	return section{"htpasswd": section{"realm": "distribution", "path": files.write("htpasswd", []byte(lines.String()))}}, nil
}

// section is the registry's configuration for the tokens of s.
func (s *TokenServer) section(files *folder) (section, error) {
	keys, err := json.Marshal(s.keys())
	if err != nil {
		return nil, err
	}
	return section{"token": section{
		"realm": s.realm, "service": service, "issuer": issuer, "jwks": files.write("jwks.json", keys),
		"signingalgorithms": []string{string(algorithm)},
	}}, nil
}

// folder keeps the first error of several writes.
type folder struct {
	dir string
	err error
}

func (f *folder) write(name string, content []byte) string {
	path := filepath.Join(f.dir, name)
	if f.err == nil {
		f.err = os.WriteFile(path, content, 0o600)
	}
	return path
}
