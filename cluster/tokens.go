package cluster

import (
	"context"
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// tokenSeconds is the shortest life of a token that the API server issues. It is exchanged at once.
const tokenSeconds = 600

// Tokens issues tokens of ServiceAccounts, which takes the right to create serviceaccounts/token.
type Tokens struct {
	Live client.SubResourceClientConstructor
}

// IssueToken returns a token of a ServiceAccount that is good for the audiences, for ten minutes.
func (t Tokens) IssueToken(ctx context.Context, namespace, name string, audiences []string) (string, error) {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	seconds := int64(tokenSeconds)
	request := &authenticationv1.TokenRequest{
		Spec: authenticationv1.TokenRequestSpec{Audiences: audiences, ExpirationSeconds: &seconds},
	}
	if err := t.Live.SubResource("token").Create(ctx, account, request); err != nil {
		return "", fmt.Errorf("issuing a token of serviceaccount %s/%s: %w", namespace, name, err)
	}
	return request.Status.Token, nil
}
