// Package loadgen puts a running server under load and measures it from outside, over HTTP.
//
// It is made to run beside the server that it measures: connections write requests that were built before and read
// answers without making objects of them, so that the generator takes little of the machine's time. Latencies go into
// HdrHistograms with three digits.
//
// Search has two modes. In the closed loop each client asks as soon as it is answered, which shows throughput. In the
// open loop requests are due at a constant rate whatever the server does, and latency counts from when a request was
// due, so that a server that stalls cannot hide the requests that would have come meanwhile (coordinated omission).
package loadgen
