package store

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sendTimeout is how long the other side may leave sent data unconfirmed. Without
// it a server that is cut off is only given up after a quarter of an hour.
const sendTimeout = 5 * time.Second

// dialer connects so that a peer that disappeared is noticed: while something was
// sent by sendTimeout, in silence by keep-alives.
func dialer() *net.Dialer {
	return &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 5 * time.Second, Count: 3},
		Control: func(_, _ string, c syscall.RawConn) error {
			var err error
			control := c.Control(func(fd uintptr) {
				err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(sendTimeout.Milliseconds()))
			})
			if control != nil {
				return control
			}
			// Sockets that are not TCP have no such option and no such fault.
			if err == unix.EOPNOTSUPP || err == unix.ENOPROTOOPT {
				return nil
			}
			return err
		},
	}
}
