package diagnose

import (
	"context"
	"errors"
	"strings"

	"github.com/fluxgate/fluxgate/flux"
	"github.com/fluxgate/fluxgate/registry"
)

// identity is whose login a registry is asked with.
type identity int

const (
	anonymous identity = iota // nothing is named
	noEntry                   // what is named has nothing for this registry
	static                    // that of a Secret
	ofCloud                   // that of a ServiceAccount, at its cloud
	borrowed                  // that of whoever runs the diagnosis
)

// credentials looks at everything that the object names, all that is wrong at once.
func (w Walker) credentials(ctx context.Context, source flux.Source) (Step, identity) {
	var given, absent findings
	var failed, unread findings
	for _, p := range parts(source) {
		reader := &watched{Logins: w.Logins}
		_, err := registry.ObjectCredentials{Secrets: reader, ServiceAccounts: reader}.For(ctx, p.only)
		said, because := adviceOf(err), w.because(err)
		switch {
		case err == nil:
			given.add(p.field+": "+p.named, "", "")
		case errors.Is(err, ErrNotGiven):
			absent.add(p.field+": "+p.absent()+" is not among the files, or is encrypted there", "", "")
		case reader.unread != nil:
			unread.add(p.field+": "+said, unreadRemedy(source), because)
		default:
			failed.add(p.field+": "+said, credentialsRemedy(p, source, reader.missing), because)
		}
	}
	switch {
	case len(failed.details) > 0:
		return failed.step(Failed), anonymous
	case len(unread.details) > 0:
		return unread.step(Unknown), anonymous
	case len(absent.details) > 0:
		absent.details = append(absent.details, "your own docker configuration, --registry-ca and HTTPS_PROXY stand in")
		return absent.step(Skipped), borrowed
	}
	return w.whole(ctx, source, given)
}

// whole is what the parts, each of which is well, come to together.
func (w Walker) whole(ctx context.Context, source flux.Source, given findings) (Step, identity) {
	if w.Logins.borrows(source) {
		return Step{
			Status: Skipped,
			Detail: "provider " + source.Provider + ": the identity that Flux logs in with cannot be had here; your own docker configuration stands in",
		}, borrowed
	}
	login, err := w.Logins.For(ctx, source)
	if err != nil {
		status := Failed
		if behind := errors.Unwrap(err); behind != nil { // it could be read a moment ago
			status = Unknown
		}
		said, remedy := inHalves(adviceOf(err))
		return Step{Status: status, Detail: "spec.provider: " + said, Remedy: remedy, Because: w.because(err)}, anonymous
	}
	pulls := source.SecretRef != "" || source.ServiceAccountName != ""
	switch {
	case login.HasEntry(source):
		return given.step(Passed), static
	case source.SecretRef == "" && source.Provider != sourceGeneric:
		given.add("provider: "+source.Provider, "", "")
		return given.step(Passed), ofCloud
	case pulls:
		given.add("no entry for "+source.Repository.Host+", so Flux asks it anonymously", "", "")
		return given.step(Passed), noEntry
	case len(given.details) == 0:
		given.add("none are named", "", "")
	}
	return given.step(Passed), anonymous
}

// findings are what is to be said of several parts in one line.
type findings struct{ details, remedies, because []string }

func (f *findings) add(detail, remedy, because string) {
	f.details = append(f.details, detail)
	if remedy != "" {
		f.remedies = append(f.remedies, remedy)
	}
	if because != "" {
		f.because = append(f.because, because)
	}
}

func (f *findings) step(status Status) Step {
	return Step{
		Status: status,
		Detail: strings.Join(f.details, "; "), Remedy: strings.Join(f.remedies, "; "), Because: strings.Join(f.because, "; "),
	}
}

// adviceOf is what a registry's error says beside its class.
func adviceOf(err error) string {
	if failure := (*registry.Error)(nil); errors.As(err, &failure) {
		return failure.Advice
	}
	if err == nil {
		return ""
	}
	return err.Error()
}
