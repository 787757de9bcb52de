package appliance

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

type fakeUnit struct {
	stopTakes time.Duration
	startErr  error
	failed    chan error
	hard      bool
	stops     int
}

func (u *fakeUnit) Start(context.Context) (Ready, error) {
	return Ready{RPC: "a:1", AirGap: "off", HTTP: "b:2"}, u.startErr
}

func (u *fakeUnit) Stop(ctx context.Context) error {
	u.stops++
	select {
	case <-time.After(u.stopTakes):
		return nil
	case <-ctx.Done():
		u.hard = true
		return ctx.Err()
	}
}

func (u *fakeUnit) Failed() <-chan error { return u.failed }

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func TestServeSoftThenHard(t *testing.T) {
	for _, c := range []struct {
		name    string
		signals []time.Duration // when signals arrive
		takes   time.Duration
		hard    bool
		end     time.Duration
	}{
		{"soft", []time.Duration{time.Second}, 5 * time.Second, false, 6 * time.Second},
		{"second signal", []time.Duration{time.Second, 2 * time.Second}, time.Hour, true, 2 * time.Second},
		{"limit", []time.Duration{time.Second}, time.Hour, true, 31 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := &fakeUnit{stopTakes: c.takes}
				signals := make(chan os.Signal, 2)
				begin := time.Now()
				for _, at := range c.signals {
					time.AfterFunc(at, func() { signals <- syscall.SIGTERM })
				}
				var out bytes.Buffer
				_ = Serve(t.Context(), u, Host{&out, quiet(), signals, 30 * time.Second, nil})
				if got := out.String(); got != "ready rpc=a:1 air-gap=off http=b:2\n" {
					t.Errorf("stdout %q", got)
				}
				if u.hard != c.hard || time.Since(begin) != c.end || u.stops != 1 {
					t.Errorf("hard %v after %v, %d stops; want %v after %v", u.hard, time.Since(begin), u.stops, c.hard, c.end)
				}
			})
		})
	}
}

func TestServeFailure(t *testing.T) {
	boom := errors.New("disk gone")
	u := &fakeUnit{failed: make(chan error, 1)}
	u.failed <- boom
	if err := Serve(t.Context(), u, Host{io.Discard, quiet(), nil, time.Second, nil}); !errors.Is(err, boom) {
		t.Errorf("error %v", err)
	}
	u = &fakeUnit{startErr: boom}
	if err := Serve(t.Context(), u, Host{io.Discard, quiet(), nil, time.Second, nil}); !errors.Is(err, boom) || u.stops != 1 {
		t.Errorf("error %v, %d stops", err, u.stops)
	}
}
