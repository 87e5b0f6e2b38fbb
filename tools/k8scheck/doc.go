// Command k8scheck checks the Kubernetes manifests of a folder:
//
//	k8scheck -env-example .env.example k8s
//
// Every object is decoded strictly into the types of the Kubernetes API, so that
// a misspelled field is an error and not silently ignored. Then it looks for what
// only shows in a cluster: selectors that select nothing, references to objects,
// ports and keys that are not there, containers without probes, limits or the
// restricted security context, variables that the product does not know, and
// secrets written down. All findings are reported at once.
package main
