// One program for all that a cluster is made of: its own name, or its first argument, says which part it is.
package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

var parts = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllers.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kubelet":                 newKubelet,
	"kube-proxy":              func() *cobra.Command { return proxy.NewProxyCommand() },
}

// serveImages is a registry at ADDRESS whose layers are in FOLDER; what images there are it knows while it runs.
func serveImages(address, folder string) error {
	images := registry.New(registry.WithBlobHandler(registry.NewDiskBlobHandler(folder)))
	return http.ListenAndServe(address, images)
}

func main() {
	name := filepath.Base(os.Args[0])
	if name == "kube" && len(os.Args) > 1 {
		os.Args = os.Args[1:]
		name = os.Args[0]
	}
	switch name {
	case "etcd":
		etcdmain.Main(os.Args)
		return
	case "kubectl":
		if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
			kubectlutil.CheckErr(err)
		}
		return
	case "registry":
		if len(os.Args) != 3 {
			fmt.Fprintln(os.Stderr, "usage: kube registry ADDRESS FOLDER")
			os.Exit(2)
		}
		fmt.Fprintln(os.Stderr, serveImages(os.Args[1], os.Args[2]))
		os.Exit(1)
	}
	part, known := parts[name]
	if !known {
		fmt.Fprintln(os.Stderr, "usage: kube etcd|kube-apiserver|kube-controller-manager|kube-scheduler|kubelet|kube-proxy|kubectl|registry …")
		os.Exit(2)
	}
	os.Exit(cli.Run(part()))
}
