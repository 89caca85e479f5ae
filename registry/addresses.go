package registry

import "net/netip"

// privatePrefixes are dialled only where an allow-list named the repository: private networks, the carriers' shared space
// (which clusters use), benchmarking, and unique local IPv6 addresses.
// https://www.iana.org/assignments/iana-ipv4-special-registry
func privatePrefixes() []netip.Prefix {
	return prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15", "fc00::/7")
}

// metadataPrefixes are the metadata and credential services of clouds that are not link-local.
func metadataPrefixes() []netip.Prefix {
	return prefixes(
		"fd00:ec2::/32",          // AWS: instance metadata, DNS, EKS pod identity
		"fd20:ce::254/128",       // Google Cloud
		"168.63.129.16/32",       // Azure, https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
		"100.100.100.200/32",     // Alibaba Cloud
		"192.0.0.192/32",         // Oracle Cloud
		"fd00:c1::a9fe:a9fe/128", // Oracle Cloud
		"fd00:42::42/128",        // Scaleway
	)
}

// reservedPrefixes are no unicast addresses of anybody: "this network", protocol assignments, class E with broadcast,
// and two ways of tunnelling to addresses that cannot be seen from here: Teredo, and local-use NAT64, whose
// operator chooses where the IPv4 address sits (https://www.rfc-editor.org/rfc/rfc8215).
func reservedPrefixes() []netip.Prefix {
	return prefixes("0.0.0.0/8", "192.0.0.0/24", "240.0.0.0/4", "2001::/32", "64:ff9b:1::/48")
}

// assignedPrefixes are the IPv6 addresses that can be somebody's: global unicast, unique local, NAT64.
// https://www.iana.org/assignments/ipv6-address-space
func assignedPrefixes() []netip.Prefix {
	return prefixes("2000::/3", "fc00::/7", "64:ff9b::/96")
}

// embedded returns the IPv4 addresses that an IPv6 address may lead to: NAT64 (RFC 6052), 6to4 (RFC 3056) and ISATAP
// (RFC 5214). IPv4-mapped addresses are unmapped before; IPv4-compatible ones are outside assignedPrefixes.
func embedded(addr netip.Addr) []netip.Addr {
	if !addr.Is6() {
		return nil
	}
	b := addr.As16()
	var inner []netip.Addr
	if within(addr, prefixes("64:ff9b::/96")) {
		inner = append(inner, netip.AddrFrom4([4]byte(b[12:16])))
	}
	if within(addr, prefixes("2002::/16")) {
		inner = append(inner, netip.AddrFrom4([4]byte(b[2:6])))
	}
	if b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe {
		inner = append(inner, netip.AddrFrom4([4]byte(b[12:16])))
	}
	return inner
}

func prefixes(written ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(written))
	for i, w := range written {
		parsed[i] = netip.MustParsePrefix(w)
	}
	return parsed
}
