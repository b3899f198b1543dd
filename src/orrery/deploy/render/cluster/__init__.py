"""The objects of a Kubernetes cluster, built once and written as plain manifests and as a Helm chart."""
