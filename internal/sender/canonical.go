package sender

import "github.com/sluice-gateway/sluice/internal/event"

// canonical returns the request of a plan in the form most targets read.
func canonical(ev *event.Event) event.Request { return ev.Request }
