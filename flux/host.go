package flux

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

const (
	// https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
	maxHostLength  = 253
	maxLabelLength = 63

	defaultPort = ":443"
)

// canonicalHost returns the one spelling of host[:port]. Where go-containerregistry recognises a host only in exactly
// one spelling (Docker Hub, and whatever it reaches by plain http), another spelling of it is refused.
func canonicalHost(written string) (string, error) {
	name, port, err := splitPort(strings.ToLower(written))
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(name, "[") {
		err = checkIPv6(name)
	} else {
		name, err = canonicalName(name, port)
	}
	if err != nil {
		return "", err
	}
	host := name + port
	if port == defaultPort && strings.ContainsAny(name, ".[") && !silentHTTP(host) {
		host = name // a single label without a port would be an account of Docker Hub
	}
	if host != written && (host == dockerHub || host == dockerHubIndex || silentHTTP(host)) {
		return "", fmt.Errorf("host %s is not the same to Flux as %s; write the latter", quote(written), quote(host))
	}
	if host == dockerHubIndex {
		host = dockerHub
	}
	return host, nil
}

// splitPort returns the host and its port, the latter with its colon, or empty.
func splitPort(host string) (name, port string, err error) {
	at := strings.LastIndexByte(host, ':')
	switch bracket := strings.IndexByte(host, ']'); {
	case host[0] == '[' && at < bracket, at < 0:
		return host, "", nil
	case host[0] == '[' && at != bracket+1, host[0] != '[' && at != strings.IndexByte(host, ':'):
		return "", "", fmt.Errorf("host %s has stray colons; write it as name:port, 192.0.2.1:port or [2001:db8::1]:port", quote(host))
	}
	name, port = host[:at], host[at:]
	n, err := strconv.ParseUint(port[1:], 10, 16)
	if err != nil || n == 0 || port[1:] != strconv.FormatUint(n, 10) {
		return "", "", fmt.Errorf("host %s has no port between 1 and 65535, written without leading zeros, "+
			"after its colon", quote(host))
	}
	return name, port, nil
}

// checkIPv6 accepts [address] in the form of RFC 5952 without a zone. An IPv4 address in disguise is refused: it would
// escape rules about that address.
func checkIPv6(literal string) error {
	inner := strings.TrimSuffix(literal[1:], "]")
	address, err := netip.ParseAddr(inner)
	switch {
	case err != nil || literal != "["+inner+"]" || !address.Is6() || address.Zone() != "":
		return fmt.Errorf("host %s is no IPv6 address", quote(literal))
	case address.Is4In6():
		return fmt.Errorf("host %s is an IPv4 address in disguise; write %s", quote(literal), address.Unmap())
	case address.String() != inner:
		return fmt.Errorf("host %s is not in canonical form; write [%s]", quote(literal), address)
	}
	return nil
}

// canonicalName checks a host name or an IPv4 address, in lower case, and removes a trailing dot.
func canonicalName(name, port string) (string, error) {
	trimmed := strings.TrimSuffix(name, ".")
	if len(trimmed) > maxHostLength {
		return "", fmt.Errorf("the host has more than %d characters", maxHostLength)
	}
	last := trimmed
	for label := range strings.SplitSeq(trimmed, ".") {
		if err := checkLabel(label); err != nil {
			return "", fmt.Errorf("host %s: %w", quote(name), err)
		}
		last = label
	}
	if numeric(last) {
		// What inet_aton reads as an address ("127.1", "0x7f.1", "2130706433") may be dialled as that address.
		if address, err := netip.ParseAddr(name); err != nil || address.String() != name {
			return "", fmt.Errorf("host %s ends like an address but is none in canonical form; "+
				"write four decimal numbers, as in 192.0.2.1", quote(name))
		}
		return name, nil
	}
	if trimmed != name && !strings.Contains(trimmed, ".") {
		return "", fmt.Errorf("host %s is a single label with a trailing dot, which resolves to another host than without it; "+
			"write the full name of the host", quote(name+port))
	}
	return trimmed, nil
}

// checkLabel accepts letters, digits, inner hyphens, and underscores, which internal registries use.
func checkLabel(label string) error {
	switch {
	case label == "":
		return errors.New("it has an empty label; remove the surplus dot")
	case len(label) > maxLabelLength:
		return fmt.Errorf("a label has more than %d characters", maxLabelLength)
	case label[0] == '-' || label[len(label)-1] == '-':
		return errors.New("a label begins or ends with a hyphen")
	}
	for i := range len(label) {
		if c := label[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return fmt.Errorf("it contains %q", c)
		}
	}
	return nil
}

// numeric reports whether a resolver may read the last label of a host as a number, so the host as an IPv4 address
// (https://url.spec.whatwg.org/#ends-in-a-number-checker).
func numeric(label string) bool {
	if hex, found := strings.CutPrefix(label, "0x"); found {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}
