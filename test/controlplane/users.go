package controlplane

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// tokenLife outlasts a demo that is left up over night.
const tokenLife = 24 * time.Hour

// User returns the configuration of a user with a client certificate. It may do what RBAC grants it: nothing at first.
func (c *ControlPlane) User(name string, groups ...string) (*rest.Config, error) {
	user, err := c.environment.AddUser(envtest.User{Name: name, Groups: groups}, &rest.Config{QPS: -1})
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	return user.Config(), nil
}

// UserKubeconfig is User as a file.
func (c *ControlPlane) UserKubeconfig(name string, groups ...string) (string, error) {
	config, err := c.User(name, groups...)
	if err != nil {
		return "", err
	}
	return c.writeKubeconfig("user-"+name, config)
}

// ServiceAccount returns the configuration of a ServiceAccount, which must exist, with a token that the API server issued.
func (c *ControlPlane) ServiceAccount(ctx context.Context, namespace, name string) (*rest.Config, error) {
	admin, err := client.New(c.Config, client.Options{})
	if err != nil {
		return nil, err
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	seconds := int64(tokenLife.Seconds())
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	if err := admin.SubResource("token").Create(ctx, account, request); err != nil {
		return nil, fmt.Errorf("token of ServiceAccount %s/%s: %w", namespace, name, err)
	}
	config := rest.AnonymousClientConfig(c.Config)
	config.BearerToken = request.Status.Token
	return config, nil
}

// ServiceAccountKubeconfig is ServiceAccount as a file.
func (c *ControlPlane) ServiceAccountKubeconfig(ctx context.Context, namespace, name string) (string, error) {
	config, err := c.ServiceAccount(ctx, namespace, name)
	if err != nil {
		return "", err
	}
	return c.writeKubeconfig("serviceaccount-"+namespace+"-"+name, config)
}

// writeKubeconfig writes a file that disappears with the control plane. name is made fit for a file: users have colons.
func (c *ControlPlane) writeKubeconfig(name string, config *rest.Config) (string, error) {
	kubeconfig := clientcmdapi.NewConfig()
	kubeconfig.Clusters["fluxgate"] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	kubeconfig.AuthInfos[name] = &clientcmdapi.AuthInfo{
		ClientCertificateData: config.CertData, ClientKeyData: config.KeyData, Token: config.BearerToken,
	}
	kubeconfig.Contexts["fluxgate"] = &clientcmdapi.Context{Cluster: "fluxgate", AuthInfo: name}
	kubeconfig.CurrentContext = "fluxgate"
	data, err := clientcmd.Write(*kubeconfig)
	if err != nil {
		return "", err
	}
	path := filepath.Join(c.dir, strings.NewReplacer(":", "-", "/", "-").Replace(name)+".kubeconfig")
	return path, os.WriteFile(path, data, 0o600)
}
