package webhook

// Kinds are what Outcome.Kind says, for metrics: few, and none of them from outside.
var Kinds = []string{
	"delivered", "http_error", "redirect", "timeout", "dns", "connection", "tls", "bad_response", "refused_address", "invalid_url", "own_fault",
}

// kindOf is the kind of each code; a code without one is a "bad_response".
var kindOf = map[string]string{
	CodeStatus: "http_error", CodeRedirect: "redirect", CodeTimeout: "timeout", CodeDNS: "dns", CodeRefused: "connection",
	CodeReset: "connection", CodeUnreachable: "connection", CodeTLS: "tls", CodeBadResponse: "bad_response",
	CodeAddress: "refused_address", CodeInvalidURL: "invalid_url", CodeInterrupted: "own_fault", CodeLocal: "own_fault",
}

// Kind is what came of an attempt, in one word out of Kinds.
func (o *Outcome) Kind() string {
	switch {
	case o.OK():
		return "delivered"
	case o.OwnFault:
		return "own_fault"
	}
	if kind, known := kindOf[o.Code]; known {
		return kind
	}
	return "bad_response"
}
