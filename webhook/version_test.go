package webhook_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/fluxgate/fluxgate/gate"
	"github.com/fluxgate/fluxgate/webhook"
)

func TestAReviewOfTheOldVersionIsDecidedToo(t *testing.T) {
	server, _ := serve(t, &reviewer{decision: denied()})
	body := bytes.ReplaceAll(review("CREATE", app, ""), []byte("admission.k8s.io/v1"), []byte("admission.k8s.io/v1beta1"))
	if got := post(t, server.URL+webhook.ValidatePath, "application/json", body); got.Allowed || got.Result.Code != http.StatusForbidden {
		t.Errorf("allowed %t, status %v, want a denial", got.Allowed, got.Result)
	}
}

func TestAnUpdateWithoutTheStoredObjectIsRefused(t *testing.T) {
	server, _ := serve(t, &reviewer{decision: gate.Decision{Verdict: gate.Allow}})
	for _, path := range []string{webhook.MutatePath, webhook.ValidatePath} {
		if got := post(t, server.URL+path, "application/json", review("UPDATE", app, "")); got.Allowed {
			t.Errorf("%s allows an update of nothing", path)
		}
	}
}
