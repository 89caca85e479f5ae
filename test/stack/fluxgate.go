package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fluxgate/fluxgate/test/controlplane"
)

// readyIn is how long Fluxgate may take to start on a busy machine.
const readyIn = 60 * time.Second

// Process is a running fluxgate.
type Process struct {
	// Address is the base URL of the webhooks, Health that of /readyz, Metrics that of /metrics.
	Address, Health, Metrics string

	command *exec.Cmd
	log     string
	exited  chan error
}

// startFluxgate installs what ships, and runs the binary as its ServiceAccount.
func (s *Stack) startFluxgate(ctx context.Context, o Options) (*Process, error) {
	return s.run(ctx, "fluxgate.log", o, func(shipped []*unstructured.Unstructured, address string) error {
		return s.Apply(ctx, controlplane.AtAddress(shipped, address)...)
	})
}

// Replica runs the binary once more beside the first one, which stays the one that the API server calls. It must be stopped.
func (s *Stack) Replica(ctx context.Context, o Options) (*Process, error) {
	return s.run(ctx, "replica.log", o, func([]*unstructured.Unstructured, string) error { return nil })
}

// run starts a process, after install was called with what ships and the address of the webhooks.
func (s *Stack) run(
	ctx context.Context, log string, o Options, install func(shipped []*unstructured.Unstructured, address string) error,
) (*Process, error) {
	root, err := controlplane.Root()
	if err != nil {
		return nil, err
	}
	ports, err := s.freeAddresses(3)
	if err != nil {
		return nil, err
	}
	p := &Process{
		Address: "https://" + ports[0], Health: "http://" + ports[1], Metrics: "http://" + ports[2],
		log: filepath.Join(s.dir, log), exited: make(chan error, 1),
	}
	shipped, err := controlplane.Manifests(filepath.Join(root, "deploy", "base"))
	if err != nil {
		return nil, err
	}
	if err := install(shipped, p.Address); err != nil {
		return nil, err
	}
	return p, s.launch(ctx, p, root, shipped, ports, o)
}

// launch starts the binary, and returns when it is ready.
func (s *Stack) launch(
	ctx context.Context, p *Process, root string, shipped []*unstructured.Unstructured, ports []string, o Options,
) error {
	arguments, err := s.arguments(ctx, shipped, ports, o)
	if err != nil {
		return err
	}
	binary, err := s.binary(root, o.Policies)
	if err != nil {
		return err
	}
	output := o.Log
	if output == nil {
		file, err := os.Create(p.log)
		if err != nil {
			return err
		}
		defer file.Close()
		output = file
	}
	p.command = exec.Command(binary, arguments...) //nolint:gosec // our own binary, ended by Stop
	p.command.Env = append(append(os.Environ(), noIdentity()...), "HTTPS_PROXY="+s.Proxy.URL(), "HTTP_PROXY="+s.Proxy.URL(), "NO_PROXY=127.0.0.1")
	p.command.Stdout, p.command.Stderr = output, output
	if err := p.command.Start(); err != nil {
		return fmt.Errorf("fluxgate: %w", err)
	}
	go func() { p.exited <- p.command.Wait() }()
	return p.waitReady(ctx)
}

// noIdentity leaves a process without an identity in any cloud: the metadata services, at 169.254.169.254, are not asked.
func noIdentity() []string {
	return []string{
		"AWS_EC2_METADATA_DISABLED=true", "GOOGLE_APPLICATION_CREDENTIALS=/none", "AZURE_CLIENT_ID=none", "AZURE_TENANT_ID=none",
		"AZURE_FEDERATED_TOKEN_FILE=/none", "AZURE_AUTHORITY_HOST=https://login.microsoftonline.com/",
	}
}

// arguments are those of the shipped Deployment, but for what differs on loopback: ports, policies, and how to reach things.
func (s *Stack) arguments(
	ctx context.Context, shipped []*unstructured.Unstructured, ports []string, o Options,
) ([]string, error) {
	kubeconfig, err := s.ServiceAccountKubeconfig(ctx, "fluxgate-system", "fluxgate")
	if err != nil {
		return nil, err
	}
	authority, err := s.file("registry-ca.pem", s.Registry.CA())
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(ports[0])
	if err != nil {
		return nil, err
	}
	arguments, err := shippedArguments(shipped)
	if err != nil {
		return nil, err
	}
	arguments = append(arguments,
		"--kubeconfig", kubeconfig, "--port", port, "--health-addr", ports[1], "--metrics-addr", ports[2],
		"--tls-san", "127.0.0.1", "--registry-ca", authority)
	if !o.ClusterPolicies {
		arguments = append(arguments, "--cluster-policies=false")
	}
	for _, path := range o.Policies {
		arguments = append(arguments, "--policy", path)
	}
	return append(arguments, o.Arguments...), nil
}

// shippedArguments are the Deployment's.
func shippedArguments(shipped []*unstructured.Unstructured) ([]string, error) {
	for _, obj := range shipped {
		if obj.GetKind() != "Deployment" {
			continue
		}
		containers, _, err := unstructured.NestedSlice(obj.Object, "spec", "template", "spec", "containers")
		if err != nil || len(containers) != 1 {
			return nil, errors.Join(fmt.Errorf("deployment %s: want one container, got %v", obj.GetName(), containers), err)
		}
		container, _ := containers[0].(map[string]any)
		arguments, _, err := unstructured.NestedStringSlice(container, "args")
		return arguments, err
	}
	return nil, errors.New("deploy/base has no Deployment")
}

// waitReady returns when /readyz answers with 200, or with the log when the process ends before.
func (p *Process) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyIn)
	defer cancel()
	last := errors.New("no answer")
	for {
		select {
		case err := <-p.exited:
			p.exited <- err
			return fmt.Errorf("fluxgate ended before it was ready: %w\n%s", err, p.Log())
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("fluxgate is not ready: %w\n%s", last, p.Log()), p.Stop())
		case <-time.After(100 * time.Millisecond):
		}
		if last = p.ready(ctx); last == nil {
			return nil
		}
	}
}

func (p *Process) ready(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Health+"/readyz?verbose", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil || resp.StatusCode == http.StatusOK {
		return err
	}
	return fmt.Errorf("%s: %s", resp.Status, body)
}

// Log is what the process has logged into the stack's folder.
func (p *Process) Log() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Stop ends the process in an orderly way.
func (p *Process) Stop() error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-p.exited:
		p.exited <- err
		if p.command.ProcessState.ExitCode() != 0 {
			return fmt.Errorf("fluxgate: %w\n%s", err, p.Log())
		}
		return nil
	case <-time.After(30 * time.Second):
		return errors.Join(errors.New("fluxgate did not end in 30 s and was killed"), p.command.Process.Kill())
	}
}

// freeAddresses finds addresses on loopback that nobody listens on.
func (s *Stack) freeAddresses(n int) ([]string, error) {
	addresses := make([]string, 0, n)
	for range n {
		address, err := s.FreeAddress()
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, address)
	}
	return addresses, nil
}
