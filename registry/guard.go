package registry

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// guard decides which addresses may be dialled. Tenants choose the names, own some of the registries that redirect
// elsewhere, and may own the DNS zone that names resolve in.
type guard struct {
	// allow permits what is refused otherwise.
	allow []netip.Prefix
	// private permits private addresses.
	private bool
	// proxy says that the addresses are those of an object's proxy.
	proxy bool
}

// refusedError is the guard's no. Its text is for the log only.
type refusedError struct {
	what, why string
	proxy     bool // it is the proxy of the object that was refused
}

func (e *refusedError) Error() string { return fmt.Sprintf("egress to %s refused: %s", e.what, e.why) }

// check judges an address as it would be dialled. An address that carries another one is refused where either is.
func (g guard) check(addr netip.Addr) error {
	addr = addr.WithZone("").Unmap()
	for _, prefix := range g.allow {
		if prefix.Contains(addr) {
			return nil
		}
	}
	for _, a := range append(embedded(addr), addr) {
		if why := reserved(a); why != "" {
			return &refusedError{what: addr.String(), why: why, proxy: g.proxy}
		}
	}
	if !g.private && private(addr) {
		return &refusedError{what: addr.String(), why: noPrivate, proxy: g.proxy}
	}
	return nil
}

// noPrivate is what the log says of a private address that may not be dialled.
const noPrivate = "a private address: that takes an allow-list and, where a registry leads there, a registry at one too"

// private reports whether an address, or one that it carries, is a private one.
func private(addr netip.Addr) bool {
	return slices.ContainsFunc(append(embedded(addr), addr), func(a netip.Addr) bool { return within(a, privatePrefixes()) })
}

// checkHost judges a host before it is resolved, by us or by a proxy: one that is an address, one that some resolvers
// read as an address, and names that mean the same address everywhere.
func (g guard) checkHost(host string) error {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if addr, err := netip.ParseAddr(host); err == nil {
		return g.check(addr)
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	switch {
	case host == "localhost" || strings.HasSuffix(host, ".localhost"): // https://www.rfc-editor.org/rfc/rfc6761#section-6.3
		return g.check(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	case host == "metadata.google.internal" || host == "instance-data.ec2.internal":
		return g.check(netip.AddrFrom4([4]byte{169, 254, 169, 254}))
	case last == "" || strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x"):
		// "127.1", "0x7f000001": https://url.spec.whatwg.org/#ends-in-a-number-checker
		return &refusedError{what: fmt.Sprintf("%q", host), why: "it can be read as an address, but is none in canonical form"}
	}
	return nil
}

// reserved says what keeps an address from being a registry's; empty for public and private ones.
func reserved(addr netip.Addr) string {
	switch {
	case addr.IsUnspecified():
		return "unspecified"
	case addr.IsLoopback():
		return "loopback"
	case addr.IsLinkLocalUnicast():
		return "link-local"
	case addr.IsMulticast():
		return "multicast"
	case within(addr, metadataPrefixes()):
		return "a cloud's metadata service"
	case within(addr, reservedPrefixes()):
		return "reserved"
	case addr.Is6() && !within(addr, assignedPrefixes()):
		return "outside the IPv6 space in use"
	}
	return ""
}

func within(addr netip.Addr, prefixes []netip.Prefix) bool {
	for _, prefix := range prefixes {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}
