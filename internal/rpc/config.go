package rpc

import "time"

// Config bounds a Server. The zero value of a field stands for the default named
// with it.
type Config struct {
	Version   string // reported by getProperties; default "1.3.3"
	BuildInfo string // reported by getProperties
	Precision string // "ms" (default), "us" or "ns"

	MaxFrame       int           // bytes of one request; default 64 MiB
	MaxInFlight    int64         // bytes of all requests being read or executed; default 256 MiB
	MaxConnections int           // default 1000; one more is closed at once
	MaxResults     int           // open results of one connection; default 100
	FetchSize      int           // rows of a page when the client names none; default 5000
	PageBytes      int           // bytes of a page; default 4 MiB, at most 8 MiB
	FrameTimeout   time.Duration // from the first byte of a request to its last; default 60 s
	ResultTimeout  time.Duration // an open result nobody fetches from is closed after this; default 10 min
	StopTimeout    time.Duration // how long Serve waits for running calls; default 5 s
}
