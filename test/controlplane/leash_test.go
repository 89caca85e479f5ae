package controlplane

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// heldVariable makes the test binary start a control plane, say where it is, and wait to be killed.
const heldVariable = "FLUXGATE_HOLD_CONTROLPLANE"

func TestMain(m *testing.M) {
	if os.Getenv(heldVariable) == "" {
		os.Exit(m.Run())
	}
	c, err := Start(context.Background(), Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("held", c.Config.Host, c.environment.ControlPlane.Etcd.URL, c.dir)
	time.Sleep(5 * time.Minute)
	os.Exit(1)
}

func TestAKilledProcessLeavesNeitherProcessNorFile(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), heldVariable+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	server, etcd, dir := heldAt(t, bufio.NewScanner(out))
	for _, address := range []string{server, etcd} {
		if !listens(address) {
			t.Fatalf("nothing listens at %s before the kill", address)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the process ended well, though it was killed")
	}
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		if _, err := os.Stat(dir); os.IsNotExist(err) && !listens(server) && !listens(etcd) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("a minute after the kill: kube-apiserver listens %t, etcd listens %t, and is %s there?", listens(server), listens(etcd), dir)
}

// heldAt reads what the held process says: addresses of kube-apiserver and etcd, and the folder of their files.
func heldAt(t *testing.T, lines *bufio.Scanner) (server, etcd, dir string) {
	t.Helper()
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 4 && fields[0] == "held" {
			return hostOf(t, fields[1]), hostOf(t, fields[2]), fields[3]
		}
	}
	t.Fatal("the process ended before it held a control plane")
	return "", "", ""
}

func hostOf(t *testing.T, address string) string {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Host
}

func listens(address string) bool {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}
