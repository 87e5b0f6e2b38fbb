#!/bin/sh
# Makes the namespace and the search attributes that the product's workflows
# carry. Runs in the admin-tools image after the server is healthy; may be
# repeated. TEMPORAL_ADDRESS comes from the environment.
set -eu

namespace=${TEMPORAL_NAMESPACE:-default}

until temporal operator cluster health >/dev/null 2>&1; do
  echo "waiting for the Temporal server at $TEMPORAL_ADDRESS"
  sleep 2
done

temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$namespace" --retention 168h

# A namespace, and then its attributes, take a few seconds to reach every part
# of the server: not done before a query can use them.
patiently() {
  attempt=0
  until "$@"; do
    attempt=$((attempt + 1))
    [ "$attempt" -lt 30 ] || { echo "gave up: $*" >&2; exit 1; }
    sleep 2
  done
}

patiently temporal operator search-attribute create --namespace "$namespace" \
  --name TenantId --type Keyword \
  --name JobKind --type Keyword \
  --name DocumentId --type Keyword \
  --name EndpointId --type Keyword
patiently temporal workflow count --namespace "$namespace" \
  --query 'TenantId = "" AND JobKind = "" AND DocumentId = "" AND EndpointId = ""'
