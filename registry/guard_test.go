package registry

import (
	"net/netip"
	"testing"
)

func TestTheGuardJudgesAddresses(t *testing.T) {
	const public, private, never = "public", "private", "never"
	cases := map[string]struct{ address, want string }{
		"a public address":                        {"140.82.121.33", public},
		"a public IPv6 address":                   {"2606:50c0:8000::153", public},
		"10/8":                                    {"10.0.0.1", private},
		"172.16/12":                               {"172.31.255.255", private},
		"beside 172.16/12":                        {"172.32.0.1", public},
		"192.168/16":                              {"192.168.1.1", private},
		"carrier-grade NAT":                       {"100.64.0.1", private},
		"benchmarking":                            {"198.19.0.1", private},
		"unique local":                            {"fd12:3456::1", private},
		"private, mapped into IPv6":               {"::ffff:10.0.0.1", private},
		"private, behind NAT64":                   {"64:ff9b::a00:1", private},
		"public, behind NAT64":                    {"64:ff9b::8c52:7921", public},
		"private, as 6to4":                        {"2002:a00:1::", private},
		"loopback":                                {"127.0.0.53", never},
		"IPv6 loopback":                           {"::1", never},
		"loopback, mapped":                        {"::ffff:127.0.0.1", never},
		"loopback, IPv4-compatible":               {"::127.0.0.1", never},
		"loopback, translated":                    {"::ffff:0:127.0.0.1", never},
		"unspecified":                             {"0.0.0.0", never},
		"this network":                            {"0.1.2.3", never},
		"IPv6 unspecified":                        {"::", never},
		"AWS and others' metadata":                {"169.254.169.254", never},
		"ECS credentials":                         {"169.254.170.2", never},
		"metadata, mapped":                        {"::ffff:169.254.169.254", never},
		"metadata, behind NAT64":                  {"64:ff9b::a9fe:a9fe", never},
		"metadata, behind local NAT64":            {"64:ff9b:1::a9fe:a9fe", never},
		"metadata, as 6to4":                       {"2002:a9fe:a9fe::1", never},
		"metadata, as ISATAP":                     {"2606:50c0::5efe:169.254.169.254", never},
		"metadata, as ISATAP with the global bit": {"2606:50c0::200:5efe:169.254.169.254", never},
		"Teredo":                                  {"2001::1", never},
		"AWS metadata, IPv6":                      {"fd00:ec2::254", never},
		"EKS pod identity, IPv6":                  {"fd00:ec2::23", never},
		"Google metadata, IPv6":                   {"fd20:ce::254", never},
		"Azure wire server":                       {"168.63.129.16", never},
		"Alibaba metadata":                        {"100.100.100.200", never},
		"Oracle metadata":                         {"192.0.0.192", never},
		"link-local with a zone":                  {"fe80::1%eth0", never},
		"site-local, long deprecated":             {"fec0::1", never},
		"multicast":                               {"224.0.0.1", never},
		"IPv6 multicast":                          {"ff02::1", never},
		"broadcast":                               {"255.255.255.255", never},
		"class E":                                 {"240.0.0.1", never},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			addr := netip.MustParseAddr(c.address)
			got := never
			if (guard{private: true}).check(addr) == nil {
				got = private
			}
			if (guard{}).check(addr) == nil {
				got = public
			}
			if got != c.want {
				t.Errorf("%s: got %s, want %s", c.address, got, c.want)
			}
		})
	}
}

func TestTheAdministratorPermitsAddresses(t *testing.T) {
	g := guard{allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.1.0.0/16")}}
	cases := map[string]bool{
		"127.0.0.1": true, "::ffff:127.0.0.1": true, "10.1.2.3": true, "10.2.0.1": false, "169.254.169.254": false,
		"64:ff9b::7f00:1": false, "::1": false,
	}
	for address, want := range cases {
		if got := g.check(netip.MustParseAddr(address)) == nil; got != want {
			t.Errorf("%s: permitted %t, want %t", address, got, want)
		}
	}
}

func TestTheGuardJudgesHostsBeforeTheyAreResolved(t *testing.T) {
	cases := map[string]bool{
		"ghcr.io": true, "registry": true, "1password.com": true, "0xy.example": true, "140.82.121.33": true,
		"2606:50c0:8000::153": true,
		"169.254.169.254":     false, "169.254.169.254.": false, "::ffff:169.254.169.254": false, "fe80::1%eth0": false,
		"127.1": false, "0x7f000001": false, "0x7F.1": false, "2130706433": false, "0177.0.0.1": false,
		"localhost": false, "LOCALHOST.": false, "app.localhost": false, "metadata.google.internal": false, "": false,
	}
	for host, want := range cases {
		if got := (guard{}).checkHost(host) == nil; got != want {
			t.Errorf("%q: permitted %t, want %t", host, got, want)
		}
	}
}

func TestTheSocketIsJudgedOnceMore(t *testing.T) {
	for address, want := range map[string]bool{
		"140.82.121.33:443": true, "169.254.169.254:80": false, "[::ffff:10.0.0.1]:443": false, "ghcr.io:443": false,
	} {
		if got := (guard{}).control("tcp", address, nil) == nil; got != want {
			t.Errorf("%s: permitted %t, want %t", address, got, want)
		}
	}
}

func FuzzTheGuardNeverPermitsWhatEmbedsMetadata(f *testing.F) {
	f.Add(netip.MustParseAddr("2002:a9fe:a9fe::1").AsSlice())
	f.Add(netip.MustParseAddr("64:ff9b::a9fe:a9fe").AsSlice())
	f.Fuzz(func(t *testing.T, raw []byte) {
		addr, ok := netip.AddrFromSlice(raw)
		if !ok || (guard{private: true}).check(addr) != nil {
			return
		}
		unmapped := addr.Unmap()
		if unmapped.IsLoopback() || unmapped.IsLinkLocalUnicast() || unmapped.IsMulticast() || unmapped.IsUnspecified() {
			t.Errorf("permitted %s", addr)
		}
		for _, inner := range embedded(unmapped) {
			if inner.IsLoopback() || inner.IsLinkLocalUnicast() {
				t.Errorf("permitted %s, which leads to %s", addr, inner)
			}
		}
	})
}
