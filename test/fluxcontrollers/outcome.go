package fluxcontrollers

import (
	"context"
	"fmt"
	"strings"
	"time"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// settledIn is how long a reconciliation may take on a busy machine.
const settledIn = 2 * time.Minute

// Outcome is what the controller made of an OCIRepository.
type Outcome struct {
	// Digest is that of the artifact that it pulled; empty where it pulled none.
	Digest string
	// Verified says that the condition SourceVerified is True.
	Verified bool
	// Reason and Message are those of the condition Ready: "Succeeded", "OCIArtifactPullFailed", "VerificationError".
	Reason, Message string
}

// Outcome waits until the controller is done with an OCIRepository for the first time, well or not.
func (s *Source) Outcome(ctx context.Context, reader client.Reader, key client.ObjectKey) (Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, settledIn)
	defer cancel()
	for {
		obj := &unstructured.Unstructured{}
		obj.SetGroupVersionKind(sourcev1.GroupVersion.WithKind(sourcev1.OCIRepositoryKind))
		if err := reader.Get(ctx, key, obj); err != nil {
			return Outcome{}, err
		}
		var repository sourcev1.OCIRepository
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, &repository); err != nil {
			return Outcome{}, err
		}
		if ready := settled(repository); ready != nil {
			return outcomeOf(repository, *ready), nil
		}
		select {
		case <-ctx.Done():
			return Outcome{}, fmt.Errorf("OCIRepository %s is not done: %w; its status is %v", key, ctx.Err(), obj.Object["status"])
		case <-s.exited:
			return Outcome{}, fmt.Errorf("source-controller ended: %w\n%s", s.ended, s.Log())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// settled is the condition Ready where it is about the object as it is; nil where the controller is still at work. It writes
// conditions before it writes of the artifact.
func settled(repository sourcev1.OCIRepository) *metav1.Condition {
	ready := meta.FindStatusCondition(repository.Status.Conditions, "Ready")
	switch {
	case ready == nil, ready.ObservedGeneration != repository.Generation, ready.Status == metav1.ConditionUnknown:
		return nil
	case ready.Reason == fluxmeta.ProgressingReason, ready.Reason == fluxmeta.ProgressingWithRetryReason:
		return nil // it met an object that it had not heard of yet, and tries again
	case ready.Status == metav1.ConditionTrue && repository.Status.Artifact == nil:
		return nil
	}
	return ready
}

func outcomeOf(repository sourcev1.OCIRepository, ready metav1.Condition) Outcome {
	o := Outcome{
		Verified: meta.IsStatusConditionTrue(repository.Status.Conditions, sourcev1.SourceVerifiedCondition),
		Reason:   ready.Reason, Message: ready.Message,
	}
	if ready.Status == metav1.ConditionTrue {
		_, digest, tagged := strings.Cut(repository.Status.Artifact.Revision, "@") // "v1@sha256:…", or "sha256:…"
		if !tagged {
			digest = repository.Status.Artifact.Revision
		}
		o.Digest = digest
	}
	return o
}
