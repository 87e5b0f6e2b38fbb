package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// Codes of failed attempts.
const (
	CodeStatus      = "http_status"
	CodeRedirect    = "redirect"
	CodeTimeout     = "timeout"
	CodeDNS         = "dns"
	CodeRefused     = "connection_refused"
	CodeReset       = "connection_reset"
	CodeUnreachable = "unreachable"
	CodeTLS         = "tls"
	CodeAddress     = "address_not_allowed"
	CodeInvalidURL  = "invalid_url"
	CodeBadResponse = "bad_response"
	CodeInterrupted = "interrupted"
	CodeLocal       = "local_fault"
)

// fail classifies an error of the HTTP client. The words are ours: those of the
// error may name our resolver or addresses within our network.
func (o *Outcome) fail(ctx context.Context, err error) {
	o.Code, o.Error, o.OwnFault = classify(ctx, err)
}

func classify(ctx context.Context, err error) (code, message string, own bool) {
	var dns *net.DNSError
	var network net.Error
	switch {
	case ctx.Err() != nil:
		return CodeInterrupted, "the sender was stopped", true
	case errors.Is(err, errRefused):
		return CodeAddress, "the host resolves to an address or port that may not be sent to", false
	case errors.As(err, &dns) && dns.IsNotFound:
		return CodeDNS, "the host name does not exist", false
	case errors.As(err, &dns):
		return CodeDNS, "the host name could not be looked up right now", true
	case isAny(err, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL, syscall.ENETUNREACH, syscall.ENETDOWN):
		return CodeLocal, "this machine cannot open a connection right now", true
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return CodeTimeout, "no complete answer came in time", false
	case errors.Is(err, syscall.ECONNREFUSED):
		return CodeRefused, "the connection was refused", false
	case isAny(err, syscall.EHOSTUNREACH, syscall.EHOSTDOWN):
		return CodeUnreachable, "the host cannot be reached", false
	case isTLS(err):
		return CodeTLS, "the TLS connection could not be made: check certificate and name", false
	case isAny(err, syscall.ECONNRESET, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return CodeReset, "the connection was closed before the answer was complete", false
	default:
		return CodeBadResponse, "the answer could not be read", false
	}
}

func isTLS(err error) bool {
	var verification *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	return errors.As(err, &verification) || errors.As(err, &unknown) || errors.As(err, &name) ||
		errors.As(err, &invalid) || errors.As(err, &record) || errors.As(err, &alert)
}

func isAny(err error, codes ...syscall.Errno) bool {
	var got syscall.Errno
	if !errors.As(err, &got) {
		return false
	}
	for _, code := range codes {
		if got == code {
			return true
		}
	}
	return false
}
