//go:build !linux

package store

import (
	"net"
	"time"
)

// dialer connects so that a peer that disappeared is noticed by keep-alives.
func dialer() *net.Dialer {
	return &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 5 * time.Second, Count: 3}}
}
