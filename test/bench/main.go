// Command bench measures the round trip of the webhooks over HTTPS on loopback, beside a no-op webhook on the same server
// in the same run. Machines differ and are noisy, so it prints ratios to the no-op.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	server, err := startServer(ctx)
	if err != nil {
		return err
	}
	cold, err := server.cold(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("cold: an object whose tag is pinned and judged asks the registry for\n\n  %s\n\n", strings.Join(cold, "\n  "))
	server.network.cut()
	cases := server.cases()
	fmt.Println("HTTPS on loopback, TLS 1.3, kept alive; client and server share this machine's cores.")
	fmt.Printf("%d reviews each, one after the other, the cases taking turns:\n\n", sequential)
	single, err := server.takeTurns(ctx, cases)
	if err != nil {
		return err
	}
	if err := printLatencies(os.Stdout, single); err != nil {
		return err
	}
	fmt.Printf("\nthroughput at %d connections, %s each:\n\n", connections, window)
	for _, c := range cases {
		rate, err := server.throughput(ctx, c)
		if err != nil {
			return err
		}
		fmt.Printf("  %-44s %7.0f req/s\n", c.name, rate)
	}
	if err := server.network.quiet(); err != nil {
		return err
	}
	fmt.Println("\nAll of these asked the registry for nothing: the network was cut before them.")
	return nil
}
